"""Measures the wait for `/dino` while a training runs: `python -m benchmarks retraining`.

The whole bot is asked over HTTP, as in `benchmarks.bot`. The training is the child process that
`/retrain dino fresh` starts, at low priority and on all cores but one.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.latency import Latency, Pace, at_pace, measure, milliseconds, section
from benchmarks.report import times, verdict
from bot.training.child import Child
from bot.training.folder import Run, write_run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.processes import Bot
    from benchmarks.timing import Effort

WARM_UP = Pace(30, 2.0)
PACE = Pace(30, 10.0)
REPEATS = 3
ALLOWED = 3.0
"""The 99th percentile may be this many times as long."""


def report(effort: Effort) -> str:
    """Measure, and return the table as Markdown."""
    repeats = min(REPEATS, effort.repeats)
    try:
        alone, beside = asyncio.run(measure(training, warm_up, PACE, repeats))
    except RuntimeError as error:
        raise SystemExit(f"benchmarks.retraining: {error}") from error
    return section("a training runs", PACE, repeats, rows_of(alone, beside))


async def warm_up(bot: Bot) -> None:
    """Ask for some names first."""
    await at_pace(bot, WARM_UP)


@asynccontextmanager
async def training(_bot: Bot) -> AsyncIterator[None]:
    """Train while the context lasts, which begins after the first step.

    RuntimeError if the training ends before.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "training"
        write_run(folder, Run("dino", "names", "dino", fresh=True))
        child = await Child.start(folder, Path(name) / "dino")
        messages, begun = child.messages(), False
        try:
            async for message in messages:
                if begun := message.get("event") == "progress":
                    break
            listening = asyncio.create_task(
                _drain(messages)
            )  # or the pipe fills, and the child waits
            yield
            if not begun or listening.done():
                raise RuntimeError("the training ended before the names")
            listening.cancel()
        finally:
            await child.end()


async def _drain(messages: AsyncIterator[object]) -> None:
    async for _message in messages:
        pass


def rows_of(alone: Latency, beside: Latency) -> list[tuple[str, ...]]:
    """Return the table's rows, and whether a training slows names no more than it may."""
    ratio = beside.slowest / alone.slowest
    return [
        ("alone", *map(milliseconds, alone), "", ""),
        ("beside a training", *map(milliseconds, beside), "", ""),
        (
            "ratio",
            times(beside.median / alone.median),
            times(ratio),
            f"≤ {ALLOWED:.0f} ×",
            verdict(-ratio, -ALLOWED),
        ),
    ]
