"""What `train` logs beside a checkpoint, the JSON lines of its events, read again: figures by step, and samples.

Not here: how the events come about (`events`), and drawing them (`plots`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import MangosaurusError

Floats = NDArray[np.float64]
Row = Mapping[str, Any]

FIGURES = ("step", "training_loss", "held_out_loss", "gradient_norm")


class HistoryError(MangosaurusError):
    """A history that cannot be read, or with nothing in it to draw."""


@dataclass(frozen=True)
class History:
    """N steps of one training; losses in nats per character, NaN where something was not measured."""

    recipe: str
    steps: Floats
    training_loss: Floats
    held_out_loss: Floats
    gradient_norm: Floats  # before clipping
    clipped_gradient_norm: Floats
    stages: tuple[tuple[str, float], ...]  # each stage's name and first step
    samples: tuple[tuple[float, str], ...] = ()  # what the network wrote along the way, and after which step

    @classmethod
    def from_events(cls, events: Iterable[Mapping[str, Any]]) -> "History":
        """Gather the steps among a training's events; of steps that a resumed training took again, the last count.

        Raises HistoryError where no event tells of progress, or one lacks a figure.
        """
        try:
            recipe, rows, samples = _gathered(events)
            if rows:
                return cls._from_rows(recipe, rows, samples)
        except (KeyError, TypeError, ValueError) as error:
            raise HistoryError(f"a step in this history lacks a figure: {error}") from error
        raise HistoryError("there is no step in this history; is it the .jsonl file that `train` writes?")

    @classmethod
    def _from_rows(cls, recipe: str, rows: list[Row], samples: list[Row]) -> "History":
        steps, training, held_out, norm = (np.array([row[column] for row in rows], np.float64) for column in FIGURES)
        clipped = np.array([row.get("clipped_gradient_norm") for row in rows], np.float64)  # early logs lack it
        stages: dict[str, float] = {}
        for row in rows:
            stages.setdefault(str(row.get("stage", "")), row["step"])
        told = tuple((float(sample["step"]), str(sample["text"])) for sample in samples)
        return cls(recipe, steps, training, held_out, norm, clipped, tuple(stages.items()), told)


def read_history(path: Path) -> History:
    """Read the JSON lines of a training; a line cut short by a killed process is passed over.

    Raises HistoryError, which names the file, if it cannot be read or has no steps.
    """
    try:
        return History.from_events(_events(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise HistoryError(f"cannot read {path}: {error.strerror or error}") from error
    except (HistoryError, UnicodeDecodeError) as error:
        raise HistoryError(f"cannot draw {path}: {error}") from error


def _gathered(events: Iterable[Row]) -> tuple[str, list[Row], list[Row]]:
    """Return the recipe's name, what is told of steps, and the samples."""
    recipe, rows, samples = "", list[Row](), list[Row]()
    for event in events:
        if event.get("event") == "started":
            recipe = str(event.get("recipe", ""))
        elif event.get("event") == "progress":
            _append(rows, event)
        elif event.get("event") == "sample" and {"step", "text"} <= event.keys():
            _append(samples, event)
    return recipe, rows, samples


def _append(rows: list[Row], row: Row) -> None:
    """Add what happened at a step, in place of what is known of later ones: a resumed training took those again."""
    while rows and rows[-1]["step"] >= row["step"]:
        rows.pop()
    rows.append(row)


def _events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event
