"""What the bot knows of people: their seeds and turns, and every answer as a creation. What the bot
has learned is in the same database, and so are the inbox and the outbox.

A turn is one request for names or for verse. The two are counted apart, so a poem in between does
not change the next name. Poems and sonnets share one count, because one network writes both, and no
two texts of a person may use the same random numbers.

Each method is a transaction. The functions make the changes that an answer brings, in the
transaction that ends its ask. Another process may write between two statements, so a change never
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
from bot.inbox import KEPT_SECONDS, Inbox, Note
from bot.learned import Learned
from bot.outbox import Outbox
from bot.schema import (
    answers,
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
QUESTIONS = 5
"""How many questions a round has."""
BEGUN = {"dino_turns": 0, "poem_turns": 0}
NEW = BEGUN | {"streak": 0, "played": 0}
"""A new sequence sets its seed and BEGUN. The row of a new person has a seed and NEW."""
CANDIDATES_FOR = timedelta(days=1)
"""How long weights that did not win are kept."""
LOG_SECONDS, TIDY_EVERY = 600.0, 144
"""SQLite's log is emptied every ten minutes, because asks that have ended are still in it.
Each 144th time, so once a day, the tables are tidied, too."""

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class Store(Learned):
    """The database of the bot. Raises StoreError if the database fails."""

    def __init__(self, database: str | Path) -> None:
        super().__init__(database)
        self.inbox = Inbox(self)
        self.outbox = Outbox(self)

    async def keep_tidy(self) -> None:
        """Delete old candidates and old asks, now and once a day.

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

    async def next_creation(
        self, person_id: int, wish: Wish, version: str, temperature: float
    ) -> Creation:
        """Return a creation for somebody's next turn, under a code that is free. It has no text
        yet, and is not kept before `record`.
        """

        def work(connection: Connection) -> Creation:
            person = _person(connection, person_id)
            code = new_code()
            while connection.scalar(sa.select(creations.c.code).where(creations.c.code == code)):
                code = new_code()
            return wish.creation(person, code, version, temperature)

        return await self.run(work)

    async def creation(self, code: str) -> Creation | None:
        """Return the creation with a code (in lower case), or None."""
        found = await self.run(lambda connection: _creations(connection, creations.c.code == code))
        return found[0] if found else None

    async def person(self, person_id: int) -> Person:
        """Return where a person's sequence stands; a new person gets a seed."""
        return await self.run(lambda connection: _person(connection, person_id))

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

    async def creations(self, person_id: int, newest: int | None = None) -> list[Creation]:
        """Return a person's creations, the oldest first: all, or the last `newest`."""
        theirs = creations.c.person == person_id
        return await self.run(lambda connection: _creations(connection, theirs, newest))

    async def newest(self, number: int) -> list[Creation]:
        """Return the newest creations of everybody."""
        return await self.run(lambda connection: _creations(connection, sa.true(), number))

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

    async def size(self) -> int:
        return await self.run(
            lambda connection: int(connection.scalar(sa.text(_SIZE[connection.dialect.name])) or 0)
        )


def record(connection: Connection, creation: Creation) -> None:
    """Keep a creation, and take its turn.

    A person who began another sequence meanwhile keeps their place in it. A person who was
    forgotten stays forgotten. A poem that was continued takes no turn, as it has one already.
    A creation that is there already stays as it is.
    """
    row = asdict(creation) | {
        "genre": str(creation.genre),
        "created": creation.created.isoformat(),
    }
    is_new = put(connection, creations, {"code": row.pop("code")}, row, {})
    if is_new and not creation.length:
        turns = people.c[f"{creation.genre.network}_turns"]
        this = people.c.id == creation.person, people.c.seed == creation.seed
        connection.execute(
            sa.update(people).where(*this, turns == creation.turn).values({turns: turns + 1})
        )


def set_seed(connection: Connection, person_id: int, seed: int) -> None:
    """Give a person a seed, and begin the sequence of that seed at its first turn."""
    row = {"seed": seed}
    put(connection, people, {"id": person_id}, row | NEW, row | BEGUN)


def press(
    connection: Connection, person_id: int, day: int, question: int, *, is_found: bool
) -> None:
    """Note whether somebody has found the real dinosaur of a question in a day's round. Only their
    first press counts.
    """
    key = {"person": person_id, "day": day, "question": question}
    is_first = put(connection, presses, key, {"is_found": is_found}, {})
    found = _answered_questions(connection, person_id, day)
    if is_first and len(found) == QUESTIONS:
        key = {"day": day, "found": sum(found.values())}
        put(connection, results, key, {"people": 1}, {"people": results.c.people + 1})
        streak = _person(connection, person_id).streak_on(day)
        # whoever ends yesterday's round after today's keeps the streak of today
        connection.execute(
            sa.update(people)
            .where(people.c.id == person_id, people.c.played < day)
            .values(streak=streak, played=day)
        )


def forget(connection: Connection, person_id: int, note: Note | None) -> None:
    """Delete all that is kept of a person, but for asks that came after the one with this note.

    SQLite overwrites the rows. PostgreSQL overwrites them at its next vacuum. No crash brings them
    back.
    """
    for column in (people.c.id, creations.c.person, presses.c.person):
        connection.execute(sa.delete(column.table).where(column == person_id))
    for table in (asks, answers):
        theirs = sa.delete(table).where(table.c.person == person_id)
        if note:
            theirs = theirs.where(table.c.bot == note.bot, table.c.update < note.update)
        connection.execute(theirs)


def ban(connection: Connection, person: int) -> None:
    """Give a person or a group no more answers."""
    put(connection, bans, {"person": person}, {}, {})


def lift_ban(connection: Connection, person: int) -> None:
    """Answer a person or a group again."""
    connection.execute(sa.delete(bans).where(bans.c.person == person))


def _tidy(connection: Connection) -> None:
    """Delete rows that are too old."""
    now = datetime.now(UTC)
    for deletion in (
        sa.delete(weights).where(weights.c.candidate_since < (now - CANDIDATES_FOR).isoformat()),
        sa.delete(asks).where(asks.c.date < time.time() - KEPT_SECONDS),
        sa.delete(answers).where(answers.c.at < time.time() - KEPT_SECONDS),
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


def _creations(
    connection: Connection, which: ColumnElement[bool], newest: int | None = None
) -> list[Creation]:
    """Return the creations that meet a condition, the oldest first: all, or the last `newest`."""
    wanted = sa.select(creations).where(which).order_by(creations.c.created.desc()).limit(newest)
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
