"""What has happened since the start: answers, how long each took, and errors by kind. For `/status`."""

from __future__ import annotations

import time
from collections import Counter, deque

import numpy as np

from bot.wire.order import waited

REMEMBERED = 1000
"""Latencies, the newest."""


class Tally:
    """Counts from the moment it is made. Setting the machine's clock changes nothing."""

    def __init__(self) -> None:
        self.answers = 0
        """How many answers were sent: names, poems and sonnets."""
        self.errors: Counter[str] = Counter()
        """How many errors there were, by the name of their type."""
        self._begun = time.monotonic()
        self._latencies: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def seconds(self) -> float:
        """How long it has counted."""
        return time.monotonic() - self._begun

    def count_answer(self) -> None:
        """Count an answer that has just been sent, and the seconds since its update arrived."""
        self.answers += 1
        if (seconds := waited()) is not None:
            self._latencies.append(seconds)

    def latency(self, *percents: float) -> list[float]:
        """Return percentiles of the newest latencies, in seconds; nothing if there are none."""
        percentiles: list[float] = np.percentile(self._latencies, percents).tolist() if self._latencies else []
        return percentiles
