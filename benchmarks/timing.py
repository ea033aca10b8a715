"""Times two or more sides that do the same thing, on a machine that others may use.

The sides take turns, so that a slow minute hits all of them. Ratios are taken within each round;
their median is reported.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Side = TypeVar("Side")

ROUNDS_AT_LEAST = 3


@dataclass(frozen=True)
class Effort:
    """How much to measure: rounds, seconds after which a comparison stops early, and whether small
    sizes suffice.
    """

    repeats: int = 9
    seconds: float = 12.0
    quick: bool = False


def compare(sides: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, list[float]]:
    """Run each side once a round, after one run that does not count. Return each side's seconds by
    round.

    Every other round runs backwards, so that no side always follows the same other side.
    """
    for side in sides.values():
        side()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    begun = time.perf_counter()
    for number in range(effort.repeats):
        if number >= ROUNDS_AT_LEAST and time.perf_counter() - begun > effort.seconds:
            break
        for name in list(sides)[:: -1 if number % 2 else 1]:
            seconds[name].append(_seconds(sides[name]))
    return seconds


def speedup(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return how many times as fast ours is: the median over rounds of their time
    divided by ours.
    """
    return statistics.median(their / our for our, their in zip(ours, theirs, strict=True))


def fastest(sides: Mapping[Side, Callable[[], object]]) -> Side:
    """Return the side that is fastest in the better of two rounds."""
    seconds = {name: min(_seconds(side), _seconds(side)) for name, side in sides.items()}
    return min(seconds, key=lambda name: seconds[name])


def _seconds(side: Callable[[], object]) -> float:
    begun = time.perf_counter()
    side()
    return time.perf_counter() - begun
