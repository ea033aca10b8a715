"""A language model against central differences and single steps: the same loss, state and
gradients."""

from dataclasses import replace

import numpy as np
import pytest

from model.network.gradients import TOLERANCE, relative_differences
from model.network.parameters import CellName
from tests.language_models import (
    BATCH_SIZE,
    VOCAB_SIZE,
    dropout_masks,
    equal,
    every_cell,
    every_depth,
    loss_and_gradients,
    network,
    part_of,
    random_state,
    sequences,
)

# Gradients.


@every_cell
@pytest.mark.parametrize(
    ("depth", "plain"), [(1, True), (2, False)], ids=["plain", "deep, masked and dropped"]
)
def test_gradients_agree_with_central_differences(cell: CellName, depth: int, plain: bool) -> None:
    language_model, batch = network(cell, depth), sequences(masked=not plain)
    state = random_state(language_model)
    dropout = None if plain else dropout_masks(language_model)
    given = batch.inputs, batch.targets, state, batch.mask, dropout

    def loss() -> float:
        return language_model.loss_and_gradients(*given)[0]

    _, gradients, _ = language_model.loss_and_gradients(*given)
    assert gradients.keys() == language_model.parameters.keys()
    differences = relative_differences(gradients, loss, language_model.parameters)
    assert max(differences.values()) <= TOLERANCE, differences


@every_depth
@every_cell
def test_a_sequence_has_the_logits_and_the_last_state_of_single_steps(
    cell: CellName, depth: int
) -> None:
    language_model, batch = network(cell, depth), sequences()
    state = random_state(language_model)
    run = language_model.forward(batch.inputs, state)
    for ids, found in zip(batch.inputs, run.logits, strict=True):
        logits, state = language_model.step(ids, state)
        np.testing.assert_allclose(found, logits, rtol=0, atol=1e-12)
    np.testing.assert_allclose(run.state, state, rtol=0, atol=1e-12)


@every_cell
def test_neither_masked_ids_nor_other_rows_nor_chunks_matter(cell: CellName) -> None:
    language_model, batch = network(cell, 2), sequences(masked=True, time=11)
    assert not batch.mask.all()
    state, dropout = random_state(language_model), dropout_masks(language_model)
    nats, gradients, last = loss_and_gradients(language_model, batch, state, dropout)

    inputs, targets = (
        np.where(batch.mask, ids, (ids + 1) % VOCAB_SIZE) for ids in (batch.inputs, batch.targets)
    )
    same_nats, same_gradients, _ = loss_and_gradients(
        language_model, replace(batch, inputs=inputs, targets=targets), state, dropout
    )
    assert same_nats == nats
    assert equal(same_gradients, gradients)

    of_rows = 0.0
    for b in range(BATCH_SIZE):
        row = slice(b, b + 1)
        masks = [mask[row] for mask in dropout]
        of_rows += loss_and_gradients(
            language_model, part_of(batch, (slice(None), row)), state[:, :, row], masks
        )[0]
    assert of_rows == pytest.approx(nats, rel=1e-12)

    of_chunks = 0.0
    for part in (slice(0, 4), slice(4, 11)):
        chunk_nats, _, state = loss_and_gradients(
            language_model, part_of(batch, part), state, dropout
        )
        of_chunks += chunk_nats
    assert of_chunks == pytest.approx(nats, rel=1e-12)
    np.testing.assert_allclose(state, last, rtol=0, atol=1e-12)
