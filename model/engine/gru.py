"""The exact step of the decoder with a GRU."""

from collections.abc import Callable

import numpy as np

from model.engine.products import by_gate
from model.engine.rounding import tanh_of
from model.network.layers import Array

IS_DOUBLED = False


def exact_rows(w_x: Array, b: Array, w_h: Array) -> tuple[Array, Array, Array]:
    """Return the rows by which `exact.Lockstep` multiplies x, 1 and h: a block each for r, u, z_n
    and s_n.

    z_n does not depend on h, nor s_n on x and 1, so these rows are 0. The rows of r, u and s_n are
    halved, because the exact step computes r and u doubled: 2σ(z) = 1 + tanh(z/2).
    """
    hidden_size = len(b) // 3
    halves = np.repeat([0.5, 0.5, 1.0], hidden_size)[:, None]
    of_h = np.insert(w_h * 0.5, 2 * hidden_size, np.zeros((hidden_size, w_h.shape[1])), axis=0)
    w_x, b = (
        np.vstack([array * halves, np.zeros((hidden_size, array.shape[1]))]) for array in (w_x, b)
    )
    return w_x, b, of_h


def exact_step(
    z: Array, h: Array, _rest: Array, rounder: Array, tanh_digits: int
) -> Callable[[], None]:
    """Return a function that computes h from z (G, 4H, B), as `exact_rows` arranges it, and rounds
    h to the grid.
    """
    one, half = np.array(1, z.dtype), np.array(0.5, z.dtype)
    sigmoids, (r, u, n, s) = by_gate(z, 4)[:2], by_gate(z, 4)
    tanh_of_sigmoids, tanh_of_n = (
        tanh_of(sigmoids, sigmoids, tanh_digits),
        tanh_of(n, n, tanh_digits),
    )

    def step() -> None:
        tanh_of_sigmoids()
        np.add(sigmoids, one, out=sigmoids)
        np.multiply(s, r, out=s)
        np.add(n, s, out=n)
        tanh_of_n()
        np.subtract(h, n, out=h)
        np.multiply(h, u, out=h)
        np.multiply(h, half, out=h)
        np.add(h, n, out=h)
        np.add(h, rounder, out=h)
        np.subtract(h, rounder, out=h)

    return step
