"""What the bot knows of people: seeds and turns, preferences, and every answer as a creation.

A turn is one request for names or for verse. The two are counted apart, so a poem in between does not change the next
name. A sonnet takes a turn of verse: the same network writes both, and never draws two texts of a person from the same
numbers.

`draft` makes a creation of the next turn, and `record` takes the turn once the creation has reached the person. So
somebody who was refused, or lost the connection, gets the same text when they ask again. Texts are not kept, as a
creation holds all that is needed to write its text again.

One person's requests must come one after the other (`bot.wire.order`), or two of them would get the same turn.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from bot.people import queries
from bot.people.database import Database, name_of, url_of
from bot.people.records import Creation, Preferences, Training, new_code, new_seed
from bot.people.schema import creations
from model.errors import MangosaurusError
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection, RowMapping

    from bot.people.records import Mood

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")

AGAIN = 10.0
"""Seconds between two tries to empty SQLite's log."""


class StoreError(MangosaurusError):
    """The database cannot be used: the sentence names it, the reason and, where the bot starts, the way out."""

    def __init__(self, name: str, reason: str, way_out: str = "") -> None:
        super().__init__(f"{name}: this database cannot be used: {reason}{way_out and f'; {way_out}'}")


class Store:
    """The database of people. Each method is one short transaction; StoreError if the database fails.

    `database` is the path of a SQLite file, or a URL.
    """

    def __init__(self, database: str | Path) -> None:
        url = database_url(database)
        self.name = name_of(url)
        """The path of the file, or the server and the database there."""
        self._database = Database(url)
        self._emptying: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Make the tables that are missing. StoreError if this is no database, or somebody else's."""
        try:
            with self._explained(self._way_out):
                await self._database.prepare()
                await self._database.run(queries.prepare_tables)
            await self._empty_log()
        except StoreError:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what was begun, and disconnect."""
        if self._emptying is not None:
            self._emptying.cancel()
        await self._database.close()

    async def seed(self, person_id: int) -> int:
        """Return a person's seed; a new person gets one."""
        seed: int = (await self._run(queries.sequence, person_id, new_seed()))["seed"]
        return seed

    async def set_seed(self, person_id: int, seed: int) -> None:
        """Give a person a seed, and begin its sequence anew."""
        await self._run(queries.begin_sequence, person_id, seed)

    async def draft(
        self,
        person_id: int,
        genre: Genre,
        prompt: str,
        *,
        temperature: float,
        count: int = 1,
        version: str = "",
        voice: str = "",
    ) -> Creation:
        """Return a creation of a person's next turn, under a free code. It is not kept, and the turn not taken."""
        person, code = await self._run(_place, person_id)
        turn = person[f"{genre.network}_turns"]
        return Creation(code, person_id, genre, version, person["seed"], turn, prompt, temperature, count, voice=voice)

    async def vary(self, creation: Creation, person_id: int, **changes: Any) -> Creation:
        """Return a variation of a creation, for somebody, under a free code. It is not kept."""
        _, code = await self._run(_place, person_id)
        return replace(creation, code=code, person_id=person_id, created=datetime.now(UTC), **changes)

    async def record(self, creation: Creation, *, takes_turn: bool = True) -> Creation:
        """Keep a creation and take its turn.

        A person who began another sequence meanwhile keeps their place in it. One who was forgotten stays forgotten.
        If the code was taken since the draft, the older creation keeps it.
        """
        row = vars(creation) | {"created": creation.created.isoformat()}
        row["kind"] = row.pop("genre").value
        await self._run(queries.record, row, row.pop("voice"), takes_turn=takes_turn)
        return creation

    async def creation(self, code: str) -> Creation | None:
        """Return the creation with a code (in lower case), or None."""
        rows = await self._run(queries.find_creations, creations.c.code == code)
        return _creation(rows[0]) if rows else None

    async def creations(self, person_id: int) -> list[Creation]:
        """Return a person's creations, the oldest first."""
        return [_creation(row) for row in await self._run(queries.find_creations, creations.c.person_id == person_id)]

    async def preferences(self, person_id: int) -> Preferences:
        """Return what a person likes."""
        return _preferences(await self._run(queries.find_preferences, person_id))

    async def set_preferences(
        self, person_id: int, *, mood: Mood | None = None, names: int | None = None
    ) -> Preferences:
        """Change what is given, and return all preferences."""
        changes = {name: value for name, value in (("mood", mood), ("names", names)) if value is not None}
        new = {"person_id": person_id} | asdict(Preferences()) | changes
        return _preferences(await self._run(queries.put_preferences, new, changes))

    async def export(self, person_id: int) -> dict[str, Any]:
        """Return all that is kept of a person, as JSON can hold it."""
        person, preferences, own = await self._run(queries.find_everything, person_id)
        return {
            "person": person and dict(person),
            "preferences": asdict(_preferences(preferences)),
            "creations": [asdict(_creation(row)) | {"created": row["created"]} for row in own],
        }

    async def forget(self, person_id: int) -> None:
        """Delete all that is kept of a person.

        SQLite overwrites it and empties its log, or if another program reads there, says so in ours and does it later.
        PostgreSQL overwrites it when it vacuums next.
        """
        await self._run(queries.forget, person_id)
        await self._empty_log()

    async def training_began(self, training: Training) -> None:
        """Note the message that shows a training."""
        await self._run(queries.begin_training, asdict(training))

    async def training_concluded(self, chat_id: int, message_id: int, last_words: str) -> None:
        """Note how a training has ended, until it is told."""
        await self._run(queries.keep_last_words, chat_id, message_id, last_words)

    async def training_ended(self, chat_id: int, message_id: int) -> None:
        """Delete the note about a message that showed a training."""
        await self._run(queries.end_training, chat_id, message_id)

    async def interrupted_trainings(self) -> list[Training]:
        """Return the trainings that never ended. At the start of the bot, these are the ones that it interrupted."""
        return [Training(**row) for row in await self._run(queries.find_trainings)]

    async def size(self) -> int:
        """Return the bytes of the database."""
        return await self._run(queries.size)

    async def _run(
        self,
        query: Callable[Concatenate[Connection, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        with self._explained():
            return await self._database.run(lambda connection: query(connection, *args, **kwargs))

    @contextmanager
    def _explained(self, way_out: str = "") -> Iterator[None]:
        """Raise a StoreError for any failure of the database.

        Its traceback ends there: a driver's error may quote the row that it could not write.
        """
        try:
            yield
        except TimeoutError:
            raise StoreError(self.name, "it does not answer", way_out) from None
        except OSError as error:
            raise StoreError(self.name, error.strerror or str(error), way_out) from None
        except DBAPIError as error:
            raise StoreError(self.name, _reason(error), way_out) from None

    @property
    def _way_out(self) -> str:
        if self._database.is_file:
            return "DATABASE can name another file"
        return "check that the server runs, and that DATABASE is right"

    async def _empty_log(self) -> None:
        """Empty SQLite's log now, or as soon as no other program reads it."""
        if self._database.is_file and self._emptying is None and not await self._run(queries.truncate_log):
            logger.warning("%s: another program reads this database, so its log keeps what was deleted", self.name)
            self._emptying = asyncio.create_task(self._empty_log_later())

    async def _empty_log_later(self) -> None:
        try:
            while not await self._run(queries.truncate_log):  # noqa: ASYNC110 - the other program gives no sign
                await asyncio.sleep(AGAIN)
        except StoreError as error:
            logger.warning("Deleted data may still be in the log: %s", error)
        finally:
            self._emptying = None


def database_url(database: str | Path) -> URL:
    """Return the URL of a database that is given as a URL or a path; StoreError if nothing can come of it."""
    try:
        url = url_of(database)
        url.get_dialect().import_dbapi()
    except ValueError as error:
        raise StoreError("DATABASE", str(error)) from None
    except ImportError as error:
        raise StoreError("DATABASE", str(error), "pip install 'psycopg[binary]' brings what is missing") from None
    return url


def _reason(error: DBAPIError) -> str:
    """Return a driver's reason in one line, without the hints, the statement and the data that may follow it."""
    reason = re.split(r" with text |\n(?:\t|DETAIL|LINE)", str(error.orig), maxsplit=1)[0]
    return " ".join(reason.split())


def _place(connection: Connection, person_id: int) -> tuple[RowMapping, str]:
    """Return where a person's sequence stands, and a free code."""
    code = new_code()
    while queries.is_taken(connection, code):
        code = new_code()
    return queries.sequence(connection, person_id, new_seed()), code


def _creation(row: RowMapping) -> Creation:
    facts = dict(row)
    genre, created = Genre(facts.pop("kind")), datetime.fromisoformat(facts.pop("created"))
    return Creation(genre=genre, created=created, **facts)


def _preferences(row: RowMapping | None) -> Preferences:
    return Preferences(row["mood"], row["names"]) if row else Preferences()
