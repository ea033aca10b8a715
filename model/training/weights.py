"""Makes the checkpoint of a training: the network, how it came about, and the names that it may not repeat."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata

import numpy as np

from model.checkpoint.encoding import TANH_DIGITS, Checkpoint, Description
from model.network.network import LanguageModel
from model.sonnets.prosody import newest_edition
from model.text.corpus import Corpus
from model.text.fingerprints import Fingerprints
from model.training.recipes import Recipe
from model.training.sizes import count_characters


def checkpoint_of(
    language_model: LanguageModel,
    recipe: Recipe,
    corpus: Corpus,
    known: tuple[frozenset[str], Fingerprints],
    *,
    measured: Sequence[str],
    steps: int,
    loss: float,
    seed: int,
) -> Checkpoint:
    """Return a checkpoint without rules of writing (see `rules`).

    `known` is the result of `known_names`, and `loss` is that of the held-out documents in `measured`.
    """
    description = Description(
        form=corpus.form,
        recipe=recipe.name,
        corpus=corpus.digest,
        steps=steps,
        held_out_loss=loss,
        held_out_characters=0 if measured == corpus.held_out else count_characters(measured),
        seed=seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={
            "mangosaurus": metadata.version("mangosaurus"),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        top_p=recipe.top_p,
        tables=newest_edition() if corpus.form == "verse" else "",
        tanh_digits=TANH_DIGITS,
    )
    names, others = known
    return Checkpoint(language_model, corpus.vocabulary, description, names, other_names=others)


def known_names(corpus: Corpus, start: Checkpoint | None) -> tuple[frozenset[str], Fingerprints]:
    """Return the known names and the fingerprints of pretraining names, from the corpus and from `start`."""
    is_names = corpus.form == "names"
    known = frozenset((*corpus.training, *corpus.held_out) if is_names else ())
    others = Fingerprints.of(corpus.pretraining if is_names else ())
    if start is None:
        return known, others
    return known | start.known_names, Fingerprints(np.union1d(others.hashes, start.other_names.hashes))
