"""Updates of many people at once, those of one person in the order in which they sent them.

Otherwise `/seed 42` and a `/dino` right behind it would run at the same time.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor, filters

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from telegram import Chat, User

LAST_WORDS = 0.1
"""Seconds in which the updates that are abandoned may log what they did not do."""
IN_PRIVATE = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE & ~filters.VIA_BOT
"""Messages that a person writes in a private chat. A result chosen inline was written by a bot, mostly by this one."""

_arrival: ContextVar[float] = ContextVar("arrival")


def waited() -> float | None:
    """Return the seconds since the update that is being handled arrived; None outside the handling of an update."""
    arrival = _arrival.get(None)
    return None if arrival is None else time.monotonic() - arrival


def person_id(update: Update) -> int | None:
    """Return whose seed and order an update is about, or None if nobody sent it.

    For an anonymous administrator or a channel this is the chat, as Telegram does not tell who is behind it.
    """
    sender = update.effective_sender or update.effective_chat
    return sender.id if sender else None


def can_press(owner: int, presser: User | None, chat: Chat) -> bool:
    """Tell whether a person in a chat may press a button that belongs to a person or a chat.

    Everybody in a chat may press what belongs to the chat: Telegram never says that a press comes from a channel.
    """
    return owner == chat.id or (presser is not None and owner == presser.id)


class PersonalOrder(BaseUpdateProcessor):
    """Handles the updates of different people concurrently, and those of one person one after the other.

    There is no limit to the number of updates in progress: those that cannot be answered in time are refused, and that
    must not wait either. A person's lock lives as long as one of their updates holds or awaits it.
    """

    def __init__(self) -> None:
        super().__init__(sys.maxsize)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def people(self) -> int:
        """How many people have updates in progress."""
        return len(self._locks)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Handle an update after the person's earlier ones.

        Inline queries do not wait: they change nothing, and each letter typed makes the query before it worthless.
        """
        _arrival.set(time.monotonic())  # each update is handled in a task, and so in a context, of its own
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._tasks.add(task)
        try:
            if not isinstance(update, Update) or update.inline_query or (person := person_id(update)) is None:
                await coroutine
                return
            async with self.lock_of(person):  # first come, first served
                await coroutine
        finally:
            self._tasks.discard(task)
            cast("Coroutine[Any, Any, Any]", coroutine).close()  # or Python warns of one that was cancelled in the line

    async def abandon(self) -> int:
        """Cancel the updates in progress, and return how many there are."""
        tasks = self._tasks.copy()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_WORDS)
        return len(tasks)

    def lock_of(self, person: int) -> asyncio.Lock:
        """Return the lock that is held while an update of a person, or of a chat, is handled."""
        return self._locks.setdefault(person, asyncio.Lock())

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to close."""
