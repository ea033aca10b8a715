"""Small random networks, batches, states and dropout masks, for the tests of the networks."""

import numpy as np
import pytest

from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import (
    CELLS,
    Architecture,
    Arrays,
    CellName,
    Parameters,
    parameter_shapes,
)
from model.text.batches import Batch
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER

VOCAB_SIZE, HIDDEN_SIZE, BATCH_SIZE, TIME = 5, 3, 3, 4

every_cell = pytest.mark.parametrize("cell", CELLS)
every_depth = pytest.mark.parametrize("depth", [1, 2, 3])


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def sequences(*, masked: bool = False, time: int = TIME) -> Batch:
    """Random ids; the first input is NO_CHARACTER, which the network reads as zeros.

    A mask hides the ends of all sequences but the first.
    """
    generator = np.random.default_rng(1)
    inputs, targets = generator.integers(0, VOCAB_SIZE, (2, time, BATCH_SIZE))
    inputs[0] = NO_CHARACTER
    lengths = generator.integers(1, time + 1, BATCH_SIZE)
    lengths[0] = time
    return Batch(inputs, targets, (np.arange(time)[:, None] < lengths) | (not masked))


def network(cell: CellName, depth: int, *, hidden_size: int = HIDDEN_SIZE) -> LanguageModel:
    generator = np.random.default_rng(0)
    architecture = Architecture(cell, VOCAB_SIZE, hidden_size, depth)
    language_model = LanguageModel.initialise(architecture, generator, np.float64)
    for parameter in language_model.parameters.values():
        parameter += generator.normal(0, 0.3, parameter.shape)
    return language_model


def biased(corpus: Corpus, probabilities: dict[str, float] | None = None) -> LanguageModel:
    """A network with the given probabilities, or 1 / V each, in any context."""
    architecture = Architecture("rnn", len(corpus.vocabulary), 3, 1)
    parameters: Arrays = {
        name: np.zeros(shape) for name, shape in parameter_shapes(architecture).items()
    }
    for character, probability in (probabilities or {}).items():
        parameters["b_y"][corpus.vocabulary.ids_of(character)] = np.log(probability)
    return LanguageModel(architecture, parameters)


def random_state(language_model: LanguageModel) -> Array:
    zeros = language_model.initial_state(BATCH_SIZE)
    return np.random.default_rng(2).normal(0, 0.5, zeros.shape).astype(zeros.dtype)


def dropout_masks(language_model: LanguageModel) -> list[Array]:
    """Hide each unit with a chance of 0.4, and enlarge the others."""
    made, keep = language_model.architecture, 0.6
    shape = made.layers, BATCH_SIZE, made.hidden_size
    return list((np.random.default_rng(3).random(shape) < keep) / keep)


def loss_and_gradients(
    language_model: LanguageModel, batch: Batch, state: Array, dropout: list[Array] | None = None
) -> tuple[float, Parameters, Array]:
    return language_model.loss_and_gradients(
        batch.inputs, batch.targets, state, batch.mask, dropout
    )


def part_of(batch: Batch, part: slice | tuple[slice, slice]) -> Batch:
    """Return some time steps: `part_of(batch, slice(3, 7))`; or some rows."""
    return Batch(batch.inputs[part], batch.targets[part], batch.mask[part])


def equal(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name]) for name in one
    )
