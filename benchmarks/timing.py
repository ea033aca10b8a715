"""Timing two or more ways of doing the same thing, on a machine that may be busy with other things as well.

The ways take turns, so that a slow minute of the machine hits all of them; what is compared is each round by itself,
and the median of the rounds is reported. Not here: what is measured, and how it is written down (`report`).
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
    """How much time to spend: rounds of a comparison, seconds after which it stops early, whether small sizes do."""

    repeats: int = 9
    seconds: float = 12.0
    quick: bool = False


def compare(sides: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, list[float]]:
    """Run each side once a round, in turn, and return its seconds by round; one run before that is not counted.

    Every other round goes backwards, so that no side always comes after the same other one.
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
    """How many times as fast ours is: the median over rounds of their time divided by ours."""
    return statistics.median(their / our for our, their in zip(ours, theirs, strict=True))


def fastest(sides: Mapping[Side, Callable[[], object]]) -> Side:
    """The side that is fastest in the better of two rounds."""
    seconds = {name: min(_seconds(side), _seconds(side)) for name, side in sides.items()}
    return min(seconds, key=lambda name: seconds[name])


def _seconds(side: Callable[[], object]) -> float:
    begun = time.perf_counter()
    side()
    return time.perf_counter() - begun
