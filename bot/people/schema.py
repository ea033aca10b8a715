"""The tables of the database, and how its file is written. Not here: what is asked of them (`store`).

New facts get new tables, never new columns: a database of an earlier version opens and keeps everything it holds.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, String, Table

metadata = MetaData()
people = Table(
    "people",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seed", BigInteger, nullable=False),
    Column("dino_turns", Integer, nullable=False, default=0),
    Column("poem_turns", Integer, nullable=False, default=0),
)
creations = Table(
    "creations",
    metadata,
    Column("code", String, primary_key=True),
    Column("person_id", BigInteger, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("version", String, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("prompt", String, nullable=False),
    Column("temperature", Float, nullable=False),
    Column("count", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("created", String, nullable=False),  # ISO 8601, UTC: SQLite has no type for it that keeps the zone
)
preferences = Table(
    "preferences",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("mood", String, nullable=False),
    Column("names", Integer, nullable=False),
)


def prepare_connection(connection: Any, _record: object) -> None:
    """Set how SQLite writes, and that what is deleted is overwritten, not only unlisted.

    In write-ahead mode with few syncs, a turn costs none. A crash of the process loses nothing, one of the machine at
    most the last turns.
    """
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA secure_delete=ON")
