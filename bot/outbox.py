"""The outbox: answers that have not arrived yet, in the bot's database.

An ask ends in one transaction: it makes its change, deletes the note of the ask, and puts the
answer here, under the key of the ask. From then on, the answer belongs to whoever sends it:

waiting      it has no token. Whoever takes it writes a token of this one attempt.
being sent   it has a token. It is deleted once Telegram has it, and waits again if it surely did
             not arrive.
in doubt     nobody knows whether it arrived. A word takes its place, which says how to get the
             answer. The word is tried until Telegram takes it, and alone may come twice.

If the bot ends while an answer is being sent, the next start finds it in doubt. An edit is never in
doubt, as it may be repeated. A row that is older than a day is deleted.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.database import Database
from bot.inbox import KEPT_SECONDS, strike
from bot.schema import answers

logger = logging.getLogger(__name__)


@dataclass(eq=False, kw_only=True)
class Row:
    """An answer that has not arrived yet. `content` names what it is made of."""

    bot: int
    update: int
    person: int
    chat: int
    content: dict[str, Any]
    topic: int | None = None
    replies_to: int | None = None
    edits: int | None = None
    """The number of the message that this answer finishes."""
    at: float = field(default_factory=lambda: time.time())
    is_refusal: bool = False
    is_word: bool = False
    """Whether the answer is in doubt, so that a word goes in its place."""
    token: str | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether the row does no harm if it arrives twice."""
        return self.is_word or self.edits is not None


class Outbox:
    """The rows of answers. Raises StoreError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def end(self, row: Row, change: Callable[[Connection], object] | None) -> Row | None:
        """End the ask of an answer, and make its change. The answer waits or, if it has a token, is
        being sent. Return its row, or None if somebody else has ended the ask.

        A database that lost its connection may carry this out a second time. Then the first row
        counts.
        """

        def work(connection: Connection) -> Row | None:
            if strike(connection, row):
                if change:
                    change(connection)
                values = {each.name: getattr(row, each.name) for each in answers.c}
                connection.execute(sa.insert(answers).values(values))
                return row
            wanted = sa.select(answers).where(_is(row), _is_free_or(row.token))
            found = connection.execute(wanted).mappings().one_or_none()
            return Row(**found) if found else None

        return await self._database.run(work)

    async def left(self, bot: int) -> list[Row]:
        """Return the rows that the last start left, the oldest first. Those that were being sent
        become words, if repeating them would do harm.
        """
        of_bot = answers.c.bot == bot
        was_sent = sa.and_(of_bot, answers.c.token.is_not(None))

        def work(connection: Connection) -> tuple[int, list[Row]]:
            old = sa.delete(answers).where(of_bot, answers.c.at < time.time() - KEPT_SECONDS)
            count = connection.execute(old).rowcount
            connection.execute(sa.delete(answers).where(was_sent, answers.c.is_refusal))
            is_new = answers.c.edits.is_(None)
            connection.execute(sa.update(answers).where(was_sent, is_new).values(is_word=True))
            connection.execute(sa.update(answers).where(was_sent).values(token=None))
            wanted = sa.select(answers).where(of_bot).order_by(answers.c.update)
            return count, [Row(**row) for row in connection.execute(wanted).mappings()]

        count, rows = await self._database.run(work)
        if count:
            logger.warning("%d answers of more than a day ago are given up", count)
        return rows

    async def take(self, row: Row, token: str) -> bool:
        """Take a row for one attempt to send it. Return False if it is gone, or somebody else has
        taken it.
        """

        def work(connection: Connection) -> bool:
            free = sa.update(answers).where(_is(row), answers.c.token.is_(None))
            if connection.execute(free.values(token=token)).rowcount:
                return True
            mine = sa.select(answers.c.token).where(_is(row), answers.c.token == token)
            return connection.scalar(mine) is not None

        row.token = token if await self._database.run(work) else None
        return row.token is not None

    async def change(self, row: Row, **values: Any) -> None:
        """Change a row that is being sent."""
        mine = _is(row), answers.c.token == row.token
        await self._database.execute(sa.update(answers).where(*mine).values(values))
        for name, value in values.items():
            setattr(row, name, value)

    async def delete(self, row: Row) -> None:
        """Delete a row that has arrived, or never will."""
        mine = _is(row), _is_free_or(row.token)
        await self._database.execute(sa.delete(answers).where(*mine))


def _is(row: Row) -> sa.ColumnElement[bool]:
    """Return the condition that selects the answer to an ask."""
    return sa.and_(answers.c.bot == row.bot, answers.c.update == row.update)


def _is_free_or(token: str | None) -> sa.ColumnElement[bool]:
    """Return the condition that nobody else is sending a row."""
    return sa.or_(answers.c.token.is_(None), answers.c.token == token)
