"""Reads the log of a training, which `runs` writes, back as a history: what can be drawn of it."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import MangosaurusError
from model.files import history_path
from model.network.layers import Floats

Event = dict[str, Any]


@dataclass(frozen=True)
class History:
    """The N logged steps of a training.

    Losses are in nats per character; NaN stands for "not measured".
    """

    recipe: str
    steps: Floats
    training_loss: Floats
    held_out_loss: Floats
    gradient_norm: Floats  # before clipping
    clipped_gradient_norm: Floats
    stages: tuple[tuple[str, float], ...]  # name and first step of each
    samples: tuple[tuple[float, str], ...] = ()  # step and text of each
    start_loss: float = math.nan  # of the weights that the training went on from
    ngram_loss: float = math.nan


def log_at(path: Path) -> Path:
    """Return the log that is here, or beside the weights that are here."""
    beside = history_path(path) if path.name else path
    return beside if path.suffix == ".safetensors" or beside.exists() else path


def read_history(path: Path) -> History:
    """Read a log.

    Raises MangosaurusError, with the file's name, if it cannot be read or has no steps.
    """
    try:
        return history_of(events_in(path.read_text(encoding="utf-8", errors="replace")))
    except OSError as error:
        raise MangosaurusError(f"cannot read {path}: {error.strerror or error}") from error
    except MangosaurusError as error:
        raise MangosaurusError(f"cannot draw {path}: {error}") from error


def history_of(events: Iterable[Event]) -> History:
    """Collect the steps and samples.

    MangosaurusError if there is no step, or a step lacks valid figures.
    """
    started: Event = {}
    steps, samples = list[Event](), list[Event]()
    try:
        for event in events:
            if event.get("event") == "started":
                started = event
            elif event.get("event") == "progress":
                _append(steps, event)
            elif event.get("event") == "sample" and {"step", "text"} <= event.keys():
                _append(samples, event)
        if not steps:
            raise MangosaurusError(
                "it has no training steps; is it the .jsonl file that `train` writes?"
            )
        names = "step", "training_loss", "held_out_loss", "gradient_norm"
        step, training, held_out, norm = (
            np.array([event[name] for event in steps], np.float64) for name in names
        )
        clipped = np.array(
            [event.get("clipped_gradient_norm") for event in steps], np.float64
        )  # early logs lack it
        stages: dict[str, float] = {}
        for event in steps:
            stages.setdefault(str(event.get("stage", "")), event["step"])
        texts = tuple((float(event["step"]), str(event["text"])) for event in samples)
        lines = {name: np.float64(started.get(name)) for name in ("start_loss", "ngram_loss")}
        recipe = str(started.get("recipe", ""))
        return History(
            recipe, step, training, held_out, norm, clipped, tuple(stages.items()), texts, **lines
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MangosaurusError(f"a step has a missing or invalid figure: {error}") from error


def _append(events: list[Event], event: Event) -> None:
    """Add an event, and drop events of the same or later steps, which a resumed
    training repeats.
    """
    while events and events[-1]["step"] >= event["step"]:
        events.pop()
    events.append(event)


def events_in(text: str) -> Iterator[Event]:
    """Yield the events of a log, and skip lines that have none, such as one that a killed process
    left incomplete.
    """
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event
