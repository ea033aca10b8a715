"""Measures how long texts take to write, in poems: `python -m benchmarks.units`. bot/capacity.py
promises with it.

The released weights write many of each kind at once, without Telegram: first all kinds on one
thread, whose CPU time is measured; then poems and sonnets on as many threads as this machine has
cores, up to four.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.report import machine, table
from bot.capacity import THREADS
from bot.creations import ASIDE, Creation, request_for
from bot.writer import Writer, prepare
from model.files import ROOT
from model.text.forms import SONNET_TEMPERATURE, Genre, Network
from model.threads import blas_threads
from model.weights.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LINES = (
    "Shall I compare thee",
    "When forty winters",
    "Look in thy glass",
    "Not marble, nor the gilded",
    "My mistress",
)
KINDS: dict[str, tuple[Genre, int, dict[str, Any]]] = {
    "a poem": (Genre.POEM, 16, {}),
    "a name": (Genre.DINO, 100, {}),
    "ten names": (Genre.DINO, 100, {"count": 10}),
    "a poem, continued once": (Genre.POEM, 16, {"length": 1}),
    "a poem, continued three times": (Genre.POEM, 16, {"length": 3}),
    "five names, typed inline": (Genre.DINO, 100, {"count": 5, "turn": ASIDE}),
    "two poems, typed inline": (Genre.POEM, 32, {"turn": ASIDE}),
    "a sonnet": (Genre.SONNET, 2, {}),
    "a poem alone": (Genre.POEM, 1, {}),
}
"""Of each kind: the genre, how many are written at once, and what else the creations have."""
PAIR = {"two poems, typed inline": 2}
"""How many texts one ask takes."""
SHARED = {"a poem": 32, "a sonnet": 8}
"""How many of a kind are written at once by several threads."""


async def measure(
    kinds: Mapping[str, int], threads: int, repeats: int, folder: Path, clock: Callable[[], float]
) -> dict[str, float]:
    """Return the seconds that one of each kind takes, medians of repeats that take turns; `kinds`
    says how many.
    """
    checkpoints = {network: Versions(folder / network).load_current() for network in Network}
    await prepare(checkpoints[Network.POEM])
    writers = {network: Writer(checkpoint) for network, checkpoint in checkpoints.items()}
    for writer in writers.values():
        writer.threads = threads
    seconds = defaultdict(list)
    for repeat in range(repeats + 1):
        for kind, count in kinds.items():
            genre, _, facts = KINDS[kind]
            writer = writers[genre.network]
            usual = (
                SONNET_TEMPERATURE
                if genre is Genre.SONNET
                else writer.checkpoint.description.temperature
            )
            texts = [
                _creation(genre, repeat * count + number, usual, facts) for number in range(count)
            ]
            begin = clock()
            await asyncio.gather(*[writer.write(request_for(each)) for each in texts])
            if repeat:  # the first texts wait for the networks to be laid out
                seconds[kind].append((clock() - begin) / count * PAIR.get(kind, 1))
    for writer in writers.values():
        await writer.close()
    return {kind: statistics.median(found) for kind, found in seconds.items()}


def _creation(genre: Genre, number: int, temperature: float, facts: Mapping[str, Any]) -> Creation:
    facts = {"turn": 0, **facts}
    prompt = "" if genre is Genre.DINO else LINES[number % len(LINES)]
    return Creation("", 1, genre, "", number, prompt=prompt, temperature=temperature, **facts)


def report(repeats: int, checkpoints: str = "checkpoints") -> str:
    """Measure everything, and return two tables as Markdown."""
    folder = ROOT / checkpoints
    with blas_threads(1):
        kinds = {kind: count for kind, (_, count, _) in KINDS.items()}
        alone = asyncio.run(measure(kinds, 1, repeats, folder, time.process_time))
        threads = range(1, THREADS + 1)
        several = [
            asyncio.run(measure(SHARED, each, repeats, folder, time.perf_counter))
            for each in threads
        ]
    poem = alone["a poem"]
    rows = [(kind, f"{1000 * each:.1f} ms", f"{each / poem:.2f}") for kind, each in alone.items()]
    speeds = [
        (str(each), f"{1 / found['a poem']:.1f}", f"{1 / found['a sonnet']:.2f}")
        for each, found in zip(threads, several, strict=True)
    ]
    headers = ("", "each", "poems"), ("threads", "poems a second", "sonnets a second")
    tables = "\n\n".join(table(*each) for each in zip(headers, (rows, speeds), strict=True))
    about = (
        f"`python -m benchmarks.units`: medians of {repeats} repeats; the first table is CPU time"
        " on one thread."
    )
    return f"## What texts cost\n\n{tables}\n\n{about} {machine()}."


def main(
    checkpoints: Annotated[str, typer.Option(help="the folder of the weights")] = "checkpoints",
    repeats: Annotated[int, typer.Option(help="of everything")] = 5,
) -> None:
    """Measure how long texts take to write."""
    print(report(repeats, checkpoints))


if __name__ == "__main__":
    typer.run(main)
