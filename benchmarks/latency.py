"""Measures how long a person waits for `/dino`, alone and while something else goes on, and checks
the answers.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.processes import bench, prepare
from benchmarks.report import table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from benchmarks.processes import Bot
    from benchmarks.telegram_server import Asked

PEOPLE = 500
LIMIT = 600.0
"""The bench gives up waiting for answers after this many seconds."""


class Latency(NamedTuple):
    """Seconds from handing out an update to the arrival of its answer."""

    median: float
    slowest: float  # the 99th percentile


class Pace(NamedTuple):
    """How often `/dino` is asked, and for how long."""

    a_second: int
    seconds: float


async def at_pace(bot: Bot, pace: Pace) -> Latency:
    """Ask at a steady pace. Raises RuntimeError if an answer is missing."""
    asked: list[Asked] = []
    begin = time.perf_counter()
    for number in range(int(pace.a_second * pace.seconds)):
        await asyncio.sleep(begin + number / pace.a_second - time.perf_counter())
        asked.append(bot.inbox.ask("/dino", number % PEOPLE))
    await bot.until(_answers_to(asked), LIMIT)
    percentiles = statistics.quantiles([one.latency for one in asked], n=100, method="inclusive")
    return Latency(percentiles[49], percentiles[98])


async def alone_and_beside(
    bot: Bot, pace: Pace, company: Callable[[Bot], AbstractAsyncContextManager[None]], repeats: int
) -> tuple[Latency, Latency]:
    """Return the latencies of the bot alone, and while something else goes on in the context of
    `company`.

    Both are medians of repeats that take turns. Raises RuntimeError if an answer is missing,
    doubled or wrong.
    """
    alone, beside = [], []
    for _ in range(repeats):
        alone.append(await at_pace(bot, pace))
        async with company(bot):
            beside.append(await at_pace(bot, pace))
    check(bot, right_answer)
    return _medians(alone), _medians(beside)


async def measure(
    company: Callable[[Bot], AbstractAsyncContextManager[None]],
    warm_up: Callable[[Bot], Awaitable[None]],
    pace: Pace,
    repeats: int,
) -> tuple[Latency, Latency]:
    """Start a bot with SQLite and without limits, warm it up, and return what `alone_and_beside`
    returns.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        async with bench() as running:
            bot = await running.start(
                "SQLite", "benchmarks.mangosaurus_bot", folder, f"{folder}/bench.db"
            )
            await warm_up(bot)
            return await alone_and_beside(bot, pace, company, repeats)


def section(while_: str, pace: Pace, repeats: int, rows: Sequence[tuple[str, ...]]) -> str:
    """Return the section of results.md that shows rows of latencies."""
    title = f"## `/dino` at {pace.a_second} a second while {while_}"
    about = (
        f"Medians of {repeats} repeats of {pace.seconds:.0f} s each, in turns; SQLite, no limits."
    )
    return f"{title}\n\n{table(('', 'p50', 'p99', 'target', ''), rows)}\n\n{about}"


def milliseconds(seconds: float) -> str:
    """Return a latency for a table."""
    return f"{1000 * seconds:.1f} ms"


def check(bot: Bot, is_right: Callable[[str, str], bool]) -> None:
    """Raise RuntimeError unless each update has exactly one answer, a right one."""
    twice = sum(len(asked.answers) > 1 for asked in bot.inbox.asked)
    lost = sum(not asked.answers for asked in bot.inbox.asked)
    wrong = [
        text
        for asked in bot.inbox.asked
        for _, text in asked.answers
        if not is_right(asked.text, text)
    ]
    if lost or twice or wrong or bot.inbox.stray:
        found = (
            f"{lost} lost, {twice} twice, {bot.inbox.stray} astray, {len(wrong)} wrong: {wrong[:3]}"
        )
        raise RuntimeError(f"{bot.name}: {found}")


def right_answer(asked: str, answer: str) -> bool:
    """Return whether a message answers a command and is no excuse."""
    command, _, line = asked.partition(" ")
    if command == "/dino":
        # One drawn name in 20,000 has a word that is not shown.
        return re.match(r"<b>[A-Za-z]+</b>|<i>I'd rather keep", answer) is not None
    return answer.startswith(f"<b>{line}") and len(answer) > len(line) + 100


async def _answers_to(asked: Sequence[Asked]) -> None:
    """Wait for these answers; `Inbox.answered` would wait for everything else too."""
    for one in asked:
        await one.answered.wait()


def _medians(found: Sequence[Latency]) -> Latency:
    return Latency(*map(statistics.median, zip(*found, strict=True)))
