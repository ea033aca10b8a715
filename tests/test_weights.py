"""Weights: the same memory by name, by layer and as a whole."""

from copy import deepcopy

import numpy as np
import pytest

from model.engine.columns import by_layer
from model.network.architecture import Architecture, initial_parameters, parameter_shapes
from model.network.weights import Weights, size

architectures = pytest.mark.parametrize(
    "architecture",
    [Architecture("rnn", 5, 3), Architecture("lstm", 4, 3, 2)],
    ids=["rnn", "lstm"],
)


def numbered(architecture: Architecture) -> Weights:
    return Weights(architecture, np.arange(float(size(architecture))))


@architectures
def test_each_number_belongs_to_one_name(architecture: Architecture) -> None:
    weights = numbered(architecture)
    assert {name: array.shape for name, array in weights.items()} == parameter_shapes(architecture)
    assert list(weights) == list(parameter_shapes(architecture))
    numbers = np.concatenate([array.ravel() for array in weights.values()])
    assert sorted(numbers) == list(range(size(architecture)))


def test_a_layer_is_its_arrays_stacked() -> None:
    weights = numbered(Architecture("lstm", 4, 3, 2))
    stacks = [("lstm.0.w_x", "lstm.0.b", "lstm.0.w_h"), ("lstm.1.w_x", "lstm.1.b", "lstm.1.w_h")]
    for layer, names in zip(by_layer(weights), [*stacks, ("output.b_y", "output.w_hy")], strict=True):
        np.testing.assert_array_equal(layer, np.vstack([weights[name] for name in names]))


@architectures
def test_names_layers_and_the_whole_share_memory(architecture: Architecture) -> None:
    weights = numbered(architecture)
    weights["output.b_y"][1] = -1
    assert by_layer(weights)[-1][0, 1] == -1
    by_layer(weights)[0][0, 2] = -2
    assert next(iter(weights.values()))[0, 2] == -2
    assert sorted(weights.whole)[:2] == [-2, -1]
    weights.whole[:] = 7
    assert all((array == 7).all() for array in [*weights.values(), *by_layer(weights)])


@architectures
def test_arrays_by_name_are_copied(architecture: Architecture) -> None:
    parameters = dict(initial_parameters(architecture, np.random.default_rng(0)))
    weights = Weights.of(architecture, parameters)
    assert weights.whole.dtype == np.float32
    for name, array in parameters.items():
        np.testing.assert_array_equal(weights[name], array)
        assert not np.shares_memory(weights[name], array)


@architectures
@pytest.mark.parametrize("more", [-5, 7])
def test_a_whole_of_the_wrong_size_is_refused(architecture: Architecture, more: int) -> None:
    with pytest.raises(ValueError, match="the architecture has"):
        Weights(architecture, np.zeros(size(architecture) + more))


def test_assigning_to_a_name_copies_the_values() -> None:
    weights, zeros = numbered(Architecture("rnn", 5, 3)), np.zeros(5)
    weights["output.b_y"] = zeros
    weights["output.b_y"] += 1
    np.testing.assert_array_equal(by_layer(weights)[-1][0], np.ones(5))
    np.testing.assert_array_equal(zeros, np.zeros(5))
    with pytest.raises(KeyError):
        weights["output.b"] = zeros
    with pytest.raises(ValueError, match="broadcast"):
        weights["output.b_y"] = zeros[:2]


@architectures
def test_a_deep_copy_has_its_own_memory(architecture: Architecture) -> None:
    weights = numbered(architecture)
    list(weights.values())  # makes the views, which are made only on demand
    copy = deepcopy(weights)
    copy.whole += 1
    assert weights.whole.tolist() == list(range(size(architecture)))
    assert sorted(np.concatenate([array.ravel() for array in copy.values()])) == copy.whole.tolist()
    assert np.concatenate([layer.ravel() for layer in by_layer(copy)]).tolist() == copy.whole.tolist()
