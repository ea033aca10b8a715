"""Three ways of showing a training's events: for programs, for a terminal, and for whatever else stdout is.

Not here: where the events come from (events.py), and drawing a log of them (plots.py).
"""

import json as json_format
import time
from collections import deque
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from model.training.events import Event

LINE_SECONDS = 10.0
SAMPLES_SHOWN = 6


class Display(Protocol):
    """Shows events as they come; entered before the first and left after the last."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
    def show(self, event: Event) -> None:
        """Show one event."""


class JsonLines:
    """One JSON object a line on stdout, each written out at once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, event: Event) -> None:
        """Print the event."""
        print(json_format.dumps(event), flush=True)


class Lines:
    """A plain line now and then: at the first and the last progress, every ten seconds between, and of samples."""

    def __init__(self) -> None:
        self._told = -LINE_SECONDS
        self._progress: Event | None = None
        self._untold: Event | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._untold is not None:
            self._tell(self._untold)

    def show(self, event: Event) -> None:
        """Print the event; of progress, only what comes long enough after the line before."""
        if event["event"] == "started":
            print(heading(event), flush=True)
        elif event["event"] == "sample":
            print(f"  {event['text']}".replace("\n", "\n  "), flush=True)
        elif event["event"] == "progress":
            self._progress = self._untold = _with_held_out(event, self._progress)
            if time.monotonic() - self._told >= LINE_SECONDS:
                self._tell(self._progress)

    def _tell(self, progress: Event) -> None:
        print(one_line(progress), flush=True)
        self._told, self._untold = time.monotonic(), None


class Picture:
    """A panel that stays in its place: a bar, the figures, and below them how the samples mature."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)
        self._samples: deque[Event] = deque(maxlen=SAMPLES_SHOWN)
        self._progress: Event | None = None
        self._title = ""

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def show(self, event: Event) -> None:
        """Take the event into the picture."""
        if event["event"] == "started":
            self._title = heading(event)
        elif event["event"] == "sample":
            self._samples.append(event)
        elif event["event"] == "progress":
            self._progress = _with_held_out(event, self._progress)
        self._live.update(self._panel(), refresh=True)

    def _panel(self) -> Panel:
        rows: list[RenderableType] = []
        if self._progress is not None:
            rows += [_bar(self._progress), _figures(self._progress)]
        if self._samples:
            rows += [Text(), _samples(self._samples)]
        return Panel(Group(*rows), title=Text(self._title, style="bold"), title_align="left", border_style="cyan")


def display_for(*, json: bool) -> Display:
    """Choose the way of showing that suits whoever reads stdout."""
    if json:
        return JsonLines()
    console = Console()
    return Picture(console) if console.is_terminal else Lines()


def heading(event: Event) -> str:
    """Say what is being trained, from its started event."""
    goes_on = ", going on where it stopped" if event.get("resumed") else ""
    return f"{event['recipe']}: {event['parameters']:,} weights{goes_on}"


def one_line(event: Event) -> str:
    """Put a progress event into one line."""
    parts = [
        f"{event['stage']} step {event['step']:,}, epoch {event['epoch']}",
        f"training {event['training_loss']:.3f}",
        f"held out {_loss(event['held_out_loss'])} (best {_loss(event['best_held_out_loss'])})",
        f"{event['characters_per_second']:,.0f} characters/s",
        f"{event['fraction']:.0%}, {duration(event['seconds_left'])} left",
    ]
    return " | ".join(parts)


def duration(seconds: float | None) -> str:
    """Write a time as 0:07, 12:30 or 1:02:03."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _with_held_out(event: Event, before: Event | None) -> Event:
    """Carry the last held-out loss on to an event in whose second it was not measured."""
    if event["held_out_loss"] is not None or before is None:
        return event
    return event | {"held_out_loss": before["held_out_loss"]}


def _loss(loss: float | None) -> str:
    return "-" if loss is None else f"{loss:.3f}"


def _bar(event: Event) -> Table:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(
        f"{event['stage']}, epoch {event['epoch']}, step {event['step']:,}",
        ProgressBar(total=1, completed=event["fraction"]),
        f"{event['fraction']:.0%}, {duration(event['seconds_left'])} left",
    )
    return grid


def _figures(event: Event) -> Table:
    grid = Table.grid(padding=(0, 3))
    grid.add_row(
        f"training {event['training_loss']:.3f}",
        f"held out {_loss(event['held_out_loss'])}",
        f"best [bold green]{_loss(event['best_held_out_loss'])}[/] nats per character",
        f"[dim]{event['characters_per_second']:,.0f} characters/s[/]",
    )
    return grid


def _samples(samples: deque[Event]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column()
    for place, event in enumerate(samples, start=1):
        grid.add_row(f"{event['step']:,}", Text(event["text"], style="bold" if place == len(samples) else ""))
    return grid
