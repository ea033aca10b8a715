"""Loads what the options name: weights and texts. Says where new weights may go."""

from pathlib import Path

import typer

from model.errors import MangosaurusError
from model.files import CHECKPOINTS, released
from model.text import corpus, sources
from model.text.forms import Alphabet, Network
from model.weights.checkpoint import Checkpoint
from model.weights.versions import VERSION_NAME, Versions, load

SPEECHES_OF_LETTERS = 3
"""How often the network of letters reads a speech while it reads a line of another poet once."""


def versions_of(network: Network) -> Versions:
    """Return the versions of a network."""
    return Versions(CHECKPOINTS / network)


def load_weights(network: Network, path: Path | None) -> Checkpoint:
    """Load the weights in a file, or the current ones.

    Raises MangosaurusError if they cannot be read or do not fit.
    """
    loaded = load(path) if path else versions_of(network).load_current()
    if loaded.description.form != network.form:
        raise MangosaurusError(
            f"{path or network}: these weights write {loaded.description.form}, not {network.form}"
        )
    return loaded


def read_texts(
    network: Network,
    paths: list[Path] | None,
    alphabet: Alphabet = Alphabet.FOLDED,
    *,
    for_recipe: bool = False,
) -> corpus.Corpus:
    """Read a person's texts in this alphabet or, without paths, the project's.

    `for_recipe` adds the other poets that the recipes for verse read. Raises CorpusError.
    """
    if not paths:
        if network is Network.DINO:
            return sources.names_corpus()
        speeches = SPEECHES_OF_LETTERS if network is Network.LETTERS else 1
        return sources.verse_corpus(speeches) if for_recipe else sources.sonnets_corpus()
    if network is not Network.DINO:
        return corpus.read_verse(*paths, alphabet=alphabet)
    if len(paths) > 1:
        raise typer.BadParameter("names come from one file; give --corpus once")
    return corpus.read_names(paths[0], alphabet=alphabet)


def check_output(out: Path) -> None:
    """Raise MangosaurusError if a training must not write `out`, even to replace a file."""
    if out.suffix != ".safetensors" or out.stem.endswith(".partial"):
        raise MangosaurusError(
            f"{out}: --out must end in .safetensors, and not in .partial.safetensors"
        )
    folders = {CHECKPOINTS.resolve(), released(CHECKPOINTS)}
    if VERSION_NAME.fullmatch(out.stem) and folders.intersection(out.resolve().parents):
        raise MangosaurusError(
            f"{out}: is the name of a version, and versions never change; choose another --out"
        )
