"""SQLite files and PostgreSQL servers: older ones, private ones, ones that fail, and ones that cannot be used."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import re
import sqlite3
import stat
import traceback
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.people import database as room
from bot.people.records import Preferences, Training
from bot.people.store import Store, StoreError
from model.text.forms import Genre, Network
from tests.databases import OTHERS, draft, end_connections, frozen, make, opened, run_sql, take
from tests.serving import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

SECRET = "hunter2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


@pytest.fixture
async def file(path: Path) -> AsyncIterator[Store]:
    """A store in a SQLite file."""
    async with opened(path) as store:
        yield store


OLD = """
    CREATE TABLE people (id BIGINT NOT NULL, seed BIGINT NOT NULL, dino_turns INTEGER NOT NULL,
        poem_turns INTEGER NOT NULL, PRIMARY KEY (id));
    CREATE TABLE creations (code VARCHAR NOT NULL, person_id BIGINT NOT NULL, kind VARCHAR NOT NULL,
        version VARCHAR NOT NULL, seed BIGINT NOT NULL, turn BIGINT NOT NULL, prompt VARCHAR NOT NULL,
        temperature FLOAT NOT NULL, count INTEGER NOT NULL, length INTEGER NOT NULL, created VARCHAR NOT NULL,
        PRIMARY KEY (code));
    CREATE INDEX ix_creations_person_id ON creations (person_id);
    CREATE TABLE preferences (person_id BIGINT NOT NULL, mood VARCHAR NOT NULL, names INTEGER NOT NULL,
        PRIMARY KEY (person_id));
    INSERT INTO people VALUES (1, 42, 7, 3);
    INSERT INTO preferences VALUES (1, 'wild', 5);
"""
OLD_CREATIONS = [
    (
        "k7m2p9x",
        1,
        "poem",
        "cf4b27233ab0",
        42,
        2,
        "Shall I compare thee",
        0.8,
        1,
        2,
        "2026-03-01T12:00:00.000250+00:00",
    ),
    ("k7m2p9y", 1, "dino", "565c4cdbe29e", 42, 6, "", 1.0, 10, 0, "2026-03-02T12:00:00+00:00"),
    ("k7m2p9z", 1, "poem", "cf4b27233ab0", 42, 1, "a\0b ünïcödé", 0.5, 1, 0, "2026-03-03T12:00:00+00:00"),
]


async def test_a_database_of_the_first_house_keeps_everything(path: Path) -> None:
    """Its tables, as the release before this one made them, in write-ahead mode as it left them."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA journal_mode=WAL; {OLD}")
        connection.executemany(f"INSERT INTO creations VALUES ({', '.join('?' * 11)})", OLD_CREATIONS)
        connection.commit()
    async with opened(path) as store:
        kept = [(*dataclasses.astuple(one)[:-2], one.created.isoformat()) for one in await store.creations(1)]
        assert kept == OLD_CREATIONS
        assert {one.voice for one in await store.creations(1)} == {""}
        assert [await store.creation(row[0]) for row in OLD_CREATIONS] == await store.creations(1)
        assert await store.preferences(1) == Preferences("wild", 5)
        assert [await take(store, 1), await take(store, 1, Genre.POEM)] == [(42, 7), (42, 3)]
        await store.training_began(Training(Network.DINO, 900, 5))


async def test_a_database_of_an_earlier_version_keeps_its_seeds(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(OLD.partition(";")[0])
        connection.execute("INSERT INTO people VALUES (1, 42, 7, 3)")
        connection.commit()
    async with opened(path) as store:
        assert await take(store, 1) == (42, 7)
        assert await take(store, 1, Genre.POEM) == (42, 3)
        assert len(await store.creations(1)) == 2


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {file.name: f"{stat.S_IMODE(file.stat().st_mode):o}" for file in folder.iterdir()}


def linked(path: Path, folder: Path) -> Path:
    """Make a link to a file in another folder, and return the folder."""
    folder.mkdir()
    path.symlink_to(folder / "real.db")
    return folder


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.write_bytes(content)
    path.chmod(mode)


def read(path: Path) -> bytes:
    return path.read_bytes()


PRIVATE = {"people.db": "600", "people.db-wal": "600", "people.db-shm": "600"}


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
async def test_nobody_else_can_read_the_files_from_their_first_byte(
    path: Path, mask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is private when SQLite opens it, and SQLite makes those beside it with its permissions."""
    seen = []
    connect = sqlite3.dbapi2.connect

    def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        seen.append(modes(path.parent))
        return connect(*args, **kwargs)

    monkeypatch.setattr(sqlite3.dbapi2, "connect", watched)
    with umask(mask):
        async with opened(path) as store:
            await take(store, 1)
            assert modes(path.parent) == PRIVATE
    assert seen == [{"people.db": "600"}]


async def test_files_that_others_could_read_are_closed_to_them(path: Path) -> None:
    with umask(0), contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE other (id)")
        assert modes(path.parent) == dict.fromkeys(PRIVATE, "644")
        async with opened(path) as store:
            await take(store, 1)
            assert modes(path.parent) == PRIVATE


async def test_a_link_leads_to_the_file(path: Path, tmp_path: Path) -> None:
    elsewhere = linked(path, tmp_path / "elsewhere")
    async with opened(path) as store:
        await take(store, 1)
        assert set(modes(elsewhere).values()) == {"600"}


async def test_another_program_may_read_meanwhile(path: Path, file: Store) -> None:
    await file.set_seed(1, 42)
    with contextlib.closing(sqlite3.connect(path)) as reader:
        await draft(file, 1)
        assert reader.execute("SELECT seed FROM people").fetchall() == [(42,)]


async def test_another_program_may_write_meanwhile(path: Path, file: Store) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(file.set_seed(1, 42))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        writer.execute("COMMIT")
    await waiting
    assert await file.seed(1) == 42


async def test_what_is_forgotten_is_not_in_the_file_any_more(path: Path, file: Store) -> None:
    await make(file, 1, Genre.POEM, "a most secret line")
    assert is_kept("a most secret line", path.parent)
    await file.forget(1)
    assert not is_kept("a most secret line", path.parent)


async def test_what_is_forgotten_leaves_the_log_when_nobody_reads_there(
    path: Path, file: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.people.store.AGAIN", 0.01)
    for secret in ("my most private line", "another one"):
        await make(file, 1, Genre.POEM, secret)
        with reading(path):
            async with asyncio.timeout(2):  # nobody waits for the reader
                await file.forget(1)
                await file.forget(2)
            assert is_kept(secret, path.parent)
        await until(lambda secret=secret: not is_kept(secret, path.parent))  # type: ignore[misc]
    warning = f"{path}: another program reads this database, so its log keeps what was deleted"
    assert [record.getMessage() for record in caplog.records] == [warning] * 2


async def test_what_was_forgotten_leaves_the_log_after_a_restart_too(
    path: Path, file: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.people.store.AGAIN", 0.01)
    await make(file, 1, Genre.POEM, "my most private line")
    with reading(path) as reader:
        await file.forget(1)
        await file.close()
        async with opened(path):
            reader.execute("COMMIT")
            await until(lambda: not is_kept("my most private line", path.parent))


async def test_closing_during_a_forget_leaves_no_task(path: Path, file: Store) -> None:
    tasks = asyncio.all_tasks()
    with reading(path):
        forgetting = asyncio.create_task(file.forget(1))
        await asyncio.sleep(0)
        await file.close()
        await asyncio.gather(forgetting, return_exceptions=True)
        assert asyncio.all_tasks() == tasks
    with reading(path):
        async with opened(path) as store:
            await store.forget(1)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == tasks


async def test_a_forget_beside_nobody_warns_of_nothing(file: Store, caplog: pytest.LogCaptureFixture) -> None:
    await file.set_seed(1, 42)
    await file.forget(1)
    assert caplog.records == []


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of reading a database."""
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people").fetchall()
    try:
        yield reader
    finally:
        reader.close()


def is_kept(secret: str, folder: Path) -> bool:
    return any(secret.encode() in file.read_bytes() for file in folder.iterdir())


# Databases that cannot be used


async def refusal(database: str | Path) -> str:
    """Open a database that cannot be used, and return the sentence that says so."""
    with pytest.raises(StoreError) as raised:
        await Store(database).open()
    return str(raised.value)


ANOTHER_FILE = "; DATABASE can name another file"


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    write(path, b"not a database " * 100, mode=0o644)
    assert await refusal(path) == f"{path}: this database cannot be used: file is not a database{ANOTHER_FILE}"
    assert modes(path.parent) == {"people.db": "644"}
    assert read(path) == b"not a database " * 100


async def test_a_damaged_database_is_refused_without_a_file_beside_it(path: Path) -> None:
    write(path, b"SQLite format 3\0" + b"\xff" * 5000)
    assert (await refusal(path)).startswith(f"{path}: this database cannot be used: file is not a database")
    assert list(modes(path.parent)) == ["people.db"]


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert await refusal(tmp_path) == f"{tmp_path}: this database cannot be used: Is a directory{ANOTHER_FILE}"


async def test_a_device_is_refused_and_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o644)
    assert "it is not a regular file" in await refusal(tmp_path / "pipe")
    assert modes(tmp_path) == {"pipe": "644"}


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be used" in await refusal(tmp_path / "file" / "people.db")


async def test_a_database_of_somebody_elses_is_refused_and_left_alone(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
    sentence = await refusal(path)
    assert sentence.startswith(f"{path}: this database cannot be used: no such column: people.id")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("people",)]


async def test_a_file_that_is_only_to_be_read_is_refused_at_once(path: Path) -> None:
    async with opened(path):
        pass
    with path.open("r+b") as file:
        file.seek(18)  # the "file format write version": SQLite only reads what is written in a later one than its own
        file.write(b"\x03")
    assert "attempt to write a readonly database" in await refusal(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any file")
async def test_a_file_without_permission_to_write_is_refused(path: Path) -> None:
    async with opened(path):
        pass
    write(path, read(path), mode=0o400)
    assert await refusal(path) == f"{path}: this database cannot be used: Permission denied{ANOTHER_FILE}"


async def test_what_people_write_is_in_no_error(database: str, postgresql_folder: Path) -> None:
    async with opened(database) as store:
        if "://" in database:
            run_sql(postgresql_folder, f"ALTER TABLE creations ADD CHECK (prompt <> '{SECRET}')")
        else:
            with contextlib.closing(sqlite3.connect(database)) as connection:
                connection.execute(
                    f"CREATE TRIGGER refusal BEFORE INSERT ON creations WHEN new.prompt = '{SECRET}' "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
        with pytest.raises(StoreError) as raised:
            await make(store, 1, Genre.POEM, SECRET)
        assert SECRET not in "".join(traceback.format_exception(raised.value))
        assert await take(store, 1, Genre.POEM) == (await store.seed(1), 0)


# A PostgreSQL server


@pytest.mark.parametrize(
    ("database", "sentence"),
    [
        (f"mysql://me:{SECRET}@db/x", "its URL begins neither with sqlite:// nor with postgresql+psycopg://"),
        (
            f"postgresql+asyncpg://me:{SECRET}@db/x",
            "its URL begins neither with sqlite:// nor with postgresql+psycopg://",
        ),
        (f"postgresql+psycopg://me:12/{SECRET}@3@db/x", "its URL cannot be read"),
        (f"postgresql+psycopg://me:{SECRET}@db:port/x", "its URL cannot be read"),
        (f"{SECRET}://", "its URL"),
        ("sqlite://", "its URL names no file"),
        ("sqlite:///:memory:", "its URL names no file"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_and_not_shown(database: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=rf"^DATABASE: this database cannot be used: {re.escape(sentence)}") as raised:
        Store(database)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("url", ["sqlite:///{path}", "{path}"])
async def test_a_file_by_its_url(path: Path, url: str) -> None:
    async with opened(url.format(path=path)) as store:
        await store.set_seed(1, 42)
    async with opened(path) as store:
        assert await store.seed(1) == 42


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_a_server_by_the_urls_that_hosts_give(scheme: str, postgresql: str) -> None:
    async with opened(postgresql.replace("postgresql+psycopg", scheme)) as store:
        assert await store.seed(1) >= 0


SERVER_WAY_OUT = "; check that the server runs, and that DATABASE is right"


async def test_a_server_that_does_not_run_is_refused(tmp_path: Path) -> None:
    sentence = await refusal(f"postgresql+psycopg://me:{SECRET}@localhost:1/people")
    assert sentence.startswith("PostgreSQL at localhost:1/people: this database cannot be used: ")
    assert "refused" in sentence
    assert sentence.endswith(SERVER_WAY_OUT)
    assert SECRET not in sentence
    sentence = await refusal(f"postgresql+psycopg://me:{SECRET}@/people?host={tmp_path}&password={SECRET}")
    assert sentence.startswith(f"PostgreSQL at {tmp_path}/people: this database cannot be used: ")
    assert SECRET not in sentence


@settings(max_examples=50)
@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=5), st.text("@:/?#%[]&= ", max_size=5))
def test_no_part_of_a_password_is_shown_however_it_is_written(before: str, after: str) -> None:
    async def attempt() -> None:
        await Store(f"postgresql+psycopg://me:{before}{SECRET}{after}{SECRET}@localhost:1/people").open()

    with pytest.raises(StoreError) as raised:
        asyncio.run(attempt())
    assert SECRET not in "".join(traceback.format_exception(raised.value))


async def test_a_user_who_may_not_make_tables_is_refused(postgresql_folder: Path, postgresql: str) -> None:
    run_sql(postgresql_folder, "DROP ROLE IF EXISTS reader")
    run_sql(postgresql_folder, "CREATE ROLE reader LOGIN")
    run_sql(postgresql_folder, "GRANT USAGE ON SCHEMA public TO reader")
    sentence = await refusal(postgresql.replace("postgres@", "reader@"))
    assert "permission denied for schema public" in sentence


async def test_a_server_that_may_only_be_read_is_refused(postgresql: str) -> None:
    sentence = await refusal(f"{postgresql}&options=-c%20default_transaction_read_only%3Don")
    assert "session is read-only" in sentence


async def test_a_connection_that_was_lost_between_two_requests_is_made_anew(
    postgresql_folder: Path, postgresql: str
) -> None:
    async with opened(postgresql) as store:
        await store.set_seed(1, 42)
        end_connections(postgresql_folder)
        assert await take(store, 1) == (42, 0)
        end_connections(postgresql_folder)
        assert await take(store, 1) == (42, 1)


async def test_a_connection_that_is_lost_within_a_request_is_an_error_and_nothing_is_written(
    postgresql_folder: Path, postgresql: str
) -> None:
    async with opened(postgresql) as store:
        old = await draft(store, 1)
        with locked_table(postgresql_folder):
            waiting = asyncio.create_task(store.record(old))
            await asyncio.sleep(0.1)
            run_sql(postgresql_folder, TERMINATE_THOSE_WHO_WAIT)
            with pytest.raises(StoreError, match=r"this database cannot be used: terminating connection"):
                await waiting
        assert await store.creations(1) == []
        await store.record(old)
        assert await store.creations(1) == [old]


async def test_a_server_that_does_not_answer_is_an_error_after_a_while(
    postgresql_folder: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(postgresql) as store:
        await store.set_seed(1, 42)
        silence = pytest.raises(StoreError, match="this database cannot be used: it does not answer")
        with monkeypatch.context() as patched, frozen(postgresql_folder), silence:
            patched.setattr(room, "PATIENCE", 0.3)
            await store.seed(1)
        assert await store.seed(1) == 42


async def test_a_server_that_does_not_answer_holds_up_no_stop(
    postgresql_folder: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CLOSING", 0.3)
    store = Store(postgresql)
    await store.open()
    with frozen(postgresql_folder):
        waiting = asyncio.create_task(store.seed(1))
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            await store.close()
    await asyncio.gather(waiting, return_exceptions=True)


TERMINATE_THOSE_WHO_WAIT = f"SELECT pg_terminate_backend(pid, 5000) {OTHERS} AND wait_event_type = 'Lock'"


@contextlib.contextmanager
def locked_table(folder: Path) -> Iterator[None]:
    """Another program in the middle of changing people."""
    with psycopg.connect(host=str(folder), user="postgres") as connection:
        connection.execute("LOCK TABLE people")
        yield
