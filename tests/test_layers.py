"""The textbook's layers against their equations, and their gradients against central differences, in float64."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from model.network import layers
from model.network.layers import GATES, Array, Ids
from model.text.vocabulary import NO_CHARACTER
from tests.language_models import central_differences, normal

TIME, BATCH_SIZE, WIDTH, HIDDEN_SIZE, VOCAB_SIZE = 4, 3, 2, 3, 6

logit_arrays = arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(-1e3, 1e3))
by_time = pytest.mark.parametrize("time", [1, 2, TIME])


def ids(*shape: int, least: int = 0) -> Ids:
    return np.random.default_rng(1).integers(least, VOCAB_SIZE, shape)


def assert_is_gradient(found: Array, loss: Callable[[], float], array: Array) -> None:
    expected = central_differences(loss, array)
    assert found.shape == array.shape
    assert np.linalg.norm(found - expected) <= 1e-6 * np.linalg.norm(expected)


# Look-up and linear.


def test_a_lookup_is_a_linear_layer_of_one_hot_rows() -> None:
    read, w, b = ids(TIME, BATCH_SIZE, least=NO_CHARACTER), normal(VOCAB_SIZE, WIDTH), normal(WIDTH)
    assert (read == NO_CHARACTER).any()
    x = (read[..., None] == np.arange(VOCAB_SIZE)).astype(float)
    np.testing.assert_allclose(layers.lookup(read, w, b), layers.linear(x, w, b), rtol=1e-12)
    d_z = normal(TIME, BATCH_SIZE, WIDTH, seed=1)
    _, d_w, d_b = layers.linear_backward(d_z, x, w)
    found_d_w, found_d_b = layers.lookup_backward(d_z, read, w)
    np.testing.assert_allclose(found_d_w, d_w, rtol=1e-12)
    np.testing.assert_allclose(found_d_b, d_b, rtol=1e-12)


def test_linear_and_its_gradients() -> None:
    x, w, b = normal(TIME, BATCH_SIZE, WIDTH), normal(WIDTH, HIDDEN_SIZE), normal(HIDDEN_SIZE)
    np.testing.assert_allclose(layers.linear(x, w, b), np.einsum("tbd,dk->tbk", x, w) + b, rtol=1e-12)
    d_z = normal(TIME, BATCH_SIZE, HIDDEN_SIZE, seed=1)
    for found, array in zip(layers.linear_backward(d_z, x, w), (x, w, b), strict=True):
        assert_is_gradient(found, lambda: float(np.sum(d_z * layers.linear(x, w, b))), array)


# Recurrent layers.


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rnn_by_hand(z: Array, h_0: Array, w_h: Array) -> Array:
    """h (T, B, H), computed number by number."""
    h = np.empty_like(z)
    for t, b, n in np.ndindex(h.shape):
        before = h_0[b] if t == 0 else h[t - 1, b]
        h[t, b, n] = np.tanh(z[t, b, n] + sum(before[m] * w_h[m, n] for m in range(len(before))))
    return h


def lstm_by_hand(z: Array, h_0: Array, c_0: Array, w_h: Array) -> tuple[Array, Array]:
    """h and c (T, B, H), computed for one step of one sequence at a time."""
    h, c = np.empty((*z.shape[:2], h_0.shape[1])), np.empty((*z.shape[:2], h_0.shape[1]))
    for t, b in np.ndindex(z.shape[:2]):
        h_prev, c_prev = (h_0[b], c_0[b]) if t == 0 else (h[t - 1, b], c[t - 1, b])
        blocks = dict(zip(GATES, np.split(z[t, b] + h_prev @ w_h, 4), strict=True))
        c[t, b] = sigmoid(blocks["f"]) * c_prev + sigmoid(blocks["i"]) * np.tanh(blocks["g"])
        h[t, b] = sigmoid(blocks["o"]) * np.tanh(c[t, b])
    return h, c


@by_time
def test_an_rnn_and_its_gradients(time: int) -> None:
    z, h_0, w_h = (
        normal(time, BATCH_SIZE, HIDDEN_SIZE),
        normal(BATCH_SIZE, HIDDEN_SIZE),
        normal(HIDDEN_SIZE, HIDDEN_SIZE),
    )
    h = layers.rnn(z, h_0, w_h)
    np.testing.assert_array_equal(h[0], h_0)
    np.testing.assert_allclose(h[1:], rnn_by_hand(z, h_0, w_h), rtol=1e-12)
    d_h = normal(*z.shape, seed=1)
    for found, array in zip(layers.rnn_backward(d_h, h, w_h), (z, w_h), strict=True):
        assert_is_gradient(found, lambda: float(np.sum(d_h * layers.rnn(z, h_0, w_h)[1:])), array)


@by_time
def test_an_lstm_and_its_gradients(time: int) -> None:
    z, w_h = normal(time, BATCH_SIZE, 4 * HIDDEN_SIZE), normal(HIDDEN_SIZE, 4 * HIDDEN_SIZE)
    h_0, c_0 = normal(2, BATCH_SIZE, HIDDEN_SIZE)
    h, c, gates = layers.lstm(z, h_0, c_0, w_h)
    for found, first, expected in zip((h, c), (h_0, c_0), lstm_by_hand(z, h_0, c_0, w_h), strict=True):
        np.testing.assert_array_equal(found[0], first)
        np.testing.assert_allclose(found[1:], expected, rtol=1e-12)
    d_h = normal(time, BATCH_SIZE, HIDDEN_SIZE, seed=1)
    for found, array in zip(layers.lstm_backward(d_h, h, c, gates, w_h), (z, w_h), strict=True):
        assert_is_gradient(found, lambda: float(np.sum(d_h * layers.lstm(z, h_0, c_0, w_h)[0][1:])), array)


def test_saturated_gates_neither_overflow_nor_give_nan() -> None:
    z = np.repeat([-1e4, -800.0, 800.0, 1e4], 4 * HIDDEN_SIZE).reshape(4, 1, 4 * HIDDEN_SIZE)
    zeros, w_h = np.zeros((1, HIDDEN_SIZE)), np.zeros((HIDDEN_SIZE, 4 * HIDDEN_SIZE))
    h, c, gates = layers.lstm(z, zeros, zeros, w_h)
    np.testing.assert_allclose(c[1:, 0, 0], [0, 0, 1, 2])
    np.testing.assert_allclose(h[1:, 0, 0], [0, 0, np.tanh(1), np.tanh(2)])
    assert not layers.lstm_backward(np.ones((4, 1, HIDDEN_SIZE)), h, c, gates, w_h)[0].any()


def test_arguments_are_not_changed() -> None:
    z, w_h, d_h = (
        normal(TIME, BATCH_SIZE, 4 * HIDDEN_SIZE),
        normal(HIDDEN_SIZE, 4 * HIDDEN_SIZE),
        normal(TIME, BATCH_SIZE, HIDDEN_SIZE),
    )
    h_0, c_0 = normal(2, BATCH_SIZE, HIDDEN_SIZE)
    logits, targets, w = normal(TIME, BATCH_SIZE, VOCAB_SIZE), ids(TIME, BATCH_SIZE), normal(HIDDEN_SIZE, VOCAB_SIZE)
    given = [z, w_h, d_h, h_0, c_0, logits, targets, w]
    h, c, gates = layers.lstm(z, h_0, c_0, w_h)
    h_of_rnn = layers.rnn(z[..., :HIDDEN_SIZE], h_0, w_h[:, :HIDDEN_SIZE])
    _, log_p = layers.cross_entropy(logits, targets)
    q = layers.softmax(normal(*logits.shape, seed=1))
    given += [h, c, gates, h_of_rnn, log_p, q]
    before = [array.copy() for array in given]
    layers.lstm_backward(d_h, h, c, gates, w_h)
    layers.rnn_backward(d_h, h_of_rnn, w_h[:, :HIDDEN_SIZE])
    layers.cross_entropy_backward(log_p, targets)
    layers.soft_cross_entropy(logits, q)
    layers.soft_cross_entropy_backward(log_p, q)
    layers.linear_backward(layers.linear(d_h, w, w[0]), d_h, w)
    layers.lookup_backward(layers.lookup(targets, w.T, w.T[0]), targets, w.T)
    assert all(np.array_equal(*pair) for pair in zip(given, before, strict=True))


# Softmax and cross-entropy.


@given(logit_arrays)
def test_softmax_is_a_distribution_that_keeps_the_order(logits: Array) -> None:
    before = logits.copy()
    probabilities = layers.softmax(logits)
    np.testing.assert_array_equal(logits, before)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-12)
    best = np.take_along_axis(probabilities, logits.argmax(axis=-1)[..., None], axis=-1)
    np.testing.assert_array_equal(best[..., 0], probabilities.max(axis=-1))


@given(logit_arrays, st.floats(-1e3, 1e3))
def test_adding_a_constant_to_the_logits_does_not_change_softmax(logits: Array, shift: float) -> None:
    np.testing.assert_allclose(layers.softmax(logits + shift), layers.softmax(logits), rtol=1e-9, atol=1e-12)


def test_softmax_by_hand_and_where_exp_overflows() -> None:
    np.testing.assert_allclose(layers.softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]])
    np.testing.assert_array_equal(layers.softmax(np.array([1e30, 0.0, -1e30], np.float32)), [1, 0, 0])


def masks() -> list[NDArray[np.bool_] | None]:
    return [None, np.arange(TIME)[:, None] < np.array([4, 2, 1]), np.zeros((TIME, BATCH_SIZE), bool)]


@pytest.mark.parametrize("mask", masks())
def test_cross_entropy_is_the_sum_over_the_targets(mask: NDArray[np.bool_] | None) -> None:
    logits, targets = normal(TIME, BATCH_SIZE, VOCAB_SIZE), ids(TIME, BATCH_SIZE)
    probabilities = layers.softmax(logits)
    counted = np.ones((TIME, BATCH_SIZE), bool) if mask is None else mask
    expected = -sum(np.log(probabilities[t, b, targets[t, b]]) for t, b in np.argwhere(counted))
    assert layers.cross_entropy(logits, targets, mask)[0] == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_of_uniform_and_of_certain_predictions() -> None:
    targets = ids(TIME, BATCH_SIZE)
    certain = np.where(targets[..., None] == np.arange(VOCAB_SIZE), 1e4, -1e4)
    assert layers.cross_entropy(np.zeros((TIME, BATCH_SIZE, VOCAB_SIZE)), targets)[0] == pytest.approx(12 * np.log(6))
    assert layers.cross_entropy(certain, targets)[0] == 0
    assert layers.cross_entropy(-certain, targets)[0] == pytest.approx(12 * (2e4 + np.log(5)))


@pytest.mark.parametrize("mask", masks()[:2])
def test_the_gradient_of_cross_entropy(mask: NDArray[np.bool_] | None) -> None:
    logits, targets = normal(TIME, BATCH_SIZE, VOCAB_SIZE), ids(TIME, BATCH_SIZE)
    _, log_p = layers.cross_entropy(logits, targets, mask)
    found = layers.cross_entropy_backward(log_p, targets, mask)
    assert_is_gradient(found, lambda: layers.cross_entropy(logits, targets, mask)[0], logits)
    np.testing.assert_allclose(found.sum(axis=-1), 0, atol=1e-12)
    if mask is not None:
        assert not found[~mask].any()


def probabilities(seed: int = 3) -> Array:
    return layers.softmax(normal(TIME, BATCH_SIZE, VOCAB_SIZE, seed=seed))


@pytest.mark.parametrize("mask", masks())
def test_soft_cross_entropy_of_one_hot_probabilities_is_cross_entropy(mask: NDArray[np.bool_] | None) -> None:
    logits, targets = normal(TIME, BATCH_SIZE, VOCAB_SIZE), ids(TIME, BATCH_SIZE)
    q = layers.one_hot(targets, VOCAB_SIZE).astype(float)
    loss, log_p = layers.cross_entropy(logits, targets, mask)
    same_loss, same_log_p = layers.soft_cross_entropy(logits, q, mask)
    assert same_loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_array_equal(same_log_p, log_p)
    np.testing.assert_allclose(
        layers.soft_cross_entropy_backward(log_p, q, mask), layers.cross_entropy_backward(log_p, targets, mask)
    )


def test_soft_cross_entropy_is_least_where_both_probabilities_are_equal() -> None:
    q = probabilities()
    entropy = -float(np.sum(q * np.log(q)))
    assert layers.soft_cross_entropy(np.log(q), q)[0] == pytest.approx(entropy, rel=1e-12)
    assert layers.soft_cross_entropy(np.log(probabilities(seed=4)), q)[0] > entropy
    np.testing.assert_allclose(layers.soft_cross_entropy_backward(np.log(q), q), 0, atol=1e-12)


@pytest.mark.parametrize("mask", masks()[:2])
def test_the_gradient_of_soft_cross_entropy(mask: NDArray[np.bool_] | None) -> None:
    logits, q = normal(TIME, BATCH_SIZE, VOCAB_SIZE), probabilities()
    _, log_p = layers.soft_cross_entropy(logits, q, mask)
    found = layers.soft_cross_entropy_backward(log_p, q, mask)
    assert_is_gradient(found, lambda: layers.soft_cross_entropy(logits, q, mask)[0], logits)
