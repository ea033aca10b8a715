"""Many people at once, each of them in order: what one person sends is handled in the order they sent it.

Without this, `/seed 42` and a `/dino` right behind it would run at the same time. Not here: limits on how much one
person may send.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor

if TYPE_CHECKING:
    from collections.abc import Awaitable

AT_ONCE = 256
"""Updates that are handled at the same time, unless somebody knows better."""


def person_id(update: Update) -> int | None:
    """Return whose seed and order an update is about, or None where nobody sent it.

    That is the sender; behind an anonymous administrator or a channel it is the chat they speak for, as Telegram does
    not say who is hidden there.
    """
    sender = update.effective_sender or update.effective_chat
    return sender.id if sender else None


class PersonalOrder(BaseUpdateProcessor):
    """Handles the updates of different people concurrently and those of one person one after the other.

    A person's lock exists as long as an update holds it or waits for it, and no longer: nothing is left behind.
    """

    def __init__(self, max_concurrent_updates: int = AT_ONCE) -> None:
        super().__init__(max_concurrent_updates)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def people(self) -> int:
        """How many people have updates in progress."""
        return len(self._locks)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the person's earlier updates, then handle this one.

        What is typed inline waits for nothing: it changes nothing, and each letter makes the one before it worthless.
        """
        person = person_id(update) if isinstance(update, Update) and not update.inline_query else None
        if person is None:
            await coroutine
            return
        lock = self._locks.setdefault(person, asyncio.Lock())
        async with lock:  # FIFO
            await coroutine

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to let go of."""
