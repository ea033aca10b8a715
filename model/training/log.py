"""The log of a training: its events as JSON, one a line, written while it runs and read back for plots.

An event is a dictionary whose "event" names it: "started" first, with the losses to beat on the same characters;
"progress" about once a second and after each measurement; "sample" now and then; "finished" or "stopped" last.
"""

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import MangosaurusError
from model.files import history_path, snapshot_path
from model.training.recipes import count_characters, measured_part
from model.training.trainer import Interrupted, Progress, Trainer

Event = dict[str, Any]
Floats = NDArray[np.float64]

PROGRESS_SECONDS = 1.0
FIRST_SAMPLE_SECONDS, LONGEST_SAMPLE_SECONDS = 1.0, 10.0  # pauses before samples: each is 1.5 times the one before
NAMES_IN_A_SAMPLE = 4
FIGURES = ("step", "training_loss", "held_out_loss", "gradient_norm")


# Writing


def record(
    trainer: Trainer,
    out: Path,
    *,
    show: Callable[[Event], object],
    stopped: Callable[[], bool] = lambda: False,
    finishing: Callable[[], bool] = lambda: False,
) -> Event:
    """Run a training and log its events; show every event but the last, and return the last.

    When a training has finished, the weights are in `out` and the snapshot is gone. For `stopped` and `finishing` see
    `Trainer.run`. Raises the errors of the training, and CheckpointError if the weights cannot be written.
    """
    began = last_progress = last_sample = time.monotonic()
    sample_seconds = FIRST_SAMPLE_SECONDS
    unreported: Progress | None = None
    newest: Progress | None = None
    with history_path(out).open("a" if trainer.resumed else "w", buffering=1) as log:

        def tell(event: Event) -> None:
            print(json.dumps(event), file=log)
            show(event)

        try:
            trainer.measure_lines_to_beat(stopped)
            tell(_started(trainer))
            for progress in trainer.run(stopped, finishing):
                unreported = newest = progress
                if progress.held_out_loss is not None or time.monotonic() - last_progress >= PROGRESS_SECONDS:
                    tell({"event": "progress"} | asdict(progress))
                    last_progress, unreported = time.monotonic(), None
                if time.monotonic() - last_sample >= sample_seconds:
                    if text := _sample(trainer):
                        tell({"event": "sample", "step": progress.step, "text": text})
                    last_sample, sample_seconds = time.monotonic(), min(1.5 * sample_seconds, LONGEST_SAMPLE_SECONDS)
            if newest and newest.fraction < 1 and not trainer.ended_early:  # the text is learnt: all is done
                unreported = replace(newest, fraction=1.0, seconds_left=0.0)
            last: Event = {}
        except Interrupted:
            last = {"event": "stopped", "snapshot": str(snapshot_path(out))}
        if unreported is not None:
            tell({"event": "progress"} | asdict(unreported))
        if not last:
            from model.checkpoint.versions import save

            checkpoint = save(out, trainer.checkpoint())
            snapshot_path(out).unlink(missing_ok=True)
            last = {
                "event": "finished",
                "out": str(out),
                "version": checkpoint.version,
                "held_out_loss": checkpoint.description.held_out_loss,
                "steps": checkpoint.description.steps,
                "seconds": round(time.monotonic() - began, 3),
                "early": trainer.ended_early,
            }
        print(json.dumps(last), file=log)
    return last


def _started(trainer: Trainer) -> Event:
    return {
        "event": "started",
        "form": trainer.corpus.form,
        "corpus": trainer.corpus.digest,
        "recipe": trainer.recipe.name,
        "parameters": trainer.language_model.parameters.whole.size,
        "resumed": trainer.resumed,
        "held_out_characters": count_characters(measured_part(trainer.corpus).held_out),
        "ngram_loss": trainer.position.ngram_loss,
        "start_loss": trainer.position.start_loss,
    }


def _sample(trainer: Trainer) -> str:
    """Sample the weights of this moment, with the same random numbers each time, so that samples show the learning."""
    from model.writing.decoder import Decoder
    from model.writing.requests import NameRequest, Request, VerseRequest, generator_for

    generator = generator_for(trainer.seed, 0)
    request: Request
    if trainer.corpus.form == "names":
        request = NameRequest(generator, count=NAMES_IN_A_SAMPLE)
    else:
        request = VerseRequest(generator, min_characters=60, max_characters=160, max_lines=4)
    (result,) = Decoder(trainer.current_checkpoint()).generate([request])
    return ", ".join(text.strip("\n") for text in result.texts)


# Reading


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
    start_loss: float = math.nan  # of the weights that the training went on from
    ngram_loss: float = math.nan

    @property
    def after_teachers(self) -> float:
        """The first step of the network's own stages; infinity if there is none.

        In logs of 0.1.0, a training begins with the stages of its teachers, which are named "teacher, stage".
        """
        return next((step for stage, step in self.stages if ", " not in stage), math.inf)


def read_history(path: Path) -> History:
    """Read a log, or the log beside weights. A line that a killed process left incomplete is skipped.

    Raises HistoryError, with the file's name, if the file cannot be read or has no steps.
    """
    path = history_path(path) if path.suffix == ".safetensors" else path
    try:
        return history_of(_events(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise HistoryError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise HistoryError(f"cannot draw {path}: it is no text; is it the .jsonl file that `train` writes?") from error
    except HistoryError as error:
        raise HistoryError(f"cannot draw {path}: {error}") from error


def history_of(events: Iterable[Event]) -> History:
    """Collect the steps and samples. HistoryError if there is no step, or a step lacks valid figures."""
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
            raise HistoryError("it has no training steps; is it the .jsonl file that `train` writes?")
        step, training, held_out, norm = (np.array([event[name] for event in steps], np.float64) for name in FIGURES)
        clipped = np.array([event.get("clipped_gradient_norm") for event in steps], np.float64)  # early logs lack it
        stages: dict[str, float] = {}
        for event in steps:
            stages.setdefault(str(event.get("stage", "")), event["step"])
        texts = tuple((float(event["step"]), str(event["text"])) for event in samples)
        lines = {name: np.float64(started.get(name)) for name in ("start_loss", "ngram_loss")}
        recipe = str(started.get("recipe", ""))
        return History(recipe, step, training, held_out, norm, clipped, tuple(stages.items()), texts, **lines)
    except (KeyError, TypeError, ValueError) as error:
        raise HistoryError(f"a step has a missing or invalid figure: {error}") from error


def _append(events: list[Event], event: Event) -> None:
    """Add an event, and drop events of the same or later steps, which a resumed training repeats."""
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
