"""Which of several processes serves: the one that holds a lock in their PostgreSQL database.

The lock belongs to a connection. The server frees it at once when the connection ends, and after 7
seconds when the holder's machine falls silent. The holder may not notice that. So it trusts a
confirmed lock for 6 seconds; after that, it sends nothing until the lock is confirmed again. Each
process tries every second to get the lock, and waits these 6 seconds before it serves. A process
that loses the lock ends: whatever started it starts it again, and then it waits like any other.

The connection must lead to the server itself, not to a pooler that shares it between transactions.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.database import Database, StoreError

logger = logging.getLogger(__name__)

TRY = 1.0
"""Seconds between two tries to get the lock."""
CHECK = 2.0
"""Seconds between two looks at the lock that is held."""
PATIENCE = 4.0
"""Seconds that the server may take to answer. A yes counts for CHECK + PATIENCE seconds from the
question."""
LOST = "this process has lost its lock, so another one may serve now", "start this one again"
ANOTHER_SERVES = "Another process serves; this one waits until it ends"

_LOCK = int.from_bytes(b"mangosau")
_TAKE = f"SELECT pg_try_advisory_lock({_LOCK})"
_LOOK = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
)


class Standby:
    """The lock of one database.

    With a SQLite file there is no lock: `acquired` returns at once, and `lost` never.
    """

    def __init__(self, database: str | Path) -> None:
        self._database = Database(database)
        self._told = ""
        self._held_until = -math.inf  # by time.monotonic, which goes on while a process is frozen

    @property
    def is_held(self) -> bool:
        """Whether this process surely holds the lock now."""
        return self._database.is_file or time.monotonic() < self._held_until

    async def acquired(self, waiting: Callable[[bool], object] = bool) -> None:
        """Wait until this process holds the lock and no other serves, however long the server is
        away.

        Calls `waiting` after each try that fails, with True if another process holds the lock.
        """
        while not self._database.is_file:
            if await self._answer(_TAKE):
                await asyncio.sleep(CHECK + PATIENCE)
                if await self._answer(_LOOK):  # no, if the connection is a new one
                    return
            waiting(self._told == ANOTHER_SERVES)
            await asyncio.sleep(TRY)

    async def while_held(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work. Once the lock is lost, cancel the work, wait until it has ended, and raise
        StoreError.

        A cancellation cancels the work, too. The lock is looked after until the work has ended.
        """
        working = asyncio.create_task(work)
        losing = asyncio.create_task(self.lost())
        try:
            await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            await asyncio.wait({working})
            losing.cancel()
        if not working.cancelled():
            return working.result()
        losing.result()
        raise StoreError(self._database.name, *LOST)

    async def lost(self) -> None:
        """Wait until this process no longer holds the lock."""
        if self._database.is_file:
            await asyncio.Event().wait()
        while await self._answer(_LOOK):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(CHECK)
        await self.release()

    async def release(self) -> None:
        self._held_until = -math.inf
        await self._database.disconnect()

    async def _answer(self, query: str) -> bool:
        """Return the server's yes or no, and log a new reason to wait.

        Without an answer it is no, and the connection is given up.
        """
        asked = time.monotonic()
        reason = ANOTHER_SERVES
        is_yes = False
        try:
            is_yes = await self._database.run(
                lambda connection: bool(connection.scalar(text(query))), patience=PATIENCE
            )
        except StoreError as error:
            reason = str(error)
            await self.release()
        self._held_until = asked + CHECK + PATIENCE if is_yes else -math.inf
        if is_yes:
            reason = ""
        elif reason != self._told:
            logger.warning("%s", reason)
        self._told = reason
        return is_yes
