"""Matrix products of columns, y = wᵀ x, with weights that are put in order once for many products.

See `model.engine` for why columns, panels and groups. Functions write into arrays that they are given; the memory for
copies comes from a `Lend`.
"""

from collections.abc import Callable
from functools import partial
from math import gcd
from typing import Any

import numpy as np

from model.network.layers import Array

Lend = Callable[..., Array]
"""Uninitialised scratch memory, reused by name and shape."""

PANEL = 8
"""Outputs in a panel of weights: measured, the fastest for all widths from 128 to 512."""
STEPS_COPIED = 8
"""Time steps that are put into another order at once: measured, two thirds of the time that all at once take."""


def panels(w: Array, width: int = PANEL, halved: int = 0, lend: Lend | None = None) -> Array:
    """Put weights (D, K) in order for products: (K/n, n, D), where the n weights of each input lie side by side.

    n is `width`, or less where that does not divide K; a K that goes into no panels of a useful width makes one of all.
    The weights of the first `halved` outputs are halved.
    """
    outputs = w.shape[1]
    width = gcd(outputs, width)
    if width < PANEL:
        width = outputs
    in_order = w.reshape(len(w), -1, width).swapaxes(0, 1)
    arranged = np.empty(in_order.shape, w.dtype) if lend is None else lend("panels", *in_order.shape)
    arranged[:] = in_order
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


def weight_gradient(x: Array, d_y: Array, out: Array, lend: Lend) -> None:
    """Write the gradient of the weights of y = wᵀ x, for x (T, G, D, B) and d_y (T, G, K, B), into out (D, K).

    All columns make one product, (D, TGB) by (TGB, K), for which they are copied.
    """
    if _is_single(x):
        x[:, 0, :, 0].T.dot(d_y[:, 0, :, 0], out)
    else:
        np.dot(_features_first(x, "long_x", lend), _features_first(d_y, "long_d_y", lend).T, out)


def _features_first(x: Array, name: str, lend: Lend) -> Array:
    """Copy (T, G, D, B) to (D, TGB), a few time steps at once, which nearer caches can hold."""
    turned = x.transpose(2, 0, 1, 3)
    copy = lend(name, turned.size).reshape(turned.shape)
    for start in range(0, len(x), STEPS_COPIED):
        part = slice(start, start + STEPS_COPIED)
        copy[:, part] = turned[:, part]
    return copy.reshape(len(copy), -1)


def _is_single(x: Array) -> bool:
    """Tell whether a sequence is of one example, whose columns are rows as well: there is nothing to put in order."""
    return bool(x.shape[1] * x.shape[3] == 1)


def stepwise(
    w: Array, x: Array, y: Array, lend: Lend, halved: int = 0
) -> tuple[Callable[[Array, Array], Any], Array, Array]:
    """A function that writes one step of y = wᵀ x, and x (T, G, D, B) and y (T, G, K, B) in the form that it takes.

    The first `halved` outputs are halved.
    """
    if _is_single(x):
        if halved:
            w, given = lend("halved", *w.shape), w
            w[:] = given
            w[:, :halved] *= 0.5
        return w.T.dot, x[:, 0, :, 0], y[:, 0, :, 0]
    w_panels = panels(w, halved=halved, lend=lend)
    return partial(np.matmul, w_panels), x[:, :, None], by_panel(y, w_panels)
