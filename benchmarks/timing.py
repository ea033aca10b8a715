"""Times two or more sides that do the same thing, on a machine that others may use.

The sides take turns, so that a slow minute hits all of them. Ratios are taken within each round;
their median is reported.
"""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Side = TypeVar("Side")
Clock = Callable[[], float]

SHORTEST_SECONDS = 0.1
"""A side is called as often in a row as the quickest side needs for this."""


def compare(
    sides: Mapping[Side, Callable[[], object]], repeats: int, clock: Clock = time.process_time
) -> dict[Side, list[float]]:
    """Return the seconds that a call of each side takes, in each round.

    Two rounds more come first and do not count: they warm up, and tell how many calls to time.
    Every other round runs backwards, so that no side always follows the same other side.
    """
    for side in sides.values():
        side()
    quickest = min(_seconds(side, 1, clock) for side in sides.values())
    calls = math.ceil(SHORTEST_SECONDS / quickest)
    seconds: dict[Side, list[float]] = {name: [] for name in sides}
    for number in range(repeats):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            seconds[name].append(_seconds(sides[name], calls, clock))
    return seconds


def fastest(sides: Mapping[Side, Callable[[], object]]) -> Side:
    """Return the side that is fastest in the better of two rounds."""
    seconds = compare(sides, 2)
    return min(seconds, key=lambda name: min(seconds[name]))


def speedup(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return how many times as fast ours is: the median over rounds of their time divided by
    ours.
    """
    return statistics.median(their / our for our, their in zip(ours, theirs, strict=True))


def _seconds(side: Callable[[], object], calls: int, clock: Clock) -> float:
    begun = clock()
    for _ in range(calls):
        side()
    return (clock() - begun) / calls
