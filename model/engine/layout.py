"""How the decoder's rows lie in groups of columns, and which form of product is the fastest for them.

All forms give the same bits, because every sum is exact (see `grid`). The bounds between them are measured.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.engine.columns import GROUP
from model.engine.products import PANEL
from model.engine.threads import blas_thread_count
from model.network.architecture import Architecture
from model.network.layers import Array, Ids

FEW_ROWS, WIDE_PANEL = 10, 64
"""Up to FEW_ROWS rows, panels of WIDE_PANEL outputs are faster than panels of PANEL."""
FULL_COLUMNS = 16
"""The number of columns is rounded up to a multiple of this: 41 columns take as long as 48, or longer."""
ONE_GROUP = 48
"""Up to this many rows, one group is faster than several."""
LARGE_PRODUCT = 4_000_000
"""Beyond this many multiplications, several groups or several threads make a product faster."""


class Layout(NamedTuple):
    """Groups with at least as many columns as there are rows, and the form of their products."""

    groups: int
    columns: int  # in each group
    panel: int  # outputs in a panel of weights; 0 for products with whole matrices

    def position(self, row: int) -> tuple[int, int]:
        """The group and the column of a row."""
        return divmod(row, self.columns)

    def positions(self, rows: int) -> tuple[Ids, Ids]:
        """The groups and the columns of the first rows."""
        return np.divmod(np.arange(rows), max(1, self.columns))


def layout_for(rows: int, weights: int) -> Layout:
    """The fastest layout for this many rows; `weights` is the size of the largest layer."""
    if rows <= 1:
        return Layout(1, rows, 0)  # a matrix-vector product
    if rows <= FEW_ROWS:
        return Layout(1, rows, WIDE_PANEL)
    is_large = weights * rows > LARGE_PRODUCT
    if is_large and blas_thread_count() > 1:
        return Layout(1, _rounded_up(rows, PANEL), 0)  # BLAS shares a whole product between its threads
    if not is_large or rows <= ONE_GROUP:
        return Layout(1, _rounded_up(rows, FULL_COLUMNS), PANEL)
    return Layout(_rounded_up(rows, GROUP) // GROUP, GROUP, PANEL)


def _rounded_up(rows: int, multiple: int) -> int:
    return -(-rows // multiple) * multiple


class States:
    """The states of all rows, zero at first, and everything else that a step multiplies by weights.

    `inputs` holds [look-up | h_0 | 1 | h_1 | 1 | ...], a column for each row. Every layer reads one slice of it:

        layer 0         [look-up | h_0]
        layer n         [h_{n-1} | 1 | h_n]
        output layer    [h_{L-1} | 1]

    The look-up is one-hot: an element for each character and a last one for no character. Layer 0 needs no 1 for its
    bias, which is part of its look-up weights.
    """

    def __init__(self, layout: Layout, architecture: Architecture, dtype: DTypeLike) -> None:
        depth, self._hidden_size = architecture.layers, architecture.hidden_size
        self._lookup_size = architecture.vocab_size + 1
        self.layout, (groups, columns, _) = layout, layout
        self.inputs = np.zeros((groups, self._lookup_size + depth * (self._hidden_size + 1), columns), dtype)
        self.lookup = self.inputs[:, : self._lookup_size]
        h_and_1 = self.inputs[:, self._lookup_size :].reshape(groups, depth, self._hidden_size + 1, columns)
        h_and_1[:, :, -1] = 1
        self.h = h_and_1[:, :, :-1]  # (G, L, H, B)
        c_size = self._hidden_size if architecture.cell == "lstm" else 0
        self.c = np.zeros((groups, depth, c_size, columns), dtype)

    def inputs_of(self, n: int, width: int) -> Array:
        """The slice (G, K, B) that layer n reads, of K = `width` inputs; n = L for the output layer."""
        start = self._lookup_size + (n - 1) * (self._hidden_size + 1) if n else 0
        return self.inputs[:, start : start + width]

    def copy_rows(self, source: "States", rows: int) -> None:
        """Copy the states of the first rows from another layout."""
        groups, columns = self.layout.positions(rows)
        source_groups, source_columns = source.layout.positions(rows)
        self.h[groups, ..., columns] = source.h[source_groups, ..., source_columns]
        self.c[groups, ..., columns] = source.c[source_groups, ..., source_columns]

    def clear(self, row: int) -> None:
        """Put a row into the zero state."""
        group, column = self.layout.position(row)
        self.h[group, ..., column] = 0
        self.c[group, ..., column] = 0

    def move(self, source: int, target: int) -> None:
        """Copy the state of one row to another."""
        self.copy_row(self, source, target)

    def copy_row(self, source: "States", source_row: int, row: int) -> None:
        """Copy the state of a row of another layout."""
        group, column = self.layout.position(row)
        source_group, source_column = source.layout.position(source_row)
        self.h[group, ..., column] = source.h[source_group, ..., source_column]
        self.c[group, ..., column] = source.c[source_group, ..., source_column]
