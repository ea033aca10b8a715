"""Says whether a network is better than another, from losses on the same held-out documents.

A document that is easy for one network is easy for the other. So the losses are compared document
by document, and the spread of the differences gives the standard error of the whole difference.
Training keeps the weights with the lowest loss on these same documents, which flatters both
networks alike.
"""

import math
from dataclasses import dataclass

import numpy as np

from model.errors import MangosaurusError
from model.evaluation.held_out import document_scores
from model.network.layers import Floats
from model.text.corpus import Corpus
from model.weights.checkpoint import Checkpoint

# By chance, two or three in a hundred networks that are no better exceed this margin.
STANDARD_ERRORS = 2.0
# nats per character. New weights change every text, so a smaller gain is not worth it.
WORTHWHILE = 0.002


@dataclass(frozen=True)
class Comparison:
    """Held-out losses of two networks in nats per character; `margin` is two standard errors of
    their difference.
    """

    old_loss: float
    new_loss: float
    margin: float

    @property
    def better(self) -> bool:
        gain = self.old_loss - self.new_loss
        return gain > self.margin and gain >= WORTHWHILE


def compare(old: Checkpoint, new: Checkpoint, corpus: Corpus) -> Comparison:
    """Compare two networks on held-out documents.

    MangosaurusError if these are fewer than two, or do not fit.
    """
    if old.vocabulary.alphabet != new.vocabulary.alphabet:
        raise MangosaurusError(
            "the networks cannot be compared: only one of them has an alphabet of its own"
        )
    documents = len(corpus.held_out)
    if documents < 2:
        raise MangosaurusError("one held-out document is not enough for a comparison")
    old_nats, characters = document_scores(old, corpus)
    new_nats, same = document_scores(new, corpus)
    if not np.array_equal(characters, same):
        raise MangosaurusError(
            "the networks cannot be compared: they do not know the same characters of this text"
        )
    old_loss, old_residuals = _loss_and_residuals(old_nats, characters)
    new_loss, new_residuals = _loss_and_residuals(new_nats, characters)
    variance = float(np.sum((new_residuals - old_residuals) ** 2)) * documents / (documents - 1)
    return Comparison(old_loss, new_loss, STANDARD_ERRORS * math.sqrt(variance))


def _loss_and_residuals(nats: Floats, characters: Floats) -> tuple[float, Floats]:
    """Return the loss L = Σ nats / Σ characters and each document's residual, (nats - L·characters)
    / Σ characters.

    The residuals sum to 0. To first order, the sum of their squares is the variance of the ratio L
    (the delta method).
    """
    loss = nats.sum() / characters.sum()
    return float(loss), (nats - loss * characters) / characters.sum()
