"""The arrays of a training step: of the promised shapes, made once, and never two sets of them for one batch."""

from typing import Literal

import numpy as np
import pytest

from model.engine.workspace import Passage, Workspace
from model.network.architecture import Architecture

VOCAB_SIZE, HIDDEN_SIZE = 5, 3
TIME, GROUPS, COLUMNS = 7, 2, 4
SHAPE = (TIME, GROUPS, COLUMNS)

Cell = Literal["rnn", "lstm"]


def workspace(cell: Cell) -> Workspace:
    return Workspace(Architecture(cell, VOCAB_SIZE, HIDDEN_SIZE, layers=2), np.float32)


def arrays(passage: Passage) -> list[np.ndarray]:
    return [*(array for trace in passage.traces for array in trace), *passage[1:]]


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_passage_has_the_arrays_of_its_shape(cell: Cell) -> None:
    passage = workspace(cell).passage(SHAPE)
    for n, trace in enumerate(passage.traces):
        below = HIDDEN_SIZE if n else VOCAB_SIZE
        assert trace.inputs.shape == (TIME + 1, GROUPS, below + 1 + HIDDEN_SIZE, COLUMNS)
        assert trace.x.shape == (TIME, GROUPS, below, COLUMNS)
        assert trace.h.shape == (TIME, GROUPS, HIDDEN_SIZE, COLUMNS)
        if cell == "lstm":
            assert trace.gates.shape == (TIME, GROUPS, 4 * HIDDEN_SIZE, COLUMNS)
            assert trace.c.shape == (TIME + 1, GROUPS, HIDDEN_SIZE, COLUMNS)
        else:
            assert trace.gates.size == trace.c.size == 0
    assert passage.top.shape == (TIME, GROUPS, 1 + HIDDEN_SIZE, COLUMNS)
    assert passage.by_character.shape == (TIME, GROUPS, COLUMNS, VOCAB_SIZE)
    assert passage.d_h.shape == (TIME, GROUPS, HIDDEN_SIZE, COLUMNS)
    assert passage.d_z.shape[1:] == passage.d_h.shape[1:]
    assert {array.dtype for array in arrays(passage)} == {np.dtype(np.float32)}


def test_what_a_step_reads_are_views_of_its_inputs() -> None:
    trace = workspace("lstm").passage(SHAPE).traces[1]
    trace.inputs[:] = np.arange(trace.inputs.size, dtype=np.float32).reshape(trace.inputs.shape)
    np.testing.assert_array_equal(trace.read, trace.inputs[:-1])
    np.testing.assert_array_equal(trace.x, trace.inputs[:-1, :, :HIDDEN_SIZE])
    np.testing.assert_array_equal(trace.first_h, trace.inputs[0, :, HIDDEN_SIZE + 1 :])
    np.testing.assert_array_equal(trace.h, trace.inputs[1:, :, HIDDEN_SIZE + 1 :])


def test_the_bias_reads_ones_in_every_passage() -> None:
    room = workspace("rnn")
    for time in (3, 9, 1, 9, 4):
        passage = room.passage((time, 1, 1))
        assert (passage.traces[0].inputs[:, :, VOCAB_SIZE] == 1).all()
        assert (passage.top[:, :, 0] == 1).all()
        for trace in passage.traces:
            trace.x[:] = trace.h[:] = trace.first_h[:] = np.nan


def test_a_shape_that_was_seen_gets_the_same_arrays() -> None:
    room = workspace("lstm")
    first = room.passage(SHAPE)
    room.passage((TIME, GROUPS, COLUMNS + 1))
    assert room.passage(SHAPE) is first


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_shorter_batch_uses_the_front_of_a_longer_ones_arrays(cell: Cell) -> None:
    room = workspace(cell)
    room.passage((2, GROUPS, COLUMNS))  # before any longer one, whose arrays take the place of these
    longer = room.passage(SHAPE)
    shorter = room.passage((2, GROUPS, COLUMNS))
    for short, long in zip(arrays(shorter), arrays(longer), strict=True):
        assert not short.size or np.shares_memory(short, long)


def test_an_array_is_lent_again_under_its_name() -> None:
    room = workspace("rnn")
    lent = room.array("scratch", 4, 2)
    assert np.shares_memory(room.array("scratch", 3, 2), lent)
    assert not np.shares_memory(room.array("other", 4, 2), lent)
    assert not np.shares_memory(room.array("scratch", 4, 3), lent)
