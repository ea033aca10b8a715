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
from benchmarks.torch_twin import VARIANTS, TorchTraining, TorchWords
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import Architecture, CellName, Parameters
from model.network.sample import Sampler, Words
from model.text.batches import Batch
from model.threads import keep_memory
from model.training.optimizer import Adam, clip_by_global_norm
from model.training.recipes import VERSE as VERSE_RECIPE

REPEATS = 9
NAMES, VERSE, WORDS = 27, 38, 22_934
"""How many characters names and verse have, and how many words there are."""
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

    def batch(self) -> tuple[Batch, list[Array] | None]:
        """Return a batch, and a dropout mask (B, H) for each layer."""
        generator = np.random.default_rng(1)
        ids = generator.integers(self.characters, size=(2, self.steps, self.rows))
        kept = generator.random((self.layers, self.rows, self.hidden_size)) >= self.dropout
        masks = list((kept / (1 - self.dropout)).astype(np.float32)) if self.dropout else None
        return Batch(ids[0], ids[1], np.ones(ids[0].shape, np.bool_)), masks

    def ours(self, threads: int = 1) -> "OurTraining":
        batch, masks = self.batch()
        return OurTraining(self.network(), batch, threads, masks=masks)


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

    def __init__(
        self,
        language_model: LanguageModel,
        batch: Batch,
        threads: int = 1,
        *,
        masks: list[Array] | None = None,
        among: Words | None = None,
    ) -> None:
        self._language_model, self._batch, self._masks = language_model, batch, masks
        self._among, self._adam = among, Adam(language_model.parameters)
        rows = batch.inputs.shape[1]
        edges = [rows * part // threads for part in range(threads + 1)]
        self._parts = list(map(slice, edges[:-1], edges[1:]))

    def gradients(self) -> Parameters:
        """Return the gradients of the loss in nats per character."""
        with ThreadPoolExecutor(len(self._parts)) as pool:
            gradients, *others = pool.map(self._gradients_of, self._parts)
        for more in others:
            gradients.whole[:] += more.whole
        gradients.whole[:] /= self._batch.targets.size
        return gradients

    def _gradients_of(self, rows: slice) -> Parameters:
        inputs, targets = self._batch.inputs[:, rows], self._batch.targets[:, rows]
        masks = None if self._masks is None else [mask[rows] for mask in self._masks]
        state = self._language_model.initial_state(inputs.shape[1])
        found = self._language_model.loss_and_gradients(
            inputs, targets, state, dropout=masks, among=self._among
        )
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
    return f"## Training step\n\n{steps}\n\n{summary}\n\n{shared}\n\n{_words(repeats)}"


def _beside_torch(size: Size, repeats: int) -> tuple[tuple[str, ...], float]:
    sides = {variant: TorchTraining(size.network(), *size.batch(), variant) for variant in VARIANTS}
    for theirs in sides.values():
        check(str(size), size.ours(), theirs)
    chosen = fastest({variant: theirs.step for variant, theirs in sides.items()})
    ours = size.ours()
    seconds = compare({"ours": ours.step, "torch": sides[chosen].step}, repeats)
    ratio = speedup(seconds["ours"], seconds["torch"])
    print(f"{size}: {times(ratio)} torch ({chosen})", flush=True)
    return (*map(_milliseconds, seconds.values()), times(ratio)), ratio


def _words(repeats: int) -> str:
    """Time a step of the network that reads words, with the sample of its recipe."""
    (stage,), size = VERSE_RECIPE.stages, VERSE_RECIPE.hidden_size
    rows, steps = stage.batch_size, stage.sequence_length
    architecture = Architecture("lstm", WORDS, size, embedding=VERSE_RECIPE.embedding)
    generator = np.random.default_rng(0)
    counts = 1e6 / np.arange(10, WORDS + 10)  # as words are in a text (Zipf)
    draws = generator.choice(WORDS, p=counts / counts.sum(), size=(2, steps, rows))
    batch = Batch(draws[0], draws[1], np.ones((steps, rows), np.bool_))
    among = Sampler(counts, stage.sample, rows * steps).sample(batch.targets, generator)

    start = LanguageModel.initialise(architecture, generator)
    ours = {threads: OurTraining(start.copy(), batch, threads, among=among) for threads in (1, 2)}
    theirs = TorchWords(start, batch, among)
    check("words", ours[1], theirs)
    one = compare({"ours": ours[1].step, "torch": theirs.step}, repeats)
    two = compare({"one": ours[1].step, "two": ours[2].step}, repeats, time.perf_counter)
    timed = one["ours"], one["torch"], two["one"], two["two"]
    cells = [f"{rows * steps / statistics.median(seconds):,.0f}" for seconds in timed]
    ratios = speedup(one["ours"], one["torch"]), speedup(two["two"], two["one"])
    head = ("words a second, one thread", "ours", "torch", "ratio", "one", "two threads", "ratio")
    name = f"LSTM {size}, {rows} × {steps}, {stage.sample:,} of {WORDS:,} words"
    return table(head, [(name, *cells[:2], times(ratios[0]), *cells[2:], times(ratios[1]))])


def check(name: str, ours: OurTraining, theirs: TorchTraining | TorchWords) -> None:
    """Check that all gradients are those of torch. Raises SystemExit if they are not."""
    theirs.backward()
    for parameter, gradient in theirs.twin.pairs(ours.gradients()):
        difference = np.abs(parameter.grad.numpy() - gradient).max()
        if difference > TOLERANCE * np.abs(gradient).max():
            raise SystemExit(f"{name}: gradients differ by {difference}: not the same network")


def _in_two_threads(size: Size, repeats: int) -> tuple[str, ...]:
    sides = {threads: size.ours(threads).step for threads in (1, 2)}
    seconds = compare(sides, repeats, time.perf_counter)
    ratio = speedup(seconds[2], seconds[1])
    judged = f"≥ {THREADS_TARGET} ×", verdict(ratio, THREADS_TARGET)
    return (str(size), *map(_milliseconds, seconds.values()), times(ratio), *judged)


def _milliseconds(seconds: list[float]) -> str:
    return f"{1000 * statistics.median(seconds):.1f} ms"
