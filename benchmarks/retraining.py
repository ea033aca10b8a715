"""How long a person waits for `/dino` while a training runs: `python -m benchmarks retraining`.

The whole bot is asked over HTTP, as in `benchmarks.bot`. The training is the child process that `/retrain dino fresh`
starts, at low priority and on all cores but one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.latency import Latency, Pace, at_pace, measure, milliseconds, section
from benchmarks.report import times, verdict
from bot.training.commands import Commands, RetrainingError
from bot.training.lessons import Lesson
from bot.training.retraining import SILENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.processes import Bot
    from benchmarks.timing import Effort
    from bot.training.reporting import TrainingProgress

WARM_UP = Pace(30, 2.0)
PACE = Pace(30, 10.0)
REPEATS = 3
ALLOWED = 3.0
"""How many times as long the 99th percentile may be."""


def report(effort: Effort) -> str:
    """Measure, and return the table as Markdown."""
    repeats = min(REPEATS, effort.repeats)
    try:
        alone, beside = asyncio.run(measure(training, warm_up, PACE, repeats))
    except (RuntimeError, RetrainingError) as error:
        raise SystemExit(f"benchmarks.retraining: {error}") from error
    return section("a training runs", PACE, repeats, rows_of(alone, beside))


async def warm_up(bot: Bot) -> None:
    """Ask for some names first."""
    await at_pace(bot, WARM_UP)


@asynccontextmanager
async def training(_bot: Bot) -> AsyncIterator[None]:
    """Train, from the first step on; RetrainingError if that ends too early."""
    begun, commands = asyncio.Event(), Commands((sys.executable, "-m", "model"), SILENCE)

    async def report(_progress: TrainingProgress) -> None:
        begun.set()

    with tempfile.TemporaryDirectory() as folder:
        new, lesson = Path(folder) / "new.safetensors", Lesson("dino", "names", fresh=True)
        running = asyncio.create_task(commands.train(lesson, new, report, None))
        first_step = asyncio.create_task(begun.wait())
        await asyncio.wait({running, first_step}, return_when=asyncio.FIRST_COMPLETED)
        try:
            yield
            if running.done():
                raise RuntimeError(f"the training ended before the names, with a loss of {running.result().loss}")
        finally:
            first_step.cancel()
            commands.cancel()
            with contextlib.suppress(RetrainingError):
                await running


def rows_of(alone: Latency, beside: Latency) -> list[tuple[str, ...]]:
    """The table's rows, and whether a training slows names no more than it may."""
    ratio = beside.slowest / alone.slowest
    return [
        ("alone", *map(milliseconds, alone), "", ""),
        ("beside a training", *map(milliseconds, beside), "", ""),
        ("ratio", times(beside.median / alone.median), times(ratio), f"≤ {ALLOWED:.0f} ×", verdict(-ratio, -ALLOWED)),
    ]
