"""Is one network better than another, or was it only lucky? Both read the same held-out documents, one by one.

What is easy for one network is easy for the other too, so each document is compared with itself (a paired comparison),
and the spread of these differences says how much of the whole one other documents of the kind could have made.

Not here: the luck of having chosen the best of many networks by these very documents, which flatters both alike.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.checkpoint.encoding import Checkpoint
from model.evaluation.held_out import EvaluationError, document_scores
from model.text.corpus import Corpus

Floats = NDArray[np.float64]

STANDARD_ERRORS = 2.0
"""By luck alone, a network that is no better comes out better by more than this in two or three of a hundred tries."""


@dataclass(frozen=True)
class Comparison:
    """Held-out losses of two networks in nats per character, and the difference between them that may be luck."""

    old_loss: float
    new_loss: float
    margin: float
    documents: int

    @property
    def better(self) -> bool:
        """Whether the new network is better by more than luck."""
        return self.old_loss - self.new_loss > self.margin


def compare(old: Checkpoint, new: Checkpoint, corpus: Corpus) -> Comparison:
    """Compare two networks; EvaluationError where they and the corpus do not go together, or it is too small."""
    documents = len(corpus.held_out)
    if documents < 2:
        raise EvaluationError("one held-out document is not enough to compare by")
    (old_nats, characters), (new_nats, same) = document_scores(old, corpus), document_scores(new, corpus)
    if not np.array_equal(characters, same):
        raise EvaluationError("the two networks do not know the same characters of this text; it cannot compare them")
    old_loss, old_shares = _loss_and_shares(old_nats, characters)
    new_loss, new_shares = _loss_and_shares(new_nats, characters)
    variance = float(np.sum((new_shares - old_shares) ** 2)) * documents / (documents - 1)
    return Comparison(old_loss, new_loss, STANDARD_ERRORS * math.sqrt(variance), documents)


def _loss_and_shares(nats: Floats, characters: Floats) -> tuple[float, Floats]:
    """Return L = Σ nats / Σ characters, and of each document how far it moves L: (nats - L·characters) / Σ characters.

    The shares sum to 0; to first order, their spread is that of the ratio L (the delta method).
    """
    loss = nats.sum() / characters.sum()
    return float(loss), (nats - loss * characters) / characters.sum()
