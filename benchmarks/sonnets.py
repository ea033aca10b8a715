"""How long a person waits for `/dino` while two sonnets are written: `python -m benchmarks sonnets`.

The whole bot is asked over HTTP, as in `benchmarks.bot`. When a sonnet is finished, its person asks for another.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.latency import LIMIT, Latency, Pace, alone_and_beside, at_pace
from benchmarks.processes import Bot, bench, prepare
from benchmarks.report import table, verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.timing import Effort

WARM_UP = Pace(30, 3.0)
PACE = Pace(30, 10.0)
REPEATS = 3
AT_ONCE = 2
LINE = "Shall I compare thee to a summer's day?"
ALLOWED = 0.025
"""Seconds that sonnets may add to the 99th percentile."""


def report(effort: Effort) -> str:
    """Measure, and return the table as Markdown."""
    repeats = min(REPEATS, effort.repeats)
    try:
        alone, beside = asyncio.run(measure(PACE, repeats))
    except RuntimeError as error:
        raise SystemExit(f"benchmarks.sonnets: {error}") from error
    title = f"## `/dino` at {PACE.a_second} a second while {AT_ONCE} sonnets are written"
    about = f"Medians of {repeats} repeats of {PACE.seconds:.0f} s each, in turns; SQLite, no limits."
    return f"{title}\n\n{table(('', 'p50', 'p99', 'target', ''), rows_of(alone, beside))}\n\n{about}"


async def measure(pace: Pace, repeats: int) -> tuple[Latency, Latency]:
    """Return the latencies of a bot alone, and while it writes sonnets."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        async with bench() as running:
            bot = await running.start("SQLite", "benchmarks.mangosaurus_bot", folder, f"{folder}/bench.db")
            async with sonnets(bot):  # the first ones wait until everything is prepared
                await at_pace(bot, WARM_UP)
            return await alone_and_beside(bot, pace, sonnets, repeats)


@asynccontextmanager
async def sonnets(bot: Bot) -> AsyncIterator[None]:
    """Let the bot write so many sonnets at once; at the end, wait for the last ones."""
    asking = [asyncio.create_task(_one_after_the_other(bot, person)) for person in range(AT_ONCE)]
    yield
    for task in asking:
        task.cancel()
    await bot.until(bot.inbox.answered(), LIMIT)


async def _one_after_the_other(bot: Bot, person: int) -> None:
    while True:
        await bot.inbox.ask(f"/sonnet {LINE}", person).answered.wait()


def rows_of(alone: Latency, beside: Latency) -> list[tuple[str, ...]]:
    """The table's rows, and whether sonnets slow names no more than they may."""
    more = beside.slowest - alone.slowest
    return [
        ("alone", *map(_ms, alone), "", ""),
        ("beside the sonnets", *map(_ms, beside), f"alone + {1000 * ALLOWED:.0f} ms", verdict(-more, -ALLOWED)),
    ]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
