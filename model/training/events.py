"""A training told in events, as it runs: what the log, the displays and the bot are made of.

An event is a dictionary that says what it is under "event": started; progress, about once a second and whenever the
held-out loss was measured; sample, now and then; at the end finished or stopped.

Not here: the training itself (trainer.py), showing events (live.py), and drawing a log of them (plots.py).
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
from model.decoding.decoder import Decoder
from model.decoding.requests import NameRequest, Request, VerseRequest, generator_for
from model.text.corpus import Corpus
from model.training.progress import Progress
from model.training.trainer import Training

Event = dict[str, Any]

PROGRESS_SECONDS = 1.0
SAMPLE_SECONDS = (1.0, 10.0)  # until the first sample, and between later ones; the time between grows
NAMES_IN_A_SAMPLE = 4


def snapshot_path(out: Path) -> Path:
    """Where a training that will write `out` keeps what it needs to go on."""
    return out.with_name(out.name + ".partial")


def history_path(out: Path) -> Path:
    """Where the events of the training that writes `out` are logged."""
    return out.with_suffix(".jsonl") if out.suffix == ".safetensors" else out.with_name(out.name + ".jsonl")


def training_events(
    training: Training, corpus: Corpus, out: Path, *, seed: int, stopped: Callable[[], bool]
) -> Iterator[Event]:
    """Run a training and tell of it; at the end the best weights are in `out` and the snapshot is gone.

    Once `stopped()` is true it ends after the step that is under way, and the snapshot stays.
    """
    begun = time.monotonic()
    yield _started(training, corpus)
    broken_off = yield from _steps(training, seed, stopped)
    if broken_off:
        yield {"event": "stopped", "snapshot": str(snapshot_path(out))}
        return
    checkpoint = save(out, training.checkpoint())
    snapshot_path(out).unlink(missing_ok=True)
    yield {
        "event": "finished",
        "out": str(out),
        "version": checkpoint.version,
        "held_out_loss": checkpoint.description.held_out_loss,
        "steps": checkpoint.description.steps,
        "seconds": round(time.monotonic() - begun, 3),
    }


def run(training: Training, corpus: Corpus, out: Path, *, seed: int, show: Callable[[Event], None]) -> Event:
    """Run a training until it is done or a signal stops it; log and show its events. Returns the last one, unshown.

    A resumed training goes on with its log. Raises whatever the training raises, and CheckpointError.
    """
    with stop_signals() as stopped, history_path(out).open("a" if training.resumed else "w", buffering=1) as log:
        for event in training_events(training, corpus, out, seed=seed, stopped=stopped):
            print(json.dumps(event), file=log)
            if event["event"] in ("finished", "stopped"):
                return event
            show(event)
    raise AssertionError("a training ends with one of these events")


def keep_as_version(finished: Event, versions: Versions) -> Event:
    """Move what a training wrote, checkpoint and log, among the versions; the event then tells of the new place."""
    out = Path(finished["out"])
    kept = versions.path(versions.add(out))
    history_path(out).replace(history_path(kept))
    out.unlink()
    return finished | {"out": str(kept)}


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or SIGTERM into a wish that the given function tells of; a second one interrupts."""
    wishes: list[int] = []

    def wish(number: int, _frame: FrameType | None) -> None:
        if wishes:
            raise KeyboardInterrupt
        wishes.append(number)

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(wishes)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _started(training: Training, corpus: Corpus) -> Event:
    return {
        "event": "started",
        "form": corpus.form,
        "corpus": corpus.digest,
        "recipe": training.recipe.name,
        "parameters": training.language_model.parameters.whole.size,
        "resumed": training.resumed,
    }


def _steps(training: Training, seed: int, stopped: Callable[[], bool]) -> Generator[Event, None, bool]:
    """Tell of the steps; returns whether they were broken off."""
    said = sampled = time.monotonic()
    patience, longest = SAMPLE_SECONDS
    untold: Progress | None = None
    broken_off = False
    with closing(training.run()) as steps:  # closing it leaves the snapshot
        for progress in steps:
            untold = progress
            if progress.held_out_loss is not None or time.monotonic() - said >= PROGRESS_SECONDS:
                yield _progress(progress)
                said, untold = time.monotonic(), None
            if time.monotonic() - sampled >= patience:
                yield from _sample(training, progress.step, seed)
                sampled, patience = time.monotonic(), min(1.5 * patience, longest)
            if stopped():
                broken_off = True
                break
    if untold is not None:
        yield _progress(untold)
    return broken_off


def _progress(progress: Progress) -> Event:
    return {"event": "progress"} | asdict(progress)


def _sample(training: Training, step: int, seed: int) -> Iterator[Event]:
    """Let the weights of this moment write something; with the same dice each time, so that one sees them learn."""
    checkpoint = training.at_present()
    request: Request
    if checkpoint.description.form == "names":
        request = NameRequest(generator_for(seed, 0), count=NAMES_IN_A_SAMPLE)
    else:
        request = VerseRequest(generator_for(seed, 0), min_characters=60, max_characters=160, max_lines=4)
    (answer,) = Decoder(checkpoint).generate([request])
    if answer.texts:
        yield {"event": "sample", "step": step, "text": ", ".join(text.strip("\n") for text in answer.texts)}
