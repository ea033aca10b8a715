"""Measures how long texts take to write, as multiples of a poem's time, by which `bot.limits` makes
its promises.

The released weights write many of each kind at once, without Telegram: first all kinds on one
thread, whose CPU time is measured; then poems and sonnets on as many threads as the bot has.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.report import table
from bot.creations import Creation, request_for
from bot.speeds import THREADS, Speeds
from bot.writer import Writer
from model.files import ROOT
from model.text.forms import USUAL_TEMPERATURE, Genre, Network
from model.verse.tables import tables_for
from model.weights.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REPEATS = 5
POEM = {"temperature": USUAL_TEMPERATURE["verse"]}
NAME = {"temperature": USUAL_TEMPERATURE["names"]}
KINDS: dict[str, tuple[Genre, int, dict[str, Any]]] = {
    "a poem": (Genre.POEM, 16, POEM),
    "a name": (Genre.DINO, 100, NAME),
    "ten names": (Genre.DINO, 100, NAME | {"count": 10}),
    "a poem, continued once": (Genre.POEM, 16, POEM | {"length": 1}),
    "a poem, continued three times": (Genre.POEM, 16, POEM | {"length": 3}),
    "a sonnet": (Genre.SONNET, 2, {"temperature": USUAL_TEMPERATURE["verse"]}),
    "a poem alone": (Genre.POEM, 1, POEM),
    "a name alone": (Genre.DINO, 1, NAME),
}
"""Of each kind: the genre, how many are written at once, and what else the creations have."""
SHARED = {"a poem": 32, "a sonnet": 8}
"""How many of a kind are written at once by several threads."""
LINES = (
    "Shall I compare thee",
    "When forty winters",
    "Look in thy glass",
    "Not marble, nor the gilded",
    "My mistress",
)


def report(repeats: int) -> str:
    """Measure everything, and return two tables as Markdown."""
    counts = {kind: count for kind, (_, count, _) in KINDS.items()}
    alone = asyncio.run(measure(counts, 1, repeats, time.process_time))
    poem = alone["a poem"]
    costs = [(kind, f"{1000 * each:.1f} ms", f"{each / poem:.2f}") for kind, each in alone.items()]
    speeds = []
    for threads in range(1, THREADS + 1):
        found = asyncio.run(measure(SHARED, threads, repeats, time.perf_counter))
        speeds.append((str(threads), *(f"{1 / found[kind]:.2f}" for kind in SHARED)))
    return (
        f"## What texts cost\n\n{table(('CPU of one thread', 'each', 'poems'), costs)}\n\n"
        f"{table(('threads', 'poems a second', 'sonnets a second'), speeds)}"
    )


async def measure(
    kinds: Mapping[str, int], threads: int, repeats: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Return the seconds that one text of each kind takes: the medians of repeats in which the
    kinds take turns. `kinds` says how many texts are written at once.
    """
    checkpoints = {
        network: Versions(ROOT / "checkpoints" / network).load_current() for network in Network
    }
    tables_for(checkpoints[Network.POEM])
    writers = {
        network: Writer(checkpoint, Speeds().of(network))
        for network, checkpoint in checkpoints.items()
    }
    for writer in writers.values():
        writer.threads = threads
    seconds = defaultdict(list)
    for repeat in range(repeats + 1):
        for kind, count in kinds.items():
            numbers = range(repeat * count, (repeat + 1) * count)
            genre, _, _ = KINDS[kind]
            writer = writers[genre.network]
            requests = [request_for(_creation(kind, number)) for number in numbers]
            begin = clock()
            await asyncio.gather(*(writer.write(request, genre) for request in requests))
            if repeat:  # the first texts wait for the networks to be laid out
                seconds[kind].append((clock() - begin) / count)
    for writer in writers.values():
        await writer.close()
    return {kind: statistics.median(found) for kind, found in seconds.items()}


def _creation(kind: str, seed: int) -> Creation:
    genre, _, facts = KINDS[kind]
    prompt = "" if genre is Genre.DINO else LINES[seed % len(LINES)]
    return Creation("", 1, genre, "", seed, turn=0, prompt=prompt, **facts)
