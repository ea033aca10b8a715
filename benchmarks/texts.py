"""Trains networks on lists and verse of many sizes from nothing, beside counting and torch.

The lists are random genera, and the verse is the beginning of the cleaned plays.
Ours trains by the recipe for the size of the text. The networks in torch are as courses teach them.
They get as much CPU time of one thread as ours, but at least a minute. All have the same split,
count the same characters, and keep the weights with the lowest held-out loss.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.report import table
from benchmarks.torch_course import train
from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.text.cleaning import clean_verse
from model.text.corpus import Corpus, read_names, read_verse
from model.text.sources import GENERA, shakespeare
from model.training.runs import checkpoint_of
from model.training.sizes import recipe_for
from model.training.trainer import Trainer

REPEATS = 1
LEAST_SECONDS = 60.0
NAMES, CHARACTERS = (120, 1_000, 4_000, 25_000), (25_000, 500_000)
TORCH = ("RNN", "GRU")


def report(repeats: int) -> str:
    """Measure, and return the table."""
    rows = []
    for name, corpus in _texts():
        losses: dict[str, list[float]] = {"counting": [counting_loss(corpus)]}
        for seed in range(repeats):
            seconds, loss = _ours(corpus, seed)
            losses.setdefault("ours", []).append(loss)
            for kind in TORCH:
                losses.setdefault(kind, []).append(
                    train(kind, corpus, max(seconds, LEAST_SECONDS), seed)
                )
        means = [f"{statistics.mean(found):.3f}" for found in losses.values()]
        rows.append((name, f"{seconds:.0f}", *means))
        print(*rows[-1], flush=True)
    header = ("nats per character", "seconds", "counting", "ours", *TORCH)
    note = (
        "Held-out losses, means of the rounds; a tenth of each text is held out. Seconds: CPU time"
        " of one thread that ours takes; torch gets as much, and a minute at least."
    )
    return f"## Any text: our recipe beside others\n\n{table(header, rows)}\n\n{note}"


def _texts() -> Iterator[tuple[str, Corpus]]:
    genera = GENERA.read_text(encoding="utf-8").split()
    for count in NAMES:
        chosen = np.random.default_rng([0, count]).choice(genera, count, replace=False)
        yield f"{count:,} names", _read(read_names, "\n".join(chosen))
    verse = clean_verse(shakespeare())
    for count in CHARACTERS:
        yield f"{count:,} characters", _read(read_verse, verse[: verse.rindex("\n", 0, count)])


def _read(read: Callable[[Path], Corpus], text: str) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(text, encoding="utf-8")
        return read(path)


def _ours(corpus: Corpus, seed: int) -> tuple[float, float]:
    """Train as `train` does; return the seconds of CPU and the held-out loss."""
    began = time.process_time()
    trainer = Trainer(recipe_for(corpus), corpus, seed=seed)
    for _ in trainer.run():
        pass
    seconds = time.process_time() - began
    return seconds, held_out_loss(checkpoint_of(trainer).language_model, corpus)
