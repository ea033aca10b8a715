"""Gradients against central differences and, where it is installed, against PyTorch; one step against many."""

import importlib.util
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.language_model import Architecture, LanguageModel, State, Workspace, count_targets, parameter_shapes
from model.layers import GATES, Array, Ids


@dataclass(frozen=True)
class Sequences:
    inputs: Ids
    targets: Ids
    mask: NDArray[np.bool_] | None


def sequences(time: int, batch_size: int, vocab_size: int, seed: int, *, masked: bool, start: bool = False) -> Sequences:
    generator = np.random.default_rng(seed)
    inputs, targets = generator.integers(0, vocab_size, (2, time, batch_size))
    if start:
        inputs[0] = -1
    lengths = generator.integers(1, time + 1, batch_size)
    lengths[0] = time
    return Sequences(inputs, targets, np.arange(time)[:, None] < lengths if masked else None)


def random_state(language_model: LanguageModel, batch_size: int, seed: int) -> State:
    generator = np.random.default_rng(seed)
    return State(*(generator.normal(0, 0.5, part.shape) for part in language_model.initial_state(batch_size)))


def network(cell: str, layers: int, seed: int = 0, hidden_size: int = 4, vocab_size: int = 5) -> LanguageModel:
    architecture = Architecture(cell, vocab_size, hidden_size, layers)  # type: ignore[arg-type]  # parametrised
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed), np.float64)
    for parameter in language_model.parameters.values():
        parameter += np.random.default_rng(seed).normal(0, 0.3, parameter.shape)
    return language_model


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dropped", [False, True])
def test_gradients_agree_with_central_differences(cell: str, layers: int, masked: bool, dropped: bool) -> None:
    language_model = network(cell, layers)
    batch = sequences(5, 3, 5, 1, masked=masked, start=True)
    state = random_state(language_model, 3, 2)
    keep = np.random.default_rng(3).random((layers, 3, 4)) < 0.6
    dropout = list(keep / 0.6) if dropped else None
    characters = count_targets(batch)

    def loss() -> float:
        nats, _, _ = language_model.loss_and_gradients(batch, state, characters=1, dropout=dropout)
        return nats / characters

    _, gradients, _ = language_model.loss_and_gradients(batch, state, characters=characters, dropout=dropout)
    for name, parameter in language_model.parameters.items():
        expected = central_differences(loss, parameter)
        assert relative_error(gradients[name], expected) <= 1e-6, name


def central_differences(loss, parameter: Array, epsilon: float = 1e-5) -> Array:  # type: ignore[no-untyped-def]
    slope = np.zeros_like(parameter)
    for place in np.ndindex(parameter.shape):
        kept = parameter[place]
        parameter[place] = kept + epsilon
        above = loss()
        parameter[place] = kept - epsilon
        slope[place] = (above - loss()) / (2 * epsilon)
        parameter[place] = kept
    return slope


def relative_error(found: Array, expected: Array) -> float:
    return float(np.linalg.norm(found - expected) / max(np.linalg.norm(found) + np.linalg.norm(expected), 1e-12))
