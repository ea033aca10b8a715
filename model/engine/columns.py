"""From the textbook's layout to that of the engine, and back: rows become groups of columns, ids one-hot columns.

Shapes are written as in `layers`: G groups of B columns each. Where no G is given, B is the whole batch.
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
"""The largest number of columns in a group; see `model.engine` for why."""


def in_groups(row: NDArray[Number]) -> NDArray[Number]:
    """View (..., B) as (..., G, B/G), with the G of `group_count`."""
    return row.reshape(*row.shape[:-1], group_count(row.shape[-1]), -1)


@lru_cache(maxsize=128)
def group_count(batch_size: int) -> int:
    """The number of groups: the fewest equal ones of at most GROUP columns.

    There is one group if no number from the fewest possible to twice as many divides the batch.
    """
    fewest = -(-batch_size // GROUP)
    return next((groups for groups in range(fewest, 2 * fewest + 1) if batch_size % groups == 0), 1)


def as_columns(rows: Array) -> Array:
    """View rows (B, D) as columns (G, D, B/G)."""
    return in_groups(rows.T).swapaxes(0, 1)


def as_rows(columns: Array) -> Array:
    """Return columns (G, D, B/G) as rows (B, D): a view of a single group, a copy of several."""
    return columns.swapaxes(0, 1).reshape(columns.shape[1], -1).T


def by_layer(weights: Weights) -> list[Array]:
    """View weights as one matrix for each layer, bottom first: [w_x; b; w_h] (D+1+H, K), and last [b_y; w_hy]."""
    matrices, start = [], 0
    for keys in layer_keys(weights.architecture):
        width = weights[keys.b].size
        stop = start + width + weights[keys.w_x].size + weights[keys.w_h].size
        matrices.append(weights.whole[start:stop].reshape(-1, width))
        start = stop
    return [*matrices, weights.whole[start:].reshape(-1, weights["output.b_y"].size)]


def one_hot(ids: Ids, out: Array) -> None:
    """Write ids (T, G, B) as one-hot columns (T, G, V, B); NO_CHARACTER becomes a column of zeros."""
    out[:] = 0
    out.swapaxes(2, 3)[at_ids(ids)] = ids != NO_CHARACTER  # it is -1, and writes a 0 into the last element


def at_ids(ids: Ids) -> tuple[Ids, ...]:
    """The index that takes the element of each id (...) out of an array (..., V)."""
    return (*_mesh(ids.shape), ids)


@lru_cache(maxsize=128)
def _mesh(shape: tuple[int, ...]) -> tuple[Ids, ...]:
    return np.indices(shape, sparse=True)
