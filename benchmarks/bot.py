"""How fast this bot answers, beside a three-line echo on stock python-telegram-bot: `python -m benchmarks.bot`.

One local server asks both, in turns; each bot is a process of its own, and every answer crosses HTTP. Both
sides of a repeat are compared with each other; medians of the repeats are shown. Nothing may be lost, answered twice
or answered wrongly: that is checked for every update. Not here: how good the names and the verses are.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from operator import sub, truediv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.processes import Bot, prepare, running
from benchmarks.report import machine, table, times, write_section

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.telegram_server import Asked

HEADER = ("", "Mangosaurus", "stock echo", "together", "target", "met")
BOTS = ("mangosaurus", "echo")
PEOPLE = 500
WARM_UP = 300
PATIENCE = 120.0
FEW, MANY = 10, 100
LINES = ("Shall I compare thee", "When forty winters", "Look in thy glass", "Not marble, nor the gilded", "My mistress")
COMMANDS = ("/dino", "/dino 3", "/seed", "/dino man", "/help", "/dino", "/seed 42", "/dino")


@dataclass(frozen=True)
class Sizes:
    """How much is asked."""

    updates: int = 2000
    backlog: int = 5000
    a_second: int = 300
    seconds: float = 5.0
    repeats: int = 5


@dataclass
class Measurements:
    """What was measured, one value a repeat; rates are updates a second, the rest seconds."""

    rate: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in BOTS})
    median: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in BOTS})
    slowest: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in BOTS})
    poems: dict[int, list[float]] = field(default_factory=lambda: {FEW: [], MANY: []})
    blocked: list[float] = field(default_factory=list)
    backlog: float = 0.0


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    mangosaurus: str
    echo: str
    result: str
    target: str
    met: bool

    def cells(self) -> tuple[str, ...]:
        """Return the line's cells."""
        return self.what, self.mangosaurus, self.echo, self.result, self.target, "yes" if self.met else "**no**"


async def measure(sizes: Sizes, folder: Path, say: Callable[[str], None]) -> Measurements:
    """Start both bots anew for each repeat, and ask them everything; RuntimeError if an answer is missing or wrong.

    Anew, because where a process lies in memory can be worth some 5 % for as long as it lives.
    """
    measured = Measurements()
    for repeat in range(sizes.repeats):
        say(f"repeat {repeat + 1} of {sizes.repeats}")
        async with running(folder) as (mangosaurus, echo):
            for bot in (mangosaurus, echo):
                await saturate(bot, ["/dino"] * WARM_UP)
            await write(mangosaurus, MANY)  # the first poem of all waits for its network to be laid out
            for bot in (mangosaurus, echo) if repeat % 2 == 0 else (echo, mangosaurus):
                measured.rate[bot.name].append(await saturate(bot, ["/dino"] * sizes.updates))
                await steady(bot, sizes, measured)
            await poems(mangosaurus, measured)
            if repeat + 1 == sizes.repeats:
                say(f"a backlog of {sizes.backlog}")
                commands = [COMMANDS[number % len(COMMANDS)] for number in range(sizes.backlog)]
                measured.backlog = await saturate(mangosaurus, commands)
        for bot in (mangosaurus, echo):  # now that they have ended, and nothing can come any more
            check(bot)
    return measured


async def saturate(bot: Bot, texts: list[str]) -> float:
    """Ask everything at once; updates a second from the first one's way out to the last answer."""
    asked = [bot.inbox.ask(text, number % PEOPLE) for number, text in enumerate(texts)]
    await bot.until(bot.inbox.answered(), PATIENCE)
    return len(asked) / duration(asked)


async def steady(bot: Bot, sizes: Sizes, measured: Measurements) -> None:
    """Ask at a steady pace, and note how long answers take, half of them and 99 in 100."""
    asked = []
    begin = time.perf_counter()
    for number in range(int(sizes.a_second * sizes.seconds)):
        await asyncio.sleep(begin + number / sizes.a_second - time.perf_counter())
        asked.append(bot.inbox.ask("/dino", number % PEOPLE))
    await bot.until(bot.inbox.answered(), PATIENCE)
    percentiles = statistics.quantiles([one.latency for one in asked], n=100, method="inclusive")
    measured.median[bot.name].append(percentiles[49])
    measured.slowest[bot.name].append(percentiles[98])


async def poems(bot: Bot, measured: Measurements) -> None:
    """Ask for a few poems at once, then for many; and for many once more while the event loop is watched.

    Apart, for who watches wakes the loop every millisecond, and takes that time from the poems.
    """
    for count in (FEW, MANY):
        measured.poems[count].append(await write(bot, count))
    await bot.watch()
    await write(bot, MANY)
    measured.blocked.append(await bot.longest_block())


async def write(bot: Bot, count: int) -> float:
    """Ask for poems at once, each of another person's; the seconds until all are there."""
    asked = [bot.inbox.ask(f"/poem {LINES[person % len(LINES)]}", person) for person in range(count)]
    await bot.until(bot.inbox.answered(), PATIENCE)
    return duration(asked)


def duration(asked: list[Asked]) -> float:
    """Return the seconds from the first update's way out to the last one's answer."""
    return max(one.answers[0][0] for one in asked) - min(one.handed_out or 0.0 for one in asked)


def check(bot: Bot) -> None:
    """See that every update has one answer, and the right kind of it; RuntimeError."""
    twice = sum(len(asked.answers) > 1 for asked in bot.inbox.asked)
    lost = sum(not asked.answers for asked in bot.inbox.asked)
    expected = right_answer if bot.name == "mangosaurus" else str.__eq__
    wrong = [text for asked in bot.inbox.asked for _, text in asked.answers if not expected(asked.text, text)]
    astray = bot.inbox.stray
    if lost or twice or wrong or astray:
        raise RuntimeError(
            f"{bot.name}: {lost} lost, {twice} answered twice, {astray} astray, {len(wrong)} wrong: {wrong[:3]}"
        )


def right_answer(asked: str, answer: str) -> bool:
    """Tell whether an answer is one to what was asked, and no excuse."""
    command, _, rest = asked.partition(" ")
    if command == "/dino":
        count, prefix = (int(rest), "") if rest.isdecimal() else (1, rest.capitalize())
        return len(re.findall(rf"^<b>{prefix}[A-Za-z]+</b>", answer, re.MULTILINE)) == count
    if command == "/poem":
        return answer.startswith(f"<b>{rest}</b>") and len(answer) > len(rest) + 150
    return answer.startswith("Your seed is") if command == "/seed" else "/poem" in answer


def rows_of(measured: Measurements, sizes: Sizes) -> list[Row]:
    """Return medians, and what they come to, beside what they should."""
    pace = f"/dino, {sizes.a_second} a second"
    return [
        rate_row(f"/dino, {sizes.updates:,} at once", measured.rate),
        Row(f"{sizes.backlog:,} commands at once", f"{measured.backlog:,.0f}/s", "", "0 lost, 0 twice", "0, 0", True),
        latency_row(f"{pace}: half of them within", measured.median),
        latency_row(f"{pace}: 99 in 100 within", measured.slowest),
        poems_row(measured.poems),
        blocked_row(measured.blocked),
    ]


def rate_row(what: str, rates: dict[str, list[float]]) -> Row:
    """Compare updates a second."""
    own, echo = (statistics.median(rates[name]) for name in BOTS)
    ratio = statistics.median(map(truediv, *(rates[name] for name in BOTS)))
    return Row(what, f"{own:,.0f}/s", f"{echo:,.0f}/s", times(ratio), "≥ 2 ×", ratio >= 2)


def latency_row(what: str, latencies: dict[str, list[float]]) -> Row:
    """Compare times from an update's way out to its answer's arrival."""
    own, echo = (1000 * statistics.median(latencies[name]) for name in BOTS)
    over = 1000 * statistics.median(map(sub, *(latencies[name] for name in BOTS)))
    return Row(what, f"{own:.1f} ms", f"{echo:.1f} ms", f"{over:+.1f} ms", "≤ +10 ms", over <= 10)


def poems_row(seconds: dict[int, list[float]]) -> Row:
    """Compare many poems with a few."""
    many, few = (statistics.median(seconds[count]) for count in (MANY, FEW))
    ratio = statistics.median(map(truediv, seconds[MANY], seconds[FEW]))
    what = f"{MANY} poems at once, {FEW} at once"
    return Row(what, f"{many:.2f} s, {few:.2f} s", "", times(ratio), "≤ 3 ×", ratio <= 3)


def blocked_row(blocked: list[float]) -> Row:
    """Show how late the event loop was, which on a busy machine is also how late the process was."""
    usual, worst = 1000 * statistics.median(blocked), 1000 * max(blocked)
    what = f"event loop late by, at most, while {MANY} poems are written"
    return Row(what, f"{usual:.0f} ms", "", f"worst repeat {worst:.0f} ms", "< 50 ms", usual < 50)


def bench(sizes: Sizes, say: Callable[[str], None]) -> str:
    """Measure everything, and return the table as Markdown."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        weights = prepare(Path(folder))
        measured = asyncio.run(measure(sizes, Path(folder), say))
    rows = [row.cells() for row in rows_of(measured, sizes)]
    about = (
        f"`python -m benchmarks.bot`: medians of {sizes.repeats} interleaved repeats, {PEOPLE} people, "
        f"{', '.join(weights)}; {time.perf_counter() - begin:.0f} s in all."
    )
    return f"{table(HEADER, rows)}\n\n{about} {machine()}."


def main(
    updates: Annotated[int, typer.Option(help="/dino at once")] = Sizes.updates,
    backlog: Annotated[int, typer.Option(help="commands at once, of this bot only")] = Sizes.backlog,
    seconds: Annotated[float, typer.Option(help="of /dino at a steady pace")] = Sizes.seconds,
    repeats: Annotated[int, typer.Option(help="of everything but the backlog")] = Sizes.repeats,
    write_results: Annotated[bool, typer.Option("--write", help="put the table into benchmarks/results.md")] = False,
) -> None:
    """Measure this bot beside a stock echo bot."""
    sizes = Sizes(updates, backlog, seconds=seconds, repeats=repeats)
    try:
        text = bench(sizes, lambda line: print(line, file=sys.stderr, flush=True))
    except RuntimeError as error:
        sys.exit(f"benchmarks.bot: {error}")
    print(text)
    if write_results:
        write_section("bot", text)


if __name__ == "__main__":
    typer.run(main)
