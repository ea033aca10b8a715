"""Catches signals, shows progress, adds a version and says how a training ended, for the command
`train`.
"""

import shlex
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from model.cli import FINISH, INTERRUPTED
from model.cli.options import print_json
from model.evaluation.comparison import compare
from model.files import history_path, write_whole
from model.text.corpus import Corpus
from model.training.history import Event
from model.weights.file import CheckpointError
from model.weights.versions import Versions, load

STOP = frozenset({signal.SIGINT, signal.SIGTERM})
# a training that ends before this share of its minutes has learnt all that it can from its text
LEARNT = 0.8
PAUSE_SECONDS = 10.0  # between plain lines of progress
SAMPLES_SHOWN = 6
LINES_TO_BEAT = {"ngram_loss": "n-gram", "start_loss": "the given weights"}


@contextmanager
def signals() -> Iterator[tuple[Callable[[], bool], Callable[[], bool]]]:
    """Catch signals. Yield two functions: one says whether Ctrl-C or SIGTERM came, the other
    whether FINISH came.

    A second Ctrl-C or SIGTERM raises KeyboardInterrupt.
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


@contextmanager
def display(*, json: bool, console: Console | None = None) -> Iterator[Callable[[Event], None]]:
    """Yield the function that shows an event: as JSON, as a panel on a terminal, or
    as plain lines.
    """
    console = console or Console()
    if json:
        yield print_json
    elif console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield _Panel(live).show
    else:
        lines = _Lines()
        try:
            yield lines.show
        finally:
            lines.finish()


def print_notes(texts: Corpus, path: Path, *, is_beside_text: bool) -> None:
    """Print to stderr what people should know before the training, which will write `path`."""
    notes = [*texts.notes, texts.too_small]
    if is_beside_text:
        notes += [f"The weights go beside the text: {path}. With --out, they go elsewhere."]
    if path.exists():
        notes += [
            f"{path} exists: the new weights replace it at the end. To keep it, choose another"
            " --out."
        ]
    typer.echo("".join(f"{note}\n" for note in notes if note), err=True, nl=False)


def add_version(
    event: Event, versions: Versions, log: TextIO, promote_if_better_on: Corpus | None
) -> Event:
    """Move a finished training's weights and log to the versions, promote them if better; return
    its last event.
    """
    out = Path(event["out"])
    path = versions.path(versions.add(out))
    log.seek(0)
    write_whole(history_path(versions.directory / path.name), log.read().encode())
    log.truncate(0)  # `locked_log` deletes an empty log; Windows moves no open file
    out.unlink()
    event |= {"out": str(path)}
    if promote_if_better_on:
        event["promoted"] = True
        with suppress(CheckpointError):  # there is no current version
            event["promoted"] = compare(
                versions.load(versions.current()), load(path), promote_if_better_on
            ).better
    if event.get("promoted"):
        versions.promote(event["version"])
    return event


def print_end(event: Event, network: str, *, minutes: float | None, json: bool) -> None:
    """Print the last event of a training of `network`.

    Exit with code 130 if the training was stopped.
    """
    if json:
        print_json(event)
    elif event["event"] == "finished":
        typer.echo(
            f"{event['held_out_loss']:.3f} nats per character on held-out text after"
            f" {event['steps']:,} steps: {event['out']}"
        )
        if minutes is not None and not event["early"] and event["seconds"] < LEARNT * 60 * minutes:
            typer.echo(
                "It ended before its minutes were over: more steps would learn the text by heart."
            )
        if event.get("promoted") is False:
            typer.echo("The current version stays: the new one is not better by enough.")
        option = "" if event.get("promoted") else f" --checkpoint {shlex.quote(event['out'])}"
        program = "mangosaurus" if Path(sys.argv[0]).stem == "mangosaurus" else "python -m model"
        typer.echo(f"Try it: {program} sample {network}{option}")
    else:
        typer.echo(
            "Stopped. To resume, run the same command again. To start over, delete"
            f" {event['snapshot']} first."
        )
    if event["event"] == "stopped":
        raise typer.Exit(INTERRUPTED)


class _Lines:
    """Prints a line for each sample, for the first and the last progress, and every ten seconds
    between them.
    """

    def __init__(self) -> None:
        self._printed_at = -PAUSE_SECONDS
        self._progress: Event | None = None
        self._unprinted: Event | None = None

    def show(self, event: Event) -> None:
        if event["event"] == "started":
            print(heading(event), flush=True)
        elif event["event"] == "sample":
            print(f"  {event['text']}".replace("\n", "\n  "), flush=True)
        elif event["event"] == "progress":
            self._progress = self._unprinted = _with_held_out(event, self._progress)
            if time.monotonic() - self._printed_at >= PAUSE_SECONDS:
                self.finish()

    def finish(self) -> None:
        if self._unprinted is not None:
            print(one_line(self._unprinted), flush=True)
            self._printed_at, self._unprinted = time.monotonic(), None


class _Panel:
    """A panel that is redrawn in place: a progress bar, the figures, and the latest samples."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._samples: deque[Event] = deque(maxlen=SAMPLES_SHOWN)
        self._progress: Event | None = None
        self._title = ""

    def show(self, event: Event) -> None:
        if event["event"] == "started":
            self._title = heading(event)
        elif event["event"] == "sample":
            self._samples.append(event)
        elif event["event"] == "progress":
            self._progress = _with_held_out(event, self._progress)
        parts: list[RenderableType] = []
        if self._progress is not None:
            parts += _figures(self._progress)
        if self._samples:
            samples = Table.grid(
                Column(justify="right", style="dim", no_wrap=True), "", padding=(0, 2)
            )
            for event in self._samples:
                style = "bold" if event is self._samples[-1] else ""
                samples.add_row(f"{event['step']:,}", Text(event["text"], style=style))
            parts += [Text(), samples]
        title = Text(self._title, style="bold")
        self._live.update(
            Panel(Group(*parts), title=title, title_align="left", border_style="cyan"), refresh=True
        )


def heading(event: Event) -> str:
    """Format a started event as a title."""
    resumed = ", resumed" if event.get("resumed") else ""
    lines = [
        f"{event[name]:.3f} ({of})"
        for name, of in LINES_TO_BEAT.items()
        if event.get(name) is not None
    ]
    to_beat = f"; to beat: {', '.join(lines)}" if lines else ""
    return f"{event['recipe']}: {event['parameters']:,} parameters{resumed}{to_beat}"


def one_line(event: Event) -> str:
    """Format a progress event as one line."""
    return (
        f"{event['stage']} step {event['step']:,}, epoch {event['epoch']} | training"
        f" {event['training_loss']:.3f} | held out {_loss(event['held_out_loss'])} (best"
        f" {_loss(event['best_held_out_loss'])}) | {event['characters_per_second']:,.0f}"
        f" characters/s | {event['fraction']:.0%}, {duration(event['seconds_left'])} left"
    )


def duration(seconds: float | None) -> str:
    """Format seconds as 0:07, 12:30 or 1:02:03."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _with_held_out(event: Event, previous: Event | None) -> Event:
    """Fill in the previous held-out loss if this event has none."""
    if event["held_out_loss"] is not None or previous is None:
        return event
    return event | {"held_out_loss": previous["held_out_loss"]}


def _loss(loss: float | None) -> str:
    return "-" if loss is None else f"{loss:.3f}"


def _figures(event: Event) -> tuple[Table, Table]:
    columns = Column(no_wrap=True), Column(ratio=1), Column(justify="right", no_wrap=True)
    bar, losses = Table.grid(*columns, padding=(0, 2), expand=True), Table.grid(padding=(0, 3))
    bar.add_row(
        f"{event['stage']}, epoch {event['epoch']}, step {event['step']:,}",
        ProgressBar(total=1, completed=event["fraction"]),
        f"{event['fraction']:.0%}, {duration(event['seconds_left'])} left",
    )
    losses.add_row(
        f"training {event['training_loss']:.3f}",
        f"held out {_loss(event['held_out_loss'])}",
        f"best [bold green]{_loss(event['best_held_out_loss'])}[/] nats per character",
        f"[dim]{event['characters_per_second']:,.0f} characters/s[/]",
    )
    return bar, losses
