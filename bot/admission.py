"""Who may ask how often, and each person's asks in order: every ask passes here.

Each person's asks are answered one after the other, in the order in which they came; otherwise
`/seed 42` and a `/dino` right behind it would run at the same time.
"""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from weakref import WeakValueDictionary

from bot.asks import Ask, Said, Typed
from bot.capacity import SMALL, Work
from bot.chat import Refused
from bot.settings import Rate
from bot.words import sentences

LETTERS = 12
"""How many letters, typed inline, cost a person as much as one text."""
CHATTER, GROUP_CHATTER = Rate(40, 60), Rate(8, 60)
"""The limits of one person and of one group for asks that need no writing: /help, /seed, stickers,
mistakes."""


class Admission:
    """Decides who may ask. `rate` limits the texts of one person; None sets no limits."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        limits = {
            "texts": rate,
            "chatter": CHATTER if rate else None,
            "group": GROUP_CHATTER if rate else None,
        }
        self._buckets = {reason: Buckets(limit, clock) for reason, limit in limits.items()}
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def entering(self, ask: Ask) -> AbstractAsyncContextManager[object]:
        """Let an ask in after the person's earlier ones.

        What is typed inline does not wait. Raises Refused if late.
        """
        if isinstance(ask, Said) and ask.is_late:
            raise Refused(sentences.LATE, "late")
        return nullcontext() if isinstance(ask, Typed) else self.in_order(ask.person)

    def in_order(self, person: int) -> asyncio.Lock:
        """Return the lock of a person, which lives as long as one of their asks holds
        or awaits it.
        """
        return self._locks.setdefault(person, asyncio.Lock())

    def charge(self, ask: Ask, work: Work) -> None:
        """Take from a person's limit what an answer costs. Raises Refused, and takes nothing, if it
        is too much.

        A text costs at least one token, and at most a full bucket.
        """
        if isinstance(ask, Typed):
            self._spend("texts", ask.person, 1 / LETTERS)
        elif texts := work.texts + work.idle_texts + work.cards:
            self._spend("texts", ask.person, max(1.0, texts))
        else:
            self._spend("chatter", ask.person, 1.0)
            if not ask.chat.is_private:
                self._spend("group", ask.chat.id, 1.0)

    def _spend(self, reason: str, whose: int, cost: float) -> None:
        if wait := self._buckets[reason].spend(whose, cost):
            raise Refused(sentences.TOO_MANY.format(sentences.duration(wait)), reason)


class Buckets:
    """A token bucket for each person.

    It holds `most` tokens of the rate, and fills up in `seconds`.
    """

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at: dict[object, float] = {}  # on the clock

    def spend(self, person: object, cost: float) -> int:
        """Take tokens from a bucket, at most all that it can hold.

        One token is enough to begin, and the person owes the others; so a sonnet after three names
        need not wait. Without a token, take none, and return the seconds until there is one.
        """
        if self._rate is None:
            return 0
        now, token = self._clock(), self._rate.seconds / self._rate.most
        full_at = max(self._full_at.get(person, now), now)
        wait = full_at + min(cost, 1.0) * token - now - self._rate.seconds
        if wait > SMALL:
            return math.ceil(wait - SMALL)
        full_at += min(cost, self._rate.most) * token
        self._full_at.pop(person, None)
        # at the end, so that the bucket that was used longest ago comes first
        self._full_at[person] = full_at
        while self._full_at[oldest := next(iter(self._full_at))] <= now:
            del self._full_at[oldest]
        return 0
