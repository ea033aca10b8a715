"""The exact step: a row's bits do not depend on the other rows, on their number or on its index.
`test_machines` writes as other processors do.

tanh gives the entries of its table, also for arrays that are not contiguous.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.network.exact import H_DIGITS, Exact, WordLogits, look_up, on_grid
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, CellName
from model.text.vocabulary import NO_CHARACTER
from tests.language_models import every_cell

ARGUMENT_DIGITS = 7
ROWS, STEPS = 140, 12
WIDTHS = (1, 2, 5, 16, 17, 49, ROWS)


def network(hidden_size: int, cell: CellName = "lstm", embedding: int = 0) -> LanguageModel:
    architecture = Architecture(cell, 38, hidden_size, 1 if cell == "rnn" else 2, embedding)
    found = LanguageModel.initialise(architecture, np.random.default_rng(0))
    for parameter in (found.parameters.w_y, found.parameters.b_y):
        parameter *= 7  # as large as in a trained network
    return found


def inputs() -> NDArray[np.intp]:
    """Ids (T, B), among them NO_CHARACTER."""
    return np.random.default_rng(1).integers(NO_CHARACTER, 38, size=(STEPS, ROWS))


def logits(exact: Exact, ids: NDArray[np.intp]) -> Array:
    """Logits (T, B, V) of rows that begin in the zero state."""
    state = exact.initial_state(ids.shape[1])
    return np.stack([exact.step(step, state) for step in ids])


@pytest.mark.parametrize(("hidden_size", "embedding"), [(16, 0), (100, 0), (256, 0), (100, 64)])
@every_cell
def test_a_row_has_the_same_bits_at_every_width(
    hidden_size: int, embedding: int, cell: CellName
) -> None:
    """Alone and among any other rows, at any index, with one BLAS thread and with two."""
    exact, ids = Exact(network(hidden_size, cell, embedding)), inputs()[:4]
    random = np.random.default_rng(2)
    alone = np.concatenate([logits(exact, ids[:, [row]]) for row in range(ROWS)], axis=1)
    for width in WIDTHS:
        rows = random.permutation(ROWS)[:width]
        for threads in (1, 2):
            with threadpool_limits(threads, "blas"):
                assert np.array_equal(logits(exact, ids[:, rows]), alone[:, rows])


@pytest.mark.parametrize("embedding", [0, 64])
@pytest.mark.parametrize("size", [1e-45, 1e-41, 1e-38, 1e36])
def test_rows_have_the_same_bits_where_numbers_are_extremely_small_or_large(
    size: float, embedding: int
) -> None:
    language_model, ids = network(100, embedding=embedding), inputs()[:6]
    for parameter in (language_model.parameters.w_y, language_model.parameters.b_y):
        parameter *= size / np.abs(parameter).max(initial=1)
    exact = Exact(language_model)
    together = logits(exact, ids)
    assert np.isfinite(together).all()
    for row in range(0, ROWS, 20):
        assert np.array_equal(logits(exact, ids[:, [row]]), together[:, [row]])


@given(st.integers(0, 2**32 - 1), st.integers(1, 600), st.integers(-30, 30))
@settings(max_examples=30)
def test_sums_on_the_grid_are_exact(seed: int, inputs: int, size: int) -> None:
    """Added forwards, backwards or by BLAS, they equal the sum in exact arithmetic."""
    random = np.random.default_rng(seed)
    weights = random.standard_normal((inputs, 3)) ** 3 * 2.0**size
    rounded = on_grid(weights, 0, H_DIGITS)
    step = 2.0 ** (H_DIGITS - np.finfo(np.float32).nmant + 2)
    assert np.allclose(rounded, weights, atol=np.abs(weights).sum() * step)
    x: Array = (random.integers(-512, 513, inputs) / 2**H_DIGITS).astype(np.float32)
    for column in rounded.T.copy():
        products = zip(column.tolist(), x.tolist(), strict=True)
        exact = float(sum(Fraction(a) * Fraction(b) for a, b in products))
        assert float(column @ x) == exact
        assert float(np.add.accumulate(column * x)[-1]) == exact
        assert float(np.add.accumulate((column * x)[::-1])[-1]) == exact


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(-20, 20))
@settings(max_examples=30)
def test_the_logits_of_words_are_exact_sums(seed: int, size: int, scale: int) -> None:
    """Whatever a training made of the embedding, and whatever y is."""
    random = np.random.default_rng(seed)
    embedding = (random.standard_normal((9, size)) ** 3 * 2.0**scale).astype(np.float32)
    b_y = random.standard_normal(9).astype(np.float32)
    words = WordLogits(embedding, b_y, H_DIGITS)
    y: Array = (random.standard_normal((2, size)) * 2.0**-scale).astype(np.float32)
    found, table = words.logits(y), words.rows(np.arange(9))  # the first rounds y
    assert not words.rows(np.array([-1])).any()
    for row in range(2):
        for word in range(9):
            products = zip(y[row].tolist(), table[word].tolist(), strict=True)
            exact = sum(Fraction(a) * Fraction(b) for a, b in products)
            assert Fraction(float(found[row, word])) == exact + Fraction(float(words.b_y[word]))


@given(
    st.sampled_from(sorted(CELLS)),
    st.integers(0, 2**32 - 1),
    st.integers(1, 64),
    st.integers(1, 3),
    st.sampled_from((0, 24, 40)),
)
@settings(max_examples=50)
def test_any_network_gives_the_logits_of_its_equations_but_for_rounding(
    cell: CellName, seed: int, hidden_size: int, layers: int, embedding: int
) -> None:
    random = np.random.default_rng(seed)
    architecture = Architecture(cell, 38, hidden_size, layers, embedding)
    language_model = LanguageModel.initialise(architecture, random)
    state, ids = language_model.initial_state(3), random.integers(NO_CHARACTER, 38, size=(STEPS, 3))
    for step, row in zip(ids, logits(Exact(language_model), ids), strict=True):
        expected, state = language_model.step(step, state)
        assert np.abs(row - expected).max() < 0.05


# tanh from the table.

END = 8 * 2**ARGUMENT_DIGITS
ARGUMENTS = np.arange(-END, END + 1) / 2**ARGUMENT_DIGITS


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


def looked_up(x: Array) -> Array:
    out = np.empty_like(x)
    look_up(x, out)
    return out


def test_every_entry_is_that_of_the_table() -> None:
    arguments = ARGUMENTS.astype(np.float32)
    assert looked_up(arguments).tolist() == table()
    columns = np.repeat(arguments[:, None], 3, axis=1)
    assert looked_up(columns[:, 1]).tolist() == table()


def test_no_entry_is_near_the_middle_between_two_multiples_where_rounding_changes() -> None:
    """`network.exact` promises a distance of 7 millionths.

    NumPy's tanh errs by much less, and so does a float that is 4 units off.
    """
    scaled = [value * 2**H_DIGITS for value in exact_tanh()]
    room = (
        min(abs(abs(value - value.to_integral_value()) - Decimal("0.5")) for value in scaled)
        / 2**H_DIGITS
    )
    assert room > Decimal("7e-6")
    assert 1 - float(exact_tanh()[-1]) < 2.0**-20  # beyond the table, tanh rounds to 1 too


@given(st.one_of(st.floats(-9, 9, width=32), st.floats(width=32, allow_nan=False)))
@settings(max_examples=50)
def test_any_argument_has_the_entry_of_the_nearest_multiple(x: float) -> None:
    nearest = int(np.rint(np.clip(x, -8, 8) * 2**ARGUMENT_DIGITS))
    assert looked_up(np.array([x], np.float32)).item() == table()[nearest + END]
