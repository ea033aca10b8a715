"""Many people at once, each of them in order: what one person sends is handled in the order they sent it.

Without this, `/seed 42` and a `/dino` right behind it would run at the same time. What waits for its turn takes the
place of something else, so only so much of one person's may. Not here: limits on how many answers one person gets
(`limits`).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor, filters

from bot.conversation import presses, texts

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from telegram import Chat, User

logger = logging.getLogger(__name__)

IN_PRIVATE = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE & ~filters.VIA_BOT
"""What a person writes in a private chat. What they choose inline was written by a bot, in most cases by this one."""
AT_ONCE = 256
"""Updates that are handled at the same time, unless somebody knows better."""


def person_id(update: Update) -> int | None:
    """Return whose seed and order an update is about, or None where nobody sent it.

    That is the sender; behind an anonymous administrator or a channel it is the chat they speak for, as Telegram does
    not say who is hidden there.
    """
    sender = update.effective_sender or update.effective_chat
    return sender.id if sender else None


def can_press(owner: int, presser: User | None, chat: Chat) -> bool:
    """Tell whether what belongs to somebody, or to a chat, can be pressed by a person in a chat.

    Telegram never says that a press comes from a channel, in whose name one can write in a group.
    """
    return owner == chat.id or (presser is not None and owner == presser.id)


@dataclass(eq=False)
class _Line:
    """One person's updates in progress: one is handled, the others wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class PersonalOrder(BaseUpdateProcessor):
    """Handles the updates of different people concurrently and those of one person one after the other.

    Of somebody who sends more and more while `each` of theirs are in progress, the rest is passed over: in a group,
    which gets an answer every three seconds, they would keep all others waiting. None: nothing is passed over.
    A person's line exists as long as an update stands in it, and no longer: nothing is left behind.
    """

    def __init__(self, max_concurrent_updates: int = AT_ONCE, each: int | None = None) -> None:
        super().__init__(max_concurrent_updates)
        self._each = each
        self._lines: WeakValueDictionary[int, _Line] = WeakValueDictionary()

    @property
    def people(self) -> int:
        """How many people have updates in progress."""
        return len(self._lines)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the person's earlier updates, then handle this one.

        What is typed inline waits for nothing: it changes nothing, and each letter makes the one before it worthless.
        """
        if not isinstance(update, Update) or update.inline_query or (person := person_id(update)) is None:
            await coroutine
            return
        line = self._lines.setdefault(person, _Line())
        if self._each is not None and line.length >= self._each:
            if inspect.iscoroutine(coroutine):
                coroutine.close()
            logger.info("%d updates of %d are in progress; one more is passed over", line.length, person)
            if update.callback_query:  # or the button would seem to go on
                await presses.release(update.callback_query, texts.PASSED_OVER)
            return
        line.length += 1
        try:
            async with line.lock:  # FIFO
                await coroutine
        finally:
            line.length -= 1

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to let go of."""
