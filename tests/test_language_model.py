"""A language model: gradients against central differences, batches against single steps, and no side effects."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.network.layers import Array, softmax
from model.network.network import LanguageModel
from model.network.parameters import CELLS, CellName
from model.text.batches import Batch
from model.text.vocabulary import NO_CHARACTER
from tests.language_models import (
    BATCH_SIZE,
    TIME,
    VOCAB_SIZE,
    central_differences,
    dropout_masks,
    equal,
    every_cell,
    every_depth,
    network,
    normal,
    random_state,
    read_step_by_step,
    sequences,
)

# Gradients.


def relative_error(found: Array, expected: Array) -> float:
    lengths: float = np.linalg.norm(found).item() + np.linalg.norm(expected).item()
    return np.linalg.norm(found - expected).item() / max(lengths, 1e-12)


def taught_by_a_teacher(batch: Batch) -> Batch:
    teacher = network("lstm", 2, hidden_size=4)
    return replace(
        batch, probabilities=softmax(teacher.forward(batch.inputs, teacher.initial_state(BATCH_SIZE)).logits)
    )


@every_cell
@pytest.mark.parametrize(
    ("depth", "plain", "taught"),
    [(1, True, False), (2, False, False), (1, True, True)],
    ids=["plain", "deep, masked and dropped", "soft targets"],
)
def test_gradients_agree_with_central_differences(cell: CellName, depth: int, plain: bool, taught: bool) -> None:
    language_model, batch = network(cell, depth), sequences(masked=taught or not plain)
    batch = taught_by_a_teacher(batch) if taught else batch
    state = random_state(language_model)
    dropout = None if plain else dropout_masks(language_model)

    def loss() -> float:
        return language_model.loss_and_gradients(batch, state, dropout=dropout)[0]

    _, gradients, _ = language_model.loss_and_gradients(batch, state, dropout=dropout)
    assert gradients.keys() == language_model.parameters.keys()
    for name, parameter in language_model.parameters.items():
        assert relative_error(gradients[name], central_differences(loss, parameter)) <= 1e-6, name


@given(st.sampled_from(list(CELLS)), st.lists(st.integers(1, 5), min_size=4, max_size=4), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_the_gradient_is_the_slope_in_any_direction(
    cell: CellName, sizes: list[int], masked: bool, dropped: bool
) -> None:
    hidden_size, vocab_size, time, batch_size = sizes
    language_model = network(cell, 1 + time % 3, hidden_size=hidden_size, vocab_size=vocab_size)
    batch = sequences(time, masked=masked, time=time, batch_size=batch_size, vocab_size=vocab_size)
    state = random_state(language_model, batch_size)
    dropout = dropout_masks(language_model, batch_size) if dropped else None
    direction = {name: normal(*array.shape) for name, array in language_model.parameters.items()}

    def loss(distance: float) -> float:
        parameters = language_model.parameters
        moved: dict[str, Array] = {name: parameters[name] + distance * direction[name] for name in parameters}
        neighbour = LanguageModel(language_model.architecture, moved)
        return neighbour.loss_and_gradients(batch, state, dropout=dropout)[0]

    _, gradients, _ = language_model.loss_and_gradients(batch, state, dropout=dropout)
    slopes = [gradients[name] * direction[name] for name in direction]
    slope, scale = sum(float(np.sum(part)) for part in slopes), sum(float(np.sum(np.abs(part))) for part in slopes)
    assert abs(slope - (loss(1e-5) - loss(-1e-5)) / 2e-5) <= 1e-6 * max(scale, 1e-2)


# Batches, chunks and rows.


@every_depth
@every_cell
def test_a_batch_has_the_losses_and_the_last_state_of_single_steps(cell: CellName, depth: int) -> None:
    language_model, batch = network(cell, depth), sequences()
    state = random_state(language_model)
    logits, last = read_step_by_step(language_model, batch.inputs, state)
    expected = -np.log(softmax(logits))
    for t, b in np.ndindex(TIME, BATCH_SIZE):
        only = np.zeros((TIME, BATCH_SIZE), bool)
        only[t, b] = True
        one = Batch(batch.inputs, batch.targets, only)
        nats, _, after = language_model.loss_and_gradients(one, state)
        assert nats == pytest.approx(expected[t, b, batch.targets[t, b]], abs=1e-12)
    np.testing.assert_allclose(after, last, rtol=0, atol=1e-12)


@every_cell
def test_neither_masked_ids_nor_other_rows_nor_chunks_matter(cell: CellName) -> None:
    language_model, batch = network(cell, 2), sequences(masked=True, time=11)
    assert batch.mask is not None
    assert not batch.mask.all()
    state, dropout = random_state(language_model), dropout_masks(language_model)
    nats, gradients, last = language_model.loss_and_gradients(batch, state, dropout=dropout)

    inputs, targets = (np.where(batch.mask, ids, (ids + 1) % VOCAB_SIZE) for ids in (batch.inputs, batch.targets))
    same_nats, same_gradients, _ = language_model.loss_and_gradients(
        replace(batch, inputs=inputs, targets=targets), state, dropout=dropout
    )
    assert same_nats == nats
    assert equal(same_gradients, gradients)

    of_rows = 0.0
    for b in range(BATCH_SIZE):
        row = slice(b, b + 1)
        masks = [mask[row] for mask in dropout]
        of_rows += language_model.loss_and_gradients(batch[:, row], state[:, :, row], dropout=masks)[0]
    assert of_rows == pytest.approx(nats, rel=1e-12)

    of_chunks = 0.0
    for part in (slice(0, 4), slice(4, 11)):
        chunk_nats, _, state = language_model.loss_and_gradients(batch[part], state, dropout=dropout)
        of_chunks += chunk_nats
    assert of_chunks == pytest.approx(nats, rel=1e-12)
    np.testing.assert_allclose(state, last, rtol=0, atol=1e-12)


@every_cell
def test_no_character_is_the_zero_vector(cell: CellName) -> None:
    language_model = network(cell, 2)
    without = language_model.copy()
    without.parameters.layers[0].w_x[1] = 0
    state = random_state(language_model)
    logits, _ = language_model.step(np.full(BATCH_SIZE, NO_CHARACTER), state)
    expected, _ = without.step(np.full(BATCH_SIZE, 1), state)
    np.testing.assert_array_equal(logits, expected)


# Side effects.


@every_cell
def test_arguments_are_not_changed_and_results_share_no_memory(cell: CellName) -> None:
    language_model, batch = network(cell, 2), sequences(masked=True)
    state, dropout, untouched = random_state(language_model), dropout_masks(language_model), network(cell, 2)
    everything = [state, *dropout, batch.inputs, batch.targets]
    before = [array.copy() for array in everything]
    logits, after = language_model.step(batch.inputs[0], state)
    _, gradients, last = language_model.loss_and_gradients(batch, state, dropout=dropout)
    assert all(np.array_equal(*pair) for pair in zip(everything, before, strict=True))
    assert equal(language_model.parameters, untouched.parameters)
    results = [logits, after, last, *gradients.values()]
    copies = [array.copy() for array in results]
    language_model.step(batch.targets[0], after)
    language_model.loss_and_gradients(sequences(7), last)
    assert all(np.array_equal(*pair) for pair in zip(results, copies, strict=True))
