"""What a training is measured on: the held-out text or, if it is long, a part of it; and an n-gram's loss there.

A network reads 20,000 characters in about a second, and the loss on them is known to about 0.01 nats per character. All
measurements of a training read the same part, so they compare.
"""

from collections.abc import Callable, Sequence

from model.evaluation.evaluation import baselines
from model.text.corpus import Corpus

MEASURED = 20_000
"""The most characters that a measurement reads."""
COUNTED = 1_500_000
"""The most characters that the n-gram counts of the training text, and of the pretraining text: a few seconds."""


def measured_part(corpus: Corpus) -> Corpus:
    """Return the part of a corpus that is measured on, and counted for the n-gram."""
    return corpus.part(read=COUNTED, held_out=MEASURED)


def count_characters(documents: Sequence[str]) -> int:
    """Count the characters to predict, the final newline of each document included."""
    return sum(len(document) + 1 for document in documents)


def ngram_loss(corpus: Corpus, between: Callable[[], object] = lambda: None) -> float:
    """Return the lowest loss of an n-gram on the held-out text, in nats per character (see `evaluation.baselines`)."""
    return min(baseline.held_out_loss for baseline in baselines(corpus, between))
