"""tanh from the table: what the table has, and that every processor finds its entries, however arrays are cut."""

from decimal import Decimal, localcontext
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.checkpoint.encoding import TANH_DIGITS
from model.engine.rounding import H_DIGITS, tanh_of
from model.network.layers import Array

END = 8 * 2**TANH_DIGITS
ARGUMENTS = np.arange(-END, END + 1) / 2**TANH_DIGITS
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@cache
def exact() -> list[Decimal]:
    """Return tanh of the 2,049 arguments with 40 digits, (e^2x - 1) / (e^2x + 1)."""
    with localcontext(prec=40):
        powers = [(2 * Decimal(x)).exp() for x in ARGUMENTS.tolist()]
        return [(power - 1) / (power + 1) for power in powers]


@cache
def table() -> list[float]:
    return [float((value * 2**H_DIGITS).to_integral_value()) / 2**H_DIGITS for value in exact()]


def looked_up(x: Array) -> Array:
    out = np.empty_like(x)
    tanh_of(x, out, TANH_DIGITS)()
    return out


@DTYPES
def test_every_entry_is_that_of_the_table(dtype: type) -> None:
    arguments = ARGUMENTS.astype(dtype)
    assert looked_up(arguments).tolist() == table()
    assert [looked_up(arguments[n : n + 1]).item() for n in range(len(arguments))] == table()
    columns = np.repeat(arguments[:, None], 3, axis=1)
    assert looked_up(columns[:, 1]).tolist() == table()
    tanh_of(arguments, arguments, TANH_DIGITS)()
    assert arguments.tolist() == table()


def test_no_entry_is_near_the_middle_between_two_multiples_where_rounding_changes() -> None:
    """`rounding` says 7 millionths; NumPy's error here, and 4 units in the last place, are well below."""
    scaled = [value * 2**H_DIGITS for value in exact()]
    room = min(abs(abs(value - value.to_integral_value()) - Decimal("0.5")) for value in scaled) / 2**H_DIGITS
    assert room > Decimal("7e-6")
    assert 1 - float(exact()[-1]) < 2.0**-20  # beyond the table, tanh rounds to 1 too
    of_processor = np.tanh(ARGUMENTS.astype(np.float32)).astype(np.float64)
    assert np.abs(of_processor - np.array([float(value) for value in exact()])).max() < 1e-6
    assert 4 * float(np.spacing(np.float32(0.99))) < 1e-6


@DTYPES
@given(x=st.one_of(st.floats(-9, 9, width=32), st.floats(width=32, allow_nan=False)))
def test_any_argument_has_the_entry_of_the_nearest_multiple(dtype: type, x: float) -> None:
    nearest = int(np.rint(np.clip(x, -8, 8) * 2**TANH_DIGITS))
    assert looked_up(np.array([x], dtype)).item() == table()[nearest + END]


def test_without_digits_tanh_is_the_processors() -> None:
    x = np.linspace(-9, 9, 1001, dtype=np.float32)
    out = np.empty_like(x)
    tanh_of(x, out, 0)()
    assert np.array_equal(out, np.tanh(x))
