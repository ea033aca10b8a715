"""How much one person may ask for: a token bucket for each, which costs nothing while nobody overdoes it.

A bucket holds `answers` tokens, each answer takes one, and a full bucket comes back within `seconds`. Not here: how
many requests of all people may wait (`batching`).
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
"""Buckets; when there are twice as many as after the last sweep, and at least so many, full ones are thrown away."""


LETTERS = 12
"""As many queries count as one answer."""


@dataclass(frozen=True)
class Rate:
    """So many answers in so many seconds, all at once if somebody likes."""

    answers: int
    seconds: float

    def of_typing(self) -> Rate:
        """Return the rate of what is typed inline, where each letter asks for an answer."""
        return Rate(LETTERS * self.answers, self.seconds)


class Verdict(Enum):
    """What becomes of a request."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    REFUSED_AGAIN = "refused again"  # since the last allowed one; it was said already


@dataclass
class _Bucket:
    tokens: float
    filled: float  # when `tokens` was true, on the clock
    told: bool = False


class Limits:
    """Everybody's bucket; without a rate, everything is allowed."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: dict[int, _Bucket] = {}
        self._sweep_at = SWEEP_AT

    @property
    def people(self) -> int:
        """How many people have a bucket."""
        return len(self._buckets)

    def spend(self, person_id: int) -> Verdict:
        """Take one token of a person's, if there is one."""
        if self._rate is None:
            return Verdict.ALLOWED
        bucket = self._bucket(person_id, self._rate)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            bucket.told = False
            return Verdict.ALLOWED
        told, bucket.told = bucket.told, True
        return Verdict.REFUSED_AGAIN if told else Verdict.REFUSED

    def wait(self, person_id: int) -> int:
        """Return after how many seconds the person's next request will be allowed."""
        if self._rate is None:
            return 0
        missing = 1 - self._bucket(person_id, self._rate).tokens
        return max(math.ceil(missing * self._rate.seconds / self._rate.answers), 0)

    def _bucket(self, person_id: int, rate: Rate) -> _Bucket:
        """Return a person's bucket as it is now."""
        now = self._clock()
        if person_id not in self._buckets and len(self._buckets) >= self._sweep_at:
            self._sweep(now, rate)
        bucket = self._buckets.setdefault(person_id, _Bucket(rate.answers, now))
        _fill(bucket, now, rate)
        return bucket

    def _sweep(self, now: float, rate: Rate) -> None:
        for bucket in self._buckets.values():
            _fill(bucket, now, rate)
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.tokens < rate.answers}
        self._sweep_at = max(2 * len(self._buckets), SWEEP_AT)


def _fill(bucket: _Bucket, now: float, rate: Rate) -> None:
    bucket.tokens = min(bucket.tokens + (now - bucket.filled) * rate.answers / rate.seconds, rate.answers)
    bucket.filled = now
