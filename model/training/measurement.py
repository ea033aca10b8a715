"""What a training is measured on: the held-out text or, if it is long, a sample of it; and an n-gram's loss there.

A network reads 20,000 characters in about a second, and the loss on them is known to about 0.01 nats per character. The
choice is random, but always the same, so all measurements of a training compare.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model.evaluation.evaluation import baselines
from model.text.corpus import Corpus

MEASURED = 20_000
"""The most characters that a measurement reads."""
COUNTED = 500_000
"""The most characters that the n-gram counts of the training text, and of the pretraining text: a second or two."""


def held_out_sample(corpus: Corpus) -> Corpus:
    """Return the corpus with as much of its held-out text as a measurement reads."""
    return replace(corpus, held_out=some_of(corpus.held_out, MEASURED))


def count_held_out(corpus: Corpus) -> int:
    """Count the held-out characters, final newlines included."""
    return sum(len(document) + 1 for document in corpus.held_out)


def ngram_loss(corpus: Corpus) -> float:
    """Return the lowest loss of an n-gram on the held-out sample, in nats per character (see `evaluation.baselines`).

    It counts a sample of the text too if that is long.
    """
    training, pretraining = some_of(corpus.training, COUNTED), some_of(corpus.pretraining, COUNTED)
    sample = replace(held_out_sample(corpus), training=training, pretraining=pretraining)
    return min(baseline.held_out_loss for baseline in baselines(sample))


def some_of(documents: Sequence[str], most: int) -> tuple[str, ...]:
    """Return all documents, or some of about `most` characters together, each cut to a tenth of that."""
    if sum(len(document) + 1 for document in documents) <= most:
        return tuple(documents)
    chosen: dict[int, str] = {}
    left = most
    for n in np.random.default_rng(0).permutation(len(documents)).tolist():
        chosen[n] = _beginning(documents[n], most // 10)
        left -= len(chosen[n]) + 1
        if left <= 0:
            break
    return tuple(chosen[n] for n in sorted(chosen))


def _beginning(document: str, most: int) -> str:
    """Return the first lines of a document, or a part of the first one if it is too long."""
    if len(document) <= most:
        return document
    end = document.rfind("\n", 0, most + 1)
    return document[: end if end > 0 else most]
