"""`mangosaurus backup` and `restore`: all that the bot has learned and keeps, in one SQLite file.

Both copy row by row, between databases of either kind, the tables that `schema.KEPT` names. Asks
that wait for an answer are not copied, so a restored bot does not answer them.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table

from bot import schema
from bot.database import Database, existing
from bot.settings import Settings
from bot.standby import take_lock
from model.errors import MangosaurusError

ROWS = 1000
"""How many rows are in memory at once. A row of voices or weights has megabytes, so it is read
alone."""

# begins a transaction that sees the database as it is at one moment
_SNAPSHOT = {
    "sqlite": "BEGIN",
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
}


async def backup(settings: Settings, path: str) -> None:
    """Save what the database keeps, as it is at one moment, in a new file. The bot may run."""
    source = Database(existing(settings.database_address))
    file = Path(path)
    if await asyncio.to_thread(file.exists):
        raise MangosaurusError(f"{file} is there already; give the backup a new name")
    try:
        with TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            part = Path(folder) / file.name
            part.touch(0o600)
            copied = await _copy(Database(part), source)
            part.rename(file)
    except OSError as error:
        raise MangosaurusError(f"{file} cannot be written: {error.strerror}") from None
    print(f"{file} has {copied}")


async def restore(settings: Settings, path: str) -> None:
    """Put a backup into a database that has nothing but weights, which are replaced.

    No bot may use the database meanwhile. A bot on Telegram is noticed, and the backup refused; a
    bot in a terminal is not noticed.
    """
    source = Database(existing(Path(path)))
    async with Database(settings.database_address) as target:
        is_idle = target.claim() if target.is_file else await target.run(take_lock)
        if not is_idle:
            raise MangosaurusError(f"{target.name}: a bot uses this database; stop it first")
        copied = await _copy(target, source)
    print(f"{target.name} has {copied}")


async def _copy(target: Database, source: Database) -> str:
    """Copy the tables that a backup has, and return a text with the number of rows in each."""
    counts = Counter({table.name: 0 for table in schema.KEPT})
    with target.transaction() as writer:
        schema.prepare(writer)  # from now on, nobody else can write to a SQLite file
        tables = [table for table in schema.KEPT if table is not schema.weights]
        if found := [each.name for each in tables if writer.execute(sa.select(each)).first()]:
            raise MangosaurusError(
                f"{target.name}: this database is not empty, it has {', '.join(found)}; move it"
                " away with the files -wal and -shm beside it, or let DATABASE name another one"
            )
        writer.execute(sa.delete(schema.weights))
        for table, rows in _rows(source):
            writer.execute(table.insert(), rows)
            counts[table.name] += len(rows)
            await asyncio.sleep(0)  # here, Ctrl-C can end the copying
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items())


def _rows(source: Database) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Yield the rows of each table, some at a time, all as they are at one moment."""
    with source.transaction() as reader:
        reader.execute(sa.text(_SNAPSHOT[reader.dialect.name]))
        number = schema.number_in(reader)
        if number != schema.number():
            raise MangosaurusError(
                f"{source.name}: its tables have the number {number}, not {schema.number()} as"
                " those of this program; take the version of Mangosaurus that made them"
            )
        for table in schema.KEPT:
            most = 1 if table in (schema.voices, schema.weights) else ROWS
            found = reader.execute(sa.select(table), execution_options={"yield_per": most})
            for rows in found.mappings().partitions():
                yield table, [dict(row) for row in rows]
