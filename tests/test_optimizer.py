"""Gradient clipping, Adam and the learning-rate schedule, each against its formula."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from model.network.layers import Array
from model.network.parameters import Arrays
from model.training.optimizer import Adam, clip_by_global_norm, clip_by_value, warmup_cosine

elements = st.floats(-1e6, 1e6, allow_subnormal=False)
gradient_arrays = arrays(np.float64, array_shapes(max_dims=2, max_side=3), elements=elements)
gradient_sets = st.dictionaries(st.sampled_from("abc"), gradient_arrays, min_size=1, max_size=3)
limits = st.floats(1e-3, 1e6)


def copied(arrays_by_name: Arrays) -> Arrays:
    return {name: array.copy() for name, array in arrays_by_name.items()}


def weights(dtype: type = np.float64, seed: int = 0) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    shapes = {"w": (4, 3), "b": (3,), "output.w": (3, 2)}
    return {name: generator.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def gradients_at(step: int, dtype: type = np.float64) -> Arrays:
    return weights(dtype, seed=100 + step)


@given(gradient_sets, limits)
@settings(max_examples=50)
def test_clip_by_value_limits_each_element_and_leaves_the_others(
    gradients: Arrays, limit: float
) -> None:
    before = copied(gradients)
    clip_by_value(gradients, limit)
    for name, gradient in gradients.items():
        inside = np.abs(before[name]) <= limit
        np.testing.assert_array_equal(gradient[inside], before[name][inside])
        np.testing.assert_array_equal(gradient[~inside], np.sign(before[name][~inside]) * limit)


@given(gradient_sets, limits)
@settings(max_examples=50)
def test_clip_by_global_norm_returns_the_length_and_keeps_the_direction(
    gradients: Arrays, limit: float
) -> None:
    before = copied(gradients)
    length = math.hypot(*(number for gradient in gradients.values() for number in gradient.ravel()))
    assert clip_by_global_norm(gradients, limit) == pytest.approx(length, rel=1e-12)
    for name, gradient in gradients.items():
        expected = before[name] if length <= limit else before[name] * (limit / length)
        np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def textbook_adam(optimizer: Adam, learning_rates: list[float]) -> Arrays:
    """Algorithm 1 of Kingma & Ba, line by line, with the decay of Loshchilov & Hutter on matrices
    only."""
    parameters = weights()
    m, v = ({name: np.zeros_like(array) for name, array in parameters.items()} for _ in range(2))
    for t, learning_rate in enumerate(learning_rates, 1):
        for name, g in gradients_at(t).items():
            m[name] = optimizer.beta_1 * m[name] + (1 - optimizer.beta_1) * g
            v[name] = optimizer.beta_2 * v[name] + (1 - optimizer.beta_2) * g**2
            m_hat = m[name] / (1 - optimizer.beta_1**t)
            v_hat = v[name] / (1 - optimizer.beta_2**t)
            decay = optimizer.weight_decay if parameters[name].ndim > 1 else 0.0
            change = m_hat / (np.sqrt(v_hat) + optimizer.epsilon) + decay * parameters[name]
            parameters[name] = parameters[name] - learning_rate * change
    return parameters


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-6)])
@pytest.mark.parametrize(
    "settings_of_adam",
    [
        {},
        {"weight_decay": 0.3},
        {"beta_1": 0.8, "beta_2": 0.999, "epsilon": 1e-3, "weight_decay": 0.01},
        {"beta_1": 0},
    ],
)
def test_adam_is_its_formula(
    settings_of_adam: dict[str, float], dtype: type, tolerance: float
) -> None:
    learning_rates = [0.05, 0.1, 0.02, 0.07, 0.01, 0.03]
    parameters = weights(dtype)
    optimizer = Adam(parameters, **settings_of_adam)
    for t, learning_rate in enumerate(learning_rates, 1):
        optimizer.update(gradients_at(t, dtype), learning_rate)
    expected = textbook_adam(optimizer, learning_rates)
    for name in expected:
        np.testing.assert_allclose(parameters[name], expected[name], rtol=tolerance, atol=tolerance)
        assert parameters[name].dtype == dtype


@given(warmup=st.floats(0.01, 0.9), final=st.floats(0, 1))
@settings(max_examples=50)
def test_the_factor_rises_to_1_then_falls_to_its_final_value(warmup: float, final: float) -> None:
    assert warmup_cosine(0, warmup, final) == pytest.approx(final)
    assert warmup_cosine(warmup, warmup, final) == pytest.approx(1) == warmup_cosine(0, 0, final)
    for end in (1, 1.5):
        assert warmup_cosine(end, warmup, final) == pytest.approx(final)
    halfway = warmup + (1 - warmup) / 2
    assert warmup_cosine(halfway, warmup, final) == pytest.approx((1 + final) / 2)
    rising = [warmup_cosine(fraction, warmup, final) for fraction in np.linspace(0, warmup, 20)]
    np.testing.assert_allclose(np.diff(rising), (1 - final) / 19, atol=1e-12)
