"""Lockstep: a row's bits do not depend on the other rows, on their number, on its index or on the
processor.

tanh from the table has the table's entries on every processor, however arrays are cut.
"""

import os
import subprocess
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from model.engine.exact import Lockstep, on_grid
from model.engine.rounding import H_DIGITS, tanh_of
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, CellName
from model.text.vocabulary import NO_CHARACTER
from tests.language_models import every_cell

TANH_DIGITS = 7

ROWS, STEPS = 140, 12
TIMEOUT = 60
WIDTHS = (1, 2, 5, 9, 10, 11, 16, 17, 33, 48, 49, 65, 104, ROWS)
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def network(hidden_size: int, cell: CellName = "lstm", dtype: type = np.float32) -> LanguageModel:
    architecture = Architecture(cell, 38, hidden_size, 1 if cell == "rnn" else 2)
    found = LanguageModel.initialise(architecture, np.random.default_rng(0), dtype)
    for parameter in (found.parameters.w_y, found.parameters.b_y):
        parameter *= 7  # as large as in a trained network
    return found


def inputs() -> NDArray[np.intp]:
    """Ids (T, B), among them NO_CHARACTER."""
    return np.random.default_rng(1).integers(NO_CHARACTER, 38, size=(STEPS, ROWS))


def logits(lockstep: Lockstep, ids: NDArray[np.intp]) -> Array:
    """Logits (T, B, V) of rows that begin in the zero state."""
    lockstep.resize(0)
    lockstep.resize(ids.shape[1])
    return np.stack([lockstep.step(step.tolist()).copy() for step in ids])


def assert_lockstep(language_model: LanguageModel, tanh_digits: int = 0) -> None:
    """Every row has the same bits alone and among any other rows, at any index."""
    lockstep, ids, random = (
        Lockstep(language_model, tanh_digits),
        inputs()[:4],
        np.random.default_rng(2),
    )
    alone = np.concatenate([logits(lockstep, ids[:, [row]]) for row in range(ROWS)], axis=1)
    for width in WIDTHS:
        rows = random.permutation(ROWS)[:width]
        assert np.array_equal(logits(lockstep, ids[:, rows]), alone[:, rows])


@pytest.mark.parametrize(
    ("hidden_size", "tanh_digits", "dtype"),
    [
        (16, 0, np.float32),
        (100, TANH_DIGITS, np.float32),
        (256, 0, np.float32),
        (100, 0, np.float64),
    ],
)
@every_cell
def test_a_row_has_the_same_bits_at_every_width(
    hidden_size: int, cell: CellName, tanh_digits: int, dtype: type
) -> None:
    assert_lockstep(network(hidden_size, cell, dtype), tanh_digits)


def assert_any_threads(language_model: LanguageModel, tanh_digits: int = 0) -> None:
    """All rows have the same bits with one BLAS thread and with two."""
    outcomes = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            lockstep = Lockstep(language_model, tanh_digits)
            outcomes.append([logits(lockstep, inputs()[:4, :rows]) for rows in (2, 49, ROWS)])
    assert all(np.array_equal(*pair) for pair in zip(*outcomes, strict=True))


@pytest.mark.parametrize("tanh_digits", [0, TANH_DIGITS])
def test_rows_have_the_same_bits_on_any_number_of_threads(tanh_digits: int) -> None:
    assert_any_threads(network(256), tanh_digits)


def test_rows_have_the_same_bits_with_the_kernels_of_other_processors() -> None:
    """These kernels add in other orders; an environment variable makes OpenBLAS use them."""
    kernels = {"Nehalem"}
    if {library.get("architecture") for library in threadpool_info()} & {
        "SkylakeX",
        "Cooperlake",
        "SapphireRapids",
    }:
        kernels.add("Haswell")
    script = (
        "from tests.test_exact import *; assert_lockstep(network(100));"
        " assert_any_threads(network(128))"
    )
    folder = Path(__file__).parents[1]
    for kernel in kernels:
        environment = os.environ | {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run(
            [sys.executable, "-c", script], cwd=folder, env=environment, check=True, timeout=TIMEOUT
        )


@pytest.mark.parametrize("size", [1e-45, 1e-41, 1e-38, 1e36])
def test_rows_have_the_same_bits_where_numbers_are_extremely_small_or_large(size: float) -> None:
    language_model, ids = network(100), inputs()[:6]
    for parameter in (language_model.parameters.w_y, language_model.parameters.b_y):
        parameter *= size / np.abs(parameter).max(initial=1)
    lockstep = Lockstep(language_model)
    together = logits(lockstep, ids)
    assert np.isfinite(together).all()
    for row in range(0, ROWS, 20):
        assert np.array_equal(logits(lockstep, ids[:, [row]]), together[:, [row]])


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 600),
    st.integers(-30, 30),
    st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=30)
def test_sums_on_the_grid_are_exact(seed: int, inputs: int, size: int, dtype: type) -> None:
    """Added forwards, backwards or by BLAS, they equal the sum in exact arithmetic."""
    random = np.random.default_rng(seed)
    digits = 8
    weights = random.standard_normal((3, inputs)) ** 3 * 2.0**size
    rounded = on_grid(weights, 0, digits, dtype)
    assert np.allclose(
        rounded, weights, atol=np.abs(weights).sum() * 2.0 ** (digits - np.finfo(dtype).nmant + 2)
    )
    x: Array = (random.integers(-512, 513, inputs) / 2**digits).astype(dtype)
    for row in rounded.astype(dtype):
        exact = float(
            sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(row, x, strict=True))
        )
        assert float(row @ x) == exact
        assert (
            float(np.add.accumulate(row * x)[-1])
            == exact
            == float(np.add.accumulate((row * x)[::-1])[-1])
        )


@pytest.mark.parametrize("tanh_digits", [0, TANH_DIGITS])
@given(
    st.sampled_from(sorted(CELLS)), st.integers(0, 2**32 - 1), st.integers(1, 64), st.integers(1, 3)
)
@settings(max_examples=30)
def test_any_network_gives_the_textbooks_logits_but_for_rounding(
    tanh_digits: int, cell: CellName, seed: int, hidden_size: int, layers: int
) -> None:
    random = np.random.default_rng(seed)
    language_model = LanguageModel.initialise(
        Architecture(cell, 38, hidden_size, layers), random, np.float32
    )
    state, ids = language_model.initial_state(3), random.integers(NO_CHARACTER, 38, size=(STEPS, 3))
    found = logits(Lockstep(language_model, tanh_digits), ids)
    for step, row in zip(ids, found, strict=True):
        expected, state = language_model.step(step, state)
        assert np.abs(row - expected).max() < 0.05


# tanh from the table.

END = 8 * 2**TANH_DIGITS
ARGUMENTS = np.arange(-END, END + 1) / 2**TANH_DIGITS


@cache
def exact_tanh() -> list[Decimal]:
    """Return tanh of the 2,049 arguments with 40 digits, (e^2x - 1) / (e^2x + 1)."""
    with localcontext(prec=40):
        powers = [(2 * Decimal(x)).exp() for x in ARGUMENTS.tolist()]
        return [(power - 1) / (power + 1) for power in powers]


@cache
def table() -> list[float]:
    return [
        float((value * 2**H_DIGITS).to_integral_value()) / 2**H_DIGITS for value in exact_tanh()
    ]


def looked_up(x: Array, digits: int = TANH_DIGITS) -> Array:
    out = np.empty_like(x)
    tanh_of(x, out, digits)()
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
    """`rounding` promises 7 millionths.

    NumPy errs by much less, and so does a float that is 4 units off.
    """
    scaled = [value * 2**H_DIGITS for value in exact_tanh()]
    room = (
        min(abs(abs(value - value.to_integral_value()) - Decimal("0.5")) for value in scaled)
        / 2**H_DIGITS
    )
    assert room > Decimal("7e-6")
    assert 1 - float(exact_tanh()[-1]) < 2.0**-20  # beyond the table, tanh rounds to 1 too
    of_processor = np.tanh(ARGUMENTS.astype(np.float32)).astype(np.float64)
    assert np.abs(of_processor - np.array([float(value) for value in exact_tanh()])).max() < 1e-6
    assert 4 * float(np.spacing(np.float32(0.99))) < 1e-6


@DTYPES
@given(x=st.one_of(st.floats(-9, 9, width=32), st.floats(width=32, allow_nan=False)))
@settings(max_examples=50)
def test_any_argument_has_the_entry_of_the_nearest_multiple(dtype: type, x: float) -> None:
    nearest = int(np.rint(np.clip(x, -8, 8) * 2**TANH_DIGITS))
    assert looked_up(np.array([x], dtype)).item() == table()[nearest + END]
    assert (
        looked_up(np.array([x], dtype), 0).item() == np.tanh(np.array([x], dtype)).item()
    )  # without digits, the processor's
