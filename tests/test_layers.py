"""The textbook's layers and cells against their equations. `test_language_model` checks the
gradients of whole networks."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from model.network import layers
from model.network.gradients import central_differences
from model.network.layers import Array, LayerParameters
from model.network.parameters import CELLS, Architecture, CellName, initial_parameters
from tests.language_models import every_cell, normal

TIME, BATCH_SIZE, WIDTH, HIDDEN_SIZE, VOCAB_SIZE = 4, 3, 2, 3, 6
IDS = np.random.default_rng(1).integers(0, VOCAB_SIZE, (TIME, BATCH_SIZE))
MASK = np.arange(TIME)[:, None] < np.array([4, 2, 1])


def assert_is_gradient(found: Array, loss: Callable[[], float], array: Array) -> None:
    expected = central_differences(loss, array)
    assert found.shape == array.shape
    assert np.linalg.norm(found - expected) <= 1e-6 * np.linalg.norm(expected)


@pytest.mark.parametrize(("batch_size", "width", "outputs"), [(3, 2, 3), (16, 5, 128)])
def test_linear_and_its_gradients(batch_size: int, width: int, outputs: int) -> None:
    """In one piece, and in blocks and panels."""
    x, w, b = normal(TIME, batch_size, width), normal(width, outputs), normal(outputs)
    expected = np.einsum("tbd,dk->tbk", x, w) + b
    np.testing.assert_allclose(layers.linear(x, w, b), expected, rtol=1e-10)
    d_y = normal(TIME, batch_size, outputs, seed=1)
    for found, array in zip(layers.linear_backward(d_y, x, w), (x, w, b), strict=True):
        assert_is_gradient(found, lambda: float(np.sum(d_y * layers.linear(x, w, b))), array)


@pytest.mark.parametrize("rows", [1, 7, 8, 24, 64])
def test_a_product_in_blocks_is_the_product(rows: int) -> None:
    """At these sizes blocks are of 8, 16 or 32 rows, or the product is done in one piece."""
    x, w = normal(2, rows, 1000), normal(1000, 192)
    for steps in (1, 2):
        found = layers.multiplier(w, steps, rows)(x)
        np.testing.assert_allclose(found, x @ w, rtol=1e-9, atol=1e-9)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rnn_by_hand(x: Array, state: Array, p: LayerParameters) -> list[Array]:
    return [np.tanh(x @ p.w_x + state[0] @ p.w_h + p.b)]


def lstm_by_hand(x: Array, state: Array, p: LayerParameters) -> list[Array]:
    h, c = state
    z = dict(zip("oifg", np.split(x @ p.w_x + h @ p.w_h + p.b, 4), strict=True))
    c = sigmoid(z["f"]) * c + sigmoid(z["i"]) * np.tanh(z["g"])
    return [sigmoid(z["o"]) * np.tanh(c), c]


def gru_by_hand(x: Array, state: Array, p: LayerParameters) -> list[Array]:
    (h,) = state
    from_x = dict(zip("run", np.split(x @ p.w_x + p.b, 3), strict=True))
    from_h = dict(zip("run", np.split(h @ p.w_h, 3), strict=True))
    reset, update = (sigmoid(from_x[gate] + from_h[gate]) for gate in "ru")
    return [update * h + (1 - update) * np.tanh(from_x["n"] + reset * from_h["n"])]


BY_HAND: dict[CellName, Callable[[Array, Array, LayerParameters], list[Array]]] = {
    "rnn": rnn_by_hand,
    "lstm": lstm_by_hand,
    "gru": gru_by_hand,
}


def a_layer(cell: CellName) -> LayerParameters:
    parameters = initial_parameters(
        Architecture(cell, WIDTH, HIDDEN_SIZE), np.random.default_rng(2), np.float64
    )
    parameters.whole += normal(parameters.whole.size, seed=3) / 2
    return parameters.layers[0]


@every_cell
def test_a_sequence_is_its_equations_step_by_step(cell: CellName) -> None:
    x, layer = normal(TIME, BATCH_SIZE, WIDTH), a_layer(cell)
    state = normal(len(CELLS[cell].State._fields), BATCH_SIZE, HIDDEN_SIZE)

    z = layers.linear(x, layer.w_x, layer.b)
    h, after, _ = CELLS[cell].forward(z, tuple(state), layer.w_h)
    for b in range(BATCH_SIZE):
        by_hand = list(state[:, b])
        for t in range(TIME):
            by_hand = BY_HAND[cell](x[t, b], np.array(by_hand), layer)
            np.testing.assert_allclose(h[t, b], by_hand[0], rtol=1e-12)
        np.testing.assert_allclose([part[b] for part in after], by_hand, rtol=1e-12)


@every_cell
@pytest.mark.parametrize("z", [-1e4, 1e4])
def test_saturated_gates_neither_overflow_nor_give_nan(cell: CellName, z: float) -> None:
    layer, state = a_layer(cell), np.ones((len(CELLS[cell].State._fields), 1, HIDDEN_SIZE))
    with np.errstate(all="raise", under="ignore"):
        inputs = np.full((1, 1, layer.b.size), z)
        h, after, cache = CELLS[cell].forward(inputs, tuple(state), layer.w_h)
        d_z, d_w_h, d_state = CELLS[cell].backward(h, tuple(state), cache, layer.w_h)
    assert all(np.isfinite(array).all() for array in (h, *after, d_z, d_w_h, *d_state))


@given(
    arrays(
        np.float64, array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(-1e3, 1e3)
    ),
    st.floats(-1e3, 1e3),
)
@settings(max_examples=30)
def test_softmax_is_a_distribution_that_keeps_the_order_whatever_is_added(
    logits: Array, shift: float
) -> None:
    probabilities = layers.softmax(logits)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-12)
    best = np.take_along_axis(probabilities, logits.argmax(axis=-1)[..., None], axis=-1)
    np.testing.assert_array_equal(best[..., 0], probabilities.max(axis=-1))
    np.testing.assert_allclose(layers.softmax(logits + shift), probabilities, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mask", [None, MASK, np.zeros((TIME, BATCH_SIZE), bool)])
def test_cross_entropy_is_the_sum_over_the_targets(mask: NDArray[np.bool_] | None) -> None:
    logits = normal(TIME, BATCH_SIZE, VOCAB_SIZE)
    p = layers.softmax(logits)
    counted = np.ones((TIME, BATCH_SIZE), bool) if mask is None else mask
    expected = -sum(np.log(p[t, b, IDS[t, b]]) for t, b in np.argwhere(counted))
    assert layers.cross_entropy(logits, IDS, mask)[0] == pytest.approx(expected, rel=1e-12)
    certain = np.where(layers.one_hot(IDS, VOCAB_SIZE), 1e4, -1e4)
    assert layers.cross_entropy(certain, IDS, mask)[0] == 0
    assert layers.cross_entropy(-certain, IDS, mask)[0] == pytest.approx(
        counted.sum() * (2e4 + np.log(5))
    )
