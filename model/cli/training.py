"""The parts of the command `train`: catching signals, showing events, adding a version, and saying
how a training ended.
"""

import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from model.evaluation.comparison import compare
from model.files import history_path
from model.text.corpus import Corpus
from model.training.runs import Event
from model.weights.checkpoint import CheckpointError
from model.weights.versions import Versions, load

PAUSE_SECONDS = 10.0  # between lines of progress
LINES_TO_BEAT = {"ngram_loss": "n-gram", "start_loss": "the given weights"}


@contextmanager
def stop_signal() -> Iterator[Callable[[], bool]]:
    """Catch Ctrl-C and SIGTERM. Yield a function that says whether one of them came."""
    received: list[int] = []
    handlers = {
        number: signal.signal(number, lambda caught, _: received.append(caught))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def add_version(event: Event, versions: Versions, promote_if_better_on: Corpus | None) -> Event:
    """Move a training's weights and log to the versions, and promote them if they are better.

    Returns its last event.
    """
    out = Path(event["out"])
    path = versions.path(versions.add(out))
    history_path(out).replace(history_path(versions.directory / path.name))
    out.unlink()
    event |= {"out": str(path)}
    if promote_if_better_on:
        event["promoted"] = True
        with suppress(CheckpointError):  # there is no current version
            current = versions.load(versions.current())
            event["promoted"] = compare(current, load(path), promote_if_better_on).better
    if event.get("promoted"):
        versions.promote(event["version"])
    return event


def print_end(event: Event, network: str) -> None:
    """Print the last event of a training of `network`."""
    typer.echo(
        f"{event['held_out_loss']:.3f} nats per character on held-out text after"
        f" {event['steps']:,} steps: {event['out']}"
    )
    if event.get("promoted") is False:
        typer.echo("The current version stays: the new one is not better by enough.")
    option = "" if event.get("promoted") else f" --checkpoint {shlex.quote(event['out'])}"
    program = "mangosaurus" if Path(sys.argv[0]).stem == "mangosaurus" else "python -m model"
    typer.echo(f"Try it: {program} sample {network}{option}")


class Lines:
    """Prints a line for each sample, and one about the progress every ten seconds."""

    def __init__(self) -> None:
        self._printed_at = -PAUSE_SECONDS
        self._held_out = "-"

    def show(self, event: Event) -> None:
        if event["event"] == "started":
            lines = [
                f"{event[name]:.3f} ({of})"
                for name, of in LINES_TO_BEAT.items()
                if event[name] is not None
            ]
            print(
                f"{event['recipe']}: {event['parameters']:,} parameters;"
                f" to beat: {', '.join(lines)}",
                flush=True,
            )
            if event["unsaid_words"]:
                print(
                    f"{event['unsaid_words']:,} words cannot be said: they are read, never written"
                )
        elif event["event"] == "sample":
            print(f"  {event['text']}".replace("\n", "\n  "), flush=True)
        else:
            if event["held_out_loss"] is not None:
                self._held_out = f"{event['held_out_loss']:.3f}"
            now = time.monotonic()
            if now - self._printed_at >= PAUSE_SECONDS or event["fraction"] == 1:
                print(one_line(event, self._held_out), flush=True)
                self._printed_at = now


def one_line(event: Event, held_out: str) -> str:
    """Format a progress event as one line, with the newest held-out loss."""
    best = event["best_held_out_loss"]
    return (
        f"{event['stage']} step {event['step']:,}, epoch {event['epoch']} | training"
        f" {event['training_loss']:.3f} | held out {held_out}"
        f" (best {'-' if best is None else f'{best:.3f}'})"
        f" | {event['characters_per_second']:,.0f} characters/s"
        f" | {event['fraction']:.0%}, {duration(event['seconds_left'])} left"
    )


def duration(seconds: float) -> str:
    """Format seconds as 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
