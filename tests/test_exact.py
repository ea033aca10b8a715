"""Lockstep: a row's bits do not depend on the other rows, on their number, on its index or on the processor."""

import os
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from model.checkpoint.encoding import TANH_DIGITS
from model.engine.exact import Lockstep, on_grid
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, CellName
from model.text.vocabulary import NO_CHARACTER

ROWS, STEPS = 140, 12
TIMEOUT = 60
TANHS = pytest.mark.parametrize("tanh_digits", [0, TANH_DIGITS], ids=["processor", "table"])
WIDTHS = (1, 2, 3, 5, 8, 9, 10, 11, 16, 17, 33, 48, 49, 65, 104, ROWS)


def network(hidden_size: int, cell: CellName = "lstm", dtype: type = np.float32) -> LanguageModel:
    found = LanguageModel.initialise(
        Architecture(cell, 38, hidden_size, {"rnn": 1}.get(cell, 2)), np.random.default_rng(0), dtype
    )
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
    lockstep, ids, random = Lockstep(language_model, tanh_digits), inputs()[:6], np.random.default_rng(2)
    alone = np.concatenate([logits(lockstep, ids[:, [row]]) for row in range(ROWS)], axis=1)
    for width in WIDTHS:
        rows = random.permutation(ROWS)[:width]
        assert np.array_equal(logits(lockstep, ids[:, rows]), alone[:, rows])


@TANHS
@pytest.mark.parametrize("hidden_size", [16, 100, 256])
@pytest.mark.parametrize("cell", CELLS)
def test_a_row_has_the_same_bits_at_every_width(hidden_size: int, cell: CellName, tanh_digits: int) -> None:
    assert_lockstep(network(hidden_size, cell), tanh_digits)


@TANHS
def test_a_row_has_the_same_bits_in_double_precision(tanh_digits: int) -> None:
    assert_lockstep(network(100, dtype=np.float64), tanh_digits)


def assert_any_threads(language_model: LanguageModel, tanh_digits: int = 0) -> None:
    """All rows have the same bits with one BLAS thread and with two."""
    outcomes = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            lockstep = Lockstep(language_model, tanh_digits)
            outcomes.append([logits(lockstep, inputs()[:4, :rows]) for rows in (2, 49, ROWS)])
    assert all(np.array_equal(*pair) for pair in zip(*outcomes, strict=True))


@TANHS
def test_rows_have_the_same_bits_on_any_number_of_threads(tanh_digits: int) -> None:
    assert_any_threads(network(256), tanh_digits)


def test_rows_have_the_same_bits_with_the_kernels_of_other_processors() -> None:
    """These kernels add in other orders; an environment variable makes OpenBLAS use them."""
    kernels = {"Nehalem"}
    if {library.get("architecture") for library in threadpool_info()} & {"SkylakeX", "Cooperlake", "SapphireRapids"}:
        kernels.add("Haswell")
    script = "from tests.test_exact import *; assert_lockstep(network(100)); assert_any_threads(network(128))"
    folder = Path(__file__).parents[1]
    for kernel in kernels:
        environment = os.environ | {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, check=True, timeout=TIMEOUT)


@pytest.mark.parametrize("size", [1e-45, 1e-41, 1e-38, 1e36])
def test_rows_have_the_same_bits_where_numbers_are_extremely_small_or_large(size: float) -> None:
    language_model, ids = network(100), inputs()
    for parameter in (language_model.parameters.w_y, language_model.parameters.b_y):
        parameter *= size / np.abs(parameter).max(initial=1)
    lockstep = Lockstep(language_model)
    assert lockstep.is_sound
    together = logits(lockstep, ids)
    assert np.isfinite(together).all()
    for row in range(0, ROWS, 20):
        assert np.array_equal(logits(lockstep, ids[:, [row]]), together[:, [row]])


@given(st.integers(0, 2**32 - 1), st.integers(1, 600), st.integers(-30, 30), st.sampled_from([np.float32, np.float64]))
@settings(max_examples=60)
def test_sums_on_the_grid_are_exact(seed: int, inputs: int, size: int, dtype: type) -> None:
    """Added forwards, backwards or by BLAS, they equal the sum in exact arithmetic."""
    random = np.random.default_rng(seed)
    digits = 8
    weights = random.standard_normal((3, inputs)) ** 3 * 2.0**size
    rounded = on_grid(weights, 0, digits, dtype)
    assert np.allclose(rounded, weights, atol=np.abs(weights).sum() * 2.0 ** (digits - np.finfo(dtype).nmant + 2))
    x: Array = (random.integers(-512, 513, inputs) / 2**digits).astype(dtype)
    for row in rounded.astype(dtype):
        exact = float(sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(row, x, strict=True)))
        assert float(row @ x) == exact
        assert float(np.add.accumulate(row * x)[-1]) == exact == float(np.add.accumulate((row * x)[::-1])[-1])


def test_the_grid_is_finer_for_a_look_up_because_only_one_of_its_weights_counts() -> None:
    weights = np.hstack([np.full((1, 1000), 0.7), np.full((1, 2), 0.123)])
    assert np.abs(on_grid(weights, 1000, 8, np.float32) - weights).max() < 2**-15
    assert np.abs(on_grid(weights, 0, 8, np.float32) - weights).max() > 2**-15


@TANHS
@pytest.mark.parametrize("cell", CELLS)
def test_logits_are_those_of_the_network_but_for_rounding(cell: CellName, tanh_digits: int) -> None:
    language_model, ids = network(64, cell), inputs()
    state, expected = language_model.initial_state(ROWS), []
    for step in ids:
        found, state = language_model.step(step, state)
        expected.append(found)
    assert np.abs(logits(Lockstep(language_model, tanh_digits), ids) - expected).max() < 0.05


@TANHS
@given(st.sampled_from(sorted(CELLS)), st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 3))
@settings(max_examples=40)
def test_any_network_gives_the_textbooks_logits_but_for_rounding(
    tanh_digits: int, cell: CellName, seed: int, hidden_size: int, layers: int
) -> None:
    random = np.random.default_rng(seed)
    language_model = LanguageModel.initialise(Architecture(cell, 38, hidden_size, layers), random, np.float32)
    state, ids = language_model.initial_state(3), random.integers(NO_CHARACTER, 38, size=(STEPS, 3))
    found = logits(Lockstep(language_model, tanh_digits), ids)
    for step, row in zip(ids, found, strict=True):
        expected, state = language_model.step(step, state)
        assert np.abs(row - expected).max() < 0.03


def test_rows_come_go_move_and_are_cleared() -> None:
    lockstep, ids = Lockstep(network(20)), inputs()
    whole = logits(lockstep, ids[:, :3])
    lockstep.resize(0)
    lockstep.resize(2)
    step_all(lockstep, ids[:6, [1, 0]])
    lockstep.resize(3)  # a third row joins
    step_all(lockstep, ids[6:, [1, 0, 2]][:2])
    lockstep.move(1, 0)
    lockstep.resize(1)
    assert np.array_equal(lockstep.step(ids[8, :1].tolist()), whole[8, :1])
    lockstep.clear(0)
    assert np.array_equal(lockstep.step(ids[0, :1].tolist()), whole[0, :1])
    assert lockstep.rows == 1


def test_new_rows_begin_in_the_zero_state_in_columns_that_others_have_used() -> None:
    lockstep, ids = Lockstep(network(20)), inputs()
    whole = logits(lockstep, ids[:, :20])
    lockstep.resize(0)
    lockstep.resize(20)
    step_all(lockstep, ids[:2, :20])
    lockstep.resize(18)
    step_all(lockstep, ids[2:4, :18])
    lockstep.resize(20)
    found = lockstep.step([*ids[4, :18].tolist(), *ids[0, 18:20].tolist()])
    assert np.array_equal(found[:18], whole[4, :18])
    assert np.array_equal(found[18:], whole[0, 18:])


def step_all(lockstep: Lockstep, ids: Sequence[NDArray[np.intp]] | NDArray[np.intp]) -> None:
    for step in ids:
        lockstep.step(step.tolist())


@pytest.mark.parametrize("broken", [np.nan, np.inf, -3e38])
def test_weights_that_lead_to_numbers_that_are_not_finite_are_not_sound(broken: float) -> None:
    language_model = network(8)
    assert Lockstep(language_model).is_sound
    language_model.parameters.layers[1].w_h[:, 3] = broken
    assert not Lockstep(language_model).is_sound
