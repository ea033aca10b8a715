"""SQLite files and PostgreSQL servers: old databases, private ones, and those that fail or cannot
be used."""

import asyncio
import contextlib
import os
import sqlite3
import stat
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import database as module
from bot import schema
from bot.creations import Creation, Person
from bot.database import StoreError
from bot.settings import Secret, Settings
from bot.store import Store
from bot.words import sentences
from model.text.forms import Genre
from tests.databases import (
    OTHERS,
    VERSION_0_1,
    draft,
    end_connections,
    frozen,
    make,
    older,
    opened,
    run_sql,
    sql,
    take,
)
from tests.serving import serving, uncoded, until

SECRET = "hunter2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


# Databases of earlier versions

FIRST = datetime(2026, 3, 1, 12, microsecond=250, tzinfo=UTC)
SECOND = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLD_POEM = Creation(
    "k7m2p9x", 1, Genre.POEM, "cf4b27233ab0", 42, 2, "Shall I", 0.8, 1, 2, created=FIRST
)
OLD_NAMES = Creation(
    "k7m2p9y", 1, Genre.DINO, "565c4cdbe29e", 42, 6, "ünïcödé", 1.0, 10, created=SECOND
)


async def test_a_database_of_an_earlier_version_keeps_everything(database: str) -> None:
    """Several bots may bring it up to date at the same time, or later find nothing to do."""
    older(database, VERSION_0_1)
    stores = [Store(database) for _ in range(3)]
    await asyncio.gather(*(store.open() for store in stores))
    for store in stores:
        assert await store.creations(1) == [OLD_POEM, OLD_NAMES]
        await store.close()
    assert sql(database, "SELECT format FROM format") == [(4,)]
    async with opened(database) as store:
        assert await store.person(1) == Person(1, 42, 7, 3, "wild", 5)
        assert [await take(store, 1), await take(store, 1, Genre.POEM)] == [(42, 7), (42, 3)]
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedColumn)):
        # an earlier bot asks for this at its start, and stops
        sql(database, "SELECT kind FROM creations")


async def test_an_upgrade_goes_on_where_it_was_interrupted_and_says_so(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    older(database, VERSION_0_1)
    first, second, *others = schema.MIGRATIONS

    def interrupted(connection: sa.Connection) -> None:
        second(connection)
        raise OSError(0, "the power fails")

    noted: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (first, interrupted, *others))
        with pytest.raises(StoreError, match="the power fails"):
            await (store := Store(database)).open(noted.append)
        await store.close()
    assert sql(database, "SELECT format FROM format") == [(1,)]
    store = Store(database)
    await store.open(noted.append)
    assert await store.creations(1) == [OLD_POEM, OLD_NAMES]
    await store.close()
    assert noted == ["upgrading the database"] * 2
    assert [record.getMessage().rpartition(", ")[2] for record in caplog.records] == [
        f"step {step} of 4" for step in (1, 2, 2, 3, 4)
    ]


async def test_a_stop_does_not_wait_for_an_upgrade(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the step has done is rolled back at once, and no thread keeps the process
    from ending."""
    older(database, VERSION_0_1)
    begun, threads = threading.Event(), set(threading.enumerate())
    count = (
        "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 1000000000)"
        " SELECT max(n) FROM t"
    )

    def long(connection: sa.Connection) -> None:
        raw: Any = connection.connection.driver_connection
        # SQLite can interrupt a statement only while it runs, and tells when it does.
        (
            raw.set_progress_handler(begun.set, 1000)
            if isinstance(raw, sqlite3.Connection)
            else begun.set()
        )
        connection.execute(sa.text(count))

    monkeypatch.setattr(schema, "MIGRATIONS", (long, *schema.MIGRATIONS[1:]))
    opening = asyncio.create_task((store := Store(database)).open())
    await until(begun.is_set)
    opening.cancel()
    await store.close()
    await until(
        lambda: (
            not any(
                thread.name.startswith("database") for thread in {*threading.enumerate()} - threads
            )
        )
    )
    assert sql(database, "SELECT format FROM format") == [(0,)]


async def test_a_database_of_a_later_version_is_refused_and_left_alone(database: str) -> None:
    async with opened(database):
        pass
    sql(database, "UPDATE format SET format = 5")
    sql(database, "DROP TABLE preferences")
    assert "a later version of Mangosaurus has written it; run that version" in await refusal(
        database
    )
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
        sql(database, "SELECT * FROM preferences")


def modes(folder: Path) -> dict[str, str]:
    return {file.name: f"{stat.S_IMODE(file.stat().st_mode):o}" for file in folder.iterdir()}


PRIVATE = {"people.db": "600", "people.db-wal": "600", "people.db-shm": "600"}


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """Everybody may read new files, unless their maker forbids it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_to_all")
async def test_nobody_else_can_read_a_new_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is private when SQLite opens it, and SQLite gives the files beside it the same
    permissions."""
    seen = []
    connect = sqlite3.dbapi2.connect

    def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        seen.append(modes(path.parent))
        return connect(*args, **kwargs)

    monkeypatch.setattr(sqlite3.dbapi2, "connect", watched)
    async with opened(path):
        assert modes(path.parent) == PRIVATE
    assert seen == [{"people.db": "600"}]


@pytest.mark.usefixtures("open_to_all")
async def test_files_that_others_could_read_are_closed_to_them(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE other (id)")
        assert modes(path.parent) == dict.fromkeys(PRIVATE, "644")
        async with opened(path):
            assert modes(path.parent) == PRIVATE


async def test_what_is_forgotten_is_gone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While another program reads, the log keeps it, with a warning, until somebody is forgotten
    again."""
    async with opened(path) as file:
        await make(file, 1, Genre.POEM, SECRET)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM people").fetchall()
            await file.forget(1)
            assert is_kept(SECRET, path.parent)
        (record,) = caplog.records
        assert (
            record.getMessage()
            == f"{path}: another program reads this database, so its log keeps what was deleted"
        )
        await file.forget(2)
        assert not is_kept(SECRET, path.parent)
        await make(file, 1, Genre.POEM, SECRET)
        assert is_kept(SECRET, path.parent)
        await file.forget(1)
        assert not is_kept(SECRET, path.parent)


def is_kept(secret: str, folder: Path) -> bool:
    return any(secret.encode() in file.read_bytes() for file in folder.iterdir())


async def refusal(database: str | Path) -> str:
    """Open a database that cannot be used, and return the sentence that says so."""
    with pytest.raises(StoreError) as raised:
        await Store(database).open()
    return str(raised.value)


def test_what_is_no_database_is_refused_and_left_alone(path: Path, tmp_path: Path) -> None:
    for content in (b"not a database " * 100, b"SQLite format 3\0" + b"\xff" * 5000):
        path.write_bytes(content)
        path.chmod(0o600 if content.startswith(b"SQLite") else 0o644)
        before = modes(tmp_path)
        assert asyncio.run(refusal(path)).startswith(
            f"{path}: this database cannot be used: file is not a database"
        )
        assert modes(tmp_path) == before
        assert path.read_bytes() == content
    assert "cannot be used" in asyncio.run(refusal(path / "people.db"))
    another = "Is a directory; DATABASE can name another file"
    assert asyncio.run(refusal(tmp_path)) == f"{tmp_path}: this database cannot be used: {another}"


async def test_what_cannot_be_written_is_refused(
    path: Path, tmp_path: Path, postgresql: str
) -> None:
    async with opened(path):
        pass
    with path.open("r+b") as file:
        # the "file format write version": SQLite only reads files of a later one than its own
        file.seek(18)
        file.write(b"\x03")
    assert "attempt to write a readonly database" in await refusal(path)
    assert "session is read-only" in await refusal(
        f"{postgresql}&options=-c%20default_transaction_read_only%3Don"
    )
    sql(other := tmp_path / "other.db", "CREATE TABLE people (name TEXT)")
    assert (await refusal(other)).startswith(
        f"{other}: this database cannot be used: no such column: people.id"
    )
    assert sql(other, "SELECT name FROM sqlite_master") == [("people",)]


async def test_what_people_write_is_in_no_error(database: str) -> None:
    async with opened(database) as store:
        if "://" in database:
            sql(database, f"ALTER TABLE creations ADD CHECK (prompt <> '{SECRET}')")
        else:
            refused = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
            sql(
                database,
                f"CREATE TRIGGER no BEFORE INSERT ON creations WHEN new.prompt = '{SECRET}'"
                f" {refused}",
            )
        with pytest.raises(StoreError) as raised:
            await make(store, 1, Genre.POEM, SECRET)
        assert SECRET not in "".join(traceback.format_exception(raised.value))
        assert (await take(store, 1, Genre.POEM))[1] == 0


def test_a_url_that_cannot_be_used_is_refused_and_not_shown() -> None:
    sentence = r"^DATABASE: this database cannot be used: its URL cannot be read"
    for url in (
        f"postgresql+psycopg://me:12/{SECRET}@3@db/x",
        f"postgresql+psycopg://me:{SECRET}@db:port/x",
    ):
        with pytest.raises(StoreError, match=sentence) as raised:
            Store(url)
        assert SECRET not in "".join(traceback.format_exception(raised.value))


async def test_a_server_that_does_not_run_is_refused(tmp_path: Path) -> None:
    for url, server in (
        (f"postgresql+psycopg://me:{SECRET}@localhost:1/people", "localhost:1"),
        (
            f"postgresql+psycopg://me:{SECRET}@/people?host={tmp_path}&password={SECRET}",
            str(tmp_path),
        ),
    ):
        sentence = await refusal(url)
        assert sentence.startswith(f"PostgreSQL at {server}/people: this database cannot be used: ")
        assert sentence.endswith("; check that the server runs, and that DATABASE is right")
        assert SECRET not in sentence


@settings(max_examples=25)
@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=5),
    st.text("@:/?#%[]&= ", max_size=5),
)
@example("", "")
def test_no_part_of_a_password_is_shown_however_it_is_written(before: str, after: str) -> None:
    async def attempt() -> None:
        await Store(
            f"postgresql+psycopg://me:{before}{SECRET}{after}{SECRET}@localhost:1/people"
        ).open()

    with pytest.raises(StoreError) as raised:
        asyncio.run(attempt())
    assert SECRET not in "".join(traceback.format_exception(raised.value))


async def test_when_a_server_is_away_the_bot_says_so_and_works_again_as_soon_as_it_is_back(
    settings: Settings, postgresql_folder: Path, postgresql: str
) -> None:
    socket, away = postgresql_folder / ".s.PGSQL.5432", postgresql_folder / "away"
    async with serving(settings, postgresql=Secret(postgresql)) as chat:
        await chat.ask("/seed 42")
        expected = uncoded((await chat.ask("/dino")).html)
        await chat.ask("/seed 42")
        end_connections(postgresql_folder)
        socket.rename(away)
        try:
            assert (await chat.ask("/dino")).html == sentences.NO_MEMORY
        finally:
            away.rename(socket)
        assert uncoded((await chat.ask("/dino")).html) == expected
        assert chat.bot.tally.errors.pop("StoreError") == 1
        end_connections(postgresql_folder)  # between two requests, so nobody notices
        assert uncoded((await chat.ask("/dino")).html) != expected


async def test_a_connection_that_is_lost_within_a_request(
    postgresql_folder: Path, postgresql: str
) -> None:
    async with opened(postgresql) as store:
        old = await draft(store, 1)
        with psycopg.connect(host=str(postgresql_folder), user="postgres") as other:
            other.execute("LOCK TABLE people")
            waiting = asyncio.create_task(store.arrived(old))
            await asyncio.sleep(0.1)
            run_sql(
                postgresql_folder,
                f"SELECT pg_terminate_backend(pid, 5000) {OTHERS} AND wait_event_type = 'Lock'",
            )
            with pytest.raises(
                StoreError, match=r"this database cannot be used: terminating connection"
            ):
                await waiting
        assert await store.creations(1) == []
        await store.arrived(old)
        assert await store.creations(1) == [old]


async def test_a_server_that_does_not_answer_is_an_error_after_a_while_and_holds_up_no_stop(
    postgresql_folder: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSING_SECONDS", 0.3)
    store = Store(postgresql)
    await store.open()
    await store.set_seed(1, 42)
    with monkeypatch.context() as patched, frozen(postgresql_folder):
        patched.setattr(module, "PATIENCE_SECONDS", 0.3)
        with pytest.raises(StoreError, match="this database cannot be used: it does not answer"):
            await store.person(1)
    assert (await store.person(1)).seed == 42
    with frozen(postgresql_folder):
        waiting = asyncio.create_task(store.person(1))
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            await store.close()
    await asyncio.gather(waiting, return_exceptions=True)
