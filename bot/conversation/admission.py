"""Which requests are accepted: as many as can be sent within half a minute, and as many as one person may have.

All others are refused at once, in words. A group is told once, until nothing waits for it any more: each further
sentence would keep it waiting longer. Requests that make no text (/help, buttons of settings, mistakes) have a limit of
their own, for each person and for each group, so that they keep nobody from texts.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bot.conversation import texts
from bot.people.limits import Limits, Verdict
from bot.writing.writer import Busy
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.people.limits import Rate

logger = logging.getLogger(__name__)

LONGEST_WAIT = 30.0
"""Seconds in which Telegram takes all that is accepted."""


ASKS, ASKS_OF_A_GROUP = 30, 8
"""Requests without a text in a minute that begins with the first of them."""


class ExplainedError(MangosaurusError):
    """Nothing was done. The sentence is HTML from `texts`: why, and what would help."""


class RefusedError(ExplainedError):
    """One request too many for the person, their group or the bot. If that was `said` already, silence is better."""

    def __init__(self, sentence: str, *, said: bool = False) -> None:
        super().__init__(sentence)
        self.said = said


class Outbox(Protocol):
    """Messages on their way to Telegram."""

    @property
    def waiting(self) -> int:
        """How many wait."""

    is_limited: bool

    def held(self, chat_id: int) -> float:
        """Return for how many seconds Telegram wants nothing for a chat."""

    def wait(self, chat_id: int, ahead: int = 0, ahead_in_chat: int = 0) -> float:
        """Return how long a message would wait if so many others came first, in all and to its chat."""


class Admission:
    """Counts what is accepted against what can be sent, and everybody's requests against a rate."""

    def __init__(self, outbox: Outbox, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.refused = 0
        """How many requests were refused."""
        self._outbox = outbox
        self._limits = Limits(rate, clock)
        self._is_limited = rate is not None
        self._clock = clock
        self._minutes: dict[int, tuple[float, int]] = {}  # of a person or a group: when it ends, and the asks in it
        self._in_writing: Counter[int] = Counter()  # accepted and not in the outbox yet, by chat
        self._told: set[int] = set()  # groups that know that they ask for too much

    @contextmanager
    def accepting(self, chat_id: int, person: int) -> Iterator[None]:
        """Accept a person's request in a chat for as long as it is being written; RefusedError."""
        self._refuse_crowd(chat_id)
        with self.spending(person):
            self._in_writing[chat_id] += 1
            try:
                yield
            finally:
                self._in_writing[chat_id] -= 1
                if not self._in_writing[chat_id]:
                    del self._in_writing[chat_id]

    @contextmanager
    def spending(self, person: int, cost: float = 1) -> Iterator[None]:
        """Count a reply to a person, or a part of one; RefusedError if they have had enough or the writer is busy."""
        verdict = self._limits.spend(person, cost)
        if verdict is not Verdict.ALLOWED:
            self._refuse(texts.too_many(self._limits.wait(person)), said=verdict is Verdict.REFUSED_AGAIN)
        try:
            yield
        except Busy:
            self._limits.spend(person, -cost)
            self._refuse(texts.BUSY)

    def ask(self, chat_id: int, person: int) -> None:
        """Accept a person's request in a chat that makes no text; RefusedError."""
        self._refuse_crowd(chat_id)
        self.explain(chat_id, person)

    def explain(self, chat_id: int, person: int) -> None:
        """Count a sentence to a person in a chat; RefusedError beyond a limit, in words once a minute."""
        key, limit = (chat_id, ASKS_OF_A_GROUP) if chat_id < 0 else (person, ASKS)
        now = self._clock()
        while self._minutes and next(iter(self._minutes.values()))[0] <= now:  # the oldest comes first
            del self._minutes[next(iter(self._minutes))]
        end, asks = self._minutes.get(key, (now + 60, 0))
        self._minutes[key] = end, asks + 1
        if asks >= limit and self._is_limited:
            self._refuse(texts.too_many(math.ceil(end - now)), said=asks > limit)

    def _refuse_crowd(self, chat_id: int) -> None:
        """Refuse what could not be answered in time; in a group, what would leave no time for a refusal either."""
        is_group = chat_id < 0
        in_all, in_chat = self._in_writing.total(), self._in_writing[chat_id]
        wait = self._outbox.wait(chat_id, in_all, in_chat + is_group)
        if is_group and not self._outbox.wait(chat_id, in_all, in_chat):
            self._told.discard(chat_id)
        if wait <= LONGEST_WAIT:
            return
        if (held := self._outbox.held(chat_id)) > LONGEST_WAIT:
            self._refuse(texts.held(math.ceil(held)))
        is_everybodys = self._outbox.wait(0, in_all) > LONGEST_WAIT  # 0 is nobody's chat
        if not is_group:
            self._refuse(texts.BUSY if is_everybodys else texts.too_many(math.ceil(wait - LONGEST_WAIT)))
        said = chat_id in self._told
        self._told.add(chat_id)
        self._refuse(texts.BUSY if is_everybodys else texts.BUSY_GROUP, said=said)

    def _refuse(self, sentence: str, *, said: bool = False) -> None:
        self.refused += 1
        logger.info("A request was refused while %d messages wait", self._outbox.waiting)
        raise RefusedError(sentence, said=said)
