"""Times a training step (forward, backward, clip, Adam) beside torch and beside its matrix products
alone.

Ours runs as in the trainer: the batch is split over processes, each with a one-threaded BLAS. Torch
runs its fastest variant (see `torch_twin`) with as many threads. Before the timing, both must find
the same loss and gradient norm. Data, dropout and held-out losses are left out: they cost little
beside the step.
"""

import statistics
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch

from benchmarks.report import speed_verdict, table, verdict
from benchmarks.timing import Effort, compare, fastest, speedup
from benchmarks.torch_twin import TorchTraining, Variant, variants
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, CellName
from model.threads import blas_threads
from model.training.optimizer import Adam, clip_by_global_norm

VOCABULARY, LAYERS, LEARNING_RATE = 38, 2, 1e-3
TOLERANCE = 1e-4
TARGETS = {1: 1.0, 2: 1.25}
LIMIT_TARGET = 0.6


@dataclass(frozen=True)
class Size:
    """Hidden width, batch, time steps and cell of one comparison, and how many training steps are
    timed in a row.

    Several steps are timed in a row, because the first is slow: the data of the other side is still
    in the caches, and its threads still spin on the cores.
    """

    hidden_size: int
    batch_size: int
    time: int
    in_a_row: int
    cell: CellName = "lstm"

    def __str__(self) -> str:
        return f"{self.cell.upper()} H {self.hidden_size} B {self.batch_size} T {self.time}"


SIZES = (
    Size(128, 128, 40, 6),
    Size(256, 64, 64, 3),
    Size(256, 64, 64, 3, "gru"),
    Size(512, 64, 64, 1),
)


def report(effort: Effort) -> str:
    """Measure, and return the tables."""
    sizes = SIZES[:3] if effort.quick else SIZES
    with blas_threads(1):
        rows = [_row(size, threads, effort) for size in sizes for threads in TARGETS]
    ours = ("ours ms", "torch ms", "ours char/s", "ratio", "best", "target", "")
    header = ("training step", "threads", *ours, "of sgemm", "")
    return (
        f"## Training step, {LAYERS} layers, float32, {VOCABULARY}"
        f" characters\n\n{table(header, rows)}\n\n{NOTE}"
    )


NOTE = (
    "Ratio: median over rounds of several steps in a row; best: ratio of each side's fastest"
    " round; both must reach the target. torch: the fastest of one-hot or embedding input, fused"
    " or foreach Adam, oneDNN on or off. Of sgemm: the time of the step's matrix products alone,"
    f" on as many threads, as a share of our step; at 2 threads the target is {LIMIT_TARGET:.0%}."
    " It can exceed 100%, because these products pack their weights each time."
)


def _seconds(size: Size, threads: int, effort: Effort) -> dict[str, list[float]]:
    """Check that both sides compute the same, then time them and the products alone."""
    torch.set_num_threads(threads)
    language_model = network(size.hidden_size, size.cell)
    batches = _batches(size)
    ours = OurTraining(language_model.copy(), threads, size.batch_size)
    if threads == 1:
        check(language_model, size, batches[0])
    variant = _fastest_variant(language_model, size, batches)
    theirs = TorchTraining(language_model, variant, LEARNING_RATE)
    products = Products(size, threads)
    sides = {
        "ours": _stepping(ours.step, batches, size.in_a_row),
        "torch": _stepping(theirs.step, _as_tensors(batches), size.in_a_row),
        "products": _stepping(products.run, [()], size.in_a_row),
    }
    print(f"{size}, {threads} threads, beside torch with {variant}", flush=True)
    with closing(ours):
        return compare(sides, effort)


def _row(size: Size, threads: int, effort: Effort) -> tuple[str, ...]:
    seconds = _seconds(size, threads, effort)
    ratio, share = (
        speedup(seconds["ours"], seconds["torch"]),
        speedup(seconds["ours"], seconds["products"]),
    )
    ms = {name: 1e3 * statistics.median(values) / size.in_a_row for name, values in seconds.items()}
    characters = size.batch_size * size.time / ms["ours"] * 1e3
    print(f"{ratio:.2f} × torch, {share:.0%} of sgemm", flush=True)
    return (
        str(size),
        str(threads),
        f"{ms['ours']:.1f}",
        f"{ms['torch']:.1f}",
        f"{characters:,.0f}",
        *speed_verdict(seconds, "torch", TARGETS[threads]),
        f"{share:.0%}",
        verdict(share, LIMIT_TARGET) if threads > 1 else "",
    )


def network(hidden_size: int, cell: CellName = "lstm") -> LanguageModel:
    """The untrained network that both sides start from."""
    return LanguageModel.initialise(
        Architecture(cell, VOCABULARY, hidden_size, LAYERS), np.random.default_rng(0)
    )


class OurTraining:
    """A training step as the trainer takes it."""

    def __init__(self, language_model: LanguageModel, threads: int, batch_size: int) -> None:
        self._language_model, self._threads = language_model, threads
        self._adam = Adam(language_model.parameters)
        self._state = language_model.initial_state(batch_size)

    def step(self, inputs: Any, targets: Any) -> tuple[float, float]:
        """Take one step with ids (T, B); returns loss in nats per character and the norm before
        clipping.
        """
        nats, gradients, self._state = self._language_model.loss_and_gradients(
            inputs, targets, self._state
        )
        gradients.whole[:] /= targets.size
        norm = clip_by_global_norm(gradients, 1.0)
        self._adam.update(gradients, LEARNING_RATE)
        return nats / targets.size, norm

    def close(self) -> None:
        """Do nothing: no other process runs."""


class Products:
    """The matrix products of one step in their plain form, and nothing else.

    Each thread multiplies its share of the batch's rows, as in `OurTraining`. The look-up of the
    first layer costs nothing forward, and backward one product with the one-hot matrix.
    """

    def __init__(self, size: Size, threads: int) -> None:
        rows = size.batch_size // threads
        self._pool = ThreadPoolExecutor(threads)
        self._shares = [_products(size, rows) for _ in range(threads)]

    def run(self) -> None:
        """Compute every product once."""
        list(self._pool.map(_multiply, self._shares))


@dataclass(frozen=True)
class _Product:
    left: np.ndarray
    right: np.ndarray
    out: np.ndarray
    count: int


def _multiply(products: Iterable[_Product]) -> None:
    for product in products:
        for _ in range(product.count):
            np.matmul(product.left, product.right, out=product.out)


def _products(size: Size, rows: int) -> list[_Product]:
    hidden, long = size.hidden_size, rows * size.time
    width = len(CELLS[size.cell].GATES) * hidden
    found = [_product(VOCABULARY, long, width, transposed=False)]  # of the look-up, backward
    for _ in range(LAYERS):
        found.append(_product(rows, hidden, width, size.time))
        found.append(_product(rows, width, hidden, size.time))
        found.append(_product(hidden, long, width, transposed=True))
    for _ in range(LAYERS - 1):
        found.append(_product(long, hidden, width))
        found.append(_product(long, width, hidden))
        found.append(_product(hidden, long, width, transposed=True))
    found.append(_product(long, hidden, VOCABULARY))
    found.append(_product(long, VOCABULARY, hidden))
    found.append(_product(hidden, long, VOCABULARY, transposed=True))
    return found


def _product(n: int, inner: int, m: int, count: int = 1, *, transposed: bool = False) -> _Product:
    """Return a product (n, inner) by (inner, m).

    If `transposed`, the left side lies in memory as (inner, n).
    """
    left = np.ones((inner, n), np.float32).T if transposed else np.ones((n, inner), np.float32)
    return _Product(left, np.ones((inner, m), np.float32), np.empty((n, m), np.float32), count)


def check(language_model: LanguageModel, size: Size, batch: tuple[Any, Any]) -> None:
    """Check that all variants find our loss and gradient norm.

    Raises SystemExit if one does not.
    """
    loss, norm = OurTraining(language_model.copy(), 1, size.batch_size).step(*batch)
    for variant in variants():
        theirs = TorchTraining(language_model, variant, LEARNING_RATE)
        their_loss, their_norm = theirs.step(*_as_tensors([batch])[0])
        if abs(loss - float(their_loss)) > TOLERANCE:
            raise SystemExit(
                f"{variant}: the loss is {float(their_loss)}, ours is {loss}: not the same network"
            )
        if not variant.embedding and abs(norm - float(their_norm)) > TOLERANCE:
            raise SystemExit(f"{variant}: the gradient norm is {float(their_norm)}, ours is {norm}")


def _fastest_variant(language_model: LanguageModel, size: Size, batches: list[Any]) -> Variant:
    tensors = _as_tensors(batches)

    def training(variant: Variant) -> Callable[[], object]:
        theirs = TorchTraining(language_model, variant, LEARNING_RATE)
        return _stepping(theirs.step, tensors, size.in_a_row)

    return fastest({variant: training(variant) for variant in variants()})


def _stepping(step: Callable[..., object], batches: list[Any], count: int) -> Callable[[], object]:
    """Return a function that takes `count` steps, each call with the next batches."""
    turns = cycle(batches)
    return lambda: [step(*batch) for batch in islice(turns, count)]


def _batches(size: Size) -> list[tuple[Any, Any]]:
    ids = np.random.default_rng(1).integers(VOCABULARY, size=(4, size.time + 1, size.batch_size))
    return [(chunk[:-1], chunk[1:]) for chunk in ids]


def _as_tensors(batches: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [(torch.from_numpy(inputs), torch.from_numpy(targets)) for inputs, targets in batches]
