"""Measures a bot that is asked more than Telegram lets it answer: `python -m benchmarks.overload`.

A real bot process with its default settings meets a crowd, and a server that keeps Telegram's
limits. Each ask comes from another person: most want /dino, some /poem or /help; one more in six
types inline, which takes no message. `--tree` starts the bot of another folder too, with the Python
of its `.venv`, so that both stand in one table.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.latency import LIMIT, right_answer
from benchmarks.processes import STARTS_WITHIN, bench, prepare
from benchmarks.report import machine, table, write_section
from bot.settings import TELEGRAMS_RATE
from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.processes import Bot
    from benchmarks.telegram_server import Asked

LOADS, SECONDS = (0.5, 1.0, 1.5, 3.0, 5.0), 120.0
POEM = "/poem Shall I compare thee"
CROWD = ("/dino", "/dino", POEM, "/dino", "/help", "/dino", "/dino", POEM, "/dino", "/dino")
TYPED, EACH_TYPIST = ("mango", "shall i compare thee"), 5
AT_ONCE, PATIENCE = 1.0, 180.0
"""The bot has recovered when it answers within a second; the bench waits for that for so many
seconds."""


async def measure(load: float, seconds: float, tree: Path) -> tuple[str, ...]:
    """Let a crowd ask, and return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), tree)
        settings = {"DATABASE": f"{folder}/crowd.db", "CHECKPOINTS": folder, "LOG_LEVEL": "ERROR"}
        async with bench(is_strict=True) as running:
            bot = await running.start_real("bot", "92:overload-of-the-bench", settings, tree)
            await bot.until(bot.inbox.polled(), STARTS_WITHIN)
            for text in (*CROWD, *CROWD):
                bot.inbox.ask(text, len(bot.inbox.asked))
            await bot.until(bot.inbox.answered(), LIMIT)
            warm_up, begin = len(bot.inbox.asked), time.perf_counter()
            await _crowd(bot, load * TELEGRAMS_RATE, seconds)
            asked, end = bot.inbox.asked[warm_up:], time.perf_counter()
            recovery = await _recovery(bot, end)
        return _row(load, tree, asked, (begin, end), recovery, bot.inbox.too_many)


async def _crowd(bot: Bot, rate: float, seconds: float) -> None:
    begin = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(begin + number / rate - time.perf_counter())
        bot.inbox.ask(CROWD[number % len(CROWD)], len(bot.inbox.asked))
        if number % EACH_TYPIST == 0:
            bot.inbox.ask(
                TYPED[number // EACH_TYPIST % len(TYPED)], len(bot.inbox.asked), is_inline=True
            )


async def _recovery(bot: Bot, end: float) -> float:
    """Return how long after the end of the crowd a new ask is answered at once."""
    while (since := time.perf_counter() - end) < PATIENCE:
        asked = bot.inbox.ask("/dino", len(bot.inbox.asked))
        await asyncio.sleep(AT_ONCE)
        if asked.answers and _is_answer(asked, asked.answers[0][1]):
            return since
    return math.inf


def _row(
    load: float,
    tree: Path,
    asked: Sequence[Asked],
    crowd: tuple[float, float],
    recovery: float,
    too_many: int,
) -> tuple[str, ...]:
    begin, end = crowd
    said = [(one, at, text) for one in asked if not one.is_inline for at, text in one.answers]
    answers = [(one, at) for one, at, text in said if _is_answer(one, text)]
    refused = [at for one, at, text in said if not _is_answer(one, text)]
    typed = [one for one in asked if one.is_inline]
    offered = sum(one.answers[0][1] != "" for one in typed if one.answers)
    return (
        f"{load:g} × {TELEGRAMS_RATE}" + ("" if tree == ROOT else f", {tree.name}"),
        f"{(len(asked) - len(typed)) / (end - begin):.1f}/s",
        f"{sum(at <= end for _, at in answers) / (end - begin):.1f}/s",
        f"{sum(at <= end for at in refused) / (end - begin):.1f}/s",
        f"{max((at - one.asked for one, at in answers), default=math.inf):.1f} s",
        f"{max((at - (one.handed_out or at) for one, at in answers), default=math.inf):.1f} s",
        f"{recovery:.0f} s" if recovery < math.inf else f"> {PATIENCE:.0f} s",
        f"{too_many:,}",
        f"{offered / len(typed):.0%}",
    )


def _is_answer(asked: Asked, text: str) -> bool:
    return text.startswith("/dino") if asked.text == "/help" else right_answer(asked.text, text)


def report(
    loads: Sequence[float], seconds: float, tree: Path | None, say: Callable[[str], None]
) -> str:
    """Measure every load, in both trees by turns, and return the table as Markdown."""
    rows = []
    for load in loads:
        for each in (ROOT, tree.resolve()) if tree else (ROOT,):
            say(f"{load:g} times the message rate, {each.name}")
            rows.append(asyncio.run(measure(load, seconds, each)))
    header = (
        "load",
        "asks",
        "answers",
        "refusals",
        "longest wait",
        "since fetch",
        "recovery",
        "429s",
        "inline",
    )
    about = (
        f"`python -m benchmarks.overload`: {seconds:.0f} s each, default settings, each ask from"
        " another person. Recovery: from the end of the crowd until a new ask is answered within 1"
        " s. Inline: whom it offered texts."
    )
    return f"## Overload\n\n{table(header, rows)}\n\n{about} {machine()}."


def main(
    load: Annotated[
        list[float] | None, typer.Option(help="asks, in units of the message rate")
    ] = None,
    seconds: Annotated[float, typer.Option(help="of each crowd")] = SECONDS,
    tree: Annotated[
        Path | None, typer.Option(help="another folder whose bot is measured beside")
    ] = None,
    write_results: Annotated[
        bool, typer.Option("--write", help="put the table into benchmarks/results.md")
    ] = False,
) -> None:
    """Measure crowds that ask more than the bot may answer."""
    try:
        text = report(
            load or LOADS, seconds, tree, lambda line: print(line, file=sys.stderr, flush=True)
        )
    except RuntimeError as error:
        sys.exit(f"benchmarks.overload: {error}")
    print(text)
    if write_results:
        write_section("overload", text)


if __name__ == "__main__":
    typer.run(main)
