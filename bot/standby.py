"""Which of several processes serves: the one that holds a lock.

For a SQLite file, the lock is a file beside it, and a second process ends at once. For PostgreSQL,
the lock belongs to a connection, and other processes wait for it. The connection must lead to the
server itself, not to a pooler that shares it between transactions.

With PostgreSQL, two processes never serve at once, so nobody reads two answers:

1. A process that serves trusts the server's yes for six seconds from the question, by a clock that
   goes on while the process is frozen or the machine sleeps. If no other yes comes by then, it
   sends nothing more, and ends.
2. When its connection ends, it may take the lock anew within these six seconds, and go on: whoever
   took the lock meanwhile has lost it again before it served.
3. Whoever takes the lock waits six seconds before it serves. By then, every yes that the last
   holder got is too old. If its connection has ended meanwhile, it begins anew.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.database import Database, StoreError

logger = logging.getLogger(__name__)

TRY, TRY_LATER = 0.5, 2.0
"""Seconds after a try to get the lock, and after a try that found no server. The second is longer,
so that whoever served comes first when the server is back."""
CHECK = 1.0
"""Seconds between two questions whether the lock is still held."""
PATIENCE = 5.0
"""Seconds that the server may take to answer. A yes counts for CHECK + PATIENCE seconds from the
question."""
EX_TEMPFAIL = 75
"""The exit code if another process serves, or may do so. A later start can succeed."""
# each is a reason and a way out
LOST = "this process has lost its lock, so another one may serve now", "start this one again"
TAKEN = "another process serves Telegram with it", "end that one first"
ANOTHER_SERVES = "Another process serves; this one waits until it ends"

LOCK = int.from_bytes(b"mangosau")
_LOCK_IS_HELD = (
    "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    " AND granted)"
)


class Standby:
    """The lock of one database."""

    def __init__(self, database: str | Path) -> None:
        self._database = Database(database, is_patient=False)
        self._told = ""
        self._good_until = -math.inf  # by `now`

    @property
    def is_held(self) -> bool:
        """Whether this process surely may serve now."""
        return self._database.is_file or now() < self._good_until

    async def acquired(self, waiting: Callable[[str], object] = str) -> None:
        """Wait until this process holds the lock and no other serves, however long the server is
        away.

        Calls `waiting` after each try that fails, with ANOTHER_SERVES or what the server said;
        the default does nothing.
        Raises StoreError if another process serves with a SQLite file.
        """
        if self._database.is_file:
            if not self._database.claim():
                raise StoreError(self._database.name, *TAKEN, EX_TEMPFAIL)
            return
        while True:
            if await self._answer(take_lock):
                await asyncio.sleep(CHECK + PATIENCE)
                # if the connection broke meanwhile, the new one does not hold the lock
                if await self._answer(_has_lock):
                    return
            waiting(self._told)
            await asyncio.sleep(TRY if self._told == ANOTHER_SERVES else TRY_LATER)

    async def while_held(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work. Once the lock is lost, cancel the work, wait until it has ended, and raise
        StoreError.

        A cancellation cancels the work, too. The lock is kept until the work has ended.
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
        raise StoreError(self._database.name, *LOST, EX_TEMPFAIL)

    async def lost(self) -> None:
        """Look after the lock. Return once it is lost, and could not be taken anew in time."""
        if self._database.is_file:
            await asyncio.Event().wait()
        while self.is_held:
            good_until = self._good_until
            is_yes = await self._answer(take_lock, good_until - now())
            if now() >= good_until:  # the answer came too late
                break
            await asyncio.sleep(CHECK if is_yes else TRY)
        await self.release()

    async def release(self) -> None:
        """Give up the lock, held or not."""
        self._good_until = -math.inf
        await self._database.disconnect()

    async def _answer(
        self, question: Callable[[Connection], bool], patience: float | None = None
    ) -> bool:
        """Return the server's yes or no, and log a new reason to wait.

        If no answer comes, that counts as no, and the connection is given up.
        """
        asked = now()
        reason = ""
        try:
            if await self._database.run(question, patience=patience or PATIENCE):
                self._good_until = asked + CHECK + PATIENCE
            else:
                self._good_until = -math.inf
                reason = ANOTHER_SERVES
        except StoreError as error:
            reason = str(error)
            await self._database.disconnect()
        if reason and reason != self._told:
            logger.warning("%s", reason)
        self._told = reason
        return not reason


def now() -> float:
    """Return seconds by a clock that goes on while the machine sleeps, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def take_lock(connection: Connection) -> bool:
    """Take the lock, if it is free. Return whether this connection has it now."""
    return bool(connection.scalar(sa.text(f"SELECT pg_try_advisory_lock({LOCK})")))


def _has_lock(connection: Connection) -> bool:
    """Return whether this connection has the lock."""
    return bool(connection.scalar(sa.text(f"SELECT {_LOCK_IS_HELD}")))
