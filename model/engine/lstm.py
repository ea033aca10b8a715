"""The exact step of the decoder with an LSTM."""

from collections.abc import Callable

import numpy as np

from model.engine.products import by_gate
from model.engine.rounding import tanh_of
from model.network.layers import Array

IS_DOUBLED = True  # o, i, f and h are kept doubled: 2σ(z) = 1 + tanh(z/2) is one operation less


def exact_rows(w_x: Array, b: Array, w_h: Array) -> tuple[Array, Array, Array]:
    """Return the rows by which `exact.Lockstep` multiplies x, 1 and h; the rows of the sigmoids are
    halved.
    """
    halves = np.repeat([0.5, 0.5, 0.5, 1.0], len(b) // 4)[:, None]
    return w_x * halves, b * halves, w_h * halves


def exact_step(
    z: Array, h: Array, c: Array, rounder: Array, tanh_digits: int
) -> Callable[[], None]:
    """Return a function that computes c and h from z (G, 4H, B), halved for the sigmoids, and
    rounds h to the grid.
    """
    one, half = np.array(1, z.dtype), np.array(0.5, z.dtype)
    sigmoids, (o, i, f, g) = by_gate(z, 4)[:3], by_gate(z, 4)
    tanh_of_z, tanh_of_c = tanh_of(z, z, tanh_digits), tanh_of(c, h, tanh_digits)

    def step() -> None:
        tanh_of_z()
        np.add(sigmoids, one, out=sigmoids)
        np.multiply(c, f, out=c)
        np.multiply(g, i, out=g)
        np.add(c, g, out=c)
        np.multiply(c, half, out=c)
        tanh_of_c()
        np.multiply(h, o, out=h)
        np.add(h, rounder, out=h)
        np.subtract(h, rounder, out=h)

    return step
