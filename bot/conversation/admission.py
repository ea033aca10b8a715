"""Which requests are accepted: as many as can be sent within half a minute, and as many as one person may have.

All others are refused at once, in words. A group is told once, until nothing waits for it any more: each further
sentence would keep it waiting longer.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bot.conversation import texts
from bot.people.limits import Limits, Verdict
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.people.limits import Rate

logger = logging.getLogger(__name__)


class ExplainedError(MangosaurusError):
    """Nothing was done. The sentence is HTML from `texts`: why, and what would help."""


class RefusedError(ExplainedError):
    """One request too many for the person, their group or the bot. If that was `said` already, silence is better."""

    def __init__(self, sentence: str, *, said: bool = False) -> None:
        super().__init__(sentence)
        self.said = said


class Outbox(Protocol):
    """Messages, in all or to a chat: how many wait, and how many can be sent within half a minute."""

    def waiting(self, chat_id: int | None = None) -> int: ...

    def capacity(self, chat_id: int | None = None) -> int: ...


class Admission:
    """Counts what is accepted against what can be sent, and everybody's requests against a rate."""

    def __init__(self, outbox: Outbox, rate: Rate | None) -> None:
        self.refused = 0
        """How many requests were refused."""
        self._outbox = outbox
        self._limits = Limits(rate)
        self._in_writing: Counter[int] = Counter()  # accepted and not in the outbox yet, by chat
        self._told: set[int] = set()  # groups that know that they ask for too much

    @contextmanager
    def accepting(self, chat_id: int, person: int) -> Iterator[None]:
        """Accept a person's request in a chat for as long as it is being written; RefusedError."""
        self._refuse_crowd(chat_id)
        self.spend(person)
        self._in_writing[chat_id] += 1
        try:
            yield
        finally:
            self._in_writing[chat_id] -= 1
            if not self._in_writing[chat_id]:
                del self._in_writing[chat_id]

    def spend(self, person: int, cost: float = 1) -> None:
        """Count a reply to a person, or a part of one; RefusedError if they have had enough."""
        verdict = self._limits.spend(person, cost)
        if verdict is not Verdict.ALLOWED:
            self._refuse(texts.too_many(self._limits.wait(person)), said=verdict is Verdict.REFUSED_AGAIN)

    def _refuse_crowd(self, chat_id: int) -> None:
        is_busy = self._outbox.waiting() + self._in_writing.total() >= self._outbox.capacity()
        if chat_id > 0:
            if is_busy:
                self._refuse(texts.BUSY)
            return
        ahead = self._outbox.waiting(chat_id) + self._in_writing[chat_id]
        if not ahead:
            self._told.discard(chat_id)
        is_crowded = ahead >= self._outbox.capacity(chat_id)
        if is_crowded or is_busy:
            said = chat_id in self._told
            self._told.add(chat_id)
            self._refuse(texts.BUSY_GROUP if is_crowded else texts.BUSY, said=said)

    def _refuse(self, sentence: str, *, said: bool = False) -> None:
        self.refused += 1
        logger.info("A request was refused while %d messages wait", self._outbox.waiting())
        raise RefusedError(sentence, said=said)
