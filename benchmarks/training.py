"""Times a training step (forward, backward, clip, Adam) beside torch, and shared by two threads.

A step is timed as the trainer takes it, in CPU time of one thread, beside the fastest variant of
torch (see `torch_twin`). Before that, the gradients of both are found equal. Data and held-out
losses are left out: they cost little beside the step. Where two threads share a batch, as in the
trainer, the wall clock counts.
"""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.report import table, times, verdict
from benchmarks.timing import compare, fastest, speedup
from benchmarks.torch_twin import VARIANTS, TorchTraining
from model.network.layers import Array, Ids
from model.network.network import LanguageModel
from model.network.parameters import Architecture, CellName, Parameters
from model.threads import keep_memory
from model.training.optimizer import Adam, clip_by_global_norm

REPEATS = 9
NAMES, VERSE = 27, 38
"""How many characters there are."""
TOLERANCE = 1e-4
TORCH_TARGET, THREADS_TARGET = 0.95, 1.7


@dataclass(frozen=True)
class Size:
    """The network and the batch of one comparison."""

    cell: CellName
    hidden_size: int
    rows: int
    steps: int
    layers: int = 1
    characters: int = VERSE
    dropout: float = 0.0

    def __str__(self) -> str:
        width = f"{self.layers} × {self.hidden_size}" if self.layers > 1 else f"{self.hidden_size}"
        dropout = ", dropout" if self.dropout else ""
        return f"{self.cell.upper()} {width}, {self.rows} × {self.steps}{dropout}"

    def network(self) -> LanguageModel:
        """Return the untrained network that both sides begin with."""
        shape = Architecture(self.cell, self.characters, self.hidden_size, self.layers)
        return LanguageModel.initialise(shape, np.random.default_rng(0))

    def batch(self) -> tuple[Ids, Ids, list[Array] | None]:
        """Return inputs and targets, (T, B) each, and a dropout mask (B, H) for each layer."""
        generator = np.random.default_rng(1)
        inputs, targets = generator.integers(self.characters, size=(2, self.steps, self.rows))
        kept = generator.random((self.layers, self.rows, self.hidden_size)) >= self.dropout
        masks = list((kept / (1 - self.dropout)).astype(np.float32)) if self.dropout else None
        return inputs, targets, masks


SIZES = (
    Size("rnn", 256, 64, 14, characters=NAMES),
    Size("lstm", 224, 16, 12, characters=NAMES, dropout=0.5),
    Size("lstm", 384, 16, 32, layers=2, dropout=0.5),
    Size("lstm", 384, 32, 64, layers=2),
    Size("lstm", 256, 32, 64),
    Size("lstm", 256, 64, 64, layers=2),
    Size("lstm", 128, 64, 40),
    Size("gru", 256, 64, 64),
)
SHARED = (Size("lstm", 384, 64, 64, layers=2), Size("lstm", 512, 64, 64, layers=2))
"""The batches that two threads share."""


class OurTraining:
    """A training step as the trainer takes it."""

    def __init__(self, size: Size, threads: int = 1) -> None:
        self._language_model = size.network()
        self._adam = Adam(self._language_model.parameters)
        self._inputs, self._targets, self._masks = size.batch()
        edges = [size.rows * part // threads for part in range(threads + 1)]
        self._parts = list(map(slice, edges[:-1], edges[1:]))

    def gradients(self) -> Parameters:
        """Return the gradients of the loss in nats per character."""
        with ThreadPoolExecutor(len(self._parts)) as pool:
            gradients, *others = pool.map(self._gradients_of, self._parts)
        for more in others:
            gradients.whole[:] += more.whole
        gradients.whole[:] /= self._targets.size
        return gradients

    def _gradients_of(self, rows: slice) -> Parameters:
        inputs, targets = self._inputs[:, rows], self._targets[:, rows]
        masks = None if self._masks is None else [mask[rows] for mask in self._masks]
        state = self._language_model.initial_state(inputs.shape[1])
        found = self._language_model.loss_and_gradients(inputs, targets, state, dropout=masks)
        return found[1]

    def step(self) -> None:
        """Take a step of training."""
        gradients = self.gradients()
        clip_by_global_norm(gradients, 1.0)
        self._adam.update(gradients, 1e-3)


def report(repeats: int) -> str:
    """Measure, and return the tables."""
    keep_memory()  # as a training does
    torch.set_num_threads(1)
    found = [_beside_torch(size, repeats) for size in SIZES]
    rows = [(str(size), *cells) for size, (cells, _) in zip(SIZES, found, strict=True)]
    median = statistics.median(ratio for _, ratio in found)
    steps = table(("training step, CPU of one thread", "ours", "torch", "ratio"), rows)
    summary = (
        f"Ratio: torch's time divided by ours, median over rounds. Median of the rows:"
        f" {times(median)}, target ≥ {TORCH_TARGET} ×: {verdict(median, TORCH_TARGET)}."
    )
    shared = table(
        ("two threads share a batch", "one", "two", "ratio", "target", ""),
        [_in_two_threads(size, repeats) for size in SHARED],
    )
    return f"## Training step\n\n{steps}\n\n{summary}\n\n{shared}"


def _beside_torch(size: Size, repeats: int) -> tuple[tuple[str, ...], float]:
    sides = {variant: TorchTraining(size.network(), *size.batch(), variant) for variant in VARIANTS}
    for theirs in sides.values():
        check(size, theirs)
    chosen = fastest({variant: theirs.step for variant, theirs in sides.items()})
    ours = OurTraining(size)
    seconds = compare({"ours": ours.step, "torch": sides[chosen].step}, repeats)
    ratio = speedup(seconds["ours"], seconds["torch"])
    print(f"{size}: {times(ratio)} torch ({chosen})", flush=True)
    return (*map(_milliseconds, seconds.values()), times(ratio)), ratio


def check(size: Size, theirs: TorchTraining) -> None:
    """Check that all gradients are those of torch. Raises SystemExit if they are not."""
    theirs.backward()
    for parameter, ours in theirs.twin.pairs(OurTraining(size).gradients()):
        difference = np.abs(parameter.grad.numpy() - ours).max()
        if difference > TOLERANCE * np.abs(ours).max():
            raise SystemExit(f"{size}: gradients differ by {difference}: not the same network")


def _in_two_threads(size: Size, repeats: int) -> tuple[str, ...]:
    sides = {threads: OurTraining(size, threads).step for threads in (1, 2)}
    seconds = compare(sides, repeats, time.perf_counter)
    ratio = speedup(seconds[2], seconds[1])
    judged = f"≥ {THREADS_TARGET} ×", verdict(ratio, THREADS_TARGET)
    return (str(size), *map(_milliseconds, seconds.values()), times(ratio), *judged)


def _milliseconds(seconds: list[float]) -> str:
    return f"{1000 * statistics.median(seconds):.1f} ms"
