"""The ledger: what is kept of people is written page by page, and a page is one transaction for all who wait.

While one page is written the next entries gather, so that a hundred people at once cost a few statements and not a
hundred transactions. An entry is a function of the page. It is carried out when its page is begun and answered when
the page is on file: whoever has an answer has it for good. SQLite lets one write at a time anyway, so one thread does
all of it, and nobody meets a lock.

People are remembered as they are on file, never as they are about to be; of those not written of for long, the file
alone knows. That no other program writes to the file meanwhile is taken for granted. Not here: what is asked, and the
lock that keeps other bots away (`store`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import URL, Table, bindparam, create_engine, delete, event, select
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot.people.schema import creations, people, preferences, prepare_connection
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

REMEMBERED = 20_000
"""People in memory: about ten megabytes."""
CODES_AHEAD = 256
GATHERING = 0.01
"""Seconds between two pages when many write: a page takes more time to be begun and ended than to be filled."""
LONGEST_PAGE = 1_000
"""Entries; SQLite takes some 30,000 parameters a statement."""

Answer = TypeVar("Answer")
_Rows = list[Mapping[str, Any]]


class StoreError(MangosaurusError):
    """The database cannot be used: the sentence names the file and the reason."""

    def __init__(self, path: Path, reason: object) -> None:
        super().__init__(f"{path}: this database cannot be used: {reason}")


class Sequence(NamedTuple):
    """Where somebody stands: a seed, and how many turns of it are taken."""

    seed: int
    dino_turns: int = 0
    poem_turns: int = 0


class Person(NamedTuple):
    """What is kept of somebody, but for their creations; nothing at all of whoever is not known."""

    id: int
    sequence: Sequence | None = None
    likes: Mapping[str, Any] | None = None


class Page:
    """What one transaction writes. Its entries change it in turn, and each sees what those before it did."""

    def __init__(self, known: dict[int, Person]) -> None:
        self.people = dict(known)
        self._before = known
        self._creations: _Rows = []
        self._forgotten: set[int] = set()

    def put(self, person: Person) -> None:
        """Change a person."""
        self.people[person.id] = person

    def keep(self, creation: Mapping[str, Any]) -> None:
        """Add a creation; where its code is taken, what has it stays."""
        self._creations.append(creation)

    def forget(self, person_id: int) -> None:
        """Delete all that is kept of a person, on file and on this page."""
        self.people[person_id] = Person(person_id)
        self._creations = [row for row in self._creations if row["person_id"] != person_id]
        self._forgotten.add(person_id)

    def write(self, connection: Connection) -> None:
        """Write what has changed: first what goes, for what is on the page was put there afterwards."""
        changed = [(person, self._before[person.id]) for person in self.people.values()]
        sequences: _Rows = [
            {"id": new.id, **new.sequence._asdict()}
            for new, old in changed
            if new.sequence and new.sequence is not old.sequence
        ]
        likes: _Rows = [
            {"person_id": new.id, **new.likes} for new, old in changed if new.likes and new.likes is not old.likes
        ]
        gone: _Rows = [{"somebody": person_id} for person_id in self._forgotten]
        written = ((_PUT_SEQUENCE, sequences), (_PUT_LIKES, likes), (_KEEP, self._creations))
        for statement, rows in (*((deletion, gone) for deletion in _DELETIONS), *written):
            if rows:
                connection.execute(statement, rows)


@dataclass(eq=False, slots=True)
class _Entry:
    """Somebody waiting for their page, or not any more."""

    person_id: int
    change: Callable[[Page], Any]
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def succeed(self, answer: Any) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Ledger:
    """The file, its thread, and those who wait for it. `draw_codes` draws so many, taken or not."""

    def __init__(self, path: Path, draw_codes: Callable[[int], set[str]]) -> None:
        self._path = path
        # What people write is nobody's business in an error's text, and /forget does not reach the log.
        self._engine = create_engine(
            URL.create("sqlite", database=str(path)), pool_size=1, max_overflow=0, hide_parameters=True
        )
        event.listen(self._engine, "connect", prepare_connection)
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._people: OrderedDict[int, Person] = OrderedDict()  # which only the thread changes
        self._draw_codes = draw_codes
        self._codes: deque[str] = deque()  # which only the thread fills
        self._waiting: list[_Entry] = []
        self._writing: asyncio.Task[None] | None = None

    def remembered(self, person_id: int) -> Person | None:
        """Return a person as they are on file; None where only the file knows."""
        return self._people.get(person_id)

    async def code(self) -> str:
        """Return a code that no creation on file has, and that was not given to anybody else.

        Codes are looked up ahead, many with one statement. One that was given out, but is not on file yet, may be drawn
        once more: there are 31^7, so that is one chance in a hundred million where a hundred are on their way. Then
        the creation that is recorded first keeps it, for a code that was shown cannot be changed any more.
        """
        while not self._codes:
            await self.look(self._stock_codes)
        return self._codes.popleft()

    async def enter(self, person_id: int, change: Callable[[Page], Answer]) -> Answer:
        """Put something about a person on the next page, and return what `change` returned, once that is on file.

        Should somebody else's entry spoil the page, `change` is called once more, for another one. StoreError.
        """
        entry = _Entry(person_id, change)
        self._waiting.append(entry)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        with self._explained():
            answer: Answer = await entry.answer
        return answer

    async def look(self, read: Callable[[Connection], Answer]) -> Answer:
        """Return what `read` finds on file, where everything is that was answered before."""
        with self._explained():
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, read)

    async def close(self) -> None:
        """Wait for all that was begun, and let go of the file."""
        while self._writing:
            await asyncio.wait({self._writing})
        await asyncio.to_thread(self._thread.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:  # the file is well; what we wanted to write is wrong
            raise
        except (sqlite3.Error, DBAPIError) as error:
            reason = str(error.orig if isinstance(error, DBAPIError) else error)
            reason, _, _ = reason.partition(" with text ")  # which would be what somebody wrote
            raise StoreError(self._path, reason) from error

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                entries, self._waiting = self._waiting[:LONGEST_PAGE], self._waiting[LONGEST_PAGE:]
                await self._settle(entries)
                if len(entries) > 1:
                    await asyncio.sleep(GATHERING)
        finally:
            self._writing = None

    async def _settle(self, entries: list[_Entry]) -> None:
        """Have a page written, and its entries answered."""
        try:
            answers = await asyncio.get_running_loop().run_in_executor(self._thread, self._write, entries)
        except Exception as error:
            if len(entries) > 1 and not isinstance(error, OperationalError):  # it is not the file, but one of them
                for entry in entries:
                    await self._settle([entry])
            else:
                for entry in entries:
                    entry.fail(error)
        else:
            for entry, answer in zip(entries, answers, strict=True):
                entry.succeed(answer)

    def _look(self, read: Callable[[Connection], Answer]) -> Answer:
        with self._engine.connect() as connection:
            return read(connection)

    def _write(self, entries: list[_Entry]) -> list[Any]:
        """Write a page. If that fails, nobody can say what is on file: the people on it are read anew."""
        person_ids = {entry.person_id for entry in entries}
        try:
            with self._engine.begin() as connection:
                page = Page(self._known(connection, person_ids))
                answers = [entry.change(page) for entry in entries]
                page.write(connection)
                self._stock_codes(connection)
        except BaseException:
            for person_id in person_ids:
                self._people.pop(person_id, None)
            raise
        self._remember(page.people.values())
        return answers

    def _known(self, connection: Connection, person_ids: set[int]) -> dict[int, Person]:
        known = {person_id: self._people[person_id] for person_id in person_ids if person_id in self._people}
        if unread := person_ids - known.keys():
            known |= _read(connection, list(unread))
        return known

    def _stock_codes(self, connection: Connection) -> None:
        if len(self._codes) < CODES_AHEAD / 2:
            drawn = self._draw_codes(CODES_AHEAD).difference(self._codes.copy())
            self._codes.extend(drawn.difference(connection.scalars(_TAKEN, {"codes": list(drawn)})))

    def _remember(self, written: Iterable[Person]) -> None:
        for person in written:
            self._people[person.id] = person
            self._people.move_to_end(person.id)
        while len(self._people) > REMEMBERED:
            self._people.popitem(last=False)


def _read(connection: Connection, person_ids: list[int]) -> dict[int, Person]:
    """Read people; whoever is not on file is nobody yet."""
    asked = {"people": person_ids}
    sequences = {row.id: Sequence(row.seed, row.dino_turns, row.poem_turns) for row in connection.execute(_READ, asked)}
    likes = {row.person_id: {"mood": row.mood, "names": row.names} for row in connection.execute(_READ_LIKES, asked)}
    return {person_id: Person(person_id, sequences.get(person_id), likes.get(person_id)) for person_id in person_ids}


def _put(table: Table, key: str) -> Insert:
    """Return the statement that inserts rows, or changes those that have their keys."""
    statement = insert(table)
    new = {column.name: statement.excluded[column.name] for column in table.c if column.name != key}
    return statement.on_conflict_do_update(index_elements=[key], set_=new)


_READ = select(people).where(people.c.id.in_(bindparam("people", expanding=True)))
_READ_LIKES = select(preferences).where(preferences.c.person_id.in_(bindparam("people", expanding=True)))
_TAKEN = select(creations.c.code).where(creations.c.code.in_(bindparam("codes", expanding=True)))
_PUT_SEQUENCE = _put(people, "id")
_PUT_LIKES = _put(preferences, "person_id")
_KEEP = insert(creations).on_conflict_do_nothing()
_DELETIONS = (
    delete(people).where(people.c.id == bindparam("somebody")),
    delete(creations).where(creations.c.person_id == bindparam("somebody")),
    delete(preferences).where(preferences.c.person_id == bindparam("somebody")),
)
