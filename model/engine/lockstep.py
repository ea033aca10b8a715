"""Many rows one character on, each with the very bits it would have alone.

A matrix product rounds, and in which order it adds depends on shapes, threads and processor. So the same row could come
out different beside other rows, and a single bit can become another character. Here no product rounds: weights and
states lie on grids of powers of two, so coarse that every sum of their products is a whole number of grid steps with no
more digits than a float has. Such a sum is exact in any order, for any number of rows, with any matrix library.

What that costs: h moves by at most 1/512, weights by a few thousandths of their size; the released networks' held-out
losses change by 0.0003 nats or less. What it gives, beside the law: one row may be a matrix-vector product, and
products are made whole or in pieces, whichever is faster.

All that a step multiplies lies in one array, a row's share in one column: [look-up | h_0 | 1 | h_1 | 1 | ...]. So each
layer is a single product with a slice of it, look-up and bias included. Columns, and many of them in groups, for the
reasons that `layers` gives. Not here: what the rows mean, and when they come and go (`decoder`).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engine.columns import GROUP, as_rows
from model.engine.layers import by_gate
from model.engine.products import PANEL, by_panel, panels
from model.engine.threads import threads
from model.network.architecture import layer_keys
from model.network.language_model import LanguageModel
from model.network.layers import GATES, Array, Ids

H_DIGITS = 8  # binary digits of h after the point
# A single row is a matrix-vector product, all others go through panels of weights (see `layers`), wide ones for a few
# rows. Columns are filled up to a number that the library likes, with some that nobody reads: 41 take as long as 48, or
# longer. Large products of many rows go in groups, or undivided where threads can share them; one that is not large is
# as fast on one thread. As every sum is exact, all that changes the speed and nothing else.
FEW, WIDE_PANEL = 10, 64
FILLED_UP, ONE_GROUP, LARGE_PRODUCT = 16, 48, 4_000_000
# Weights that a processor's nearer caches hold are read faster column by column; larger ones are not.
SMALL_WEIGHTS = 150_000


class _Form(NamedTuple):
    """How rows are laid out, and how they are multiplied."""

    groups: int
    columns: int  # of each group
    panel: int  # outputs in one, or 0 where products are not divided


class _Layer(NamedTuple):
    """Views of one layer for G groups of B columns: z = weights inputs, in one product or in several."""

    weights: Array  # (N, K), or in panels (N/n, n, K)
    inputs: Array  # (K, B), or (G, 1, K, B) for panels
    z: Array  # (N, B), or (G, N/n, n, B) for panels
    outputs: Array  # (G, N, B): z again
    sigmoids: Array  # (3, G, H, B): an LSTM's first three gates
    gates: tuple[Array, ...]  # o, i, f, g, each (G, H, B)
    h: Array  # (G, H, B)
    c: Array  # (G, H, B)

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
        self._largest = max(weights.size for weights in self._weights)
        self._whole = [np.asfortranarray(w) if w.size <= SMALL_WEIGHTS else w for w in self._weights]
        self._panels: dict[int, list[Array]] = {}  # by width, made when first needed
        self._rows = 0
        self._logits: Array | None = None  # a view, where there is one group
        self._lay_out(self._form_for(0))
        self.resize(0)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows

    def resize(self, rows: int) -> None:
        """Keep the first rows, and put those that are new into the zero state."""
        kept, self._rows = min(rows, self._rows), rows
        form = self._form_for(rows)
        if form == self._form:
            for row in range(kept, rows):
                self._clear(row)
        else:
            states = [array[self._groups[:kept], :, self._columns[:kept]] for array in (self._x, self._c)]
            self._lay_out(form)
            places = self._groups[:kept], slice(None), self._columns[:kept]
            self._x[places], self._c[places] = states
        self._taken = self._groups[:rows], self._columns[:rows]
        self._logits = None if form.groups > 1 else as_rows(self._output.outputs)[:rows]

    def _form_for(self, rows: int) -> _Form:
        if rows <= 1:
            return _Form(1, rows, 0)
        if rows <= FEW:
            return _Form(1, rows, WIDE_PANEL)
        is_large = self._largest * rows > LARGE_PRODUCT
        if is_large and threads() > 1:
            return _Form(1, _filled_up(rows, PANEL), 0)
        if not is_large or rows <= ONE_GROUP:
            return _Form(1, _filled_up(rows, FILLED_UP), PANEL)
        return _Form(_filled_up(rows, GROUP) // GROUP, GROUP, PANEL)

    def _lay_out(self, form: _Form) -> None:
        """Make arrays of a form, all in the zero state."""
        self._form, (groups, columns, _) = form, form
        width = self._lookup_rows + self._depth * (self._hidden_size + 1)
        self._x = np.zeros((groups, width, columns), self._weights[0].dtype)
        self._x[:, self._lookup_rows + self._hidden_size :: self._hidden_size + 1] = 1  # what biases are multiplied by
        c_width = self._depth * self._hidden_size if self._is_lstm else 0
        self._c = np.zeros((groups, c_width, columns), self._x.dtype)
        self._lookup = self._x[:, : self._lookup_rows]
        self._groups, self._columns = np.divmod(np.arange(groups * columns), max(1, columns))
        *self._layers, self._output = self._arranged()

    def forget(self, row: int) -> None:
        """Put a row into the zero state, where one that is still to come is already."""
        if row < self._rows:
            self._clear(row)

    def _clear(self, row: int) -> None:
        group, column = divmod(row, self._form.columns)
        for layer in self._layers:
            layer.h[group, :, column] = 0
            layer.c[group, :, column] = 0

    def move(self, source: int, target: int) -> None:
        """Put a row's state into another one's place."""
        if source >= self._rows:
            self.forget(target)
            return
        group, column = divmod(target, self._form.columns)
        from_group, from_column = divmod(source, self._form.columns)
        for array in (self._x, self._c):
            array[group, :, column] = array[from_group, :, from_column]

    def step(self, ids: Sequence[int] | Ids) -> Array:
        """Let each row read a character id, -1 for none, and return logits (B, V) for the next; valid until then."""
        self._lookup.fill(0)
        groups, columns = self._taken
        self._lookup[groups, ids, columns] = 1
        cell = self._lstm_cell if self._is_lstm else self._rnn_cell
        for layer in self._layers:
            layer.multiply()
            cell(layer)
        self._output.multiply()
        return as_rows(self._output.outputs)[: self._rows] if self._logits is None else self._logits

    def _rnn_cell(self, layer: _Layer) -> None:
        h = np.tanh(layer.outputs, out=layer.h)
        h += self._rounder
        h -= self._rounder

    def _lstm_cell(self, layer: _Layer) -> None:
        """See `layers.lstm_cell`; o, i, f and h are doubled here."""
        np.tanh(layer.outputs, out=layer.outputs)
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

    def _arranged(self) -> Iterator[_Layer]:
        """Cut the arrays into layers, the output layer last."""
        groups, _, columns = self._x.shape
        start, h_start = 0, self._lookup_rows
        for n, weights in enumerate(self._weights):
            outputs = np.empty((groups, len(weights), columns), self._x.dtype)
            inputs = self._x[:, start : start + weights.shape[1]]
            h = self._x[:, h_start : h_start + self._hidden_size]
            c = self._c[:, n * self._hidden_size : (n + 1) * self._hidden_size]
            gates = by_gate(outputs) if self._is_lstm and n < self._depth else outputs[:0]
            yield _Layer(*self._multiplication(n, inputs, outputs), outputs, gates[:3], tuple(gates), h, c)
            start, h_start = h_start, h_start + self._hidden_size + 1

    def _multiplication(self, n: int, inputs: Array, outputs: Array) -> tuple[Array, Array, Array]:
        """Weights, inputs and z of a layer as `multiply` wants them."""
        width = self._form.panel
        if not width:
            return self._whole[n], inputs[0], outputs[0]
        if width not in self._panels:
            self._panels[width] = [panels(weights.T, width) for weights in self._weights]
        weights = self._panels[width][n]
        return weights, inputs[:, None], by_panel(outputs, weights)


def _filled_up(rows: int, multiple: int) -> int:
    return -(-rows // multiple) * multiple


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
