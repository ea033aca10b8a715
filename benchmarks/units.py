"""Measures how long texts take to write, in poems: `python -m benchmarks.units`. bot/capacity.py promises with it.

The released weights write a full batch of each kind, without Telegram, so a poem is one of a hundred at once. Sonnets
are searches, two at the same time, and stand in no batch.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.report import machine, table
from bot.creations import ASIDE, USUAL, Creation, request_for
from bot.writer import Writer, prepare
from model.checkpoint.versions import Versions
from model.engine.threads import blas_threads
from model.files import ROOT
from model.text.forms import Genre, Network

if TYPE_CHECKING:
    from collections.abc import Mapping

LINES = ("Shall I compare thee", "When forty winters", "Look in thy glass", "Not marble, nor the gilded", "My mistress")
KINDS: dict[str, tuple[Genre, int, dict[str, Any]]] = {
    "a poem": (Genre.POEM, 100, {}),
    "a name": (Genre.DINO, 100, {}),
    "ten names": (Genre.DINO, 100, {"count": 10}),
    "a poem, continued once": (Genre.POEM, 100, {"length": 1}),
    "a poem, continued three times": (Genre.POEM, 100, {"length": 3}),
    "five names, typed inline": (Genre.DINO, 100, {"count": 5, "turn": ASIDE}),
    "two poems, typed inline": (Genre.POEM, 100, {"turn": ASIDE}),
    "a sonnet": (Genre.SONNET, 4, {}),
}
"""Of each kind: the genre, how many are written at once, and what else the creations have."""
PAIR = {"two poems, typed inline": 2}
"""How many texts one ask takes."""


async def measure(repeats: int) -> dict[str, float]:
    """Return the seconds that one of each kind takes, medians of repeats that take turns."""
    checkpoints = {network: Versions(ROOT / "checkpoints" / network).load_current() for network in Network}
    await prepare(checkpoints[Network.POEM])
    writers = {network: Writer(checkpoint) for network, checkpoint in checkpoints.items()}
    seconds = defaultdict(list)
    for repeat in range(repeats + 1):
        for kind, (genre, count, facts) in KINDS.items():
            writer = writers[genre.network]
            texts = [_creation(genre, repeat * count + number, facts) for number in range(count)]
            begin = time.perf_counter()
            await asyncio.gather(*[writer.write(request_for(each)) for each in texts])
            if repeat:  # the first texts wait for the networks to be laid out
                seconds[kind].append((time.perf_counter() - begin) / count * PAIR.get(kind, 1))
    for writer in writers.values():
        await writer.close()
    return {kind: statistics.median(found) for kind, found in seconds.items()}


def _creation(genre: Genre, number: int, facts: Mapping[str, Any]) -> Creation:
    facts = {"turn": 0, **facts}
    prompt = "" if genre is Genre.DINO else LINES[number % len(LINES)]
    return Creation("", 1, genre, "", number, prompt=prompt, temperature=USUAL[genre], **facts)


def report(repeats: int) -> str:
    """Measure everything, and return the table as Markdown."""
    with blas_threads(1):
        seconds = asyncio.run(measure(repeats))
    poem = seconds["a poem"]
    rows = [(kind, f"{1000 * each:.1f} ms", f"{each / poem:.2f}") for kind, each in seconds.items()]
    about = f"`python -m benchmarks.units`: {1 / poem:.0f} poems a second; medians of {repeats} repeats."
    return f"## What texts cost\n\n{table(('', 'each', 'poems'), rows)}\n\n{about} {machine()}."


if __name__ == "__main__":
    print(report(5))
