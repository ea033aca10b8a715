"""Allocates the arrays of a network's passes once; every pass overwrites them.

The `Pass` for each shape of batch is kept: for a single name, slicing arrays takes nearly as long
as the arithmetic.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.network.layers import Array
from model.network.parameters import CELLS, Architecture, Parameters


class Trace(NamedTuple):
    """The arrays of one recurrent layer."""

    inputs: Array  # (T+1, G, D+1+H, B): [x_t, 1, h_{t-1}] for each step, and a last entry for h_T
    x: Array  # (T, G, D, B), a view of the inputs
    states: tuple[
        Array, ...
    ]  # (T+1, G, H, B) each, the state before the first step first; h is a view of the inputs
    kept: tuple[Array, ...]  # (T, G, kH, B) each: what the cell's KEPT asks for
    is_bottom: bool  # whether x is characters, which have no derivatives


class Pass(NamedTuple):
    """The arrays that a forward and a backward pass write, for one shape of batch."""

    layers: list[Trace]  # bottom layer first
    top: Array  # (T, G, 1+H, B): the inputs [1, h] of the output layer
    logits: Array  # (T, G, V, B)
    d_h: Array  # (T, G, H, B)


class Buffers:
    """The arrays for batches of any shape, for networks of one architecture."""

    def __init__(self, architecture: Architecture, dtype: DTypeLike, kept: Sequence[int]) -> None:
        """`kept` is the KEPT of the cell: a number k for each array (T, G, kH, B) that a layer
        keeps.
        """
        self._architecture, self._dtype, self._kept = architecture, np.dtype(dtype), kept
        self._arrays: dict[tuple[str, tuple[int, ...]], Array] = {}
        self._passes: dict[tuple[int, ...], Pass] = {}  # by (T, G, B)

    def lend(self, name: str, *shape: int) -> Array:
        """Return uninitialised memory, reused by name and shape; a shorter array is the front of a
        longer one.
        """
        key = (name, shape[1:])
        array = self._arrays.get(key)
        if array is None or len(array) < shape[0]:
            array = self._arrays[key] = np.empty(shape, self._dtype)
        return array[: shape[0]]

    def arrays(self, shape: tuple[int, ...]) -> Pass:
        if shape not in self._passes:
            alike = [other for other in self._passes if other[1:] == shape[1:]]
            if all(other < shape for other in alike):  # a longer batch replaces their arrays
                for other in alike:
                    del self._passes[other]
            self._passes[shape] = self._pass(*shape)
        return self._passes[shape]

    def _pass(self, time: int, groups: int, columns: int) -> Pass:
        hidden_size, vocab_size = self._architecture.hidden_size, self._architecture.vocab_size
        layers = [self._trace(n, time, groups, columns) for n in range(self._architecture.layers)]
        return Pass(
            layers,
            layers[-1].inputs[1:, :, -1 - hidden_size :],
            self.lend("logits", time, groups, vocab_size, columns),
            self.lend("d_h", time, groups, hidden_size, columns),
        )

    def _trace(self, n: int, time: int, groups: int, columns: int) -> Trace:
        hidden_size = self._architecture.hidden_size
        width = hidden_size if n else self._architecture.vocab_size
        inputs = self.lend(f"inputs.{n}", time + 1, groups, width + 1 + hidden_size, columns)
        inputs[:, :, width] = 1  # never overwritten
        _, *others = CELLS[self._architecture.cell].STATES
        states = [
            self.lend(f"{part}.{n}", time + 1, groups, hidden_size, columns) for part in others
        ]
        kept = [
            self.lend(f"kept.{n}.{k}", time, groups, gates * hidden_size, columns)
            for k, gates in enumerate(self._kept)
        ]
        h = inputs[:, :, -hidden_size:]
        return Trace(inputs, inputs[:-1, :, :width], (h, *states), tuple(kept), n == 0)


def matrices(parameters: Parameters) -> list[Array]:
    """View parameters as one matrix for each layer, bottom first: [w_x; b; w_h] (D+1+H, K), and
    last [b_y; w_y].
    """
    found, start = [], 0
    for layer in parameters.layers:
        width = layer.b.size
        stop = start + sum(array.size for array in layer)
        found.append(parameters.whole[start:stop].reshape(-1, width))
        start = stop
    return [*found, parameters.whole[start:].reshape(-1, parameters.b_y.size)]
