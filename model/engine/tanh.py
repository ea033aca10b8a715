"""tanh for the exact steps of the cells: the processor's, or from a table, which is the same on every machine.

The table has tanh of every multiple of 2^-digits from -8 to 8. Argument x has the index x 2^digits + 8 · 2^digits, and
one half more makes a cast, which cuts digits off, round to the nearest index. Where x is a sum, the factor and the
summand are in its parameters (`scale`, `offset`), before `exact.on_grid` rounds them. Then tanh takes a clip, two casts
and a take. Beyond 8, where tanh rounds to 1, the clip gives the last entry. It comes before the casts, because x86 and
ARM turn a float that is too large for an integer into different integers.

Two processors or mathematical libraries may also differ in the last bits of the entries, so entries are rounded to
multiples of 2^-16. With 7 digits, every entry is at least 10^-8 away from the middle between two multiples, where
rounding changes, and libraries are wrong by at most 10^-15. So all of them round to the same table.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import DTypeLike

from model.network.layers import Array

LARGEST = 8
ENTRY_DIGITS = 16


def table(digits: int) -> Array:
    """Return tanh of the multiples of 2^-digits from -LARGEST to LARGEST, in multiples of 2^-ENTRY_DIGITS."""
    end = LARGEST * 2**digits
    return np.ldexp(np.rint(np.ldexp(np.tanh(np.arange(-end, end + 1) * 2.0**-digits), ENTRY_DIGITS)), -ENTRY_DIGITS)


class Tanh:
    """Makes functions that compute tanh: the processor's for 0 digits, otherwise from the table.

    A parameter of a sum whose tanh is taken is multiplied by `scale`, and `offset` is added to its bias.
    """

    def __init__(self, digits: int, dtype: DTypeLike) -> None:
        self._table = table(digits).astype(dtype) if digits else None
        self.scale, self.offset = (2.0**digits, LARGEST * 2.0**digits + 0.5) if digits else (1.0, 0.0)

    def of_sum(self, z: Array, out: Array) -> Callable[[], object]:
        """Return a function that writes tanh of sums z, which have `scale` and `offset` in them; it may change z."""
        if self._table is None:
            return partial(np.tanh, z, out)
        entries, first, last = self._table, z.dtype.type(0), z.dtype.type(len(self._table) - 1)
        short, indices = np.empty(z.shape, np.int32), np.empty(z.shape, np.intp)

        def look_up() -> None:
            z.clip(first, last, out=z)
            np.copyto(short, z, casting="unsafe")  # two casts are faster than one from float to 64 bits
            np.copyto(indices, short)
            entries.take(indices, out=out, mode="wrap")  # the fastest mode; nothing is out of range

        return look_up

    def of(self, x: Array, out: Array) -> Callable[[], object]:
        """Return a function that writes tanh of any x."""
        if self._table is None:
            return partial(np.tanh, x, out)
        z, scale, offset = np.empty(x.shape, x.dtype), x.dtype.type(self.scale), x.dtype.type(self.offset)
        look_up = self.of_sum(z, out)

        def compute() -> None:
            np.multiply(x, scale, out=z)
            np.add(z, offset, out=z)
            look_up()

        return compute
