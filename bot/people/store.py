"""Who writes to the bot: seeds and turns, preferences, and every answer as a creation. SQLite through SQLAlchemy.

A turn is one request for names or one for verse; the two are counted apart, so a poem in between does not change which
name comes next. A creation is drafted with the next turn, and the turn is taken when the creation is recorded, which is
when it has reached the person: whoever was turned away, by a full queue or a lost connection, gets the same text when
they ask again. Texts are not kept: what a creation holds is enough to write its text again.

Not here: how it is written for many at once (`ledger`), the order of one person's requests (`updates`), without which
two of them could take the same turn, and what is drawn with a seed (`model.decoder`).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import bindparam, delete, false, select, text

from bot.people.ledger import Ledger, Sequence
from bot.people.ledger import StoreError as StoreError
from bot.people.schema import creations, metadata, people
from bot.training.locks import locked
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import Sequence as SequenceOf

    from sqlalchemy import Connection, RowMapping

    from bot.people.ledger import Page, Person

logger = logging.getLogger(__name__)

Mood = Literal["tame", "bold", "wild"]
MOODS: tuple[Mood, ...] = get_args(Mood)

LARGEST_SEED = 2**63 - 1
NEW_SEEDS = 10**9
"""Seeds that the bot chooses lie below this, so that people can read them out to each other."""
CODE_CHARACTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""What looks like something else is left out: 0, 1, i, l, o."""
CODE_LENGTH = 7
AGAIN = 10.0
"""Seconds between two tries to empty the log that SQLite writes ahead."""
IN_USE = "another bot uses it, or this one in another window; DATABASE can name another file"

_PERSON = select(people).where(people.c.id == bindparam("somebody"))
_CREATION = select(creations).where(creations.c.code == bindparam("code"))
_CREATIONS = select(creations).where(creations.c.person_id == bindparam("somebody")).order_by(creations.c.created)


@dataclass(frozen=True)
class Creation:
    """All that decides one answer. Whoever has its code, and its version of the weights, can have it written again."""

    code: str
    person_id: int
    network: Network
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
    """The database: what can be asked of it. How it is written, for many at once, is the ledger's business."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ledger = Ledger(path, draw_codes)
        self._held = ExitStack()
        self._emptying: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Make the tables where they are missing; StoreError, here and below, if the file cannot be used.

        One bot has it at a time, as each remembers what it wrote. Other programs may read.
        """
        try:
            await asyncio.to_thread(_claim, self._path, self._held)
            await self._ledger.look(_prepare_tables)
            await self._empty_log()
        except OSError as error:
            await self.close()
            reason = IN_USE if isinstance(error, BlockingIOError) else error.strerror or error
            raise StoreError(self._path, reason) from error
        except StoreError:
            await self.close()
            raise

    async def close(self) -> None:
        """Wait for what was begun, and let go of the file."""
        self._closed = True
        if self._emptying is not None:
            self._emptying.cancel()
        await self._ledger.close()
        self._held.close()

    async def seed(self, person_id: int) -> int:
        """Return a person's seed; whoever is new gets one."""
        return (await self._sequence(person_id)).seed

    async def set_seed(self, person_id: int, seed: int) -> None:
        """Give a person a seed, and begin its sequence anew."""

        def begin(page: Page) -> None:
            page.put(page.people[person_id]._replace(sequence=Sequence(seed)))

        await self._ledger.enter(person_id, begin)

    async def draft(
        self, person_id: int, network: Network, prompt: str, *, temperature: float, count: int = 1, version: str = ""
    ) -> Creation:
        """Return a creation of a person's next turn, under a code that is free. Nothing is kept or taken by this."""
        sequence, code = await self._sequence(person_id), await self._ledger.code()
        turn = getattr(sequence, f"{network}_turns")
        return Creation(code, person_id, network, version, sequence.seed, turn, prompt, temperature, count)

    async def vary(self, creation: Creation, person_id: int, **changes: Any) -> Creation:
        """Return a creation like another one, for somebody, under a code of its own. Nothing is kept by this."""
        await self._sequence(person_id)
        code = await self._ledger.code()
        return replace(creation, code=code, person_id=person_id, created=datetime.now(UTC), **changes)

    async def record(self, creation: Creation, *, takes_turn: bool = True) -> Creation:
        """Keep a creation, and take its turn, unless the person began another sequence meanwhile, or was forgotten."""
        turns = f"{creation.network}_turns"

        def write(page: Page) -> None:
            person = page.people[creation.person_id]
            sequence = person.sequence
            if sequence is None:
                return
            page.keep(_row(creation))
            if takes_turn and (sequence.seed, getattr(sequence, turns)) == (creation.seed, creation.turn):
                page.put(person._replace(sequence=sequence._replace(**{turns: creation.turn + 1})))

        await self._ledger.enter(creation.person_id, write)
        return creation

    async def creation(self, code: str) -> Creation | None:
        """Return the creation of a code, as it is kept, in lower case; None where there is none."""
        row = await self._ledger.look(lambda file: file.execute(_CREATION, {"code": code}).mappings().one_or_none())
        return _creation(row) if row is not None else None

    async def creations(self, person_id: int) -> list[Creation]:
        """Return a person's creations, the oldest first."""
        return [_creation(row) for row in await self._ledger.look(partial(_rows_of, person_id))]

    async def preferences(self, person_id: int) -> Preferences:
        """Return what a person likes."""
        person = self._ledger.remembered(person_id)
        if person is None:
            person = await self._ledger.enter(person_id, lambda page: page.people[person_id])
        return _preferences(person)

    async def set_preferences(
        self, person_id: int, *, mood: Mood | None = None, names: int | None = None
    ) -> Preferences:
        """Change what a person likes, and return it whole; what is None stays as it is."""

        def change(page: Page) -> Preferences:
            old = _preferences(page.people[person_id])
            new = Preferences(mood or old.mood, names or old.names)
            page.put(page.people[person_id]._replace(likes=asdict(new)))
            return new

        return await self._ledger.enter(person_id, change)

    async def export(self, person_id: int) -> dict[str, Any]:
        """Return all that is kept of a person, as JSON can hold it."""
        row = await self._ledger.look(lambda file: file.execute(_PERSON, {"somebody": person_id}).one_or_none())
        return {
            "person": dict(row._mapping) if row is not None else None,
            "preferences": asdict(await self.preferences(person_id)),
            "creations": await self._ledger.look(lambda file: [dict(row) for row in _rows_of(person_id, file)]),
        }

    async def forget(self, person_id: int) -> None:
        """Delete all that is kept of a person, also from the log that SQLite writes ahead.

        There it stays for as long as another program reads in it, for which nobody is kept waiting.
        """
        await self._ledger.enter(person_id, lambda page: page.forget(person_id))
        await self._empty_log()

    async def _empty_log(self) -> None:
        """Empty the log that SQLite writes ahead, or see to it that this is done later."""
        is_empty = await self._ledger.look(_truncate_log)
        if not (is_empty or self._emptying or self._closed):
            logger.warning("%s: another program reads it, and its log keeps what was forgotten meanwhile", self._path)
            self._emptying = asyncio.create_task(self._empty_log_later())

    async def _empty_log_later(self) -> None:
        try:
            while not await self._ledger.look(_truncate_log):  # noqa: ASYNC110 - nobody tells when they are done
                await asyncio.sleep(AGAIN)
        except StoreError as error:
            logger.warning("What was forgotten may still be in the log: %s", error)
        finally:
            self._emptying = None

    async def _sequence(self, person_id: int) -> Sequence:
        """Return where a person stands; whoever is new begins a sequence."""
        person = self._ledger.remembered(person_id)
        if person is not None and person.sequence is not None:
            return person.sequence
        return await self._ledger.enter(person_id, partial(_begun, person_id))


def draw_codes(count: int) -> set[str]:
    """Return codes at random, from one piece of randomness: a piece for each would be a system call for each."""
    randomness = secrets.token_bytes(8 * count)
    return {_code(int.from_bytes(randomness[start : start + 8])) for start in range(0, len(randomness), 8)}


def _code(number: int) -> str:
    characters = ""
    for _ in range(CODE_LENGTH):
        number, digit = divmod(number, len(CODE_CHARACTERS))
        characters += CODE_CHARACTERS[digit]
    return characters


def _begun(person_id: int, page: Page) -> Sequence:
    person = page.people[person_id]
    if person.sequence is not None:
        return person.sequence
    sequence = Sequence(secrets.randbelow(NEW_SEEDS))
    page.put(person._replace(sequence=sequence))
    return sequence


def _rows_of(person_id: int, file: Connection) -> SequenceOf[RowMapping]:
    return file.execute(_CREATIONS, {"somebody": person_id}).mappings().all()


def _preferences(person: Person) -> Preferences:
    return Preferences(**person.likes) if person.likes else Preferences()


def _creation(row: RowMapping) -> Creation:
    facts = {**row, "created": datetime.fromisoformat(row["created"])}
    return Creation(network=Network(facts.pop("kind")), **facts)


def _row(creation: Creation) -> dict[str, Any]:
    facts = {**vars(creation), "created": creation.created.isoformat()}
    return {"kind": str(facts.pop("network")), **facts}


def _claim(path: Path, held: ExitStack) -> None:
    """Make the folder of a file, and let no other bot have the file; OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    held.enter_context(locked(Path(f"{os.path.realpath(path)}-lock")))  # whatever it is called


def _prepare_tables(connection: Connection) -> None:
    metadata.create_all(connection)
    for table in metadata.tables.values():  # of these names, but somebody else's?
        connection.execute(select(table).limit(0))
        connection.execute(delete(table).where(false()))  # nothing, but of a file that is only to be read not even that
    connection.commit()


def _truncate_log(connection: Connection) -> bool:
    """Empty the log that SQLite writes ahead; False where another program reads in it."""
    file = connection.execution_options(isolation_level="AUTOCOMMIT")
    patience = file.execute(text("PRAGMA busy_timeout")).scalar_one()
    file.execute(text("PRAGMA busy_timeout = 0"))
    try:
        busy, _, _ = file.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    finally:
        file.execute(text(f"PRAGMA busy_timeout = {patience}"))
    return not busy
