"""Draws the next character of many rows at once from logits, by temperature and top-p.

Every operation works on each row by itself, so a row's choice does not depend on the other rows.
Each row brings its own uniform random number.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.network.layers import Floats, Ids

COLDEST = 1e-100
"""The lowest temperature, which stands for 0. Divided by it, two different logits are so far apart
that the lower logit gets probability 0, and nothing overflows."""


def sample_next(
    logits: NDArray[Any], temperature: Floats, top_p: Floats | None, draws: Floats
) -> Ids:
    """Choose a character id (B,) for each row of logits (B, V).

    p = softmax(logits / temperature) in float64, cut to the top-p unless that is None. The id is
    the first whose cumulated probability exceeds the row's draw (B,), which is uniform in [0, 1).
    With temperature COLDEST and draw 0, the id is the first of the likeliest.

    Logits are finite, or -inf for characters that must not be chosen; each row has a finite logit.
    """
    probabilities = logits.T.astype(
        np.float64
    )  # (V, B): sums over characters then run along all rows at once
    probabilities -= np.maximum.reduce(probabilities)
    probabilities /= temperature
    np.exp(probabilities, out=probabilities)  # up to a factor: the likeliest character has 1
    if top_p is not None:
        cut = np.flatnonzero(top_p < 1)
        probabilities[:, cut] = _top_p(probabilities[:, cut].T, top_p[cut]).T
    cumulated = np.add.accumulate(probabilities)
    # A draw is below 1, so the last sum exceeds draw · total. The first sum that does has just
    # grown, so p > 0 there.
    return (cumulated > draws * cumulated[-1]).argmax(axis=0)


def barred(logits: NDArray[Any], masks: NDArray[np.bool_]) -> Floats:
    """Return -log p of the characters in the masks (B, V) together for each row of
    logits (B, V).
    """
    probabilities = logits.T.astype(np.float64)
    probabilities -= np.maximum.reduce(probabilities)
    np.exp(probabilities, out=probabilities)
    whole, kept = (np.add.accumulate(each)[-1] for each in (probabilities, probabilities * masks.T))
    return np.log(whole / np.maximum(kept, COLDEST))


def _top_p(probabilities: Floats, top_p: Floats) -> Floats:
    """Keep the fewest largest probabilities (B, V) that reach `top_p` (B,) of a row's total; set
    the rest to 0.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    largest_first = np.take_along_axis(probabilities, order, axis=1)
    cumulated = largest_first.cumsum(axis=1)
    before = cumulated - largest_first
    largest_first[before >= (top_p * cumulated[:, -1])[:, None]] = 0
    kept = np.empty_like(probabilities)
    np.put_along_axis(kept, order, largest_first, axis=1)
    return kept
