"""What the bot knows of people: seeds and turns, settings, and every answer as a creation.

A turn is one request for names or for verse. The two are counted apart, so a poem in between does
not change the next name. A sonnet takes a turn of verse: the same network writes both, and never
draws two texts of a person from the same numbers. Texts are not kept, as a creation holds all that
is needed to write its text again.

Each method is a transaction. Another process may write between two statements, so a change never
relies on what was read before it.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.dialects import postgresql, sqlite

from bot import schema
from bot.creations import Creation, Person, Wish, new_code
from bot.database import BUSY_SECONDS, SQLITE, Database, StoreError
from bot.schema import creations, guesses, people, preferences, streaks
from model.text.forms import Genre

logger = logging.getLogger(__name__)

LARGEST_SEED = 2**63 - 1
NEW_SEEDS = 10**9
"""The bot chooses seeds below this, so that people can read them out to each other."""
UNDELIVERED_FOR = timedelta(days=30)
"""How long a creation is kept if nobody knows whether it arrived."""
TIDIED_AT_ONCE, TIDY_SECONDS = 500, 0.5
"""How many creations are deleted at once, and the pause after that."""
UPGRADING = "upgrading the database"

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class Store(Database):
    """The database of people. Raises StoreError if the database fails."""

    async def open(self, note: Callable[[str], object] = lambda _: None) -> None:
        """Make the tables that are missing, and bring tables of an earlier version up to date,
        however large they are.

        That may take minutes, so `note` is told when it begins.
        """
        found = await self.connect(schema.prepare)
        if found < schema.FORMAT:
            note(UPGRADING)
        while found < schema.FORMAT:
            logger.warning(
                "%s: upgrading its tables, step %d of %d", self.name, found + 1, schema.FORMAT
            )
            found = await self.run(
                schema.migrate, "the next start goes on where this one was", is_bounded=False
            )
        await self._empty_log()

    async def tidy(self) -> None:
        """Delete what never arrived and is old, a little at a time, so that nobody waits for it."""
        long_ago = (datetime.now(UTC) - UNDELIVERED_FOR).isoformat()
        old = sa.select(creations.c.code).where(
            ~creations.c.arrived, creations.c.created < long_ago
        )
        some = sa.delete(creations).where(creations.c.code.in_(old.limit(TIDIED_AT_ONCE)))
        try:
            while deleted := await self.run(lambda connection: connection.execute(some).rowcount):
                logger.info("Deleted %d creations that never arrived", deleted)
                await asyncio.sleep(TIDY_SECONDS)
        except StoreError as error:  # the next start tries again
            logger.info("%s", error)

    async def draft(self, person_id: int, wish: Wish, version: str, temperature: float) -> Creation:
        """Return the creation of somebody's next turn. It is noted as not arrived, and takes no
        turn yet.

        It is the next turn of the person who asks, unless the wish names another person, such as a
        group.
        """

        def work(connection: Connection) -> Creation:
            person = _person(connection, person_id)
            while True:  # until its code is a new one
                creation = wish.creation(person, new_code(), version, temperature)
                if _note(connection, creation, arrived=False):
                    return creation

        return await self.run(work)

    async def keep(self, creation: Creation) -> None:
        """Keep a creation that belongs to nobody, unless its code is taken."""
        await self.run(lambda connection: _note(connection, creation, arrived=True))

    async def completed(self, creation: Creation, rest: str) -> Creation:
        """Add the rest of a first line to a creation's prompt, and note how much of the prompt is
        the person's own.
        """
        facts: dict[str, Any] = {"prompt": creation.prompt + rest}
        own = creations.c.code == creation.code
        await self.run(
            lambda connection: connection.execute(sa.update(creations).where(own).values(facts))
        )
        return replace(creation, **facts)

    async def arrived(self, creation: Creation, *, takes_turn: bool = True) -> None:
        """Note that a creation has arrived, and take its turn.

        A person who began another sequence meanwhile keeps their place in it. A person who was
        forgotten stays forgotten. A poem that was continued takes no turn, as it has one already.
        """

        def work(connection: Connection) -> None:
            own = creations.c.code == creation.code
            found = connection.execute(
                sa.update(creations).where(own).values(arrived=True)
            ).rowcount
            if found and takes_turn and not creation.length:
                turns = people.c[f"{creation.genre.network}_turns"]
                is_next = (
                    people.c.id == creation.person,
                    people.c.seed == creation.seed,
                    turns == creation.turn,
                )
                connection.execute(sa.update(people).where(*is_next).values({turns: turns + 1}))

        await self.run(work)

    async def discard(self, creation: Creation) -> None:
        """Remove the note of a creation that surely did not arrive."""
        await self.run(
            lambda c: c.execute(sa.delete(creations).where(creations.c.code == creation.code))
        )

    async def creation(self, code: str) -> Creation | None:
        """Return the creation with a code (in lower case), or None."""
        found = await self.run(lambda connection: _creations(connection, creations.c.code == code))
        return found[0] if found else None

    async def person(self, person_id: int) -> Person:
        """Return where a person's sequence stands and what they like; a new person gets a seed."""
        return await self.run(lambda connection: _person(connection, person_id))

    async def set_seed(self, person_id: int, seed: int) -> None:
        """Give a person a seed, and begin the sequence of that seed at its first turn."""
        begun = {"seed": seed, "dino_turns": 0, "poem_turns": 0}
        await self.run(lambda connection: _put(connection, people, {"id": person_id}, begun, begun))

    async def set_preferences(self, person_id: int, **changes: Any) -> Person:
        """Change the `mood` or the number of `names`, and return the person."""

        def work(connection: Connection) -> Person:
            new: dict[str, Any] = changes
            _put(connection, preferences, {"person_id": person_id}, new, changes)
            return _person(connection, person_id)

        return await self.run(work)

    async def guessed(self, person_id: int, version: str, *, is_right: bool) -> int:
        """Count a guess in a round of a version's names.

        Return how many right guesses in a row the person has now.
        """

        def work(connection: Connection) -> int:
            counts = {"rounds": guesses.c.rounds + 1, "found": guesses.c.found + int(is_right)}
            _put(
                connection,
                guesses,
                {"version": version},
                {"rounds": 1, "found": int(is_right)},
                counts,
            )
            streak = {"streak": streaks.c.streak + 1 if is_right else 0}
            _put(connection, streaks, {"person_id": person_id}, {"streak": int(is_right)}, streak)
            return int(
                connection.scalar(
                    sa.select(streaks.c.streak).where(streaks.c.person_id == person_id)
                )
                or 0
            )

        return await self.run(work)

    async def guesses(self, version: str) -> tuple[int, int]:
        """Return how many guesses the names of a version have had, and how many were right."""
        wanted = sa.select(guesses.c.rounds, guesses.c.found).where(guesses.c.version == version)
        found = await self.run(lambda connection: connection.execute(wanted).one_or_none())
        return tuple(found) if found else (0, 0)

    async def creations(self, person_id: int, newest: int | None = None) -> list[Creation]:
        """Return a person's creations that have arrived, the oldest first: all, or the last
        `newest`.
        """
        own = sa.and_(creations.c.person_id == person_id, creations.c.arrived)
        return await self.run(lambda connection: _creations(connection, own, newest))

    async def forget(self, person_id: int) -> None:
        """Delete all that is kept of a person.

        SQLite overwrites it and empties its log. PostgreSQL overwrites it at its next vacuum. No
        crash brings it back.
        """

        def work(connection: Connection) -> None:
            if not self.is_file:
                connection.execute(sa.text("SET LOCAL synchronous_commit = on"))
            for column in (
                people.c.id,
                *(table.c.person_id for table in (preferences, creations, streaks)),
            ):
                connection.execute(sa.delete(column.table).where(column == person_id))

        await self.run(work)
        await self._empty_log()

    async def size(self) -> int:
        return await self.run(lambda c: int(c.scalar(sa.text(_SIZE[c.dialect.name])) or 0))

    async def _empty_log(self) -> None:
        """Empty SQLite's write-ahead log, so that what was deleted is gone from the disk.

        While another program reads the database, nobody waits for it: the log stays until the next
        /forget or start.
        """

        def work(connection: Connection) -> bool:
            connection.execute(sa.text("PRAGMA busy_timeout = 0"))
            try:
                return bool(connection.scalar(sa.text("PRAGMA wal_checkpoint(TRUNCATE)")))
            finally:
                connection.execute(sa.text(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS:.0f}"))

        if self.is_file and await self.run(work):
            logger.warning(
                "%s: another program reads this database, so its log keeps what was deleted",
                self.name,
            )


def _person(connection: Connection, person_id: int) -> Person:
    mood = sa.func.coalesce(preferences.c.mood, "")
    names = sa.func.coalesce(preferences.c.names, 1)
    all_three = people.outerjoin(preferences, preferences.c.person_id == people.c.id)
    all_three = all_three.outerjoin(streaks, streaks.c.person_id == people.c.id)
    streak = sa.func.coalesce(streaks.c.streak, 0)
    wanted = (
        sa.select(people, mood, names, streak)
        .select_from(all_three)
        .where(people.c.id == person_id)
    )
    while (row := connection.execute(wanted).one_or_none()) is None:
        seed = {"seed": secrets.randbelow(NEW_SEEDS), "dino_turns": 0, "poem_turns": 0}
        _put(connection, people, {"id": person_id}, seed, {})
    return Person(*row[:4])


def _note(connection: Connection, creation: Creation, *, arrived: bool) -> bool:
    """Insert a creation, and return whether its code was free."""
    row = asdict(creation) | {"created": creation.created.isoformat(), "arrived": arrived}
    row["genre"], row["person_id"] = str(creation.genre), row.pop("person")
    return _put(connection, creations, {"code": row.pop("code")}, row, {})


def _creations(
    connection: Connection, which: ColumnElement[bool], newest: int | None = None
) -> list[Creation]:
    wanted = sa.select(creations).where(which).order_by(creations.c.created.desc()).limit(newest)
    found = []
    for row in reversed(connection.execute(wanted).mappings().all()):
        facts: dict[str, Any] = {**row}
        del facts["arrived"], facts["before"]
        genre, created = Genre(facts.pop("genre")), datetime.fromisoformat(facts.pop("created"))
        found.append(Creation(person=facts.pop("person_id"), genre=genre, created=created, **facts))
    return found


def _put(
    connection: Connection,
    table: sa.Table,
    key: dict[str, Any],
    new: dict[str, Any],
    changes: dict[str, Any],
) -> bool:
    """Insert a row, or change the row with its key; return whether anything was written."""
    dialect = sqlite if connection.dialect.name == SQLITE else postgresql
    put = dialect.insert(table).values(key | new)
    put = (
        put.on_conflict_do_update(index_elements=list(key), set_=changes)
        if changes
        else put.on_conflict_do_nothing()
    )
    return bool(connection.execute(put.execution_options(preserve_rowcount=True)).rowcount)
