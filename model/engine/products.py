"""Matrix products of columns, y = wᵀ x, with weights that are arranged once for many products.

See `model.engine` for why there are columns, panels and groups. Functions write into arrays that they are given.
"""

from collections.abc import Callable
from functools import partial
from math import gcd
from typing import Any

import numpy as np

from model.network.layers import Array

Lend = Callable[..., Array]
"""Uninitialised scratch memory, reused by name and shape: `lend(name, *shape)` returns an array, and the next call with
the same name and shape returns the same memory. A `Workspace` lends with `Workspace.array`."""

PANEL = 8
"""Outputs in a panel of weights; see `model.engine` for why."""
STEPS_COPIED = 8
"""Time steps that `_features_first` copies at once. Measured: copying all of them at once takes half as long again."""


def panels(w: Array, width: int = PANEL, halved: int = 0, lend: Lend | None = None) -> Array:
    """Arrange weights (D, K) in panels (K/n, n, D), in which the n weights of each input lie side by side.

    n is the greatest common divisor of K and `width`. If that is below PANEL, one panel holds all outputs: n = K. The
    weights of the first `halved` outputs are halved.
    """
    outputs = w.shape[1]
    width = gcd(outputs, width)
    if width < PANEL:
        width = outputs
    by_width = w.reshape(len(w), -1, width).swapaxes(0, 1)
    arranged = np.empty(by_width.shape, w.dtype) if lend is None else lend("panels", *by_width.shape)
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
    """Prepare y = wᵀ x for one time step after the other, with x (T, G, D, B), y (T, G, K, B) and w (D, K).

    Returns `multiply`, and views of x and y such that `multiply(x_t, y_t)` writes step t. The weights of the first
    `halved` outputs are halved.
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
    """Write the gradient of the weights of y = wᵀ x, for x (T, G, D, B) and d_y (T, G, K, B), into out (D, K).

    It is one product over all columns of all time steps, (D, TGB) by (TGB, K), for which both sides are copied.
    """
    if _is_single(x):
        x[:, 0, :, 0].T.dot(d_y[:, 0, :, 0], out)
    else:
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
    """Tell whether x (T, G, D, B) has one column a step: then each step is a vector, and panels gain nothing."""
    return bool(x.shape[1] * x.shape[3] == 1)
