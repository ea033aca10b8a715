"""The arrays that a batch is taken through, made once and written anew at every training step.

To ask for megabytes of new memory takes as long as filling it does, and where a batch is a single name, to cut arrays
into views takes nearly as long as the arithmetic. So a `Workspace` keeps both: arrays by name, and for each shape of
batch a `Passage` of views. Not here: what is written into them (`language_model`, `layers`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.network.architecture import Architecture
from model.network.layers import GATES, Array


class Trace(NamedTuple):
    """What one recurrent layer's forward pass leaves for its backward pass."""

    inputs: Array  # (T+1, G, D+1+H, B): [x_t, 1, h_{t-1}]; the last one is for h_T alone
    read: Array  # (T, G, D+1+H, B): all but the last one
    x: Array  # (T, G, D, B)
    first_h: Array  # (G, H, B): from before the first step
    h: Array  # (T, G, H, B)
    gates: Array  # (T, G, 4H, B), or of an RNN none
    c: Array  # (T+1, G, H, B), or of an RNN none


class Passage(NamedTuple):
    """All that a batch of one shape writes on its way forward and back."""

    traces: list[Trace]  # the bottom layer's first
    top: Array  # (T, G, 1+H, B): the output layer's inputs [1, h]
    logits: Array  # (T, G, V, B)
    by_character: Array  # (T, G, B, V): the logits
    d_h: Array  # (T, G, H, B)
    d_z: Array  # (T, G, H, B): an RNN's; an LSTM's are written over its gates


class Workspace:
    """Arrays for one batch after the other, of networks of one architecture."""

    def __init__(self, architecture: Architecture, dtype: DTypeLike) -> None:
        self._architecture = architecture
        self._dtype = np.dtype(dtype)
        self._arrays: dict[tuple[str, tuple[int, ...]], Array] = {}
        self._passages: dict[tuple[int, ...], Passage] = {}  # by T, G, B

    def array(self, name: str, *shape: int) -> Array:
        """An array of this shape with whatever was left in it; a shorter one is the front of a longer one."""
        key = (name, shape[1:])
        kept = self._arrays.get(key)
        if kept is None or len(kept) < shape[0]:
            kept = self._arrays[key] = np.empty(shape, self._dtype)
        return kept[: shape[0]]

    def passage(self, shape: tuple[int, ...]) -> Passage:
        """What ids of this shape (T, G, B) go through, with whatever was left in it."""
        passage = self._passages.get(shape)
        if passage is None:
            self._make_way(shape)
            passage = self._passages[shape] = self._passage(*shape)
        return passage

    def _make_way(self, shape: tuple[int, ...]) -> None:
        """Forget the passages of shorter sequences if this is the longest: else they would keep arrays of their own."""
        alike = [other for other in self._passages if other[1:] == shape[1:]]
        if all(other < shape for other in alike):
            for other in alike:
                del self._passages[other]

    def _passage(self, time: int, groups: int, columns: int) -> Passage:
        hidden_size, vocab_size = self._architecture.hidden_size, self._architecture.vocab_size
        traces = [self._trace(n, time, groups, columns) for n in range(self._architecture.layers)]
        logits = self.array("logits", time, groups, vocab_size, columns)
        d_h = self.array("d_h", time, groups, hidden_size, columns)
        d_z = self.array("d_z", time, groups, hidden_size, columns) if self._architecture.cell == "rnn" else d_h[:0]
        top = traces[-1].inputs[1:, :, -1 - hidden_size :]
        return Passage(traces, top, logits, logits.swapaxes(2, 3), d_h, d_z)

    def _trace(self, n: int, time: int, groups: int, columns: int) -> Trace:
        hidden_size = self._architecture.hidden_size
        width = hidden_size if n else self._architecture.vocab_size
        inputs = self.array(f"inputs.{n}", time + 1, groups, width + 1 + hidden_size, columns)
        inputs[:, :, width] = 1  # and nobody writes there
        if self._architecture.cell == "rnn":
            gates = c = inputs[:0]
        else:
            gates = self.array(f"gates.{n}", time, groups, len(GATES) * hidden_size, columns)
            c = self.array(f"c.{n}", time + 1, groups, hidden_size, columns)
        x, h = inputs[:-1, :, :width], inputs[:, :, -hidden_size:]
        return Trace(inputs, inputs[:-1], x, h[0], h[1:], gates, c)
