"""The arrays of a training step, allocated once and overwritten at every step.

Two things are kept: arrays by name, because allocating megabytes takes as long as filling them, and `Buffers` for each
shape of batch, because for a batch of a single name, slicing arrays takes nearly as long as the arithmetic.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.network.architecture import Architecture
from model.network.layers import GATES, Array


class Trace(NamedTuple):
    """What the backward pass of one recurrent layer needs of its forward pass."""

    inputs: Array  # (T+1, G, D+1+H, B): [x_t, 1, h_{t-1}] for each step, and one more for h_T
    # Views of `inputs`:
    step_inputs: Array  # (T, G, D+1+H, B): without the last one
    x: Array  # (T, G, D, B)
    h_0: Array  # (G, H, B)
    h: Array  # (T, G, H, B): h_1 to h_T
    # Arrays of an LSTM, empty for an RNN:
    gates: Array  # (T, G, 4H, B)
    c: Array  # (T+1, G, H, B)


class Buffers(NamedTuple):
    """The arrays that a forward and a backward pass write, for one shape of batch."""

    traces: list[Trace]  # bottom layer first
    top: Array  # (T, G, 1+H, B): the inputs [1, h] of the output layer
    logits: Array  # (T, G, V, B)
    logits_by_column: Array  # (T, G, B, V): a view of the logits
    d_h: Array  # (T, G, H, B)
    d_z: Array  # (T, G, H, B) for an RNN; an LSTM writes d_z over its gates


class Workspace:
    """The arrays for batches of any shape, for networks of one architecture."""

    def __init__(self, architecture: Architecture, dtype: DTypeLike) -> None:
        self._architecture = architecture
        self._dtype = np.dtype(dtype)
        self._arrays: dict[tuple[str, tuple[int, ...]], Array] = {}
        self._buffers: dict[tuple[int, ...], Buffers] = {}  # by (T, G, B)

    def array(self, name: str, *shape: int) -> Array:
        """Uninitialised scratch memory, reused by name and shape; a shorter array is the front of a longer one."""
        key = (name, shape[1:])
        kept = self._arrays.get(key)
        if kept is None or len(kept) < shape[0]:
            kept = self._arrays[key] = np.empty(shape, self._dtype)
        return kept[: shape[0]]

    def buffers(self, shape: tuple[int, ...]) -> Buffers:
        """The buffers for ids of this shape (T, G, B)."""
        buffers = self._buffers.get(shape)
        if buffers is None:
            self._drop_shorter(shape)
            buffers = self._buffers[shape] = self._make_buffers(*shape)
        return buffers

    def _drop_shorter(self, shape: tuple[int, ...]) -> None:
        """If this shape has the longest sequences so far, drop the buffers of shorter ones.

        Their arrays are about to be replaced by longer ones, and the buffers would keep the old ones in memory.
        """
        alike = [other for other in self._buffers if other[1:] == shape[1:]]
        if all(other < shape for other in alike):
            for other in alike:
                del self._buffers[other]

    def _make_buffers(self, time: int, groups: int, columns: int) -> Buffers:
        hidden_size, vocab_size = self._architecture.hidden_size, self._architecture.vocab_size
        traces = [self._make_trace(n, time, groups, columns) for n in range(self._architecture.layers)]
        logits = self.array("logits", time, groups, vocab_size, columns)
        d_h = self.array("d_h", time, groups, hidden_size, columns)
        d_z = self.array("d_z", time, groups, hidden_size, columns) if self._architecture.cell == "rnn" else d_h[:0]
        top = traces[-1].inputs[1:, :, -1 - hidden_size :]
        return Buffers(traces, top, logits, logits.swapaxes(2, 3), d_h, d_z)

    def _make_trace(self, n: int, time: int, groups: int, columns: int) -> Trace:
        hidden_size = self._architecture.hidden_size
        width = hidden_size if n else self._architecture.vocab_size
        inputs = self.array(f"inputs.{n}", time + 1, groups, width + 1 + hidden_size, columns)
        inputs[:, :, width] = 1  # never overwritten
        if self._architecture.cell == "rnn":
            gates = c = inputs[:0]
        else:
            gates = self.array(f"gates.{n}", time, groups, len(GATES) * hidden_size, columns)
            c = self.array(f"c.{n}", time + 1, groups, hidden_size, columns)
        x, h = inputs[:-1, :, :width], inputs[:, :, -hidden_size:]
        return Trace(inputs, inputs[:-1], x, h[0], h[1:], gates, c)
