"""How much one person may ask for: a token bucket for each.

A full bucket holds `answers` tokens, each answer takes one, and an empty bucket is full again after `seconds`.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SWEEP_AT = 1024
"""Buckets. Full ones are thrown away when there are twice as many as after the last sweep, and at least this many."""
LETTERS = 12
"""As many inline queries count as one answer."""
ROUNDING = 1e-6
"""Seconds: more than floating-point sums of times are off."""


@dataclass(frozen=True)
class Rate:
    """So many answers in so many seconds; all at once is fine."""

    answers: int
    seconds: float


class Verdict(Enum):
    """Whether a request is allowed."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    REFUSED_AGAIN = "refused again"  # since the last one that was allowed


class Limits:
    """Everybody's bucket. Without a rate, everything is allowed."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at: dict[int, float] = {}  # on the clock
        self._told: set[int] = set()
        self._sweep_at = SWEEP_AT

    @property
    def people(self) -> int:
        """How many people have a bucket that may not be full."""
        return len(self._full_at)

    def spend(self, person_id: int, cost: float = 1) -> Verdict:
        """Take a token, or a part of one, from a person's bucket, if it holds that much.

        A refused part does not count as told, because what is typed inline cannot be answered with a sentence.
        """
        if self._rate is None:
            return Verdict.ALLOWED
        full_at = self._full_after(cost, person_id, self._rate)
        if full_at - self._clock() > self._rate.seconds + ROUNDING:
            verdict = Verdict.REFUSED_AGAIN if person_id in self._told else Verdict.REFUSED
            if cost >= 1:
                self._told.add(person_id)
            return verdict
        if person_id not in self._full_at and len(self._full_at) >= self._sweep_at:
            self._sweep()
        self._full_at[person_id] = full_at
        self._told.discard(person_id)
        return Verdict.ALLOWED

    def wait(self, person_id: int) -> int:
        """Return the seconds until a person's next request is allowed."""
        if self._rate is None:
            return 0
        excess = self._full_after(1, person_id, self._rate) - self._clock() - self._rate.seconds
        return max(math.ceil(excess - ROUNDING), 0)

    def _full_after(self, cost: float, person_id: int, rate: Rate) -> float:
        """Return when a person's bucket would be full if it gave so many tokens now."""
        now = self._clock()
        return max(self._full_at.get(person_id, now), now) + cost * rate.seconds / rate.answers

    def _sweep(self) -> None:
        now = self._clock()
        self._full_at = {person: full_at for person, full_at in self._full_at.items() if full_at > now}
        self._told &= self._full_at.keys()
        self._sweep_at = max(2 * len(self._full_at), SWEEP_AT)
