"""Timing two or more ways of doing the same thing, on a machine that may be busy with other things as well.

The ways take turns, so that a slow minute of the machine hits all of them; what is compared is each round by itself,
and the median of the rounds is reported. Not here: what is measured, and how it is written down (`report`).
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much time to spend: rounds of each comparison, and whether to leave out what takes long."""

    repeats: int = 9
    quick: bool = False


def interleaved(sides: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Run each side once a round, in turn, and return its seconds by round; one run before that is not counted.

    Every other round goes backwards, so that no side always comes after the same other one.
    """
    for side in sides.values():
        side()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(repeats):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            begun = time.perf_counter()
            sides[name]()
            seconds[name].append(time.perf_counter() - begun)
    return seconds


def speedup(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times as fast ours is: the median over rounds of their time divided by ours."""
    return statistics.median(their / our for our, their in zip(ours, theirs, strict=True))


def median_fastest(sides: Mapping[str, Callable[[], object]], repeats: int = 3) -> str:
    """Name of the side with the smallest median, after a few rounds."""
    seconds = interleaved(sides, repeats)
    return min(seconds, key=lambda name: statistics.median(seconds[name]))
