"""The mathematics, layer by layer: against the textbook, and every gradient against central differences in float64."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from model.network import layers
from model.network.layers import GATES, Array, Ids

TIME, BATCH_SIZE, GROUPS, HIDDEN_SIZE, VOCAB_SIZE = 4, 3, 2, 3, 6

logit_arrays = arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(-1e3, 1e3))


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def ids(*shape: int) -> Ids:
    return np.random.default_rng(1).integers(0, VOCAB_SIZE, shape)


def sigmoid(x: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-x))
    return result


def central_differences(loss: Callable[[], float], array: Array, epsilon: float = 1e-5) -> Array:
    slope = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + epsilon
        above = loss()
        array[place] = kept - epsilon
        slope[place] = (above - loss()) / (2 * epsilon)
        array[place] = kept
    return slope


def assert_is_gradient(found: Array, loss: Callable[[], float], array: Array) -> None:
    expected = central_differences(loss, array)
    assert found.shape == array.shape
    assert np.linalg.norm(found - expected) <= 1e-6 * np.linalg.norm(expected)


# Products.


def lend(name: str, *shape: int) -> Array:
    return np.full(shape, np.nan)


# Time, groups, columns, inputs, outputs: one example or many; outputs that go into panels of 8, of 16, and into none.
shapes = pytest.mark.parametrize(
    "shape",
    [(4, 1, 1, 5, 3), (1, 1, 1, 5, 8), (3, 1, 2, 5, 16), (3, 2, 3, 7, 24), (2, 3, 1, 4, 38), (19, 2, 32, 9, 40)],
)


@shapes
def test_a_product_multiplies_every_column(shape: tuple[int, ...]) -> None:
    time, groups, columns, width, outputs = shape
    x, w = normal(time, groups, width, columns), normal(width, outputs)
    y = np.full((time, groups, outputs, columns), np.nan)
    layers.product(w, x, y, lend)
    np.testing.assert_allclose(y, np.einsum("dk,tgdb->tgkb", w, x), rtol=1e-12, atol=1e-12)
    layers.product(w[:, ::-1], x[:, :, :, ::-1], y, lend)  # views of any kind
    np.testing.assert_allclose(y, np.einsum("dk,tgdb->tgkb", w[:, ::-1], x[:, :, :, ::-1]), rtol=1e-12, atol=1e-12)


@shapes
def test_gradient_of_the_weights_of_a_product(shape: tuple[int, ...]) -> None:
    time, groups, columns, width, outputs = shape
    x, d_y = normal(time, groups, width, columns), normal(time, groups, outputs, columns)
    found = np.full((width, outputs), np.nan)
    layers.weight_gradient(x, d_y, found, lend)
    np.testing.assert_allclose(found, np.einsum("tgdb,tgkb->dk", x, d_y), rtol=1e-9, atol=1e-12)


@given(st.integers(1, 9), st.integers(1, 70), st.sampled_from([8, 32]))
def test_panels_hold_all_weights_and_those_of_an_input_side_by_side(width: int, outputs: int, panel: int) -> None:
    w = normal(width, outputs)
    for halved in range(outputs):
        expected = w.T * np.where(np.arange(outputs) < halved, 0.5, 1)[:, None]
        found = layers.panels(w, panel, halved)
        np.testing.assert_array_equal(found.reshape(outputs, width), expected)
    found = layers.panels(w, panel)
    np.testing.assert_array_equal(found.reshape(outputs, width), w.T)
    assert found.shape[1] == outputs or found.shape[1] in (8, 16, 32)
    assert outputs == 1 or found.strides[1] == w.itemsize


# Recurrent layers. How their arrays are laid out is in these three, and nowhere else in the tests.

by_size = pytest.mark.parametrize("time", [1, 2, TIME])
by_groups = pytest.mark.parametrize(("groups", "columns"), [(1, 1), (1, BATCH_SIZE), (GROUPS, BATCH_SIZE)])


def joined(x: Array, h_0: Array) -> Array:
    """Put [x_t, 1, h_{t-1}] together for x (T, G, D, B), with h_0 in its place and nothing in those of later h."""
    time, groups, width, columns = x.shape
    inputs = np.full((time + 1, groups, width + 1 + h_0.shape[1], columns), np.nan)
    inputs[:-1, :, :width], inputs[:, :, width], inputs[0, :, width + 1 :] = x, 1, h_0
    return inputs


def run(x: Array, w: Array, h_0: Array, c_0: Array | None) -> tuple[Array, Array, Array]:
    """Run an LSTM, or without c_0 an RNN; returns inputs, gates and c, as the layer leaves them."""
    inputs = joined(x, h_0)
    time, groups, hidden_size, columns = len(x), *h_0.shape
    gates, c = np.full((time, groups, 4 * hidden_size, columns), np.nan), np.full((time + 1, *h_0.shape), np.nan)
    if c_0 is None:
        layers.rnn(inputs, w, lend)
    else:
        c[0] = c_0
        layers.lstm(inputs, w, gates, c, lend)
    return inputs, gates, c


def gradients(d_h: Array, x: Array, w: Array, h_0: Array, c_0: Array | None, below: bool) -> tuple[Array, Array]:
    """Gradients of z and, if there is a layer below, of x."""
    inputs, gates, c = run(x, w, h_0, c_0)
    width = x.shape[2]
    without_bias = np.concatenate([w[:width], w[width + 1 :]]) if below else w[width + 1 :]
    d_x, d_z = d_h.copy(), np.full(d_h.shape, np.nan)
    if c_0 is None:
        layers.rnn_backward(d_x, inputs, without_bias, d_z, lend)
        return d_z, d_x
    layers.lstm_backward(d_x, inputs, gates, c, without_bias, lend)
    return gates, d_x


def textbook(x: Array, w: Array, h_0: Array, c_0: Array | None) -> Array:
    """h (T, G, H, B), one example and one step after the other."""
    width, h = x.shape[2], np.empty((len(x), *h_0.shape))
    for g, b in np.ndindex(h_0.shape[0], h_0.shape[2]):
        h_prev, c = h_0[g, :, b], None if c_0 is None else c_0[g, :, b]
        for t in range(len(x)):
            z = x[t, g, :, b] @ w[:width] + w[width] + h_prev @ w[width + 1 :]
            if c is None:
                h_prev = np.tanh(z)
            else:
                blocks = dict(zip(GATES, np.split(z, 4), strict=True))
                c = sigmoid(blocks["f"]) * c + sigmoid(blocks["i"]) * np.tanh(blocks["g"])
                h_prev = sigmoid(blocks["o"]) * np.tanh(c)
            h[t, g, :, b] = h_prev
    return h


@by_size
@by_groups
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_recurrent_layers_and_their_gradients(cell: str, time: int, groups: int, columns: int) -> None:
    x, h_0 = normal(time, groups, HIDDEN_SIZE, columns), normal(groups, HIDDEN_SIZE, columns)
    w = normal(2 * HIDDEN_SIZE + 1, HIDDEN_SIZE * (4 if cell == "lstm" else 1))
    c_0 = normal(groups, HIDDEN_SIZE, columns, seed=1) if cell == "lstm" else None
    inputs, _, _ = run(x, w, h_0, c_0)
    np.testing.assert_allclose(inputs[1:, :, -HIDDEN_SIZE:], textbook(x, w, h_0, c_0), rtol=1e-12)

    weights = normal(*x.shape, seed=1)

    def loss() -> float:
        return float(np.sum(weights * run(x, w, h_0, c_0)[0][1:, :, -HIDDEN_SIZE:]))

    d_z, d_x = gradients(weights, x, w, h_0, c_0, below=True)
    assert_is_gradient(d_x, loss, x)
    # The weights' gradient is made of d_z and the inputs, so d_z is right only if this is.
    assert_is_gradient(np.einsum("tgdb,tgkb->dk", inputs[:-1], d_z), loss, w)
    alone, _ = gradients(weights, x, w, h_0, c_0, below=False)
    np.testing.assert_allclose(alone, d_z, rtol=1e-12)


def test_saturated_gates_neither_overflow_nor_turn_into_nothing() -> None:
    x = np.repeat([-1e4, -800.0, 800.0, 1e4], HIDDEN_SIZE * BATCH_SIZE).reshape(4, 1, HIDDEN_SIZE, BATCH_SIZE)
    w = np.zeros((2 * HIDDEN_SIZE + 1, 4 * HIDDEN_SIZE))
    w[:HIDDEN_SIZE] = 1 / HIDDEN_SIZE
    zeros = np.zeros((1, HIDDEN_SIZE, BATCH_SIZE))
    inputs, _, c = run(x, w, zeros, zeros)
    np.testing.assert_allclose(c[1:, 0, 0, 0], [0, 0, 1, 2])
    np.testing.assert_allclose(inputs[1:, 0, -1, 0], [0, 0, np.tanh(1), np.tanh(2)])
    d_z, d_x = gradients(np.ones_like(x), x, w, zeros, zeros, below=True)
    assert not d_z.any()
    assert not d_x.any()


# Softmax and cross-entropy.


@given(logit_arrays)
def test_softmax_is_a_distribution_that_keeps_the_order(logits: Array) -> None:
    kept = logits.copy()
    probabilities = layers.softmax(logits)
    np.testing.assert_array_equal(logits, kept)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-12)
    best = np.take_along_axis(probabilities, logits.argmax(axis=-1)[..., None], axis=-1)
    np.testing.assert_array_equal(best[..., 0], probabilities.max(axis=-1))


@given(logit_arrays, st.floats(-1e3, 1e3))
def test_softmax_does_not_see_a_shift(logits: Array, shift: float) -> None:
    np.testing.assert_allclose(layers.softmax(logits + shift), layers.softmax(logits), rtol=1e-9, atol=1e-12)


def test_softmax_by_hand_and_where_exp_overflows() -> None:
    np.testing.assert_allclose(layers.softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]])
    np.testing.assert_array_equal(layers.softmax(np.array([1e30, 0.0, -1e30], np.float32)), [1, 0, 0])


def masks() -> list[NDArray[np.bool_] | None]:
    return [None, np.arange(TIME)[:, None] < np.array([4, 2, 1]), np.zeros((TIME, BATCH_SIZE), bool)]


@pytest.mark.parametrize("mask", masks())
def test_cross_entropy_is_the_sum_of_what_each_target_costs(mask: NDArray[np.bool_] | None) -> None:
    logits, targets = normal(TIME, BATCH_SIZE, VOCAB_SIZE), ids(TIME, BATCH_SIZE)
    probabilities = layers.softmax(logits)
    counted = np.ones((TIME, BATCH_SIZE), bool) if mask is None else mask
    expected = -sum(np.log(probabilities[t, b, targets[t, b]]) for t, b in np.argwhere(counted))
    assert layers.cross_entropy(logits.copy(), targets, mask) == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_of_guessing_and_of_certainty() -> None:
    targets = ids(TIME, BATCH_SIZE)
    certain = np.where(targets[..., None] == np.arange(VOCAB_SIZE), 1e4, -1e4)
    assert layers.cross_entropy(np.zeros((TIME, BATCH_SIZE, VOCAB_SIZE)), targets) == pytest.approx(12 * np.log(6))
    assert layers.cross_entropy(certain.copy(), targets) == 0
    assert layers.cross_entropy(-certain, targets) == pytest.approx(12 * (2e4 + np.log(5)))


@pytest.mark.parametrize("mask", masks()[:2])
@pytest.mark.parametrize("scale", [1.0, 0.125])
def test_gradient_of_cross_entropy(mask: NDArray[np.bool_] | None, scale: float) -> None:
    logits, targets = normal(TIME, BATCH_SIZE, VOCAB_SIZE), ids(TIME, BATCH_SIZE)
    left = logits.copy()
    layers.cross_entropy(left, targets, mask)
    found = layers.cross_entropy_backward(left, targets, scale, mask)
    assert_is_gradient(found, lambda: scale * layers.cross_entropy(logits.copy(), targets, mask), logits)
    np.testing.assert_allclose(found.sum(axis=-1), 0, atol=1e-12)
    if mask is not None:
        assert not found[~mask].any()


@pytest.mark.parametrize("mask", masks()[:2])
def test_cross_entropy_works_on_columns_where_they_lie(mask: NDArray[np.bool_] | None) -> None:
    columns, targets = normal(TIME, VOCAB_SIZE, BATCH_SIZE), ids(TIME, BATCH_SIZE)
    rows = columns.swapaxes(1, 2).copy()
    assert layers.cross_entropy(columns.swapaxes(1, 2), targets, mask) == pytest.approx(
        layers.cross_entropy(rows, targets, mask), rel=1e-12
    )
    layers.cross_entropy_backward(columns.swapaxes(1, 2), targets, 0.5, mask)
    np.testing.assert_allclose(columns.swapaxes(1, 2), layers.cross_entropy_backward(rows, targets, 0.5, mask))
