"""Many rows one character on, each with the very bits it would have alone.

A matrix product rounds, and in which order it adds depends on shapes, threads and processor. So the same row could come
out different beside other rows, and a single bit can become another character. Here no product rounds: weights and
states lie on grids of powers of two, so coarse that every sum of their products is a whole number of grid steps with no
more digits than a float has. Such a sum is exact in any order, for any number of rows, with any matrix library.

What that costs: h moves by at most 1/512, weights by a few thousandths of their size; the released networks' held-out
losses change by 0.0002 nats or less. What it gives, beside the law: one row may be a matrix-vector product, and
products are made whole or in pieces, whichever is faster.

All that a step multiplies lies in one array, a row's share in one column: [look-up | h_0 | 1 | h_1 | 1 | ...]. So each
layer is a single product with a slice of it, look-up and bias included. Columns, because then each gate of all rows is
one block. Not here: what the rows mean, and when they come and go (`decoder`).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.architecture import layer_keys
from model.blas import threads
from model.language_model import LanguageModel
from model.layers import GATES, Array

H_DIGITS = 8  # binary digits of h after the point
# Up to so many multiplications OpenBLAS does without copying its operands first; larger products are cut into blocks
# of outputs. As every sum is exact, that changes the speed and nothing else.
SMALL_PRODUCT = 1_000_000
BLOCKS = (128, 64, 32)
# With many rows the copies are not worth avoiding; where threads can share them, not even with more than a few. But few
# rows wait for the weights, and products that are not large for the other threads: one alone is as fast.
FEW, MANY, LARGE_PRODUCT = 16, 40, 4_000_000
# OpenBLAS takes as long for 41 rows as for 48, or longer: more than a few are filled up with columns that nobody reads.
COLUMNS = 8
# Weights that a processor's nearer caches hold are read faster column by column; larger ones are not.
SMALL_WEIGHTS = 150_000


class _Layer(NamedTuple):
    """Views of one layer for the present number of rows B: z = weights inputs, in one product or several."""

    weights: Array  # (N, K), or in blocks (N/n, n, K)
    inputs: Array  # (K, B)
    z: Array  # (N, B), or in blocks (N/n, n, B)
    gates: Array  # (N, B): z again
    sigmoids: Array  # (3H, B): its first three gates
    split: tuple[Array, ...]  # o, i, f, g, each (H, B)
    h: Array  # (H, B)
    c: Array  # (H, B)

    def multiply(self) -> None:
        """Compute z."""
        if self.weights.ndim == 2:
            self.weights.dot(self.inputs, self.z)  # matmul takes longer to begin
        else:
            np.matmul(self.weights, self.inputs, out=self.z)


class Lockstep:
    """A network that steps any number of rows without one depending on another, and keeps their states.

    An LSTM's h is kept doubled, and so are its sigmoid gates: σ(x) = ½ (1 + tanh(x/2)), where the factors ½, which are
    exact, are in the weights. `is_sound` says that no step can lead to a number that is not finite, which the weights
    decide, as states are bounded. Only then can it step.
    """

    def __init__(self, language_model: LanguageModel) -> None:
        architecture = language_model.architecture
        self._is_lstm = architecture.cell == "lstm"
        self._lookup_rows = architecture.vocab_size + 1  # the last one is for no character
        self._hidden_size, self._depth = architecture.hidden_size, architecture.layers
        number = language_model.dtype.type
        self._one, self._half = number(1), number(0.5)
        digits, limits = H_DIGITS - self._is_lstm, np.finfo(number)
        # To add this and take it away again rounds to the grid, because it leaves no room for finer digits.
        self._rounder = number(1.5 * 2.0 ** (limits.nmant - digits))
        stacked = list(_stacked(language_model))
        # Half, for what rounding to the grid may add.
        self.is_sound = all(_is_bounded(weights, float(limits.max) / 2) for weights in stacked)
        if self.is_sound:
            lookups = [self._lookup_rows] + [0] * self._depth
            stacked = [
                on_grid(weights, lookup, digits, limits) for weights, lookup in zip(stacked, lookups, strict=True)
            ]
        self._weights = [np.ascontiguousarray(weights, number) for weights in stacked]
        self._whole = [np.asfortranarray(w) if w.size <= SMALL_WEIGHTS else w for w in self._weights]
        self._x = np.zeros((self._lookup_rows + self._depth * (self._hidden_size + 1), 0), number)
        self._c = np.zeros((self._depth, self._hidden_size, 0), number)
        self._rows = 0
        self._make_columns(0)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows

    def resize(self, rows: int) -> None:
        """Keep the first rows, and put those that are new into the zero state."""
        kept, self._rows = min(rows, self._rows), rows
        columns = rows if rows <= FEW else -(-rows // COLUMNS) * COLUMNS
        if columns != self._x.shape[1]:
            self._make_columns(columns, kept)
        self._clear(slice(kept, rows))

    def _make_columns(self, count: int, kept: int = 0) -> None:
        x, c = np.zeros((len(self._x), count), self._x.dtype), np.zeros((*self._c.shape[:2], count), self._x.dtype)
        x[:, :kept], c[:, :, :kept] = self._x[:, :kept], self._c[:, :, :kept]
        x[self._lookup_rows + self._hidden_size :: self._hidden_size + 1] = 1  # what the biases are multiplied by
        self._x, self._c = x, c
        self._lookup, self._columns = x[: self._lookup_rows], np.arange(count)
        *self._layers, self._output = self._arranged(x, c)

    def forget(self, row: int) -> None:
        """Put a row into the zero state, where one that is still to come is already."""
        if row < self._rows:
            self._clear(row)

    def _clear(self, rows: int | slice) -> None:
        for layer in self._layers:
            layer.h[:, rows] = 0
            layer.c[:, rows] = 0

    def move(self, source: int, target: int) -> None:
        """Put a row's state into another one's place."""
        if source >= self._rows:
            self.forget(target)
            return
        self._x[:, target] = self._x[:, source]
        self._c[:, :, target] = self._c[:, :, source]

    def step(self, ids: Sequence[int]) -> Array:
        """Let each row read a character id, -1 for none, and return logits (B, V) for the next; valid until then."""
        self._lookup.fill(0)
        self._lookup[ids, self._columns[: self._rows]] = 1
        cell = self._lstm_cell if self._is_lstm else self._rnn_cell
        for layer in self._layers:
            layer.multiply()
            cell(layer)
        self._output.multiply()
        return self._output.gates[:, : self._rows].T

    def _rnn_cell(self, layer: _Layer) -> None:
        h = np.tanh(layer.gates, out=layer.h)
        h += self._rounder
        h -= self._rounder

    def _lstm_cell(self, layer: _Layer) -> None:
        """See `layers.lstm_cell`; o, i, f and h are doubled here."""
        np.tanh(layer.gates, out=layer.gates)
        sigmoids, c, h = layer.sigmoids, layer.c, layer.h
        o, i, f, g = layer.split
        sigmoids += self._one
        c *= f
        g *= i
        c += g
        c *= self._half
        np.tanh(c, out=h)
        h *= o
        h += self._rounder
        h -= self._rounder

    def _arranged(self, x: Array, c: Array) -> Iterator[_Layer]:
        """Cut the arrays into layers, the output layer last."""
        rows, hidden_size = x.shape[1], self._hidden_size
        start, h_start = 0, self._lookup_rows
        for n, weights in enumerate(self._weights):
            gates = np.empty((len(weights), rows), x.dtype)
            block = _block(len(weights), weights.shape[1], rows)
            shape = (len(weights) // block, block) if block else (len(weights),)
            yield _Layer(
                weights.reshape(*shape, weights.shape[1]) if block else self._whole[n],
                x[start : start + weights.shape[1]],
                gates.reshape(*shape, rows),
                gates,
                gates[: 3 * hidden_size],
                tuple(gates.reshape(len(GATES), hidden_size, rows)) if self._is_lstm and n < self._depth else (),
                x[h_start : h_start + hidden_size],
                c[n] if n < self._depth else c[:0],
            )
            start, h_start = h_start, h_start + hidden_size + 1


def _block(outputs: int, inputs: int, rows: int) -> int:
    """How many outputs to make at once; 0 for all."""
    size = outputs * inputs * rows
    if rows == 1 or size <= SMALL_PRODUCT or _stays_whole(size, rows):
        return 0
    return next((block for block in BLOCKS if outputs % block == 0 and block * inputs * rows <= SMALL_PRODUCT), 0)


def _stays_whole(size: int, rows: int) -> bool:
    """Tell whether a product of so many multiplications is left whole to the library and its threads, be it one."""
    return rows > MANY if threads() == 1 else rows > FEW and size > LARGE_PRODUCT


def _stacked(language_model: LanguageModel) -> Iterator[NDArray[np.float64]]:
    """Each layer's weights (N, K) for its slice of the array, the output layer's last: see the top of this file."""
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


def _is_bounded(weights: NDArray[np.float64], limit: float) -> bool:
    """Tell whether no sum of products with inputs of at most 2 gets beyond a limit; with a NaN some do."""
    with np.errstate(over="ignore"):
        return bool((2 * np.abs(weights).sum(axis=1) < limit).all())


def on_grid(weights: NDArray[np.float64], lookup: int, digits: int, limits: np.finfo[Any]) -> NDArray[np.float64]:
    """Round each output's weights (K) to a grid on which no sum for it needs more digits than a mantissa has.

    Inputs are whole multiples of 2^-digits and at most 2, but of the first `lookup` ones only a single 1 is not zero.
    The largest sum is below 2^e, and is reckoned in steps of 2^(e - mantissa), which are themselves no smaller than the
    smallest number that there is. The digit that a float has beyond its mantissa is for what rounding adds.
    """
    largest = 2 * np.abs(weights[:, lookup:]).sum(axis=1) + np.abs(weights[:, :lookup]).max(axis=1, initial=0)
    _, exponent = np.frexp(largest)
    step = np.ldexp(1.0, np.maximum(exponent, limits.minexp) - limits.nmant + digits)[:, None]
    rounded: NDArray[np.float64] = np.rint(weights / step) * step
    return rounded
