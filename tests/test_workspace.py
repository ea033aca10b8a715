"""The arrays of a training step have the documented shapes, are allocated once, and share memory where they can."""

from typing import Literal

import numpy as np
import pytest

from model.engine.workspace import Buffers, Workspace
from model.network.architecture import Architecture

VOCAB_SIZE, HIDDEN_SIZE = 5, 3
TIME, GROUPS, COLUMNS = 7, 2, 4
SHAPE = (TIME, GROUPS, COLUMNS)

Cell = Literal["rnn", "lstm"]


def workspace(cell: Cell) -> Workspace:
    return Workspace(Architecture(cell, VOCAB_SIZE, HIDDEN_SIZE, layers=2), np.float32)


def arrays(buffers: Buffers) -> list[np.ndarray]:
    return [*(array for trace in buffers.traces for array in trace), *buffers[1:]]


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_buffers_have_the_documented_shapes(cell: Cell) -> None:
    buffers = workspace(cell).buffers(SHAPE)
    for n, trace in enumerate(buffers.traces):
        below = HIDDEN_SIZE if n else VOCAB_SIZE
        assert trace.inputs.shape == (TIME + 1, GROUPS, below + 1 + HIDDEN_SIZE, COLUMNS)
        assert trace.x.shape == (TIME, GROUPS, below, COLUMNS)
        assert trace.h.shape == (TIME, GROUPS, HIDDEN_SIZE, COLUMNS)
        if cell == "lstm":
            assert trace.gates.shape == (TIME, GROUPS, 4 * HIDDEN_SIZE, COLUMNS)
            assert trace.c.shape == (TIME + 1, GROUPS, HIDDEN_SIZE, COLUMNS)
        else:
            assert trace.gates.size == trace.c.size == 0
    assert buffers.top.shape == (TIME, GROUPS, 1 + HIDDEN_SIZE, COLUMNS)
    assert buffers.logits_by_column.shape == (TIME, GROUPS, COLUMNS, VOCAB_SIZE)
    assert buffers.d_h.shape == (TIME, GROUPS, HIDDEN_SIZE, COLUMNS)
    assert buffers.d_z.shape[1:] == buffers.d_h.shape[1:]
    assert {array.dtype for array in arrays(buffers)} == {np.dtype(np.float32)}


def test_x_and_h_are_views_of_the_inputs() -> None:
    trace = workspace("lstm").buffers(SHAPE).traces[1]
    trace.inputs[:] = np.arange(trace.inputs.size, dtype=np.float32).reshape(trace.inputs.shape)
    np.testing.assert_array_equal(trace.step_inputs, trace.inputs[:-1])
    np.testing.assert_array_equal(trace.x, trace.inputs[:-1, :, :HIDDEN_SIZE])
    np.testing.assert_array_equal(trace.h_0, trace.inputs[0, :, HIDDEN_SIZE + 1 :])
    np.testing.assert_array_equal(trace.h, trace.inputs[1:, :, HIDDEN_SIZE + 1 :])


def test_the_inputs_of_the_biases_are_always_1() -> None:
    space = workspace("rnn")
    for time in (3, 9, 1, 9, 4):
        buffers = space.buffers((time, 1, 1))
        assert (buffers.traces[0].inputs[:, :, VOCAB_SIZE] == 1).all()
        assert (buffers.top[:, :, 0] == 1).all()
        for trace in buffers.traces:
            trace.x[:] = trace.h[:] = trace.h_0[:] = np.nan


def test_a_shape_that_comes_again_gets_the_same_buffers() -> None:
    space = workspace("lstm")
    first = space.buffers(SHAPE)
    space.buffers((TIME, GROUPS, COLUMNS + 1))
    assert space.buffers(SHAPE) is first


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_shorter_batch_uses_the_front_of_a_longer_ones_arrays(cell: Cell) -> None:
    space = workspace(cell)
    space.buffers((2, GROUPS, COLUMNS))  # these arrays will be replaced by longer ones
    longer = space.buffers(SHAPE)
    shorter = space.buffers((2, GROUPS, COLUMNS))
    for short, long in zip(arrays(shorter), arrays(longer), strict=True):
        assert not short.size or np.shares_memory(short, long)


def test_scratch_memory_is_reused_by_name_and_shape() -> None:
    space = workspace("rnn")
    lent = space.array("scratch", 4, 2)
    assert np.shares_memory(space.array("scratch", 3, 2), lent)
    assert not np.shares_memory(space.array("other", 4, 2), lent)
    assert not np.shares_memory(space.array("scratch", 4, 3), lent)
