"""Steps many rows at once, and gives each row the same bits as it would get alone.

No sum here rounds, so neither other rows nor the form of a product can change a bit (see
`model.engine`). States are rounded to multiples of 2^-8 (`rounder`). The parameters of each output
are rounded to multiples of a power of two (`on_grid`). The power is as fine as possible while every
sum of products still fits into a float's digits.

Versions trained from nothing do not depend on the machine either: every processor rounds a sum or
product of two terms alike, and tanh comes from a table (see `rounding`). Older versions, and those
trained from them, have no `tanh_digits` and use the processor's tanh. The rounding of h mostly
hides its last digits, but on a processor without FMA their verse can differ.

One function remains: to draw a character, `sampling` takes exp in double precision. Its last digits
may differ between machines, by some 10^-16. Two machines then draw different characters about once
in 10^14 draws.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.engine import gru, lstm, rnn
from model.engine.products import GROUP, PANEL, as_rows, by_panel, panels
from model.engine.rounding import H_DIGITS, rounder
from model.network.layers import Array, Ids
from model.network.network import LanguageModel
from model.threads import blas_thread_count

CELLS: dict[str, Any] = {"rnn": rnn, "lstm": lstm, "gru": gru}

FEW_ROWS, WIDE_PANEL = (
    10,
    64,
)  # up to FEW_ROWS rows, panels of WIDE_PANEL outputs are faster than panels of PANEL
# the number of columns is rounded up to a multiple of this: 41 columns take as long as 48, or
# longer
FULL_COLUMNS = 16
ONE_GROUP = 48  # up to this many rows, one group is faster than several
# beyond this many multiplications, several groups or several threads make a product faster
LARGE_PRODUCT = 4_000_000
# a matrix of fewer parameters is read faster column by column: the nearer caches hold it
SMALL_MATRIX = 150_000


def on_grid(
    w: NDArray[np.float64], lookup: int, digits: int, dtype: DTypeLike
) -> NDArray[np.float64]:
    """Round the parameters w (N, K) of each of N outputs to multiples of a step that makes its sums
    exact.

    Inputs are multiples of 2^-digits, and at most 2. Of the first `lookup` inputs, one is 1 and the
    rest are 0.

    Let 2^e be a power of two that no sum reaches, and m the number of digits that a float stores of
    its mantissa. The step is 2^(e - m + digits). So every product is a multiple of 2^(e - m), and m
    digits suffice for every sum. A float has one digit more than it stores; that digit leaves room
    for sums that rounding makes larger. e is never so small that 2^(e - m) is below the smallest
    float.
    """
    numbers = np.finfo(dtype)
    largest = 2 * np.abs(w[:, lookup:]).sum(axis=1) + np.abs(w[:, :lookup]).max(axis=1, initial=0)
    _, exponent = np.frexp(largest)
    step = np.ldexp(1.0, np.maximum(exponent, numbers.minexp) - numbers.nmant + digits)[:, None]
    return np.rint(w / step) * step


class Layout(NamedTuple):
    """Says how rows become groups of columns, and in which form they are multiplied.

    All forms give the same bits.
    """

    groups: int
    columns: int  # of each group; the last ones may be unused
    panel: int  # the outputs in a panel; 0 for products with whole matrices

    @classmethod
    def fastest(cls, rows: int, size: int) -> "Layout":
        """Return the fastest layout for this many rows; `size` is how many parameters the largest
        layer has.
        """
        if rows <= 1:
            return cls(1, rows, 0)  # a matrix-vector product
        if rows <= FEW_ROWS:
            return cls(1, rows, WIDE_PANEL)
        is_large = size * rows > LARGE_PRODUCT
        if is_large and blas_thread_count() > 1:
            return cls(
                1, _rounded_up(rows, PANEL), 0
            )  # BLAS shares a whole product between its threads
        if not is_large or rows <= ONE_GROUP:
            return cls(1, _rounded_up(rows, FULL_COLUMNS), PANEL)
        return cls(-(-rows // GROUP), GROUP, PANEL)


def _rounded_up(rows: int, multiple: int) -> int:
    return -(-rows // multiple) * multiple


class States:
    """The states of all rows, zero at first, and all other numbers that a step multiplies by
    parameters.

    `inputs` has a column [look-up | h_0 | 1 | h_1 | 1 | ...] for each row. Every layer reads one
    slice of it:

        layer 0         [look-up | h_0]
        layer n         [h_{n-1} | 1 | h_n]
        output layer    [h_{L-1} | 1]

    The look-up is one-hot, with an element for each character and a last element for NO_CHARACTER.
    Layer 0 needs no 1 for its bias, because every column of its look-up parameters includes the
    bias.
    """

    def __init__(self, layout: Layout, language_model: LanguageModel) -> None:
        shape, (groups, columns, _), dtype = (
            language_model.architecture,
            layout,
            language_model.dtype,
        )
        depth, self._block, self._lookup_size = (
            shape.layers,
            shape.hidden_size + 1,
            shape.vocab_size + 1,
        )
        self.layout = layout
        self.inputs = np.zeros((groups, self._lookup_size + depth * self._block, columns), dtype)
        self.lookup = self.inputs[:, : self._lookup_size]
        h_and_1 = self.inputs[:, self._lookup_size :].reshape(groups, depth, self._block, columns)
        h_and_1[:, :, -1] = 1
        self.h = h_and_1[:, :, :-1]  # (G, L, H, B)
        others = len(language_model.cell.STATES) - 1
        self.rest = np.zeros(
            (groups, depth, others * shape.hidden_size, columns), dtype
        )  # of the state, beside h

    def inputs_of(self, n: int, width: int) -> Array:
        """Return the slice (G, K, B) that layer n reads, of K = `width` inputs; n = L for the
        output layer.
        """
        start = self._lookup_size + (n - 1) * self._block if n else 0
        return self.inputs[:, start : start + width]

    def places(self, rows: int | Ids) -> tuple[Any, Any]:
        return divmod(rows, max(1, self.layout.columns))

    def copy(self, rows: int | Ids, source: "States", source_rows: int | Ids) -> None:
        """Copy the states of `source_rows`, from another layout or from this one, to `rows`."""
        groups, columns = self.places(rows)
        source_groups, source_columns = source.places(source_rows)
        self.h[groups, ..., columns] = source.h[source_groups, ..., source_columns]
        self.rest[groups, ..., columns] = source.rest[source_groups, ..., source_columns]

    def clear(self, rows: int | Ids) -> None:
        groups, columns = self.places(rows)
        self.h[groups, ..., columns] = 0
        self.rest[groups, ..., columns] = 0


class Lockstep:
    """A network that steps any number of rows at once and keeps their states. No row depends on
    another.

    `tanh_digits` is that of its version. No parameter is larger than `checkpoint.LARGEST`, so no step
    overflows.
    """

    def __init__(self, language_model: LanguageModel, tanh_digits: int = 7) -> None:
        self._language_model, dtype = language_model, language_model.dtype
        architecture = language_model.architecture
        self._cell = CELLS[architecture.cell]
        digits = H_DIGITS - self._cell.IS_DOUBLED
        self._rounder, self._tanh_digits = rounder(digits, dtype), tanh_digits
        lookups = [architecture.vocab_size + 1] + [0] * architecture.layers
        stacks = zip(_stacked(language_model), lookups, strict=True)
        numbers = [on_grid(*each, digits, dtype).astype(dtype) for each in stacks]
        self._matrices = [
            np.asarray(w, order="F" if w.size <= SMALL_MATRIX else "C") for w in numbers
        ]
        self._largest = max(matrix.size for matrix in self._matrices)
        self._by_panel = {
            0: self._matrices
        }  # the matrices by width of panel, arranged when first needed
        self._begin()

    def _begin(self) -> None:
        self.rows = 0
        self._lay_out(Layout.fastest(0, self._largest))
        self.resize(0)

    def resize(self, rows: int) -> None:
        """Keep the first rows, and add new ones in the zero state."""
        kept, self.rows = min(rows, self.rows), rows
        layout, before = Layout.fastest(rows, self._largest), self.states
        if layout == before.layout:
            self.states.clear(np.arange(kept, rows))
        else:
            self._lay_out(layout)
            self.states.copy(np.arange(kept), before, np.arange(kept))
        self._places = self.states.places(np.arange(rows))
        # With one group, `as_rows` returns a view, which serves for every step.
        self._logits_of_rows = as_rows(self._logits)[:rows] if layout.groups == 1 else None

    def clear(self, row: int) -> None:
        """Put a row into the zero state. Rows that are not allocated yet are already zero."""
        if row < self.rows:
            self.states.clear(row)

    def move(self, source: int, target: int) -> None:
        if source < self.rows:
            self.states.copy(target, self.states, source)
        else:
            self.clear(target)

    def sibling(self) -> "Lockstep":
        """Return a Lockstep with the same parameters, and without rows."""
        other = copy(self)
        other._begin()
        return other

    def room(self, rows: int) -> States:
        """Return a place to keep the states of rows, which are zero at first."""
        return States(Layout(1, rows, 0), self._language_model)

    def step(self, ids: Sequence[int] | Ids) -> Array:
        """Let each row read an id, which may be NO_CHARACTER; return logits (B, V), which the next
        step overwrites.
        """
        groups, columns = self._places
        self.states.lookup.fill(0)
        self.states.lookup[groups, ids, columns] = 1  # NO_CHARACTER is -1, the last element
        for compute in self._computations:
            compute()
        return (
            as_rows(self._logits)[: self.rows]
            if self._logits_of_rows is None
            else self._logits_of_rows
        )

    def _lay_out(self, layout: Layout) -> None:
        """Allocate all arrays for a layout, with all states zero, and list what a step computes, in
        order.
        """
        self.states = states = States(layout, self._language_model)
        groups, columns, panel = layout
        if panel not in self._by_panel:
            self._by_panel[panel] = [panels(matrix.T, panel) for matrix in self._matrices]
        self._computations: list[Callable[[], object]] = []
        for n, (matrix, w) in enumerate(zip(self._matrices, self._by_panel[panel], strict=True)):
            outputs, width = matrix.shape
            inputs, z = (
                states.inputs_of(n, width),
                np.empty((groups, outputs, columns), self._language_model.dtype),
            )
            if panel:
                product = partial(np.matmul, w, inputs[:, None], by_panel(z, w))
            else:
                product = partial(w.dot, inputs[0], z[0])  # matmul takes longer to begin
            self._computations.append(product)
            if n < states.h.shape[1]:
                h, rest = states.h[:, n], states.rest[:, n]
                self._computations.append(
                    self._cell.exact_step(z, h, rest, self._rounder, self._tanh_digits)
                )
        self._logits = z


def _stacked(language_model: LanguageModel) -> Iterator[NDArray[np.float64]]:
    """Yield the parameters (N, K) of each layer for its slice of `States`, the output
    layer last.
    """
    cell, p = CELLS[language_model.architecture.cell], language_model.parameters
    of_h = 0.5 if cell.IS_DOUBLED else 1.0  # halving is exact
    for n, layer in enumerate(p.layers):
        w_x, w_h, b = (array.T.astype(np.float64) for array in layer)
        w_x, b, w_h = cell.exact_rows(w_x, b[:, None], w_h)
        yield np.hstack([w_x * of_h, b, w_h * of_h] if n else [w_x + b, b, w_h * of_h])
    yield np.hstack([p.w_y.T * np.float64(of_h), p.b_y[:, None]])
