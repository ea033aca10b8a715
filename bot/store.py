"""What the bot knows of people: their seeds and turns, and every answer as a creation. What the bot
has learned is in the same database.

A turn is one request for names or for verse. The two are counted apart, so a poem in between does
not change the next name. Poems and sonnets share one count, because one network writes both, and no
two texts of a person may use the same random numbers. Texts are not kept: a creation holds all that
is needed to write its text again.

Each method is a transaction. Another process may write between two statements, so a change never
relies on what was read before it.
"""

import asyncio
import itertools
import logging
import os
import secrets
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from bot.creations import Creation, Person, Wish, new_code
from bot.database import DAMAGED, StoreError, put
from bot.inbox import KEPT_SECONDS, Note, row_of, strike
from bot.learned import Learned
from bot.schema import (
    asks,
    bans,
    creations,
    people,
    polled,
    presses,
    results,
    weights,
)
from model.text.forms import Genre

logger = logging.getLogger(__name__)

LARGEST_SEED = 2**63 - 1
NEW_SEEDS = 10**9
"""The bot chooses seeds below this, so that people can read them out to each other."""
UNDELIVERED_FOR = timedelta(days=30)
"""How long a creation is kept if nobody knows whether it arrived."""
QUESTIONS = 5
"""How many questions a round has."""
BEGUN = {"dino_turns": 0, "poem_turns": 0}
NEW = BEGUN | {"streak": 0, "played": 0}
"""A new sequence sets its seed and BEGUN. The row of a new person has a seed and NEW."""
CANDIDATES_FOR = timedelta(days=1)
"""How long weights that did not win are kept."""
LOG_SECONDS, TIDY_EVERY = 600.0, 144
"""SQLite's log is emptied every ten minutes, because asks that were struck off are still in it.
Each 144th time, so once a day, the tables are tidied, too."""

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class Store(Learned):
    """The database of the bot. Raises StoreError if the database fails."""

    async def keep_tidy(self) -> None:
        """Delete old drafts that never arrived, old candidates and old asks, now and once a day.

        Empty SQLite's log every ten minutes.
        """
        for number in itertools.count():
            try:
                if number % TIDY_EVERY == 0:
                    await self._large.run(_tidy)
                await self.empty_log()
            except StoreError as error:  # the next time is early enough
                logger.info("%s", error)
            await asyncio.sleep(LOG_SECONDS)

    async def draft(
        self,
        person_id: int,
        wish: Wish,
        version: str,
        temperature: float,
        note: Note | None = None,
    ) -> Creation:
        """Return a new creation for somebody's next turn. If an earlier try to answer this ask made
        a creation, return that one. A draft is noted as not arrived, and takes no turn yet.
        """

        def work(connection: Connection) -> Creation:
            if note and note.code:
                for begun in _creations(connection, creations.c.code == note.code):
                    return begun
            person = _person(connection, person_id)
            while True:  # until a code is free
                creation = wish.creation(person, new_code(), version, temperature)
                if _insert(connection, creation, arrived=False):
                    if note:
                        connection.execute(
                            sa.update(asks).where(row_of(note)).values(code=creation.code)
                        )
                    return creation

        creation = await self.run(work)
        if note:
            note.code = creation.code
        return creation

    async def keep(self, creation: Creation) -> None:
        """Keep a creation that belongs to nobody, unless its code is taken."""
        await self.run(lambda connection: _insert(connection, creation, arrived=True))

    async def arrived(self, creation: Creation, note: Note | None = None) -> None:
        """Note that a creation has arrived, take its turn, and strike off the ask for it.

        A person who began another sequence meanwhile keeps their place in it. A person who was
        forgotten stays forgotten. A poem that was continued takes no turn, as it has one already.
        """

        def work(connection: Connection) -> None:
            strike(connection, note)
            this = creations.c.code == creation.code
            arrived = connection.execute(sa.update(creations).where(this).values(arrived=True))
            if arrived.rowcount and not creation.length:
                turns = people.c[f"{creation.genre.network}_turns"]
                connection.execute(
                    sa.update(people)
                    .where(
                        people.c.id == creation.person,
                        people.c.seed == creation.seed,
                        turns == creation.turn,
                    )
                    .values({turns: turns + 1})
                )

        await self.run(work)
        if note:
            note.is_struck = True

    async def discard(self, creation: Creation) -> None:
        """Delete a creation that surely did not arrive."""
        await self.execute(sa.delete(creations).where(creations.c.code == creation.code))

    async def creation(self, code: str) -> Creation | None:
        """Return the creation with a code (in lower case), or None."""
        found = await self.run(lambda connection: _creations(connection, creations.c.code == code))
        return found[0] if found else None

    async def person(self, person_id: int) -> Person:
        """Return where a person's sequence stands; a new person gets a seed."""
        return await self.run(lambda connection: _person(connection, person_id))

    async def press(
        self, person_id: int, day: int, question: int, *, is_found: bool
    ) -> dict[int, bool]:
        """Note whether somebody has found the real dinosaur of a question in a day's round. Only
        their first press counts. Return what `answered_questions` returns.
        """

        def work(connection: Connection) -> dict[int, bool]:
            key = {"person": person_id, "day": day, "question": question}
            is_first = put(connection, presses, key, {"is_found": is_found}, {})
            found = _answered_questions(connection, person_id, day)
            person = _person(connection, person_id)
            if is_first and len(found) == QUESTIONS:
                key = {"day": day, "found": sum(found.values())}
                put(connection, results, key, {"people": 1}, {"people": results.c.people + 1})
                streak = person.streak + 1 if person.played == day - 1 else 1
                # whoever ends yesterday's round after today's keeps the streak of today
                connection.execute(
                    sa.update(people)
                    .where(people.c.id == person_id, people.c.played < day)
                    .values(streak=streak, played=day)
                )
            return found

        return await self.run(work)

    async def answered_questions(self, person_id: int, day: int) -> dict[int, bool]:
        """Return the questions of a day that somebody has answered: for each number, whether they
        found the real one.
        """
        return await self.run(lambda connection: _answered_questions(connection, person_id, day))

    async def results(self, day: int | None = None) -> dict[int, int]:
        """Return how many people have found 0 to 5 real ones in the round of a day, or in all."""
        counts = sa.select(results.c.found, sa.func.sum(results.c.people)).group_by(results.c.found)
        if day is not None:
            counts = counts.where(results.c.day == day)
        rows = await self.run(lambda connection: connection.execute(counts).all())
        return {found: int(people) for found, people in rows}

    async def set_seed(self, person_id: int, seed: int, note: Note | None = None) -> None:
        """Give a person a seed, and begin the sequence of that seed at its first turn."""

        def work(connection: Connection) -> None:
            strike(connection, note)
            row = {"seed": seed}
            put(connection, people, {"id": person_id}, row | NEW, row | BEGUN)

        await self.run(work)

    async def creations(self, person_id: int, newest: int | None = None) -> list[Creation]:
        """Return a person's creations that have arrived, the oldest first: all, or the last
        `newest`.
        """
        theirs = sa.and_(creations.c.person == person_id, creations.c.arrived)
        return await self.run(lambda connection: _creations(connection, theirs, newest))

    async def forget(self, person_id: int) -> None:
        """Delete all that is kept of a person.

        SQLite overwrites the rows and empties its log. PostgreSQL overwrites the rows at its next
        vacuum. No crash brings them back.
        """

        def work(connection: Connection) -> None:
            for column in (people.c.id, creations.c.person, asks.c.person, presses.c.person):
                connection.execute(sa.delete(column.table).where(column == person_id))

        await self.run(work)
        await self.empty_log()

    async def check(self) -> None:
        """Raise StoreError unless something can be written and no damage was met.

        SQLite goes on writing to a file that was deleted or replaced, but the next start would not
        find it.
        """
        if self.is_damaged or self._large.is_damaged:
            raise StoreError(self.name, DAMAGED)
        row = {"update": 0, "at": time.time()}

        def work(connection: Connection) -> None:
            put(connection, polled, {"bot": 0}, row, row)
            if self.is_file and not os.path.samestat(Path(self.name).stat(), self._opened):
                raise OSError(0, "the file was replaced")

        await self.run(work)

    async def banned(self) -> set[int]:
        """Return the people and groups that get no answer."""
        return await self.run(lambda connection: {*connection.scalars(sa.select(bans.c.person))})

    async def ban(self, person: int) -> None:
        await self.run(lambda connection: put(connection, bans, {"person": person}, {}, {}))

    async def lift_ban(self, person: int) -> None:
        await self.execute(sa.delete(bans).where(bans.c.person == person))

    async def size(self) -> int:
        return await self.run(
            lambda connection: int(connection.scalar(sa.text(_SIZE[connection.dialect.name])) or 0)
        )


def _tidy(connection: Connection) -> None:
    """Delete rows that are too old."""
    now = datetime.now(UTC)
    for deletion in (
        sa.delete(creations).where(
            ~creations.c.arrived, creations.c.created < (now - UNDELIVERED_FOR).isoformat()
        ),
        sa.delete(weights).where(weights.c.candidate_since < (now - CANDIDATES_FOR).isoformat()),
        sa.delete(asks).where(asks.c.date < now.timestamp() - KEPT_SECONDS),
        sa.delete(presses).where(presses.c.day < now.toordinal() - 1),
    ):
        connection.execute(deletion)


def _person(connection: Connection, person_id: int) -> Person:
    """Return a person. A new person gets a row first."""
    wanted = sa.select(people).where(people.c.id == person_id)
    while (row := connection.execute(wanted).one_or_none()) is None:
        seed = {"seed": secrets.randbelow(NEW_SEEDS)}
        put(connection, people, {"id": person_id}, seed | NEW, {})
    return Person(*row)


def _answered_questions(connection: Connection, person_id: int, day: int) -> dict[int, bool]:
    wanted = sa.select(presses.c.question, presses.c.is_found).where(
        presses.c.person == person_id, presses.c.day == day
    )
    return {row.question: row.is_found for row in connection.execute(wanted)}


def _insert(connection: Connection, creation: Creation, *, arrived: bool) -> bool:
    """Insert a creation, and return whether its code was free."""
    row = asdict(creation) | {
        "genre": str(creation.genre),
        "created": creation.created.isoformat(),
        "arrived": arrived,
    }
    return put(connection, creations, {"code": row.pop("code")}, row, {})


def _creations(
    connection: Connection, which: ColumnElement[bool], newest: int | None = None
) -> list[Creation]:
    """Return the creations that meet a condition, the oldest first: all, or the last `newest`."""
    columns = [column for column in creations.c if column is not creations.c.arrived]
    wanted = sa.select(*columns).where(which).order_by(creations.c.created.desc()).limit(newest)
    rows = connection.execute(wanted).mappings().all()
    return [
        Creation(
            **{
                **row,
                "genre": Genre(row["genre"]),
                "created": datetime.fromisoformat(row["created"]),
            }
        )
        for row in reversed(rows)
    ]
