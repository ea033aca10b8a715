"""Who writes to the bot: seeds and turns, preferences, and every answer as a creation. SQLite through SQLAlchemy.

A turn is one request for names or one for verse; the two are counted apart, so a poem in between does not change which
name comes next. A creation is drafted with the next turn, and the turn is taken when the creation is recorded, which is
when it has reached the person: whoever was turned away, by a full queue or a lost connection, gets the same text when
they ask again. Texts are not kept: what a creation holds is enough to write its text again.

Not here: the order of one person's requests (`updates`), without which two of them could take the same turn, and what
is drawn with a seed (`model.decoder`).
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import delete, event, select, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.schema import creations, metadata, people, preferences, prepare_connection, prepare_file
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Row

Kind = Literal["dino", "poem"]
Mood = Literal["tame", "bold", "wild"]
MOODS: tuple[Mood, ...] = get_args(Mood)

LARGEST_SEED = 2**63 - 1
NEW_SEEDS = 10**9
"""Seeds that the bot chooses lie below this, so that people can read them out to each other."""
CODE_CHARACTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""What looks like something else is left out: 0, 1, i, l, o."""
CODE_LENGTH = 7

_TURNS = {"dino": people.c.dino_turns, "poem": people.c.poem_turns}


class StoreError(MangosaurusError):
    """The database cannot be used: the sentence names the file and the reason."""


@dataclass(frozen=True)
class Creation:
    """All that decides one answer. Whoever has its code, and its version of the weights, can have it written again."""

    code: str
    person_id: int
    kind: Kind
    version: str
    seed: int
    turn: int  # counted from 0
    prompt: str  # a line, word for word, or first letters
    temperature: float
    count: int = 1  # names
    length: int = 0  # how often a poem was continued
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Preferences:
    """What a person likes: how daring answers are, and how many names `/dino` alone gives."""

    mood: Mood = "bold"
    names: int = 1


class Store:
    """The database.

    One connection serves everybody in turn: SQLite writes one at a time anyway, and so nobody meets a lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine: AsyncEngine = create_async_engine(
            f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0, pool_timeout=60
        )
        event.listen(self._engine.sync_engine, "connect", prepare_connection)

    async def open(self) -> None:
        """Make the tables where they are missing; StoreError if the file cannot be used."""
        try:
            await asyncio.to_thread(prepare_file, self._path)
            async with self._engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
                for table in metadata.tables.values():  # of these names, but somebody else's?
                    await connection.execute(select(table).limit(0))
        except (OSError, sqlite3.Error, DBAPIError) as error:
            await self.close()
            reason = error.orig if isinstance(error, DBAPIError) else getattr(error, "strerror", None) or error
            raise StoreError(f"{self._path}: this database cannot be used: {reason}") from error

    async def close(self) -> None:
        """Let go of the file."""
        await self._engine.dispose()

    async def seed(self, person_id: int) -> int:
        """Return a person's seed; whoever is new gets one."""
        async with self._engine.begin() as connection:
            return int((await _known(connection, person_id)).seed)

    async def set_seed(self, person_id: int, seed: int) -> None:
        """Give a person a seed, and begin its sequence anew."""
        fresh = {"seed": seed, "dino_turns": 0, "poem_turns": 0}
        await self._put(insert(people).values(id=person_id, **fresh), "id", fresh)

    async def draft(
        self, person_id: int, kind: Kind, prompt: str, *, temperature: float, count: int = 1, version: str = ""
    ) -> Creation:
        """Return a creation of a person's next turn, under a code that is free. Nothing is kept or taken by this."""
        async with self._engine.begin() as connection:
            row = await _known(connection, person_id)
            code = await _free_code(connection)
        turn = int(getattr(row, _TURNS[kind].name))
        return Creation(code, person_id, kind, version, int(row.seed), turn, prompt, temperature, count)

    async def vary(self, creation: Creation, person_id: int, **changes: Any) -> Creation:
        """Return a creation like another one, for somebody, under a code of its own. Nothing is kept by this."""
        async with self._engine.begin() as connection:
            await _known(connection, person_id)
            code = await _free_code(connection)
        return replace(creation, code=code, person_id=person_id, created=datetime.now(UTC), **changes)

    async def record(self, creation: Creation, *, takes_turn: bool = True) -> Creation:
        """Keep a creation, and take its turn, unless the person began another sequence meanwhile, or was forgotten."""
        values = asdict(creation) | {"created": creation.created.isoformat()}
        column = _TURNS[creation.kind]
        turn = people.update().where(people.c.id == creation.person_id)
        turn = turn.where(people.c.seed == creation.seed, column == creation.turn).values({column: column + 1})
        async with self._engine.begin() as connection:
            if await _row(connection, creation.person_id) is not None:
                await connection.execute(insert(creations).values(values))
                if takes_turn:
                    await connection.execute(turn)
        return creation

    async def creation(self, code: str) -> Creation | None:
        """Return the creation of a code, as it is kept, in lower case; None where there is none."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(select(creations).where(creations.c.code == code))).one_or_none()
        return _creation(row) if row is not None else None

    async def creations(self, person_id: int) -> list[Creation]:
        """Return a person's creations, the oldest first."""
        query = select(creations).where(creations.c.person_id == person_id).order_by(creations.c.created)
        async with self._engine.begin() as connection:
            return [_creation(row) for row in await connection.execute(query)]

    async def preferences(self, person_id: int) -> Preferences:
        """Return what a person likes."""
        query = select(preferences).where(preferences.c.person_id == person_id)
        async with self._engine.begin() as connection:
            row = (await connection.execute(query)).one_or_none()
        return Preferences(row.mood, row.names) if row is not None else Preferences()

    async def set_preferences(
        self, person_id: int, *, mood: Mood | None = None, names: int | None = None
    ) -> Preferences:
        """Change what a person likes, and return it whole; what is None stays as it is."""
        old = await self.preferences(person_id)
        new = Preferences(mood or old.mood, names or old.names)
        await self._put(insert(preferences).values(person_id=person_id, **asdict(new)), "person_id", asdict(new))
        return new

    async def export(self, person_id: int) -> dict[str, Any]:
        """Return all that is kept of a person, as JSON can hold it."""
        async with self._engine.begin() as connection:
            row = await _row(connection, person_id)
        return {
            "person": dict(row._mapping) if row is not None else None,
            "preferences": asdict(await self.preferences(person_id)),
            "creations": [
                asdict(creation) | {"created": creation.created.isoformat()}
                for creation in await self.creations(person_id)
            ],
        }

    async def forget(self, person_id: int) -> None:
        """Delete all that is kept of a person, also from the log that SQLite writes ahead."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(people).where(people.c.id == person_id))
            await connection.execute(delete(creations).where(creations.c.person_id == person_id))
            await connection.execute(delete(preferences).where(preferences.c.person_id == person_id))
        async with self._engine.connect() as connection:
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    async def _put(self, statement: Any, key: str, changes: dict[str, Any]) -> None:
        """Insert a row, or change the one that has its key."""
        async with self._engine.begin() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changes))


async def _row(connection: AsyncConnection, person_id: int) -> Row[Any] | None:
    return (await connection.execute(select(people).where(people.c.id == person_id))).one_or_none()


async def _known(connection: AsyncConnection, person_id: int) -> Row[Any]:
    """Return a person's row; whoever has none gets one."""
    if (row := await _row(connection, person_id)) is not None:
        return row
    await connection.execute(insert(people).values(id=person_id, seed=secrets.randbelow(NEW_SEEDS)))
    return (await connection.execute(select(people).where(people.c.id == person_id))).one()


async def _free_code(connection: AsyncConnection) -> str:
    while True:
        code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
        if (await connection.execute(select(creations.c.code).where(creations.c.code == code))).one_or_none() is None:
            return code


def _creation(row: Row[Any]) -> Creation:
    return Creation(**{**row._mapping, "created": datetime.fromisoformat(row.created)})
