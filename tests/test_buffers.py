"""The arrays of a pass have the documented shapes, are allocated once, and share memory where they can."""

import numpy as np
import pytest

from model.engine.buffers import Buffers, Pass
from model.engine.network import CELLS
from model.network.parameters import Architecture, CellName

VOCAB_SIZE, HIDDEN_SIZE = 5, 3
TIME, GROUPS, COLUMNS = 7, 2, 4
SHAPE = (TIME, GROUPS, COLUMNS)


def buffers_for(cell: CellName) -> Buffers:
    return Buffers(Architecture(cell, VOCAB_SIZE, HIDDEN_SIZE, layers=2), np.float32, CELLS[cell].KEPT)


def arrays(found: Pass) -> list[np.ndarray]:
    of_layers = [array for trace in found.layers for array in (trace.inputs, trace.x, *trace.states, *trace.kept)]
    return [*of_layers, found.top, found.logits, found.d_h]


@pytest.mark.parametrize(("cell", "others", "kept"), [("rnn", 0, ()), ("lstm", 1, (4,)), ("gru", 0, (3, 3))])
def test_arrays_have_the_documented_shapes(cell: CellName, others: int, kept: tuple[int, ...]) -> None:
    found = buffers_for(cell).arrays(SHAPE)
    for n, trace in enumerate(found.layers):
        below = HIDDEN_SIZE if n else VOCAB_SIZE
        assert trace.inputs.shape == (TIME + 1, GROUPS, below + 1 + HIDDEN_SIZE, COLUMNS)
        assert trace.x.shape == (TIME, GROUPS, below, COLUMNS)
        assert [part.shape for part in trace.states] == [(TIME + 1, GROUPS, HIDDEN_SIZE, COLUMNS)] * (1 + others)
        assert [array.shape for array in trace.kept] == [(TIME, GROUPS, k * HIDDEN_SIZE, COLUMNS) for k in kept]
        assert trace.is_bottom == (n == 0)
    assert found.top.shape == (TIME, GROUPS, 1 + HIDDEN_SIZE, COLUMNS)
    assert found.logits.shape == (TIME, GROUPS, VOCAB_SIZE, COLUMNS)
    assert found.d_h.shape == (TIME, GROUPS, HIDDEN_SIZE, COLUMNS)
    assert {array.dtype for array in arrays(found)} == {np.dtype(np.float32)}


def test_x_and_h_are_views_of_the_inputs() -> None:
    trace = buffers_for("lstm").arrays(SHAPE).layers[1]
    trace.inputs[:] = np.arange(trace.inputs.size, dtype=np.float32).reshape(trace.inputs.shape)
    np.testing.assert_array_equal(trace.x, trace.inputs[:-1, :, :HIDDEN_SIZE])
    np.testing.assert_array_equal(trace.states[0], trace.inputs[:, :, HIDDEN_SIZE + 1 :])


def test_the_inputs_of_the_biases_are_always_1() -> None:
    buffers = buffers_for("rnn")
    for time in (3, 9, 1, 9, 4):
        found = buffers.arrays((time, 1, 1))
        assert (found.layers[0].inputs[:, :, VOCAB_SIZE] == 1).all()
        assert (found.top[:, :, 0] == 1).all()
        for trace in found.layers:
            trace.x[:] = trace.states[0][:] = np.nan


def test_a_shape_that_comes_again_gets_the_same_arrays() -> None:
    buffers = buffers_for("lstm")
    first = buffers.arrays(SHAPE)
    buffers.arrays((TIME, GROUPS, COLUMNS + 1))
    assert buffers.arrays(SHAPE) is first


@pytest.mark.parametrize("cell", CELLS)
def test_a_shorter_batch_uses_the_front_of_a_longer_ones_arrays(cell: CellName) -> None:
    buffers = buffers_for(cell)
    buffers.arrays((2, GROUPS, COLUMNS))  # these arrays will be replaced by longer ones
    longer = buffers.arrays(SHAPE)
    shorter = buffers.arrays((2, GROUPS, COLUMNS))
    for short, long in zip(arrays(shorter), arrays(longer), strict=True):
        assert not short.size or np.shares_memory(short, long)


def test_scratch_memory_is_reused_by_name_and_shape() -> None:
    buffers = buffers_for("rnn")
    lent = buffers.lend("scratch", 4, 2)
    assert np.shares_memory(buffers.lend("scratch", 3, 2), lent)
    assert not np.shares_memory(buffers.lend("other", 4, 2), lent)
    assert not np.shares_memory(buffers.lend("scratch", 4, 3), lent)
