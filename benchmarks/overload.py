"""Measures a bot that is asked more than Telegram lets it answer.

A bot process with its default settings answers a crowd, on a server that keeps Telegram's limits.
Each ask comes from another person. Most want /dino, some /poem or /help. For every five of these,
one more person types inline, which takes no message. Another crowd wants cards, of the day's round
and of new names.
"""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime
from itertools import cycle, islice, product
from typing import TYPE_CHECKING

from benchmarks.processes import bench, is_right
from benchmarks.report import table
from bot.telegram.pacing import RATE

if TYPE_CHECKING:
    from benchmarks.processes import Bot

REPEATS = 1
LOADS, SECONDS = (0.5, 1.0, 1.5, 3.0, 5.0), 120.0
"""Asks, in units of the message rate, and how long each crowd asks."""
POEM = "/poem Shall I compare thee"
CROWD = ("/dino", "/dino", POEM, "/dino", "/help", "/dino", "/dino", POEM, "/dino", "/dino")
ASKED = (*CROWD[:5], "mango", *CROWD[5:], "plesio")
AT_ONCE, PATIENCE = 1.0, 180.0
"""The bot has recovered when it answers within AT_ONCE seconds. The bench waits PATIENCE seconds
for that."""
PRESS = f"/today {datetime.now(UTC).toordinal()} 0 0"
"""A button of the round of the day."""
CARDS = (
    *(PRESS, "/dino 3", "/me {}", "/dino 3", PRESS, "/dino 3"),
    *(PRESS, "/dino 3", "/me {}", "/dino 3", PRESS),
)
"""What is asked in a second, for cards."""
SYLLABLES = ("ba", "do", "fi", "ku", "le", "ma", "no", "ri", "su", "ta")
PROMISED = 30.0
CARDS_HEADER = ("", "asks", "answers", "refusals", "neither", "p50", "p95", "longest")
HEADER = ("load", "asks", "answers", "refusals", "longest wait", "since fetch", "recovery", "429s")
NOTE = (
    f"{SECONDS:.0f} s each, default settings, each ask from another person. Recovery: from the end"
    " of the crowd until a new ask is answered within 1 s. Inline: how many of those who typed were"
    " offered texts."
)


def report(repeats: int) -> str:
    """Measure every load, and return the table as Markdown."""
    rows = [asyncio.run(_measure(load)) for load in LOADS for _ in range(repeats)]
    crowds = f"## Overload\n\n{table((*HEADER, 'inline'), rows)}\n\n{NOTE}"
    return f"{crowds}\n\n### Cards\n\n{asyncio.run(_cards())}"


async def _cards() -> str:
    """Let a crowd ask for cards, and for names beside them; return a table and what it says."""
    names = map("".join, product(SYLLABLES, repeat=4))
    async with bench(is_strict=True) as running:
        bot = await running.start("bot", {})
        await bot.at_once(["/help"])
        texts = (line.format(next(names)) for line in CARDS * int(SECONDS))
        await bot.inbox.at_pace(texts, len(CARDS))
        await asyncio.sleep(PROMISED + AT_ONCE)
    rows, drawn = [], 0
    for kind in dict.fromkeys(CARDS):
        command = kind.split()[0]
        asked = [one for one in bot.inbox.asked if one.text.startswith(command)]
        first = [(one, *one.answers[0]) for one in asked if one.answers]
        waits = sorted(at - one.asked for one, at, text in first if is_right(one.text, text))
        drawn += len(waits) * (command != "/dino")
        rows.append(
            (
                f"{kind.format('…')}, {CARDS.count(kind)} a second",
                f"{len(asked)}",
                f"{len(waits)}",
                f"{len(first) - len(waits)}",
                f"{len(asked) - len(first)}",
                *(f"{waits[int(share * (len(waits) - 1))]:.1f} s" for share in (0.5, 0.95, 1)),
            )
        )
    said = (
        f"{SECONDS:.0f} s. {drawn / SECONDS:.1f} cards a second arrived, of which"
        f" {bot.inbox.uploads / SECONDS:.1f} were drawn. Promised: within {PROMISED:.0f} s or"
        " refused, and p95 of /dino within 3 s."
    )
    return f"{table(CARDS_HEADER, rows)}\n\n{said}"


async def _measure(load: float) -> tuple[str, ...]:
    """Let a crowd ask, and return a row of the table."""
    async with bench(is_strict=True) as running:
        bot = await running.start("bot", {})
        await bot.at_once([*CROWD, *CROWD])
        begin = time.perf_counter()
        rate = load * RATE * len(ASKED) / len(CROWD)
        texts = islice(cycle(ASKED), int(rate * SECONDS))
        asked = await bot.inbox.at_pace(texts, rate)
        end = time.perf_counter()
        recovery = await _recovery(bot, end)
    typed = [one for one in asked if one.is_inline]
    offered = sum(one.answers[0][1] != "" for one in typed if one.answers)
    answered, since_fetch, in_time, refused = [0.0], [0.0], 0, 0
    for one in asked:
        for at, text in () if one.is_inline else one.answers:
            if is_right(one.text, text):
                answered.append(at - one.asked)
                since_fetch.append(at - (one.handed_out or at))
                in_time += at <= end
            else:
                refused += at <= end
    seconds = end - begin
    row = (
        f"{load:g} × {RATE}",
        f"{(len(asked) - len(typed)) / seconds:.1f}/s",
        f"{in_time / seconds:.1f}/s",
        f"{refused / seconds:.1f}/s",
        f"{max(answered):.1f} s",
        f"{max(since_fetch):.1f} s",
        f"{recovery:.0f} s" if recovery < math.inf else f"> {PATIENCE:.0f} s",
        f"{bot.inbox.too_many:,}",
        f"{offered / len(typed):.0%}",
    )
    print(*row, flush=True)
    return row


async def _recovery(bot: Bot, end: float) -> float:
    """Return how long after the end of the crowd a new ask is answered at once."""
    while (since := time.perf_counter() - end) < PATIENCE:
        asked = bot.inbox.ask("/dino")
        await asyncio.sleep(AT_ONCE)
        if asked.answers and is_right("/dino", asked.answers[0][1]):
            return since
    return math.inf
