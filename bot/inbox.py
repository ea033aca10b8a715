"""The inbox: what people asked on Telegram and have no answer to yet, in the bot's database.

Telegram forgets an update once the next poll confirms it. So each ask is noted before that. The
transaction that ends an ask deletes its note, and puts the answer into the outbox. The note of a
`/retrain` stays until the training is over. After a stop, a kill or the end of a server, the next
start goes on with the notes that are left.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.database import Database, put
from bot.schema import asks, polled

logger = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 3600.0
"""Older notes and answers are deleted, and an older last update is not used."""


@dataclass(eq=False, kw_only=True)
class Note:
    """An ask as it is kept until it is answered. Its key is the bot's id with the update's."""

    bot: int
    update: int
    person: int
    chat: int
    message: int
    """The number of the message that asks, or of the one whose button was pressed."""
    date: float
    """When it was asked, in seconds since 1970."""
    text: str
    name: str
    """The person's first name, or ""."""
    topic: int | None = None
    is_press: bool = False
    is_sent: bool = False
    """Whether the message is a file, or has no words at all."""
    file: dict[str, Any] | None = None
    """The `file_id`, `name` and `size` of a file that belongs to the ask."""
    begun: int = 0
    """How often the bot has begun to answer it, not counting tries that a stop ended."""
    shown: int | None = None
    """The number of a message that shows the beginning of the answer."""
    is_begun: bool = False
    """Whether this start has counted its try. The database does not keep this."""


class Inbox:
    """The notes of asks. Raises StoreError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, bot: int, notes: Sequence[Note], update: int) -> None:
        """Note the asks in a batch of updates, and its last update. Asks that are noted already
        stay as they are.
        """
        last = {"update": update, "at": time.time()}
        rows = [{each.name: getattr(note, each.name) for each in asks.c} for note in notes]

        def work(connection: Connection) -> None:
            put(connection, polled, {"bot": bot}, last, last)
            for row in rows:
                # without changes, a row that is there stays
                put(connection, asks, {}, row, {})

        await self._database.run(work)

    async def left(self, bot: int) -> tuple[int | None, list[Note]]:
        """Return the id of the last update, and the notes that are left, the oldest first. Delete
        notes older than a day.

        The id is None if that update is older than a day.
        """
        begin = time.time() - KEPT_SECONDS
        of_bot = asks.c.bot == bot
        last = sa.select(polled.c.update).where(polled.c.bot == bot, polled.c.at > begin)

        def work(connection: Connection) -> tuple[int, int | None, list[Note]]:
            count = connection.execute(sa.delete(asks).where(of_bot, asks.c.date < begin)).rowcount
            wanted = sa.select(asks).where(of_bot).order_by(asks.c.update)
            rows = connection.execute(wanted).mappings().all()
            return count, connection.scalar(last), [Note(**row) for row in rows]

        count, update, notes = await self._database.run(work)
        if count:
            logger.warning("%d asks of more than a day ago are passed over", count)
        return update, notes

    async def begin(self, note: Note) -> None:
        """Count a try to answer an ask, before it begins: it may end the process."""
        note.begun += 1
        note.is_begun = True
        await self._change(note, begun=note.begun)

    async def show(self, note: Note, shown: int) -> None:
        """Note the number of the message in which an answer grows. Its end will edit it."""
        note.shown = shown
        await self._change(note, shown=shown)

    async def take_back_tries(self, bot: int) -> None:
        """Set all counts of tries to 0: the bot was told to stop, so no ask has ended it."""
        await self._database.execute(sa.update(asks).where(asks.c.bot == bot).values(begun=0))

    async def strike(self, note: Note) -> None:
        """End an ask that gets no answer."""
        await self._database.run(lambda connection: strike(connection, note))

    async def _change(self, note: Note, **values: Any) -> None:
        await self._database.execute(sa.update(asks).where(_is(note)).values(values))


class Key(Protocol):
    """What an ask and its answer have in common: the bot's id, and the update's."""

    bot: int
    update: int


def strike(connection: Connection, key: Key) -> bool:
    """Delete the note of an ask. Return whether it was there."""
    return bool(connection.execute(sa.delete(asks).where(_is(key))).rowcount)


def _is(key: Key) -> sa.ColumnElement[bool]:
    """Return the condition that selects the note of an ask."""
    return sa.and_(asks.c.bot == key.bot, asks.c.update == key.update)
