"""Gradient clipping, Adam and the learning-rate schedule, each against its formula."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from model.network.layers import Array
from model.network.parameters import Arrays
from model.training.optimizer import Adam, clip_by_global_norm, clip_by_value, global_norm, warmup_cosine

elements = st.floats(-1e6, 1e6, allow_subnormal=False)
gradient_arrays = arrays(np.float64, array_shapes(max_dims=2, max_side=4), elements=elements)
gradient_sets = st.dictionaries(st.text("abc.", min_size=1, max_size=3), gradient_arrays, min_size=1, max_size=3)
limits = st.floats(1e-3, 1e6)


def copied(arrays_by_name: Arrays) -> Arrays:
    return {name: array.copy() for name, array in arrays_by_name.items()}


def flattened(gradients: Arrays) -> Array:
    return np.concatenate([gradient.ravel() for gradient in gradients.values()])


def weights(dtype: type = np.float64, seed: int = 0) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    shapes = {"w": (4, 3), "b": (3,), "output.w": (3, 2)}
    return {name: generator.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def gradients_at(step: int, dtype: type = np.float64) -> Arrays:
    return weights(dtype, seed=100 + step)


@given(gradient_sets, limits)
def test_clip_by_value_limits_each_element_and_leaves_the_others(gradients: Arrays, limit: float) -> None:
    before = copied(gradients)
    clip_by_value(gradients, limit)
    for name, gradient in gradients.items():
        inside = np.abs(before[name]) <= limit
        np.testing.assert_array_equal(gradient[inside], before[name][inside])
        np.testing.assert_array_equal(gradient[~inside], np.sign(before[name][~inside]) * limit)


@given(gradient_sets, limits)
def test_clip_by_global_norm_returns_the_length_and_keeps_the_direction(gradients: Arrays, limit: float) -> None:
    before = flattened(gradients)
    length = math.hypot(*before)
    assert global_norm(gradients) == pytest.approx(length, rel=1e-12)
    norm = clip_by_global_norm(gradients, limit)
    after = flattened(gradients)
    assert norm == pytest.approx(length, rel=1e-12)
    if norm <= limit:
        np.testing.assert_array_equal(after, before)
    else:
        np.testing.assert_allclose(after, before * (limit / length), rtol=1e-12)
        assert math.hypot(*after) == pytest.approx(limit, rel=1e-12)


def test_clipping_works_in_place_and_leaves_a_gradient_of_zero() -> None:
    gradients: Arrays = {"w": np.zeros((2, 2), np.float32), "b": np.zeros(2, np.float32)}
    array = gradients["w"]
    assert clip_by_global_norm(gradients, 1.0) == 0
    clip_by_value(gradients, 1.0)
    assert gradients["w"] is array
    assert not array.any()


def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not() -> None:
    by_value: Arrays = {"w": np.array([3.0, 4.0, 0.5])}
    by_norm = copied(by_value)
    clip_by_value(by_value, 1.0)
    clip_by_global_norm(by_norm, 1.0)
    np.testing.assert_array_equal(by_value["w"], [1, 1, 0.5])
    np.testing.assert_allclose(by_norm["w"], np.array([3, 4, 0.5]) / math.sqrt(25.25))


def textbook_adam(optimizer: Adam, steps: int, learning_rates: list[float]) -> Arrays:
    """Algorithm 1 of Kingma & Ba, line by line, with the decay of Loshchilov & Hutter on matrices only."""
    parameters = weights()
    m, v = ({name: np.zeros_like(array) for name, array in parameters.items()} for _ in range(2))
    for t in range(1, steps + 1):
        for name, g in gradients_at(t).items():
            m[name] = optimizer.beta_1 * m[name] + (1 - optimizer.beta_1) * g
            v[name] = optimizer.beta_2 * v[name] + (1 - optimizer.beta_2) * g**2
            m_hat = m[name] / (1 - optimizer.beta_1**t)
            v_hat = v[name] / (1 - optimizer.beta_2**t)
            decay = optimizer.weight_decay if parameters[name].ndim > 1 else 0.0
            change = m_hat / (np.sqrt(v_hat) + optimizer.epsilon) + decay * parameters[name]
            parameters[name] = parameters[name] - learning_rates[t - 1] * change
    return parameters


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-6)])
@pytest.mark.parametrize(
    "settings_of_adam",
    [{}, {"weight_decay": 0.3}, {"beta_1": 0.8, "beta_2": 0.999, "epsilon": 1e-3, "weight_decay": 0.01}, {"beta_1": 0}],
)
def test_adam_is_its_formula(settings_of_adam: dict[str, float], dtype: type, tolerance: float) -> None:
    learning_rates = [0.05, 0.1, 0.02, 0.07, 0.01, 0.03]
    parameters = weights(dtype)
    optimizer = Adam(parameters, **settings_of_adam)
    for t, learning_rate in enumerate(learning_rates, 1):
        optimizer.update(gradients_at(t, dtype), learning_rate)
    expected = textbook_adam(optimizer, len(learning_rates), learning_rates)
    for name in expected:
        np.testing.assert_allclose(parameters[name], expected[name], rtol=tolerance, atol=tolerance)
        assert parameters[name].dtype == dtype


def test_weight_decay_leaves_biases_alone() -> None:
    parameters, before = weights(), weights()
    Adam(parameters, weight_decay=0.5).update({name: np.zeros_like(before[name]) for name in before}, 0.1)
    np.testing.assert_array_equal(parameters["b"], before["b"])
    np.testing.assert_allclose(parameters["w"], before["w"] * 0.95, rtol=1e-15)


def test_the_first_step_of_adam_is_the_learning_rate_for_any_size_of_gradient() -> None:
    parameters, before = weights(), weights()
    tiny: Arrays = {name: gradient * 1e-3 for name, gradient in gradients_at(1).items()}
    Adam(parameters).update(tiny, 0.01)
    for name, gradient in gradients_at(1).items():
        np.testing.assert_allclose(before[name] - parameters[name], 0.01 * np.sign(gradient), rtol=1e-2)


@given(before=st.integers(0, 4), after=st.integers(1, 4), weight_decay=st.sampled_from([0.0, 0.1]))
@settings(max_examples=20)
def test_an_adam_with_the_same_moments_and_steps_goes_on_bit_for_bit(
    before: int, after: int, weight_decay: float
) -> None:
    parameters = weights(np.float32)
    first = Adam(parameters, weight_decay=weight_decay)
    for step in range(before):
        first.update(gradients_at(step, np.float32), 0.01)
    same_parameters = copied(parameters)
    second = Adam(same_parameters, weight_decay=weight_decay)
    second.m, second.v, second.steps = dict(copied(first.m)), dict(copied(first.v)), first.steps
    for step in range(before, before + after):
        first.update(gradients_at(step, np.float32), 0.01)
        second.update(gradients_at(step, np.float32), 0.01)
    for name in parameters:
        np.testing.assert_array_equal(same_parameters[name], parameters[name])
        np.testing.assert_array_equal(second.m[name], first.m[name])
        np.testing.assert_array_equal(second.v[name], first.v[name])


def test_adam_finds_the_minimum_of_a_quadratic() -> None:
    minimum = weights(seed=9)
    parameters = weights()
    optimizer = Adam(parameters)
    for step in range(400):
        gradients: Arrays = {name: parameters[name] - minimum[name] for name in minimum}
        optimizer.update(gradients, 0.1 * warmup_cosine(step / 400, 0.05, 0.0))
    for name in minimum:
        np.testing.assert_allclose(parameters[name], minimum[name], atol=1e-3)


@given(warmup=st.floats(0.01, 0.9), final=st.floats(0, 1))
def test_the_factor_rises_to_1_then_falls_to_its_final_value(warmup: float, final: float) -> None:
    assert warmup_cosine(0, warmup, final) == pytest.approx(final)
    assert warmup_cosine(warmup, warmup, final) == pytest.approx(1)
    assert warmup_cosine(1, warmup, final) == pytest.approx(final)
    assert warmup_cosine(1.5, warmup, final) == pytest.approx(final)
    halfway = warmup + (1 - warmup) / 2
    assert warmup_cosine(halfway, warmup, final) == pytest.approx((1 + final) / 2)
    rising = [warmup_cosine(fraction, warmup, final) for fraction in np.linspace(0, warmup, 20)]
    falling = [warmup_cosine(fraction, warmup, final) for fraction in np.linspace(warmup, 1, 20)]
    assert rising == pytest.approx(sorted(rising))
    assert falling == pytest.approx(sorted(falling, reverse=True))
    np.testing.assert_allclose(np.diff(rising), (1 - final) / 19, atol=1e-12)


def test_without_warmup_the_factor_begins_at_1() -> None:
    assert warmup_cosine(0, 0, 0.1) == 1
    assert warmup_cosine(1, 0, 0.1) == pytest.approx(0.1)
