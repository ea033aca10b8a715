"""Rounds to a grid, and gives tanh to the cells' exact steps.

Processors and mathematical libraries compute tanh with different last digits. In new versions, tanh
is therefore defined by a table: it has tanh of every multiple of 2^-7 from -8 to 8, 2,049 entries,
rounded to multiples of 2^-8. An argument is rounded to the nearest multiple of 2^-7. Beyond 8, tanh
rounds to 1, as the last entry does.

The table need not be in memory: the processor's own tanh, rounded, gives its entries. No true value
lies closer than 7 millionths to a point where rounding changes, and NumPy's tanh, in single
precision, errs by less than a quarter of a millionth. So processors differ before the rounding and
agree after it. The four sums are twice as fast as `take`.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import DTypeLike

from model.network.layers import Array

H_DIGITS = 8  # the number of binary digits after the point of h, and of tanh from the table


def rounder(digits: int, dtype: DTypeLike) -> Array:
    """Return a constant c such that (x + c) - c rounds a small x to a multiple of 2^-digits.

    c is so large that x + c has no room for finer digits. It is an array (), which NumPy adds
    faster than a scalar.
    """
    return np.array(1.5 * 2.0 ** (np.finfo(dtype).nmant - digits), dtype)


def tanh_of(x: Array, out: Array, digits: int) -> Callable[[], None]:
    """Return a function that writes tanh of x: from the table with steps of 2^-digits, or the
    processor's if 0.
    """
    if not digits:
        return partial(np.tanh, x, out)
    of_argument, of_entry = rounder(digits, x.dtype), rounder(H_DIGITS, x.dtype)

    def look_up() -> None:
        np.add(x, of_argument, out=out)
        np.subtract(out, of_argument, out=out)
        np.tanh(out, out=out)
        np.add(out, of_entry, out=out)
        np.subtract(out, of_entry, out=out)

    return look_up
