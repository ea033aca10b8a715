"""The work of the command `train`: catch signals, add a version, and print how the training ended."""

import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import typer

from model.cli.figures import print_json
from model.cli.interrupt import INTERRUPTED
from model.text.forms import Network

if TYPE_CHECKING:
    from model.checkpoint.versions import Versions
    from model.training.log import Event

STOP, FINISH = frozenset({signal.SIGINT, signal.SIGTERM}), signal.SIGUSR1
LEARNT = 0.8
"""A training that ends before this share of its minutes has had enough of its text."""


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


def add_version(event: "Event", versions: "Versions", *, promote: bool) -> "Event":
    """Move the weights and the log of a finished training to the versions; return the event with the new path."""
    from model.training.log import history_path

    out = Path(event["out"])
    path = versions.path(versions.add(out))
    history_path(out).replace(history_path(path))
    out.unlink()
    if promote:
        versions.promote(event["version"])
    return event | {"out": str(path)}


def print_end(event: "Event", network: Network, *, minutes: float | None, promoted: bool, json: bool) -> None:
    """Print the last event of a training. If the training was stopped, exit with code 130."""
    if json:
        print_json(event)
    elif event["event"] == "finished":
        typer.echo(
            f"{event['held_out_loss']:.3f} nats per character on held-out text after {event['steps']:,} steps: "
            f"{event['out']}"
        )
        if minutes is not None and not event["early"] and event["seconds"] < LEARNT * 60 * minutes:
            typer.echo("It ended before its minutes were over: more steps would learn the text by heart.")
        option = "" if promoted else f" --checkpoint {shlex.quote(event['out'])}"
        typer.echo(f"Try it: python -m model sample {network}{option}")
    else:
        typer.echo(f"Stopped. To resume, run the same command again. To start over, delete {event['snapshot']} first.")
    if event["event"] == "stopped":
        raise typer.Exit(INTERRUPTED)
