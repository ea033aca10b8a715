"""The log of a training, read back: figures by step, and samples. `train` writes one event a line, as JSON."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import MangosaurusError

Floats = NDArray[np.float64]
Event = Mapping[str, Any]

FIGURES = ("step", "training_loss", "held_out_loss", "gradient_norm")


class HistoryError(MangosaurusError):
    """A log that cannot be read or has no steps."""


@dataclass(frozen=True)
class History:
    """The N logged steps of a training. Losses are in nats per character; NaN stands for "not measured"."""

    recipe: str
    steps: Floats
    training_loss: Floats
    held_out_loss: Floats
    gradient_norm: Floats  # before clipping
    clipped_gradient_norm: Floats
    stages: tuple[tuple[str, float], ...]  # name and first step of each
    samples: tuple[tuple[float, str], ...] = ()  # step and text of each
    start_loss: float = math.nan
    """The held-out loss of the weights that the training went on from."""
    ngram_loss: float = math.nan

    @property
    def after_teachers(self) -> float:
        """The first step of the network itself, or infinity. The name of a teacher's stage is "teacher, stage"."""
        return next((step for stage, step in self.stages if ", " not in stage), math.inf)

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> "History":
        """Collect the steps and samples. Where a resumed training repeated steps, the later ones count.

        Raises HistoryError if there is no progress event, or if one has a missing or invalid figure.
        """
        try:
            started, steps, samples = _collect(events)
            if steps:
                return cls._from_steps(started, steps, samples)
        except (KeyError, TypeError, ValueError) as error:
            raise HistoryError(f"a step has a missing or invalid figure: {error}") from error
        raise HistoryError("it has no training steps; is it the .jsonl file that `train` writes?")

    @classmethod
    def _from_steps(cls, started: Event, steps: list[Event], samples: list[Event]) -> "History":
        step, training, held_out, norm = (np.array([event[name] for event in steps], np.float64) for name in FIGURES)
        clipped = np.array([event.get("clipped_gradient_norm") for event in steps], np.float64)  # early logs lack it
        stages: dict[str, float] = {}
        for event in steps:
            stages.setdefault(str(event.get("stage", "")), event["step"])
        texts = tuple((float(event["step"]), str(event["text"])) for event in samples)
        lines = {name: np.float64(started.get(name)) for name in ("start_loss", "ngram_loss")}
        recipe = str(started.get("recipe", ""))
        return cls(recipe, step, training, held_out, norm, clipped, tuple(stages.items()), texts, **lines)


def read_history(path: Path) -> History:
    """Read a log. A line that a killed process left incomplete is skipped.

    Raises HistoryError, with the file's name, if the file cannot be read or has no steps.
    """
    try:
        return History.from_events(_events(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise HistoryError(f"cannot read {path}: {error.strerror or error}") from error
    except (HistoryError, UnicodeDecodeError) as error:
        raise HistoryError(f"cannot draw {path}: {error}") from error


def _collect(events: Iterable[Event]) -> tuple[Event, list[Event], list[Event]]:
    """Return the last event "started", the progress events and the sample events."""
    started, steps, samples = dict[str, Any](), list[Event](), list[Event]()
    for event in events:
        if event.get("event") == "started":
            started = dict(event)
        elif event.get("event") == "progress":
            _append(steps, event)
        elif event.get("event") == "sample" and {"step", "text"} <= event.keys():
            _append(samples, event)
    return started, steps, samples


def _append(events: list[Event], event: Event) -> None:
    """Add an event. It replaces those of the same and later steps, which a resumed training has repeated."""
    while events and events[-1]["step"] >= event["step"]:
        events.pop()
    events.append(event)


def _events(text: str) -> Iterator[Event]:
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event
