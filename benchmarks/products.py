"""Times the product of an LSTM's time step in the forms of `model.engine`: rows, columns, panels
and groups.
"""

import statistics
from collections.abc import Callable

import numpy as np

from benchmarks.report import table, times
from benchmarks.timing import Effort, compare, speedup
from model.engine.products import GROUP, PANEL, by_panel, panels
from model.engine.threads import blas_threads
from model.network.layers import Array

SIZES = ((128, 128), (256, 64), (512, 64))  # H, B
IN_A_ROW = 20

PANELS, GROUPS = (PANEL, 4 * PANEL), (GROUP // 2, GROUP, 2 * GROUP)


def report(effort: Effort) -> str:
    """Measure, and return the table."""
    with blas_threads(1):
        rows = [_row(*size, effort) for size in SIZES[: 2 if effort.quick else None]]
    forms = [f"{width} in {group}" for width in PANELS for group in GROUPS]
    header = (
        "H, B",
        "x w µs",
        "wᵀ x µs",
        *(f"{form} µs" for form in forms),
        "x w beside ours",
        "panels once µs",
    )
    return (
        "## One product of an LSTM's time step, one thread, float32\n\n"
        f"{table(header, rows)}\n\n"
        f"«8 in 32»: panels of 8 outputs, groups of 32 columns; ours is {PANEL} in {GROUP}. "
        "Panels are made once for all time steps of a batch."
    )


def _row(hidden_size: int, batch_size: int, effort: Effort) -> tuple[str, ...]:
    random = np.random.default_rng(0)
    w = random.normal(size=(2 * hidden_size + 1, 4 * hidden_size)).astype(np.float32)
    x = random.normal(size=(batch_size, len(w))).astype(np.float32)
    sides = {"rows": _whole(x, w), "columns": _whole(w.T.copy(), x.T.copy()), "once": _arranging(w)}
    sides |= {
        f"{width} in {group}": _grouped(w, x, width, group) for width in PANELS for group in GROUPS
    }
    seconds = compare({name: _repeated(side) for name, side in sides.items()}, effort)
    once, ours = seconds.pop("once"), seconds[f"{PANEL} in {GROUP}"]
    microseconds = [
        f"{1e6 * statistics.median(found) / IN_A_ROW:,.0f}" for found in (*seconds.values(), once)
    ]
    ratio = times(speedup(ours, seconds["rows"]))
    return (f"{hidden_size}, {batch_size}", *microseconds[:-1], ratio, microseconds[-1])


def _whole(left: Array, right: Array) -> Callable[[], object]:
    out = np.empty((len(left), right.shape[1]), np.float32)
    return lambda: np.matmul(left, right, out=out)


def _grouped(w: Array, x: Array, width: int, group: int) -> Callable[[], object]:
    columns = np.ascontiguousarray(x.T.reshape(len(w), -1, group).swapaxes(0, 1))
    w_panels = panels(w, width)
    out = by_panel(np.empty((len(columns), w.shape[1], group), np.float32), w_panels)
    return lambda: np.matmul(w_panels, columns[:, None], out=out)


def _arranging(w: Array) -> Callable[[], object]:
    kept = np.empty(w.size, np.float32)
    return lambda: panels(w, lend=lambda _name, *shape: kept.reshape(shape))


def _repeated(side: Callable[[], object]) -> Callable[[], object]:
    return lambda: [side() for _ in range(IN_A_ROW)]
