"""A training as a stream of events, for its log and its displays.

An event is a dictionary whose "event" names it: "started" first; "progress" about once a second and after each
measurement of the held-out loss; "sample" now and then; "finished" or "stopped" last. "started" has the lines to beat,
losses on the same held-out characters: `ngram_loss` and, if the training goes on from weights, their `start_loss`.
"""

import json
import signal
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from model.checkpoint.versions import Versions, save
from model.text.corpus import Corpus
from model.training.course import Interrupted
from model.training.measurement import count_characters, measured_part
from model.training.progress import Progress
from model.training.trainer import Training, never
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, VerseRequest, generator_for

Event = dict[str, Any]

PROGRESS_SECONDS = 1.0
FIRST_SAMPLE_SECONDS, LONGEST_SAMPLE_SECONDS = 1.0, 10.0  # pauses before samples: each is 1.5 times the one before
NAMES_IN_A_SAMPLE = 4
STOP, FINISH = frozenset({signal.SIGINT, signal.SIGTERM}), signal.SIGUSR1


def snapshot_path(out: Path) -> Path:
    """Return the path of the snapshot of a training that will write `out`."""
    return out.with_name(out.name + ".partial")


def history_path(out: Path) -> Path:
    """Return the path of the log of a training that writes `out`."""
    return out.with_suffix(".jsonl") if out.suffix == ".safetensors" else out.with_name(out.name + ".jsonl")


def training_events(
    training: Training,
    corpus: Corpus,
    out: Path,
    *,
    seed: int,
    stopped: Callable[[], bool],
    finishing: Callable[[], bool] = never,
) -> Iterator[Event]:
    """Run a training and yield its events. At the end, write the best weights to `out` and remove the snapshot.

    When `stopped()` becomes true, end after the current step and keep the snapshot. When `finishing()` becomes true,
    end after the current step as if it were the last.
    """
    started = time.monotonic()
    try:
        training.measure_start(stopped)
        yield _started(training, corpus)
        early = yield from _steps(training, seed, stopped, finishing)
    except Interrupted:
        yield {"event": "stopped", "snapshot": str(snapshot_path(out))}
        return
    if early:
        training.finish()
    checkpoint = save(out, training.checkpoint())
    snapshot_path(out).unlink(missing_ok=True)
    yield {
        "event": "finished",
        "out": str(out),
        "version": checkpoint.version,
        "held_out_loss": checkpoint.description.held_out_loss,
        "steps": checkpoint.description.steps,
        "seconds": round(time.monotonic() - started, 3),
        "early": early,
    }


def run(training: Training, corpus: Corpus, out: Path, *, seed: int, show: Callable[[Event], None]) -> Event:
    """Run a training until it ends or a signal stops it; log and show its events.

    Returns the last event without showing it. A resumed training appends to its log. Raises the errors of the training,
    and CheckpointError if the weights cannot be written.
    """
    mode = "a" if training.resumed else "w"
    with signals() as (stopped, finishing), history_path(out).open(mode, buffering=1) as log:
        for event in training_events(training, corpus, out, seed=seed, stopped=stopped, finishing=finishing):
            print(json.dumps(event), file=log)
            if event["event"] in ("finished", "stopped"):
                return event
            show(event)
    raise AssertionError("the last event is finished or stopped")


def keep_as_version(finished: Event, versions: Versions) -> Event:
    """Move the weights and the log of a finished training to `versions`; return the event with the new path."""
    out = Path(finished["out"])
    path = versions.path(versions.add(out))
    history_path(out).replace(history_path(path))
    out.unlink()
    return finished | {"out": str(path)}


@contextmanager
def signals() -> Iterator[tuple[Callable[[], bool], Callable[[], bool]]]:
    """Catch signals, and yield two functions: whether one to stop came (Ctrl-C, SIGTERM), or one to finish (SIGUSR1).

    A second one to stop raises KeyboardInterrupt.
    """
    received: set[int] = set()

    def receive(number: int, _frame: FrameType | None) -> None:
        if number in STOP and received & STOP:
            raise KeyboardInterrupt
        received.add(number)

    handlers = {number: signal.signal(number, receive) for number in (*STOP, FINISH)}
    try:
        yield lambda: bool(received & STOP), lambda: FINISH in received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _started(training: Training, corpus: Corpus) -> Event:
    part = measured_part(corpus)
    return {
        "event": "started",
        "form": corpus.form,
        "corpus": corpus.digest,
        "recipe": training.recipe.name,
        "parameters": training.language_model.parameters.whole.size,
        "resumed": training.resumed,
        "held_out_characters": count_characters(part.held_out),
        "ngram_loss": training.ngram_loss,
        "start_loss": training.start_loss,
    }


def _steps(
    training: Training, seed: int, stopped: Callable[[], bool], finishing: Callable[[], bool]
) -> Generator[Event, None, bool]:
    """Yield progress and samples; return whether to finish early. Raises Interrupted if the training was stopped."""
    last_progress = last_sample = time.monotonic()
    sample_seconds = FIRST_SAMPLE_SECONDS
    unreported: Progress | None = None
    early = was_stopped = False
    with closing(training.run(stopped)) as steps:  # closing writes the snapshot
        for progress in steps:
            unreported = progress
            if progress.held_out_loss is not None or time.monotonic() - last_progress >= PROGRESS_SECONDS:
                yield _progress(progress)
                last_progress, unreported = time.monotonic(), None
            if time.monotonic() - last_sample >= sample_seconds:
                yield from _sample(training, progress.step, seed)
                last_sample, sample_seconds = time.monotonic(), min(1.5 * sample_seconds, LONGEST_SAMPLE_SECONDS)
            was_stopped, early = stopped(), finishing()
            if was_stopped or early:
                break
    if unreported is not None:
        yield _progress(unreported)
    if was_stopped:
        raise Interrupted
    return early


def _progress(progress: Progress) -> Event:
    return {"event": "progress"} | asdict(progress)


def _sample(training: Training, step: int, seed: int) -> Iterator[Event]:
    """Sample from the current weights, with the same random numbers each time, so that samples show the learning."""
    checkpoint = training.current_checkpoint()
    request: Request
    if checkpoint.description.form == "names":
        request = NameRequest(generator_for(seed, 0), count=NAMES_IN_A_SAMPLE)
    else:
        request = VerseRequest(generator_for(seed, 0), min_characters=60, max_characters=160, max_lines=4)
    (result,) = Decoder(checkpoint).generate([request])
    if result.texts:
        yield {"event": "sample", "step": step, "text": ", ".join(text.strip("\n") for text in result.texts)}
