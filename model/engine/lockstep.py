"""Many rows one character on, each with the bits it would have alone.

No sum here rounds (see `grid`), so neither other rows nor the form of a product can change a bit. `layout` says where
the states of a row are, and what each layer reads.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.engine.columns import as_rows
from model.engine.grid import H_DIGITS, is_bounded, on_grid, rounder
from model.engine.layers import by_gate
from model.engine.layout import Layout, States, layout_for
from model.engine.products import by_panel, panels
from model.network.architecture import layer_keys
from model.network.language_model import LanguageModel
from model.network.layers import GATES, Array, Ids

SMALL_MATRIX = 150_000
"""A matrix of at most this many weights is read faster column by column, because the nearer caches hold it."""


class _Product(NamedTuple):
    """Outputs = weights times inputs, for G groups of B columns."""

    weights: Array  # (N, K), or in panels (N/n, n, K)
    inputs: Array  # (K, B), or for panels (G, 1, K, B)
    outputs: Array  # (N, B), or for panels (G, N/n, n, B)

    def compute(self) -> None:
        if self.weights.ndim == 2:
            self.weights.dot(self.inputs, self.outputs)  # matmul takes longer to begin
        else:
            np.matmul(self.weights, self.inputs, out=self.outputs)


class _Layer(NamedTuple):
    """The arrays of one recurrent layer."""

    product: _Product
    z: Array  # (G, N, B): the outputs of the product
    gates: tuple[Array, ...]  # o, i, f, g, each (G, H, B), views of an LSTM's z
    sigmoids: Array  # (3, G, H, B): o, i, f
    h: Array  # (G, H, B)
    c: Array  # (G, H, B); empty for an RNN


class Lockstep:
    """A network that steps any number of rows, none of which depends on another, and keeps their states.

    `is_sound` tells whether every step gives finite numbers. The weights alone decide that, because states are bounded.
    Only a sound network can step.

    An LSTM's sigmoids and h are kept doubled, because 2σ(z) = 1 + tanh(z/2) takes one operation less than σ(z). Weights
    that lead to a sigmoid or read a doubled h are halved, which is exact.
    """

    def __init__(self, language_model: LanguageModel) -> None:
        self._architecture, self._dtype = language_model.architecture, language_model.dtype
        self._is_lstm = self._architecture.cell == "lstm"
        self._one, self._half = self._dtype.type(1), self._dtype.type(0.5)
        digits = H_DIGITS - self._is_lstm
        self._rounder = rounder(digits, self._dtype)
        weights = list(_stacked_weights(language_model))
        self.is_sound = all(is_bounded(matrix, self._dtype) for matrix in weights)
        if self.is_sound:
            lookups = [self._architecture.vocab_size + 1] + [0] * self._architecture.layers
            weights = [on_grid(*pair, digits, self._dtype) for pair in zip(weights, lookups, strict=True)]
        self._matrices = [_in_fastest_order(matrix, self._dtype) for matrix in weights]
        self._largest = max(matrix.size for matrix in self._matrices)
        self._by_panel = {0: self._matrices}  # the weights by the width of their panels, made when first needed
        self._rows = 0
        self._lay_out(layout_for(0, self._largest))
        self.resize(0)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows

    def resize(self, rows: int) -> None:
        """Keep the first rows, and add new ones in the zero state."""
        kept, self._rows = min(rows, self._rows), rows
        layout = layout_for(rows, self._largest)
        if layout == self._states.layout:
            for row in range(kept, rows):
                self._states.clear(row)
        else:
            before = self._states
            self._lay_out(layout)
            self._states.copy_rows(before, kept)
        self._positions = layout.positions(rows)
        # With one group, `as_rows` returns a view, which serves for every step.
        self._logits_of_rows = as_rows(self._logits)[:rows] if layout.groups == 1 else None

    def clear(self, row: int) -> None:
        """Put a row into the zero state. Rows that are not allocated yet are already zero."""
        if row < self._rows:
            self._states.clear(row)

    def move(self, source: int, target: int) -> None:
        """Copy the state of one row to another."""
        if source < self._rows:
            self._states.move(source, target)
        else:
            self.clear(target)

    def sibling(self) -> "Lockstep":
        """Return another one with the same weights, and with no rows yet."""
        other = copy(self)
        other._rows = 0
        other._lay_out(layout_for(0, self._largest))
        other.resize(0)
        return other

    def copy_row(self, source: "Lockstep", source_row: int, row: int) -> None:
        """Copy the state of a row of a sibling."""
        self._states.copy_row(source._states, source_row, row)

    def step(self, ids: Sequence[int] | Ids) -> Array:
        """Let each row read a character id, or NO_CHARACTER; return logits (B, V), which the next step overwrites."""
        groups, columns = self._positions
        self._states.lookup.fill(0)
        self._states.lookup[groups, ids, columns] = 1  # NO_CHARACTER is -1, the last element
        take_step = self._lstm_cell if self._is_lstm else self._rnn_cell
        for layer in self._layers:
            layer.product.compute()
            take_step(layer)
        self._output.compute()
        return as_rows(self._logits)[: self._rows] if self._logits_of_rows is None else self._logits_of_rows

    def _rnn_cell(self, layer: _Layer) -> None:
        h = np.tanh(layer.z, out=layer.h)
        h += self._rounder
        h -= self._rounder

    def _lstm_cell(self, layer: _Layer) -> None:
        """The step of `layers.lstm_cell`, with o, i, f and h doubled."""
        np.tanh(layer.z, out=layer.z)
        sigmoids, c, h = layer.sigmoids, layer.c, layer.h
        o, i, f, g = layer.gates
        sigmoids += self._one
        c *= f
        g *= i
        c += g
        c *= self._half
        np.tanh(c, out=h)
        h *= o
        h += self._rounder
        h -= self._rounder

    def _lay_out(self, layout: Layout) -> None:
        """Allocate all arrays for a layout, with all states zero."""
        self._states = States(layout, self._architecture, self._dtype)
        *recurrent, (self._output, self._logits) = self._products()
        self._layers = [self._layer(n, product, z) for n, (product, z) in enumerate(recurrent)]

    def _products(self) -> Iterator[tuple[_Product, Array]]:
        """Yield the product of each layer, and its outputs as (G, N, B); the output layer comes last."""
        groups, columns, panel = self._states.layout
        if panel not in self._by_panel:
            self._by_panel[panel] = [panels(matrix.T, panel) for matrix in self._matrices]
        for n, (matrix, weights) in enumerate(zip(self._matrices, self._by_panel[panel], strict=True)):
            outputs, width = matrix.shape
            inputs, z = self._states.inputs_of(n, width), np.empty((groups, outputs, columns), self._dtype)
            if panel:
                yield _Product(weights, inputs[:, None], by_panel(z, weights)), z
            else:
                yield _Product(weights, inputs[0], z[0]), z

    def _layer(self, n: int, product: _Product, z: Array) -> _Layer:
        gates = by_gate(z) if self._is_lstm else z[:0]
        return _Layer(product, z, tuple(gates), gates[:3], self._states.h[:, n], self._states.c[:, n])


def _stacked_weights(language_model: LanguageModel) -> Iterator[NDArray[np.float64]]:
    """Yield the weights (N, K) of each layer for the inputs that `States` lists; the output layer comes last."""
    parameters = {name: array.astype(np.float64).T for name, array in language_model.parameters.items()}
    is_lstm = language_model.architecture.cell == "lstm"
    of_h = 0.5 if is_lstm else 1.0
    for n, keys in enumerate(layer_keys(language_model.architecture)):
        w_x, w_h, b = parameters[keys.w_x], parameters[keys.w_h] * of_h, parameters[keys.b][:, None]
        stacked = np.hstack([w_x * of_h, b, w_h] if n else [w_x + b, b, w_h])
        if is_lstm:
            stacked[: 3 * len(stacked) // len(GATES)] *= 0.5
        yield stacked
    yield np.hstack([parameters["output.w_hy"] * of_h, parameters["output.b_y"][:, None]])


def _in_fastest_order(matrix: NDArray[np.float64], dtype: DTypeLike) -> Array:
    numbers: Array = matrix.astype(dtype)
    return np.asfortranarray(numbers) if matrix.size <= SMALL_MATRIX else np.ascontiguousarray(numbers)
