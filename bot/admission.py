"""Which asks are answered, and when: every ask passes here.

Each person's asks are answered one after the other, in the order in which they came; otherwise `/seed 42` and a `/dino`
right behind it would run at the same time. An ask that would wait for more than half a minute is refused at once, in
words, and so is an ask beyond the limit of its person. A refusal is said once; then the bot is silent until it makes
sense to ask again.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import resource
import sys
import time
from bisect import bisect_left
from collections import Counter, deque
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from bot.asks import Typed
from bot.chat import Explained
from bot.settings import Rate
from bot.words import sentences
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from markupsafe import Markup

    from bot.asks import Ask

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 30.0
"""An answer that would wait longer is refused."""
MOST_SONNETS = 16
"""How many sonnets the bot takes on at once. Each takes about a second, so the last is done within half a minute."""
LETTERS = 12
"""How many letters, typed inline, cost as much as one text."""
ROUNDING_SECONDS = 1e-6
"""A shorter wait is only the rounding error of a sum of times."""
LATENCY_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Latencies are counted up to each of these seconds, and above."""
CHATTER, GROUP_CHATTER = Rate(40, 60), Rate(8, 60)
"""The limits of one person and of one group for asks that need no writing: /help, /seed, stickers, mistakes."""


class Refused(Explained):
    """The bot refuses an ask: it is one too many for the person, the group or the bot."""


@dataclass(eq=False)
class Tally:
    """Counts what happens from the start on, for `/status`."""

    answers: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    """The sum of all latencies."""
    within: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS) + 1))
    """How many latencies are in each bucket, and above the last."""
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def answered(self, ask: Ask) -> None:
        self.answers += 1
        seconds = time.monotonic() - ask.arrived
        self.seconds += seconds
        self.within[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self._latencies.append(seconds)

    @property
    def latency(self) -> tuple[float, float] | None:
        """The median and the 99th percentile of the newest latencies, in seconds."""
        latencies = sorted(self._latencies)
        return (latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]) if latencies else None


def resident() -> int:
    """Return how many bytes of memory this process uses; without /proc, the most that it has used so far."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


class Admission:
    """Decides which asks are accepted. `rate` limits the texts of one person; None sets no limits."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.refusals: Counter[str] = Counter()
        """How many asks were refused, by reason."""
        self._clock = clock
        limits = {"texts": rate, "chatter": CHATTER if rate else None, "group": GROUP_CHATTER if rate else None}
        self._buckets = {reason: Buckets(limit, clock) for reason, limit in limits.items()}
        self._in_writing: Counter[int] = Counter()  # accepted and not sent yet, by chat
        self._sonnets = 0
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._told: dict[tuple[str, int], float] = {}  # until when each refusal stays unsaid

    @asynccontextmanager
    async def entering(self, ask: Ask) -> AsyncIterator[None]:
        """Let an ask in after the person's earlier ones. What is typed inline does not wait."""
        if isinstance(ask, Typed):
            self._spend("texts", ask.person, 1 / LETTERS)
            yield
            return
        async with self.in_order(ask.person):  # first come, first served
            yield

    def in_order(self, person: int) -> asyncio.Lock:
        """Return the lock of a person, which lives as long as one of their asks holds or awaits it."""
        return self._locks.setdefault(person, asyncio.Lock())

    @contextmanager
    def writing(self, ask: Ask, genre: Genre = Genre.POEM) -> Iterator[None]:
        """Accept an ask for a text. The text counts as being written until the block ends. Raises Refused."""
        chat, is_sonnet = ask.chat, genre is Genre.SONNET
        ahead = self._in_writing[chat.id] + (not chat.is_private)  # a group needs time for a refusal too
        wait = chat.wait_seconds(ahead, self._in_writing.total())
        if wait > LONGEST_WAIT_SECONDS or (is_sonnet and self._sonnets >= MOST_SONNETS):
            sentence = sentences.BUSY if chat.is_private or is_sonnet else sentences.BUSY_GROUP
            self._refuse(sentence, ("busy", chat.id), LONGEST_WAIT_SECONDS)
        self._spend("texts", ask.person, 1)
        self._in_writing[chat.id] += 1
        self._sonnets += is_sonnet
        try:
            yield
        finally:
            self._sonnets -= is_sonnet
            self._in_writing -= Counter([chat.id])  # which also drops what has come to 0

    def chatter(self, ask: Ask) -> None:
        """Accept an ask that needs no writing. Raises Refused."""
        self._spend("chatter", ask.person, 1)
        if not ask.chat.is_private:
            self._spend("group", ask.chat.id, 1)

    def _spend(self, reason: str, whose: int, cost: float) -> None:
        if wait := self._buckets[reason].spend(whose, cost):
            self._refuse(sentences.TOO_MANY.format(sentences.duration(wait)), (reason, whose), wait * (cost >= 1))

    def _refuse(self, sentence: Markup, told: tuple[str, int], seconds: float) -> None:
        """Refuse an ask, in silence if the person was told in the last `seconds`. With 0, nobody reads the sentence."""
        self.refusals[told[0]] += 1
        logger.info("An ask was refused")
        now = self._clock()
        was_said = self._told.get(told, now) > now
        if seconds and not was_said:
            self._told = {told: until for told, until in self._told.items() if until > now} | {told: now + seconds}
        raise Refused(sentence, was_said=was_said)


class Buckets:
    """A token bucket for each person: full with `answers` tokens, and full again `seconds` after it was empty."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at: dict[object, float] = {}  # on the clock

    def spend(self, person: object, cost: float) -> int:
        """Take tokens from a bucket; if it does not hold them, take none and return the seconds until it does."""
        if self._rate is None:
            return 0
        now = self._clock()
        full_at = max(self._full_at.get(person, now), now) + cost * self._rate.seconds / self._rate.answers
        wait = full_at - now - self._rate.seconds
        if wait > ROUNDING_SECONDS:
            return math.ceil(wait - ROUNDING_SECONDS)
        self._full_at.pop(person, None)
        self._full_at[person] = full_at  # at the end, so that the bucket that was used longest ago comes first
        while self._full_at[oldest := next(iter(self._full_at))] <= now:
            del self._full_at[oldest]
        return 0
