"""Arranges rows in groups of columns, and parameters in panels, for `exact`."""

from math import gcd

import numpy as np

from model.network.layers import Array

GROUP, PANEL = 32, 8  # the most columns in a group, and the number of outputs in a panel


def as_rows(columns: Array) -> Array:
    """Return columns (G, D, B/G) as rows (B, D): a view of a single group, a copy of several."""
    return columns.swapaxes(0, 1).reshape(columns.shape[1], -1).T


def by_gate(z: Array, gates: int) -> Array:
    """View (..., G, kH, B) as (..., k, G, H, B) for k gates."""
    return z.reshape(*z.shape[:-2], gates, z.shape[-2] // gates, z.shape[-1]).swapaxes(-3, -4)


def panels(w: Array, width: int = PANEL) -> Array:
    """Arrange parameters (D, K) in panels (K/n, n, D), in which the n numbers of each input lie
    side by side.

    n is the greatest common divisor of K and `width`. If that is below PANEL, one panel holds all
    outputs: n = K.
    """
    outputs = w.shape[1]
    width = gcd(outputs, width)
    if width < PANEL:
        width = outputs
    return np.ascontiguousarray(w.reshape(len(w), -1, width).swapaxes(0, 1)).swapaxes(1, 2)


def by_panel(y: Array, w_panels: Array) -> Array:
    """View y (..., K, B) as the outputs of panels (K/n, n, D): (..., K/n, n, B)."""
    return y.reshape(*y.shape[:-2], *w_panels.shape[:2], y.shape[-1])
