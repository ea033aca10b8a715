"""Draws the next letter or word of many rows at once from logits, by temperature and top-p.

Every operation works on each row by itself, and sums run over the characters in their order, along
all rows at once. So a row's choice does not depend on the other rows. Each row brings its own
uniform random number. exp is not exact (see `network.exact`): its last digits may differ between
machines, by some 10^-16. Two machines then draw different characters about once in 10^14 draws.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.network.layers import Array, Floats, Ids, Mask

TINY = 1e-300
CUT = 9.0  # a word that is e^9 times less likely than the likeliest is never drawn


def sample_next(
    logits: NDArray[Any], temperature: Floats, top_p: Floats | None, draws: Floats
) -> Ids:
    """Choose a character id (B,) for each row of logits (B, V).

    p = softmax(logits / temperature) in float64, cut to the top-p unless that is None. The id is
    the first whose cumulated probability exceeds the row's draw (B,), which is uniform in [0, 1).
    Logits are finite, or -inf for characters that must not be chosen; each row has a finite logit.
    """
    probabilities = scores_of(logits)
    probabilities /= temperature
    np.exp(probabilities, out=probabilities)  # up to a factor: the likeliest character has 1
    if top_p is not None:
        probabilities = _top_p(probabilities, top_p)
    cumulated = np.add.accumulate(probabilities)
    # A draw is below 1, so the last sum exceeds draw · total. The first sum that does has just
    # grown, so p > 0 there.
    return (cumulated > draws * cumulated[-1]).argmax(axis=0)


def sample_words(
    logits: Array,
    biases: Sequence[Floats],
    allowed: Mask,
    temperature: Floats,
    top_p: Floats | None,
    draws: Floats,
) -> tuple[Ids, Floats]:
    """Choose a word id (B,) for each row of logits (B, V), and return log P (B,) of it among all.

    p = softmax((logits + bias) / temperature) of the allowed words, cut to the top-p unless that is
    None; each row has its bias (V,). Words that are less than e^-CUT as likely as the likeliest are
    left out, which saves most exponentials. Row by row, the numbers stay in the processor's cache.
    """
    ids, nats = np.empty(len(logits), np.intp), np.empty(len(logits))
    for row in range(len(logits)):
        scores = logits[row] + biases[row]
        scores -= scores.max()
        at = np.flatnonzero(allowed[row])
        found = scores[at]
        found -= found.max()
        found /= temperature[row]
        is_likely = found >= -CUT
        at, p = at[is_likely], np.exp(found[is_likely])
        if top_p is not None and top_p[row] < 1:
            at, p = _likeliest(at, p, top_p[row])
        cumulated = np.add.accumulate(p)
        ids[row] = at[cumulated.searchsorted(draws[row] * cumulated[-1], "right")]
        nats[row] = scores[ids[row]] - np.log(np.exp(scores).sum())
    return ids, nats


def _likeliest(at: Ids, p: Floats, top_p: float) -> tuple[Ids, Floats]:
    """Return the fewest likeliest words that reach `top_p` of all, in their order.

    Only as many are put in order as are needed: each try has four times as many as the one before.
    """
    wanted, count, likeliest = top_p * np.add.accumulate(p)[-1], 16, np.arange(len(p))
    while count < len(p):
        # all that are as likely as the last one, for the first of them must be kept
        found = np.flatnonzero(p >= np.partition(p, -count)[-count])
        if np.add.accumulate(p[found])[-1] >= wanted:
            likeliest = found
            break
        count *= 4
    order = likeliest[np.lexsort((likeliest, -p[likeliest]))]
    cumulated = np.add.accumulate(p[order])
    kept = np.sort(order[: int(cumulated.searchsorted(wanted)) + 1])
    return at[kept], p[kept]


def scores_of(logits: Array) -> Floats:
    """Return the logits as (V, B), less the largest of each row."""
    scores = logits.T.astype(np.float64)
    scores -= np.maximum.reduce(scores)
    return scores


def log_p_allowed(scores: Floats, allowed: Mask) -> Floats:
    """Return log P (B,) of all allowed characters (B, V) together."""
    p = np.exp(scores)
    of_all, of_allowed = (np.add.accumulate(each)[-1] for each in (p, p * allowed.T))
    return np.log(np.maximum(of_allowed, TINY) / of_all)


def log_p(scores: Floats, ids: Ids) -> Floats:
    """Return log P (B,) of these characters."""
    return scores[ids, np.arange(len(ids))] - np.log(np.add.accumulate(np.exp(scores))[-1])


def _top_p(probabilities: Floats, top_p: Floats) -> Floats:
    """Keep the fewest largest probabilities (V, B) that reach `top_p` (B,) of a row's total, all if
    it is 1; set the rest to 0.
    """
    order, rows = (-probabilities).argsort(axis=0, kind="stable"), np.arange(len(top_p))
    largest_first = probabilities[order, rows]
    cumulated = np.add.accumulate(largest_first)
    before = cumulated - largest_first
    largest_first[(before >= top_p * cumulated[-1]) & (top_p < 1)] = 0
    probabilities[order, rows] = largest_first
    return probabilities
