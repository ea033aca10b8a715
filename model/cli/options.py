"""Declares the options that commands share, and loads what they name: weights and texts."""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from model.checkpoint.encoding import Checkpoint
from model.checkpoint.versions import VERSION_NAME, Versions, load
from model.errors import MangosaurusError
from model.files import HOME, released
from model.text import corpus, sources
from model.text.forms import Alphabet, Genre, Network

CHECKPOINTS = HOME / "checkpoints"
FOR_OWN_TEXTS = {"names": "dino", "verse": "poem"}
"""People may use these words too, as a list of cheeses is no dinosaur."""


def _chosen_from(choices: type[Genre] | type[Network], meaning: str) -> Any:
    """Return an argument that takes one of the choices, and suggests a choice where a letter is wrong."""

    def read(word: str) -> Genre | Network:
        known = {str(choice): choice for choice in choices}
        known |= {own: choices(meant) for own, meant in FOR_OWN_TEXTS.items()}
        if word.lower() in known:
            return known[word.lower()]
        near = difflib.get_close_matches(word.lower(), known, 1)
        hint = f"do you mean {near[0]}?" if near else f"choose {', '.join(choices)}; names or verse for your own texts"
        raise typer.BadParameter(f"{word!r} is not known; {hint}")

    meaning += "; names and verse mean dino and poem, for your own texts."
    return typer.Argument(parser=read, metavar="|".join((*choices, *FOR_OWN_TEXTS)), help=meaning, show_default=False)


GenreArgument = Annotated[Genre, _chosen_from(Genre, "Dinosaur names, verse or sonnets")]
NetworkArgument = Annotated[Network, _chosen_from(Network, "Dinosaur names or verse")]
CorpusOption = Annotated[
    list[Path] | None,
    typer.Option("--corpus", metavar="FILE", help="Your own text: one name a line, or poems separated by blank lines."),
]
AlphabetOption = Annotated[
    Alphabet,
    typer.Option(help="The letters of your text: folded to lower case without accents, or its own, as they are."),
]
CheckpointOption = Annotated[
    Path | None, typer.Option("--checkpoint", metavar="FILE", help="Weights to use.", show_default="the current ones")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads to use.", show_default="all cores")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def versions_of(network: Network) -> Versions:
    """Return the versions of a network."""
    return Versions(CHECKPOINTS / network)


def weights_at(network: Network, path: Path | None) -> Checkpoint:
    """Load the weights in a file, or the current ones. Raises MangosaurusError if they cannot be read or do not fit."""
    loaded = load(path) if path else versions_of(network).load_current()
    if loaded.description.form != network.form:
        source = path or CHECKPOINTS / network
        raise MangosaurusError(f"{source}: these weights write {loaded.description.form}, not {network.form}")
    return loaded


def texts_at(
    network: Network, paths: list[Path] | None, alphabet: Alphabet = Alphabet.FOLDED, reading: Path | None = None
) -> corpus.Corpus:
    """Read a person's own texts, or the project's, which are fetched if missing. Raises CorpusError or FetchError.

    The alphabet is for own texts; the project's are folded. `reading` is other verse to read before the sonnets.
    """
    if not paths:
        return sources.names_corpus() if network is Network.DINO else sources.sonnets_corpus(reading)
    if network is Network.POEM:
        return corpus.read_verse(*paths, alphabet=alphabet)
    if len(paths) > 1:
        raise typer.BadParameter("names come from one file; give --corpus once")
    return corpus.read_names(paths[0], alphabet=alphabet)


def check_out(out: Path) -> None:
    """Refuse a folder and the files of a version."""
    if not out.name or out.is_dir():
        raise MangosaurusError(f"{out}: is a folder; --out needs a file")
    folders = out.resolve().parents
    if VERSION_NAME.fullmatch(out.name.split(".")[0]) and {CHECKPOINTS.resolve(), released(CHECKPOINTS)} & {*folders}:
        raise MangosaurusError(f"{out}: is the name of a version, and versions never change; choose another --out")


def print_json(value: Mapping[str, Any]) -> None:
    """Print a value as one line of JSON, flushed at once."""
    print(json.dumps(value), flush=True)
