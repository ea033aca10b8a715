"""Batches as `layers` wants them: rows of examples become groups of columns, ids become one-hot columns, and back.

Notation as in `layers`; where there is no G, here as in all other rooms, B is the whole batch.
"""

from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.network.architecture import layer_keys
from model.network.layers import Array, Ids
from model.network.weights import Weights
from model.text.vocabulary import NO_CHARACTER

Number = TypeVar("Number", bound=np.generic)

GROUP = 32
"""Columns in a group at most: measured, the fastest for all widths from 128 to 512."""


def in_groups(row: NDArray[Number]) -> NDArray[Number]:
    """View (..., B) as (..., G, B/G), see `group_count`."""
    return row.reshape(*row.shape[:-1], group_count(row.shape[-1]), -1)


@lru_cache(maxsize=128)
def group_count(batch_size: int) -> int:
    """The fewest groups of equal width with at most as many columns as `layers` likes; one for an awkward number."""
    least = -(-batch_size // GROUP)
    return next((groups for groups in range(least, 2 * least + 1) if batch_size % groups == 0), 1)


def as_columns(rows: Array) -> Array:
    """View rows (B, D) as columns (G, D, B/G)."""
    return in_groups(rows.T).swapaxes(0, 1)


def as_rows(columns: Array) -> Array:
    """Return columns (G, D, B/G) as rows (B, D), each column contiguous in memory: a copy, but of one group a view."""
    return columns.swapaxes(0, 1).reshape(columns.shape[1], -1).T


def by_layer(weights: Weights) -> list[Array]:
    """View weights as one matrix for each layer: [w_x; b; w_h] (D+1+H, K), the bottom first; at last [b_y; w_hy]."""
    matrices, start = [], 0
    for keys in layer_keys(weights.architecture):
        width = weights[keys.b].size
        stop = start + width + weights[keys.w_x].size + weights[keys.w_h].size
        matrices.append(weights.whole[start:stop].reshape(-1, width))
        start = stop
    return [*matrices, weights.whole[start:].reshape(-1, weights["output.b_y"].size)]


def one_hot(ids: Ids, out: Array) -> None:
    """Write ids (T, G, B) as one-hot columns (T, G, V, B); NO_CHARACTER is a column of zeros."""
    out[:] = 0
    out.swapaxes(2, 3)[at_ids(ids)] = ids != NO_CHARACTER  # which is -1: the last one of its column stays 0


def at_ids(ids: Ids) -> tuple[Ids, ...]:
    """Index of each id's own number in an array (..., V), for ids (...)."""
    return (*_mesh(ids.shape), ids)


@lru_cache(maxsize=128)
def _mesh(shape: tuple[int, ...]) -> tuple[Ids, ...]:
    return np.indices(shape, sparse=True)
