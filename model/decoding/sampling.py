"""From logits to the next character: temperature, top-p and the draw, for many rows at once.

Every operation works on each row by itself, so a row's choice does not depend on its neighbours. Not here: random
numbers. Each row brings one uniform draw of its own.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COLDEST = 1e-100
"""Stands for temperature 0, which is the limit towards 0, and for all below: divided by this, two logits that differ at
all are infinitely far apart to the exponential function, and nothing overflows."""


def sample_next(logits: NDArray[Any], temperature: Floats, top_p: Floats | None, draws: Floats) -> NDArray[np.intp]:
    """Choose a character id (B,) for each row of logits (B, V): finite ones, at least one, or -inf for "never".

    p = softmax(logits / temperature) in float64, cut to the top-p unless that is None; the id is the first whose
    cumulated probability exceeds the row's draw (B,), uniform in [0, 1). A temperature is at least `COLDEST`; with that
    and draw 0 it is the first of the likeliest.
    """
    weights = logits.T.astype(np.float64)  # (V, B): sums over characters then run along all rows at once
    weights -= np.maximum.reduce(weights)
    weights /= temperature
    np.exp(weights, out=weights)  # probabilities up to a factor: the likeliest character's weight is 1
    if top_p is not None:
        cut = np.flatnonzero(top_p < 1)
        weights[:, cut] = _top_p(weights[:, cut].T, top_p[cut]).T
    cumulated = np.add.accumulate(weights)
    # A draw below 1 stays below the row's total, so there is one, and it is none with a weight of zero.
    chosen: NDArray[np.intp] = (cumulated > draws * cumulated[-1]).argmax(axis=0)
    return chosen


def _top_p(weights: Floats, top_p: Floats) -> Floats:
    """Set to zero all but the heaviest weights that are needed to reach `top_p` (B,) of a row's total."""
    order = np.argsort(-weights, axis=1, kind="stable")
    heaviest_first = np.take_along_axis(weights, order, axis=1)
    cumulated = heaviest_first.cumsum(axis=1)
    before = cumulated - heaviest_first
    heaviest_first[before >= (top_p * cumulated[:, -1])[:, None]] = 0
    kept = np.empty_like(weights)
    np.put_along_axis(kept, order, heaviest_first, axis=1)
    return kept
