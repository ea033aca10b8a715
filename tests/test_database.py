"""SQLite files and PostgreSQL servers: private ones, and those that fail or cannot be used."""

import asyncio
import contextlib
import os
import sqlite3
import stat
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import database as module
from bot import schema
from bot.database import StoreError
from bot.learned import remove_voice
from bot.settings import Secret, Settings
from bot.store import Store, forget, set_seed
from bot.words import sentences
from model.errors import EX_CONFIG
from model.text.forms import Genre
from tests.databases import end_connections, frozen, full_disk, make, sql, take
from tests.serving import serving

SECRET = "hunter2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


async def test_a_migration_brings_an_older_database_up_to_date_once(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store(database) as store:
        creation = await make(store, 1)

    def add_hats(connection: sa.Connection) -> None:
        connection.execute(sa.text("ALTER TABLE people ADD COLUMN hat VARCHAR"))

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_hats))
    for _ in range(2):
        async with Store(database) as store:
            assert await store.creations(1) == [creation]
    assert sql(database, "SELECT hat FROM people") == [(None,)]
    monkeypatch.undo()
    assert "another version of Mangosaurus made its tables; run that version" in await refusal(
        database
    )


async def test_tables_of_another_program_or_version_are_refused_and_left_alone(
    database: str, tmp_path: Path
) -> None:
    sql(database, "CREATE TABLE people (name TEXT)")
    sql(database, "INSERT INTO people VALUES ('Ada')")
    before = contents(tmp_path)
    sentence = await refusal(database)
    assert "another program or another version of Mangosaurus made its tables" in sentence
    assert sql(database, "SELECT * FROM people") == [("Ada",)]
    assert contents(tmp_path) == before
    if "://" not in database:
        assert sentence.startswith(f"{database}: this database cannot be used: ")
        assert sentence.endswith("move it away with the files -wal and -shm beside it")
    sql(database, "CREATE TABLE schema_number (number INTEGER)")  # without a row
    assert "another version of Mangosaurus made its tables" in await refusal(database)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def modes(folder: Path) -> dict[str, str]:
    return {file.name: f"{stat.S_IMODE(file.stat().st_mode):o}" for file in folder.iterdir()}


PRIVATE = {f"people.db{end}": "600" for end in ("", "-wal", "-shm")}


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """Let everybody read new files, unless their maker forbids it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_to_all")
async def test_nobody_else_can_read_a_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file is private from its first moment, and one that was open to all becomes private."""
    seen = []
    connect = sqlite3.dbapi2.connect

    def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        seen.append(modes(path.parent))
        return connect(*args, **kwargs)

    monkeypatch.setattr(sqlite3.dbapi2, "connect", watched)
    async with Store(path):
        assert modes(path.parent) == PRIVATE
        assert seen[0] == {"people.db": "600"}
        for file in path.parent.iterdir():
            file.chmod(0o644)
        async with Store(path):
            assert modes(path.parent) == PRIVATE


async def test_a_new_database_says_so_as_its_path_may_be_a_wrong_one(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for _ in range(2):
        async with Store(database) as store:
            assert caplog.text.count(f"{store.name}: this database is new") == 1


async def test_deleted_texts_are_gone_from_the_files(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While another program reads, SQLite's log keeps them, and a warning says so."""

    def is_kept() -> bool:
        return any(SECRET.encode() in content for content in contents(path.parent).values())

    async with Store(path) as file:
        await make(file, 1, Genre.POEM, SECRET)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM people").fetchall()
            await file.run(partial(forget, person_id=1, note=None))
            await file.empty_log()
            assert is_kept()
        assert [record.getMessage() for record in caplog.records] == [
            f"{path}: somebody uses this database, so its log keeps what was deleted for a while"
        ]
        await file.empty_log()
        assert not is_kept()
        voice = await file.add_voice("keats", "verse", SECRET)
        assert is_kept()
        await file.run(partial(remove_voice, voice_id=voice.id))
        await file.empty_log()
        assert not is_kept()


async def refusal(database: str | Path, exit_code: int = EX_CONFIG) -> str:
    """Open a database that cannot be used, and return the sentence that says so."""
    with pytest.raises(StoreError) as raised:
        await Store(database).__aenter__()
    assert raised.value.exit_code == exit_code
    return str(raised.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, tmp_path: Path) -> None:
    for content in (b"not a database " * 100, b"SQLite format 3\0" + b"\xff" * 5000):
        path.write_bytes(content)
        sentence = f"{path}: this database cannot be used: file is not a database"
        assert asyncio.run(refusal(path)).startswith(f"{sentence}; let DATABASE name another")
        assert contents(tmp_path) == {path.name: content}
    assert "cannot be used" in asyncio.run(refusal(path / "people.db"))
    another = "Is a directory; check what DATABASE and MANGOSAURUS_HOME name"
    assert asyncio.run(refusal(tmp_path)) == f"{tmp_path}: this database cannot be used: {another}"


async def test_a_file_that_is_moved_away_without_its_log_loses_nothing(tmp_path: Path) -> None:
    async with Store(tmp_path / "people.db") as store:
        await make(store, 1)
        (tmp_path / "people.db").rename(tmp_path / "old.db")
        assert "move people.db, people.db-wal and people.db-shm together" in await refusal(
            tmp_path / "people.db"
        )
    (tmp_path / "old.db").rename(tmp_path / "people.db")
    assert sql(tmp_path / "people.db", "SELECT id FROM people") == [(1,)]


async def test_a_database_that_cannot_be_written_is_refused(
    path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0)
    async with Store(path):
        pass
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert (
            "database is locked; let DATABASE name another file, or stop the bot"
            in await refusal(path, 1)
        )
    with path.open("r+b") as file:
        # byte 18 is the "file format write version": SQLite only reads a file of a later version
        file.seek(18)
        file.write(b"\x03")
    assert "write a readonly database; let DATABASE name another" in await refusal(path)
    sentence = await refusal(f"{postgresql}&options=-c%20default_transaction_read_only%3Don", 1)
    assert "session is read-only" in sentence
    assert sentence.endswith("; check that the server runs, and that DATABASE is right")


async def test_a_full_disk_is_named_and_nobody_is_told_to_move_the_database_away(
    path: Path,
) -> None:
    async with Store(path):
        pass
    with full_disk(0):
        sentence = await refusal(path, 1)
    assert sentence.endswith("disk I/O error; if its disk is full, make room there")


async def test_texts_of_people_are_in_no_error(database: str) -> None:
    async with Store(database) as store:
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


@patch.object(module, "AGAIN_SECONDS", 0.0)
@settings(max_examples=25)
@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=5),
    st.text("@:/?#%[]&= ", max_size=5),
)
@example("", "")
@example("12/", "@3")
def test_no_part_of_a_password_is_shown_however_it_is_written(before: str, after: str) -> None:
    async def attempt() -> None:
        await Store(
            f"postgresql+psycopg://me:{before}{SECRET}{after}{SECRET}@localhost:1/people"
        ).__aenter__()

    with pytest.raises(StoreError, match=r"^(DATABASE|PostgreSQL at .*): this database") as raised:
        asyncio.run(attempt())
    assert SECRET not in "".join(traceback.format_exception(raised.value))


async def test_when_a_server_is_away_the_bot_says_so_and_works_again_as_soon_as_it_is_back(
    settings: Settings,
    postgresql_folder: Path,
    postgresql: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    socket, away = postgresql_folder / ".s.PGSQL.5432", postgresql_folder / "away"
    async with serving(settings, database=Secret(postgresql)) as chat:
        await chat.ask("/seed 42")
        expected = (await chat.ask("/dino")).text_without_code
        await chat.ask("/seed 42")
        end_connections(postgresql_folder)
        socket.rename(away)
        try:
            with monkeypatch.context() as patched:
                patched.setattr(module, "AWAY_SECONDS", 0.3)
                assert (await chat.ask("/dino")).text == str(sentences.NO_MEMORY)
        finally:
            away.rename(socket)
        assert (await chat.ask("/dino")).text_without_code == expected
        assert chat.bot.tally.errors.pop("StoreError") == 1
        end_connections(postgresql_folder)  # between two requests, where it goes unnoticed
        assert (await chat.ask("/dino")).text_without_code != expected


async def test_a_server_that_does_not_answer_is_an_error_after_a_while_and_holds_up_no_stop(
    postgresql_folder: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSING_SECONDS", 0.3)
    store = await Store(postgresql).__aenter__()
    await store.run(partial(set_seed, person_id=1, seed=42))
    with frozen(postgresql_folder), monkeypatch.context() as patched:
        patched.setattr(module, "PATIENCE_SECONDS", 0.3)
        with pytest.raises(StoreError, match="database cannot be used: it does not answer"):
            await store.person(1)
    assert (await store.person(1)).seed == 42
    with frozen(postgresql_folder):
        waiting = asyncio.create_task(store.person(1))
        await asyncio.sleep(0)
        await store.close()
    await asyncio.gather(waiting, return_exceptions=True)
