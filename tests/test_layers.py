"""The mathematics, layer by layer: against the textbook, and every gradient against central differences in float64."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from model import layers
from model.layers import GATES, Array, Ids
from model.vocabulary import NO_CHARACTER

TIME, BATCH_SIZE, WIDTH, HIDDEN_SIZE, VOCAB_SIZE = 4, 3, 5, 3, 6

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


# Look-up and linear layer.


@pytest.mark.parametrize("shape", [(BATCH_SIZE,), (TIME, BATCH_SIZE)])
def test_lookup_multiplies_one_hot_rows(shape: tuple[int, ...]) -> None:
    w, b, chosen = normal(VOCAB_SIZE, WIDTH), normal(WIDTH), ids(*shape)
    chosen[..., 0] = NO_CHARACTER
    one_hot = (chosen[..., None] == np.arange(VOCAB_SIZE)).astype(float)
    kept = w.copy()
    np.testing.assert_array_equal(layers.lookup(w, b, chosen), one_hot @ w + b)
    np.testing.assert_array_equal(w, kept)
    y = np.full((*shape, WIDTH), np.nan)
    assert np.shares_memory(layers.lookup(w, b, chosen, y), y)
    np.testing.assert_array_equal(y, layers.lookup(w, b, chosen))


def test_gradients_of_lookup() -> None:
    w, b, chosen = normal(VOCAB_SIZE, WIDTH), normal(WIDTH), ids(TIME, BATCH_SIZE)
    chosen[0] = chosen[1]  # the same character twice: its gradients add up
    chosen[2, 0] = NO_CHARACTER
    weights = normal(TIME, BATCH_SIZE, WIDTH)

    def loss() -> float:
        return float(np.sum(weights * layers.lookup(w, b, chosen)))

    for found, array in zip(layers.lookup_backward(weights, chosen, VOCAB_SIZE), (w, b), strict=True):
        assert_is_gradient(found, loss, array)


@pytest.mark.parametrize("leading", [(), (BATCH_SIZE,), (TIME, BATCH_SIZE)])
def test_linear_and_its_gradients(leading: tuple[int, ...]) -> None:
    x, w, b = normal(*leading, WIDTH), normal(WIDTH, HIDDEN_SIZE), normal(HIDDEN_SIZE)
    np.testing.assert_allclose(layers.linear(x, w, b), np.einsum("...d,dk->...k", x, w) + b, rtol=1e-12)
    weights = normal(*leading, HIDDEN_SIZE, seed=1)

    def loss() -> float:
        return float(np.sum(weights * layers.linear(x, w, b)))

    for found, array in zip(layers.linear_backward(weights, x, w), (x, w, b), strict=True):
        assert_is_gradient(found, loss, array)


def test_linear_writes_where_it_is_told() -> None:
    x, w, b = normal(TIME, BATCH_SIZE, WIDTH), normal(WIDTH, HIDDEN_SIZE), normal(HIDDEN_SIZE)
    y, d_x = np.full((TIME, BATCH_SIZE, HIDDEN_SIZE), np.nan), np.full(x.shape, np.nan)
    assert np.shares_memory(layers.linear(x, w, b, y), y)
    np.testing.assert_array_equal(y, layers.linear(x, w, b))
    layers.linear_backward(y, x, w, d_x)
    np.testing.assert_array_equal(d_x, layers.linear_backward(y, x, w)[0])


# Recurrent layers. What their functions leave for one another is in these two, and nowhere else in the tests.


def run_rnn(z: Array, w_hh: Array, h_0: Array) -> Array:
    h = np.full_like(z, np.nan)
    layers.rnn(z.copy(), w_hh, h_0, h)
    return h


def rnn_gradients(d_h: Array, z: Array, w_hh: Array, h_0: Array) -> Array:
    d_z = np.full_like(z, np.nan)
    layers.rnn_backward(d_h.copy(), run_rnn(z, w_hh, h_0), w_hh, d_z)
    return d_z


def run_lstm(z: Array, w_h: Array, h_0: Array, c_0: Array) -> tuple[Array, Array, Array, Array]:
    """The gates (T, 4, B, H), h, c, tanh c (T, B, H)."""
    shape = (len(z), *h_0.shape)
    gates, h = np.full((len(z), 4, *h_0.shape), np.nan), np.full(shape, np.nan)
    c, tanh_c = np.full(shape, np.nan), np.full(shape, np.nan)
    layers.lstm(z.copy(), w_h, h_0, c_0, gates, h, c, tanh_c)
    return gates, h, c, tanh_c


def lstm_gradients(d_h: Array, z: Array, w_h: Array, h_0: Array, c_0: Array) -> Array:
    gates, _, c, tanh_c = run_lstm(z, w_h, h_0, c_0)
    d_z = np.full_like(z, np.nan)
    layers.lstm_backward(d_h.copy(), gates, c, tanh_c, c_0, w_h, d_z)
    return d_z


@pytest.mark.parametrize("time", [1, 2, TIME])
def test_rnn_and_its_gradients(time: int) -> None:
    z, w_hh, h_0 = (
        normal(time, BATCH_SIZE, HIDDEN_SIZE),
        normal(HIDDEN_SIZE, HIDDEN_SIZE),
        normal(BATCH_SIZE, HIDDEN_SIZE),
    )
    h, h_prev = run_rnn(z, w_hh, h_0), h_0
    for z_t, h_t in zip(z, h, strict=True):
        h_prev = np.tanh(z_t + h_prev @ w_hh)
        np.testing.assert_allclose(h_t, h_prev, rtol=1e-12)
    weights = normal(*z.shape, seed=1)

    def loss() -> float:
        return float(np.sum(weights * run_rnn(z, w_hh, h_0)))

    d_z = rnn_gradients(weights, z, w_hh, h_0)
    assert_is_gradient(d_z, loss, z)
    # The recurrent weights' gradient is made of d_z and the states before, so d_z is right only if this is.
    before = np.concatenate([h_0[None], h[:-1]])
    assert_is_gradient(np.einsum("tbh,tbk->hk", before, d_z), loss, w_hh)


@pytest.mark.parametrize("time", [1, 2, TIME])
def test_lstm_and_its_gradients(time: int) -> None:
    z, w_h = normal(time, BATCH_SIZE, 4 * HIDDEN_SIZE), normal(HIDDEN_SIZE, 4 * HIDDEN_SIZE)
    h_0, c_0 = normal(BATCH_SIZE, HIDDEN_SIZE), normal(BATCH_SIZE, HIDDEN_SIZE, seed=1)
    _, h, c, _ = run_lstm(z, w_h, h_0, c_0)
    h_prev, c_prev = h_0, c_0
    for z_t, h_t, c_t in zip(z, h, c, strict=True):
        blocks = dict(zip(GATES, np.split(z_t + h_prev @ w_h, 4, axis=1), strict=True))
        c_prev = sigmoid(blocks["f"]) * c_prev + sigmoid(blocks["i"]) * np.tanh(blocks["g"])
        h_prev = sigmoid(blocks["o"]) * np.tanh(c_prev)
        np.testing.assert_allclose(c_t, c_prev, rtol=1e-12)
        np.testing.assert_allclose(h_t, h_prev, rtol=1e-12)
    weights = normal(*h.shape, seed=1)

    def loss() -> float:
        return float(np.sum(weights * run_lstm(z, w_h, h_0, c_0)[1]))

    d_z = lstm_gradients(weights, z, w_h, h_0, c_0)
    assert_is_gradient(d_z, loss, z)
    before = np.concatenate([h_0[None], h[:-1]])
    assert_is_gradient(np.einsum("tbh,tbk->hk", before, d_z), loss, w_h)


def test_saturated_gates_neither_overflow_nor_turn_into_nothing() -> None:
    z = np.repeat([-1e4, -800.0, 800.0, 1e4], BATCH_SIZE).reshape(4, BATCH_SIZE, 1) * np.ones(4 * HIDDEN_SIZE)
    w_h, zeros = normal(HIDDEN_SIZE, 4 * HIDDEN_SIZE), np.zeros((BATCH_SIZE, HIDDEN_SIZE))
    _, h, c, _ = run_lstm(z, w_h, zeros, zeros)
    np.testing.assert_allclose(c[:, 0, 0], [0, 0, 1, 2])
    np.testing.assert_allclose(h[:, 0, 0], [0, 0, np.tanh(1), np.tanh(2)])
    assert not lstm_gradients(np.ones_like(h), z, w_h, zeros, zeros).any()


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
