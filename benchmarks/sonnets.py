"""Measures the wait for `/dino` while two sonnets are written: `python -m benchmarks sonnets`.

The whole bot is asked over HTTP, as in `benchmarks.bot`. When a sonnet is finished, its person asks
for another.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from benchmarks.latency import LIMIT, Latency, Pace, at_pace, measure, milliseconds, section
from benchmarks.report import verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.processes import Bot
    from benchmarks.timing import Effort

WARM_UP = Pace(30, 3.0)
PACE = Pace(30, 10.0)
REPEATS = 3
AT_ONCE = 2
LINE = "Shall I compare thee to a summer's day?"
ALLOWED = 0.025
"""Sonnets may add this many seconds to the 99th percentile."""


def report(effort: Effort) -> str:
    """Measure, and return the table as Markdown."""
    repeats = min(REPEATS, effort.repeats)
    try:
        alone, beside = asyncio.run(measure(sonnets, warm_up, PACE, repeats))
    except RuntimeError as error:
        raise SystemExit(f"benchmarks.sonnets: {error}") from error
    return section(f"{AT_ONCE} sonnets are written", PACE, repeats, rows_of(alone, beside))


async def warm_up(bot: Bot) -> None:
    """Ask for some names and sonnets first; the first sonnets wait until everything is prepared."""
    async with sonnets(bot):
        await at_pace(bot, WARM_UP)


@asynccontextmanager
async def sonnets(bot: Bot) -> AsyncIterator[None]:
    """Keep the bot writing AT_ONCE sonnets at a time; at the end, wait for the last ones."""
    asking = [asyncio.create_task(_one_after_the_other(bot, person)) for person in range(AT_ONCE)]
    yield
    for task in asking:
        task.cancel()
    await bot.until(bot.inbox.answered(), LIMIT)


async def _one_after_the_other(bot: Bot, person: int) -> None:
    while True:
        await bot.inbox.ask(f"/sonnet {LINE}", person).answered.wait()


def rows_of(alone: Latency, beside: Latency) -> list[tuple[str, ...]]:
    """Return the table's rows, and whether sonnets slow names no more than they may."""
    more = beside.slowest - alone.slowest
    return [
        ("alone", *map(milliseconds, alone), "", ""),
        (
            "beside the sonnets",
            *map(milliseconds, beside),
            f"alone + {1000 * ALLOWED:.0f} ms",
            verdict(-more, -ALLOWED),
        ),
    ]
