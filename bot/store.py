"""Who writes to the bot: each person's seed, and how many turns of it they have had. SQLite through SQLAlchemy.

A turn is one request for names or one for verse; the two are counted apart, so a poem in between does not change which
name comes next. A turn counts as taken only when its answer has reached the person (`Store.turn`): whoever was turned
away, by a full queue or a lost connection, gets the same text when they ask again.

Not here: the order of one person's requests (`updates`), without which two of them could take the same turn, and what
is drawn with a seed (`model.decoder`).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sqlite3
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Row

Kind = Literal["dino", "poem"]

LARGEST_SEED = 2**63 - 1
NEW_SEEDS = 10**9
"""Seeds that the bot chooses lie below this, so that people can read them out to each other."""

metadata = MetaData()
people = Table(
    "people",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seed", BigInteger, nullable=False),
    Column("dino_turns", Integer, nullable=False, default=0),
    Column("poem_turns", Integer, nullable=False, default=0),
)
_TURNS = {"dino": people.c.dino_turns, "poem": people.c.poem_turns}


class StoreError(MangosaurusError):
    """The database cannot be used: the sentence names the file and the reason."""


@dataclass(frozen=True)
class Turn:
    """What decides a person's next text: their seed, and which turn of it this is, counted from 0."""

    seed: int
    number: int


class Store:
    """The database.

    One connection serves everybody in turn: SQLite writes one at a time anyway, and so nobody meets a lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine: AsyncEngine = create_async_engine(
            f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0, pool_timeout=60
        )
        event.listen(self._engine.sync_engine, "connect", _prepare_connection)

    async def open(self) -> None:
        """Make the tables where they are missing; StoreError if the file cannot be used."""
        try:
            await asyncio.to_thread(_prepare_file, self._path)
            async with self._engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
        except (OSError, sqlite3.Error, DBAPIError) as error:
            await self.close()
            reason = error.orig if isinstance(error, DBAPIError) else getattr(error, "strerror", None) or error
            raise StoreError(f"{self._path}: this database cannot be used: {reason}") from error

    async def close(self) -> None:
        """Let go of the file."""
        await self._engine.dispose()

    async def seed(self, person: int) -> int:
        """Return a person's seed; whoever is new gets one."""
        async with self._engine.begin() as connection:
            return int((await _known(connection, person)).seed)

    async def set_seed(self, person: int, seed: int) -> None:
        """Give a person a seed, and begin its sequence anew."""
        fresh = {"seed": seed, "dino_turns": 0, "poem_turns": 0}
        statement = insert(people).values(id=person, **fresh).on_conflict_do_update(index_elements=["id"], set_=fresh)
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    @asynccontextmanager
    async def turn(self, person: int, kind: Kind) -> AsyncIterator[Turn]:
        """Lend a person's next turn; it is taken when the block ends without an exception."""
        column = _TURNS[kind]
        async with self._engine.begin() as connection:
            row = await _known(connection, person)
        number = int(getattr(row, column.name))
        yield Turn(int(row.seed), number)
        taken = people.update().where(people.c.id == person, people.c.seed == row.seed, column == number)
        async with self._engine.begin() as connection:
            await connection.execute(taken.values({column: number + 1}))


async def _known(connection: AsyncConnection, person: int) -> Row[Any]:
    """Return a person's row; whoever has none gets one."""
    query = select(people).where(people.c.id == person)
    if (row := (await connection.execute(query)).one_or_none()) is not None:
        return row
    await connection.execute(insert(people).values(id=person, seed=secrets.randbelow(NEW_SEEDS)))
    return (await connection.execute(query)).one()


def _prepare_file(path: Path) -> None:
    """Make the file where it is missing, and see that it is a database.

    With sqlite3 itself, for aiosqlite's thread outlives a connection that cannot be made, and complains on stderr. In
    write-ahead mode, which the file remembers, a turn costs no sync. A crash of the process loses nothing, one of the
    machine at most the last turns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _prepare_connection(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
