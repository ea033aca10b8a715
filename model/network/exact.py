"""Steps many rows at once, and gives each row the same bits as it would get alone.

A sum that rounds depends on the order of its terms, and a library for matrices takes an order that
suits the number of rows, the threads and the processor. Here no sum of products rounds, so every
order gives the same: h is on a grid, and so are the parameters (`on_grid`). All else is sums and
products of two numbers, which every processor rounds alike, and tanh.

A network that reads words has its embedding on a grid, too: multiples of 2^-8 between -2 and 2, or
of 2^-7 if h is stored doubled. It is the input of the first layer, and the parameters of that layer
are rounded to suit. For the logits, the same table is multiplied by y = h w_y, which is kept
between -8 and 8 and rounded to multiples of a step that makes these sums exact. No table of words
and gates is needed, and the memory of the embedding is all that a large vocabulary takes.

Processors and libraries compute tanh with different last digits. So a table defines it: tanh of
every multiple of 2^-7 from -8 to 8, rounded to multiples of 2^-8. An argument is first rounded to
the nearest multiple of 2^-7. Beyond 8, tanh rounds to 1, as the last entry does. The table need not
be in memory: the processor's own tanh, rounded, gives its entries. No true value lies closer than 7
millionths to a point where rounding changes, and NumPy's tanh, in single precision, errs by less
than a quarter of a millionth. So processors differ before the rounding and agree after it.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from model.network.layers import Array, Floats, Ids
from model.network.network import LanguageModel

FLOAT = np.finfo(np.float32)
FEW_ROWS, PANEL = 32, 64  # at most FEW_ROWS rows are multiplied by PANEL columns at a time
H_DIGITS = 8  # binary digits after the point of h, and of tanh from the table
LARGEST_X, LARGEST_Y = 2.0, 8.0  # limits of the numbers of an embedding, and of h w_y
# (x + c) - c rounds a small x to a multiple of 2^-digits: x + c has no room for finer digits. NumPy
# adds an array of shape () faster than a scalar.
_TO_7, _TO_8 = (np.array(1.5 * 2.0 ** (FLOAT.nmant - digits), FLOAT.dtype) for digits in (7, 8))


class Exact:
    """The exact step of a network. It holds parameters only, so threads may share it.

    The states of B rows are one array (B, L, S, H): indexing takes rows in and out.
    """

    def __init__(self, language_model: LanguageModel) -> None:
        architecture, p = language_model.architecture, language_model.parameters
        size, cell = architecture.hidden_size, CELLS[architecture.cell]
        self._cell_step = cell.step
        self._shape = (architecture.layers, len(language_model.cell.State._fields), size)
        of_h = np.float64(0.5 if cell.is_doubled else 1)  # halving is exact
        digits = H_DIGITS - cell.is_doubled
        is_embedded = bool(architecture.embedding)
        self._words = WordLogits(p.embedding, p.b_y, digits) if is_embedded else None
        rounded = []
        for n, layer in enumerate(p.layers):
            is_one_hot = not (n or is_embedded)
            gates = []
            for gate, (factor_of_x, factor_of_h) in enumerate(
                zip(cell.of_x, cell.of_h, strict=True)
            ):
                w_x, b, w_h = (
                    _columns(w, gate, size) for w in (layer.w_x, layer.b[None], layer.w_h)
                )
                w_x *= factor_of_x * (of_h if n else 1)
                b *= factor_of_x
                w_h *= factor_of_h * of_h
                if is_one_hot:
                    w_x += b  # rows that are looked up have the bias; b is for NO_CHARACTER
                lookups = (architecture.vocab_size + 1) * is_one_hot
                gates.append(on_grid(np.vstack([w_x, b, w_h]), lookups, digits))
            rounded.append(np.hstack(gates))
        b_y = np.zeros((1, architecture.embedding)) if is_embedded else p.b_y[None]
        rounded.append(on_grid(np.vstack([p.w_y * of_h, b_y]), 0, digits))
        # a row for each character, and one for NO_CHARACTER; or w_x and b of the first layer
        self._first = rounded[0][:-size]
        # for each layer: its w_h, then the w and b of the layer above it, or of the logits
        self._layers = [(of[-size:], above[:size], above[size]) for of, above in pairwise(rounded)]

    def initial_state(self, rows: int) -> Array:
        return np.zeros((rows, *self._shape), FLOAT.dtype)

    def step(self, ids: Ids, state: Array) -> Array:
        """Read ids (B,), -1 for no token, and overwrite the state. Return the logits (B, V)."""
        z = self.read(ids, state)
        return self._words.logits(z) if self._words else z

    def read(self, ids: Ids, state: Array) -> Array:
        """Do what `step` does, but leave out the product with all words: return h w_y + b_y."""
        if self._words:
            z = _product(self._words.rows(ids), self._first[:-1])
            z += self._first[-1]
        else:
            z = self._first.take(ids, axis=0)
        for n, (w_h, w_above, b_above) in enumerate(self._layers):
            h = state[:, n, 0]
            z += _product(h, w_h)
            self._cell_step(z, state[:, n])
            z = _product(h, w_above)  # for the layer above, or the logits
            z += b_above
        return z


class WordLogits:
    """An embedding on a grid: its rows, and the logits of all words.

    The table (V, E) is kept in panels of PANEL words (-, E, PANEL), which makes the product of 40
    rows twice as fast: see `_product`.
    """

    def __init__(self, embedding: Array, b_y: Array, digits: int) -> None:
        step, largest = 2.0**-digits, 0.0
        size, width = embedding.shape
        self._panels = np.zeros((-(-size // PANEL), width, PANEL), FLOAT.dtype)
        for n, panel in enumerate(self._panels):  # one by one: in float64, all of them are large
            x = embedding[n * PANEL : (n + 1) * PANEL].T.astype(np.float64)
            rounded = np.rint(np.clip(x, -LARGEST_X, LARGEST_X) / step) * step
            largest = max(largest, np.abs(rounded).sum(axis=0).max())
            panel[:, : rounded.shape[1]] = rounded
        largest = LARGEST_Y * largest + np.abs(b_y).max()
        # as in `on_grid`, with y as the parameter that is rounded
        product_step = np.ldexp(1.0, max(np.frexp(largest)[1], 0) - FLOAT.nmant)
        self.b_y = (np.rint(b_y / product_step) * product_step).astype(FLOAT.dtype)
        self._y_step = FLOAT.dtype.type(product_step / step)

    def rows(self, ids: Ids) -> Array:
        """Return the rows (B, E) of ids (B,); zeros for -1."""
        found = self._panels[ids // PANEL, :, ids % PANEL]
        found[ids < 0] = 0
        return found

    def logits(self, y: Array) -> Array:
        """Return y tableᵀ + b_y (B, V) for y (B, E), which is overwritten."""
        np.clip(y, -LARGEST_Y, LARGEST_Y, out=y)
        y /= self._y_step
        np.rint(y, out=y)
        y *= self._y_step
        logits = np.matmul(y, self._panels).swapaxes(0, 1).reshape(len(y), -1)
        return logits[:, : len(self.b_y)] + self.b_y


def _product(x: Array, w: Array) -> Array:
    """Return x w. For few rows, OpenBLAS with AVX-512 would spend most of its time copying w."""
    if not 1 < len(x) <= FEW_ROWS or w.shape[1] % PANEL:
        return x.dot(w)
    panels = w.reshape(len(w), -1, PANEL).swapaxes(0, 1)
    return np.matmul(x, panels).swapaxes(0, 1).reshape(len(x), -1)


def on_grid(w: Floats, lookups: int, digits: int) -> Array:
    """Round the parameters w (M, K) of K outputs to multiples of steps that make their sums exact.

    Inputs are multiples of 2^-digits, and at most 2. Of the first `lookups` inputs, one is 1, and
    the others are 0. Let 2^e be a power of two that no sum reaches, and m the number of digits that
    a float stores of its mantissa. The step is 2^(e - m + digits). So every product with an input
    is a multiple of 2^(e - m), and m digits suffice for every sum. A float has one digit more than
    it stores, which leaves room for sums that rounding makes larger. 2^(e - m) is never below the
    smallest float.
    """
    largest = 2 * np.abs(w[lookups:]).sum(axis=0) + np.abs(w[:lookups]).max(axis=0, initial=0)
    exponent = np.maximum(np.frexp(largest)[1], FLOAT.minexp)
    step = np.ldexp(1.0, exponent - FLOAT.nmant + digits)
    rounded = w / step
    np.rint(rounded, out=rounded)
    rounded *= step
    return rounded.astype(FLOAT.dtype)


def look_up(x: Array, out: Array) -> None:
    """Write tanh of x, from the table."""
    np.add(x, _TO_7, out)
    np.subtract(out, _TO_7, out)
    np.tanh(out, out)
    np.add(out, _TO_8, out)
    np.subtract(out, _TO_8, out)


# Each function below is the step of a cell: it reads z (B, K) and overwrites the state (B, S, H).
# For a sigmoid, z comes halved, and the result is 2σ(z) = 1 + tanh(z/2), twice the sigmoid. The h
# of an LSTM is stored doubled, too.
def _lstm(z: Array, state: Array) -> None:
    h, c = state[:, 0], state[:, 1]
    look_up(z, z)
    z[:, : -h.shape[1]] += 1
    o, i, f, g = z.reshape(len(z), 4, -1).swapaxes(0, 1)
    c *= f
    g *= i
    c += g
    c *= 0.5
    look_up(c, g)
    g *= o
    g += _TO_7
    np.subtract(g, _TO_7, h)


def _gru(z: Array, state: Array) -> None:
    h = state[:, 0]
    gates = z[:, : 2 * h.shape[1]]
    look_up(gates, gates)
    gates += 1
    r, u, n, s = z.reshape(len(z), 4, -1).swapaxes(0, 1)  # n reads x, and s reads h
    n += r * s
    look_up(n, n)
    h[:] = (h - n) * u * np.float32(0.5) + n + _TO_8 - _TO_8


class _Cell(NamedTuple):
    step: Callable[[Array, Array], None]
    of_x: tuple[float, ...]  # factors of the blocks of w_x and b
    of_h: tuple[float, ...]  # of w_h
    is_doubled: bool = False


CELLS = {
    "rnn": _Cell(lambda z, state: look_up(z, state[:, 0]), (1,), (1,)),
    "lstm": _Cell(_lstm, (0.5, 0.5, 0.5, 1), (0.5, 0.5, 0.5, 1), is_doubled=True),
    "gru": _Cell(_gru, (0.5, 0.5, 1, 0), (0.5, 0.5, 0, 0.5)),
}


def _columns(w: Array, gate: int, size: int) -> Floats:
    """Return a gate's columns of a parameter; those of the last gate for one gate more."""
    first = min(gate * size, w.shape[1] - size)
    return w[:, first : first + size].astype(np.float64)
