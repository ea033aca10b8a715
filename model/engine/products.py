"""Turns rows into groups of columns, and multiplies them by parameters that are arranged once for
many products.

`model.engine` says why there are columns, panels and groups. A sequence of arrays is (T, G, D, B),
for G groups of B columns each, and y = wᵀ x. Where no G is given, B is the whole batch. Functions
write into arrays that they are given.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from math import gcd
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.network.layers import Array, Ids
from model.text.vocabulary import NO_CHARACTER

Number = TypeVar("Number", bound=np.generic)
Lend = Callable[
    ..., Array
]  # `lend(name, *shape)` returns uninitialised memory (see `Buffers.lend`)

GROUP, PANEL = (
    32,
    8,
)  # the most columns in a group, and the number of outputs in a panel of parameters
# `_features_first` copies this many time steps at once. Copying all at once takes half as long
# again.
STEPS_COPIED = 8


def in_groups(row: NDArray[Number]) -> NDArray[Number]:
    """View (..., B) as (..., G, B/G), where G is `group_count(B)`."""
    return row.reshape(*row.shape[:-1], group_count(row.shape[-1]), -1)


@lru_cache(maxsize=128)
def group_count(batch_size: int) -> int:
    """Return the number of equal groups of at most GROUP columns, as few as possible.

    If no number from the fewest possible to twice as many divides the batch, there is one group.
    """
    fewest = -(-batch_size // GROUP)
    return next((groups for groups in range(fewest, 2 * fewest + 1) if batch_size % groups == 0), 1)


def as_columns(rows: Array) -> Array:
    """View rows (B, D) as columns (G, D, B/G)."""
    return in_groups(rows.T).swapaxes(0, 1)


def as_rows(columns: Array) -> Array:
    """Return columns (G, D, B/G) as rows (B, D): a view of a single group, a copy of several."""
    return columns.swapaxes(0, 1).reshape(columns.shape[1], -1).T


def one_hot(ids: Ids, out: Array) -> None:
    """Write ids (T, G, B) as one-hot columns (T, G, V, B); NO_CHARACTER becomes a
    column of zeros.
    """
    out[:] = 0
    out.swapaxes(2, 3)[at_ids(ids)] = (
        ids != NO_CHARACTER
    )  # NO_CHARACTER is -1: it writes a 0 into the last element


def at_ids(ids: Ids) -> tuple[Ids, ...]:
    """Return the index that takes the element of each id (...) out of an array (..., V)."""
    return (*_mesh(ids.shape), ids)


@lru_cache(maxsize=128)
def _mesh(shape: tuple[int, ...]) -> tuple[Ids, ...]:
    return np.indices(shape, sparse=True)


def panels(w: Array, width: int = PANEL, halved: int = 0, lend: Lend | None = None) -> Array:
    """Arrange parameters (D, K) in panels (K/n, n, D), in which the n numbers of each input lie
    side by side.

    n is the greatest common divisor of K and `width`. If that is below PANEL, one panel holds all
    outputs: n = K. The numbers of the first `halved` outputs are halved.
    """
    outputs = w.shape[1]
    width = gcd(outputs, width)
    if width < PANEL:
        width = outputs
    by_width = w.reshape(len(w), -1, width).swapaxes(0, 1)
    arranged = (
        np.empty(by_width.shape, w.dtype) if lend is None else lend("panels", *by_width.shape)
    )
    arranged[:] = by_width
    whole, rest = divmod(halved, width)
    arranged[:whole] *= 0.5
    arranged[whole : whole + 1, :, :rest] *= 0.5
    return arranged.swapaxes(1, 2)


def by_panel(y: Array, w_panels: Array) -> Array:
    """View y (..., K, B) as the outputs of panels (K/n, n, D): (..., K/n, n, B)."""
    return y.reshape(*y.shape[:-2], *w_panels.shape[:2], y.shape[-1])


def product(w: Array, x: Array, out: Array, lend: Lend) -> None:
    """Write y = wᵀ x for columns x (T, G, D, B) into out (T, G, K, B)."""
    if _is_single(x):
        x[:, 0, :, 0].dot(w, out[:, 0, :, 0])
    else:
        w_panels = panels(w, lend=lend)
        np.matmul(w_panels, x[:, :, None], out=by_panel(out, w_panels))


def prepare_steps(
    w: Array, x: Array, y: Array, lend: Lend, halved: int = 0
) -> tuple[Callable[[Array, Array], Any], Array, Array]:
    """Prepare y = wᵀ x for one time step after the other, with x (T, G, D, B), y (T, G, K, B) and w
    (D, K).

    Return `multiply`, and views of x and y such that `multiply(x_t, y_t)` writes step t. The
    numbers of the first `halved` outputs are halved.
    """
    if _is_single(x):
        if halved:
            w, given = lend("halved", *w.shape), w
            w[:] = given
            w[:, :halved] *= 0.5
        return w.T.dot, x[:, 0, :, 0], y[:, 0, :, 0]
    w_panels = panels(w, halved=halved, lend=lend)
    return partial(np.matmul, w_panels), x[:, :, None], by_panel(y, w_panels)


def weight_gradient(x: Array, d_y: Array, out: Array, lend: Lend) -> None:
    """Write the gradient of w in y = wᵀ x, for x (T, G, D, B) and d_y (T, G, K, B), into out (D,
    K).
    """
    if _is_single(x):
        x[:, 0, :, 0].T.dot(d_y[:, 0, :, 0], out)
    else:  # one product over all columns of all time steps, (D, TGB) by (TGB, K)
        np.dot(_features_first(x, "long_x", lend), _features_first(d_y, "long_d_y", lend).T, out)


def _features_first(x: Array, name: str, lend: Lend) -> Array:
    """Copy (T, G, D, B) to (D, TGB), a few time steps at once, so that the caches hold them."""
    turned = x.transpose(2, 0, 1, 3)
    copy = lend(name, turned.size).reshape(turned.shape)
    for start in range(0, len(x), STEPS_COPIED):
        part = slice(start, start + STEPS_COPIED)
        copy[:, part] = turned[:, part]
    return copy.reshape(len(copy), -1)


def _is_single(x: Array) -> bool:
    """Return whether x (T, G, D, B) has one column a step.

    Such a step is a vector, for which panels gain nothing.
    """
    return bool(x.shape[1] * x.shape[3] == 1)
