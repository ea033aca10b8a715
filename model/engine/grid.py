"""Rounding that makes sums exact, so that the order of their terms does not matter (see `model.engine`).

States are rounded to multiples of 2^-8 (`rounder`). The weights of each output are rounded to multiples of a power of
two of their own (`on_grid`): the finest one for which no sum of products needs more digits than a float has.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

H_DIGITS = 8
"""Binary digits of h after the point."""


def rounder(digits: int, dtype: DTypeLike) -> np.floating[Any]:
    """The number that rounds small numbers to multiples of 2^-digits, if it is added to them and subtracted again.

    It is so large that the sum has no room for finer digits.
    """
    numbers = np.finfo(dtype)
    rounding: np.floating[Any] = numbers.dtype.type(1.5 * 2.0 ** (numbers.nmant - digits))
    return rounding


def is_bounded(weights: NDArray[np.float64], dtype: DTypeLike) -> bool:
    """Tell whether sums of weights (N, K) times inputs of at most 2 are always finite; False if a weight is NaN."""
    largest = float(np.finfo(dtype).max) / 2  # half, because `on_grid` may enlarge weights
    with np.errstate(over="ignore"):
        return bool((2 * np.abs(weights).sum(axis=1) < largest).all())


def on_grid(weights: NDArray[np.float64], lookup: int, digits: int, dtype: DTypeLike) -> NDArray[np.float64]:
    """Round the weights (N, K) of each of N outputs to multiples of a step that makes its sums exact.

    Inputs are multiples of 2^-digits and at most 2 in size. Of the first `lookup` inputs, one is 1 and the rest are 0.

    No sum reaches 2^e, and a float stores m digits of its mantissa. The step is 2^(e - m + digits). So every product is
    a multiple of 2^(e - m), and m digits suffice for every sum. A float has one digit more than it stores; that digit
    leaves room for sums that rounding makes larger. e is never so small that 2^(e - m) is below the smallest float.
    """
    numbers = np.finfo(dtype)
    largest = 2 * np.abs(weights[:, lookup:]).sum(axis=1) + np.abs(weights[:, :lookup]).max(axis=1, initial=0)
    _, exponent = np.frexp(largest)
    step = np.ldexp(1.0, np.maximum(exponent, numbers.minexp) - numbers.nmant + digits)[:, None]
    rounded: NDArray[np.float64] = np.rint(weights / step) * step
    return rounded
