"""The SQL of the store: functions of a connection, each a transaction or a part of one, with rows in and rows out.

Another process may write between two statements, so a change never relies on what was read before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    delete,
    false,
    func,
    inspect,
    select,
    text,
    update,
)

from bot.people.database import BUSY, insert
from bot.people.schema import creation_voices, creations, lessons, metadata, people, preferences, trainings
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(1)"}

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def prepare_tables(connection: Connection) -> None:
    """Make the tables that are missing, while no other process does; fails if those that exist are somebody else's."""
    connection.execute(text(_ALONE[connection.dialect.name]))
    found = inspect(connection).get_table_names()
    for table in metadata.tables.values():
        if table.name in found:
            connection.execute(select(table).limit(0))
    metadata.create_all(connection)
    connection.execute(delete(people).where(false()))  # deletes nothing, but fails where nothing can be written


def find_person(connection: Connection, person_id: int) -> RowMapping | None:
    """Return a person's seed and turns, if they have any."""
    return connection.execute(select(people).where(people.c.id == person_id)).mappings().one_or_none()


def sequence(connection: Connection, person_id: int, new_seed: int) -> RowMapping:
    """Return a person's seed and turns; a new person gets the new seed."""
    while (person := find_person(connection, person_id)) is None:
        new = {"id": person_id, "seed": new_seed, "dino_turns": 0, "poem_turns": 0}
        connection.execute(insert(connection, people).on_conflict_do_nothing(), new)
    return person


def begin_sequence(connection: Connection, person_id: int, seed: int) -> None:
    """Give a person a seed, with no turn taken."""
    begun = {"seed": seed, "dino_turns": 0, "poem_turns": 0}
    put = insert(connection, people).values(id=person_id, **begun)
    connection.execute(put.on_conflict_do_update(index_elements=["id"], set_=begun))


def is_taken(connection: Connection, code: str) -> bool:
    """Tell whether a creation has a code."""
    return connection.scalar(select(creations.c.code).where(creations.c.code == code)) is not None


def record(connection: Connection, creation: Mapping[str, Any], voice: str, *, takes_turn: bool) -> None:
    """Keep a creation of a known person, with its voice, if any, and count its turn if it is their next one."""
    turns = people.c[f"{Genre(creation['kind']).network}_turns"]
    is_next = and_(people.c.seed == creation["seed"], turns == creation["turn"])
    counted = case((is_next, turns + int(takes_turn)), else_=turns)
    count = update(people).where(people.c.id == creation["person_id"]).values({turns: counted})
    if not connection.execute(count).rowcount:
        return
    keep = insert(connection, creations).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    if connection.execute(keep, creation).rowcount and voice:
        connection.execute(insert(connection, creation_voices), {"code": creation["code"], "voice": voice})


def find_creations(connection: Connection, which: ColumnElement[bool]) -> Sequence[RowMapping]:
    """Return creations and their voices, the oldest first."""
    voice = func.coalesce(creation_voices.c.voice, "").label("voice")
    both = select(creations, voice).outerjoin(creation_voices, creation_voices.c.code == creations.c.code)
    return connection.execute(both.where(which).order_by(creations.c.created)).mappings().all()


def find_preferences(connection: Connection, person_id: int) -> RowMapping | None:
    """Return what a person has chosen, if anything."""
    return connection.execute(select(preferences).where(preferences.c.person_id == person_id)).mappings().one_or_none()


def put_preferences(connection: Connection, row: Mapping[str, Any], changes: Mapping[str, Any]) -> RowMapping | None:
    """Insert a person's preferences, or change some of them; returns all of them."""
    if changes:
        put = insert(connection, preferences).values(row)
        connection.execute(put.on_conflict_do_update(index_elements=["person_id"], set_=changes))
    return find_preferences(connection, row["person_id"])


def find_everything(
    connection: Connection, person_id: int
) -> tuple[RowMapping | None, RowMapping | None, Sequence[RowMapping]]:
    """Return a person's seed and turns, preferences and creations."""
    own = find_creations(connection, creations.c.person_id == person_id)
    return find_person(connection, person_id), find_preferences(connection, person_id), own


def begin_training(connection: Connection, row: Mapping[str, Any]) -> None:
    """Note a training in progress."""
    for table in (trainings, lessons):
        values = {column.name: row[column.name] for column in table.columns}
        connection.execute(insert(connection, table).on_conflict_do_nothing(), values)


def keep_last_words(connection: Connection, chat_id: int, message_id: int, words: str) -> None:
    """Note how a training has ended."""
    is_shown = and_(lessons.c.chat_id == chat_id, lessons.c.message_id == message_id)
    connection.execute(update(lessons).where(is_shown).values(last_words=words))


def end_training(connection: Connection, chat_id: int, message_id: int) -> None:
    """Delete the note of a training."""
    for table in (trainings, lessons):
        is_shown = and_(table.c.chat_id == chat_id, table.c.message_id == message_id)
        connection.execute(delete(table).where(is_shown))


def find_trainings(connection: Connection) -> Sequence[RowMapping]:
    """Return the trainings in progress. Those of an older bot have no key."""
    is_same = and_(trainings.c.chat_id == lessons.c.chat_id, trainings.c.message_id == lessons.c.message_id)
    facts = [func.coalesce(fact, "").label(fact.name) for fact in (lessons.c.key, lessons.c.last_words)]
    return connection.execute(select(trainings, *facts).outerjoin(lessons, is_same)).mappings().all()


def forget(connection: Connection, person_id: int) -> None:
    """Delete all rows of a person."""
    own = select(creations.c.code).where(creations.c.person_id == person_id)
    connection.execute(delete(creation_voices).where(creation_voices.c.code.in_(own)))
    for column in (people.c.id, preferences.c.person_id, creations.c.person_id, trainings.c.chat_id, lessons.c.chat_id):
        connection.execute(delete(column.table).where(column == person_id))


def size(connection: Connection) -> int:
    """Return the bytes of the database."""
    return int(connection.scalar(text(_SIZE[connection.dialect.name])) or 0)


def truncate_log(connection: Connection) -> bool:
    """Empty SQLite's write-ahead log; False if another program reads it."""
    connection.execute(text("PRAGMA busy_timeout = 0"))
    try:
        busy, _, _ = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    finally:
        connection.execute(text(f"PRAGMA busy_timeout = {BUSY * 1000:.0f}"))
    return not busy
