"""The exact step of the decoder with an RNN."""

from collections.abc import Callable

import numpy as np

from model.engine.rounding import tanh_of
from model.network.layers import Array

IS_DOUBLED = False


def exact_rows(w_x: Array, b: Array, w_h: Array) -> tuple[Array, Array, Array]:
    """Return the rows by which `exact.Lockstep` multiplies x, 1 and h."""
    return w_x, b, w_h


def exact_step(
    z: Array, h: Array, _rest: Array, rounder: Array, tanh_digits: int
) -> Callable[[], None]:
    """Return a function that computes h from z (G, H, B), and rounds h to the grid."""
    tanh_of_z = tanh_of(z, h, tanh_digits)
    if tanh_digits:
        return tanh_of_z  # the table's entries are on the grid of h

    def step() -> None:
        tanh_of_z()
        np.add(h, rounder, out=h)
        np.subtract(h, rounder, out=h)

    return step
