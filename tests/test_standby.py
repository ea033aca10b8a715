"""Several processes, one database: one serves, the others wait, and one of them takes over."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from bot.people import standby as room
from bot.people.standby import Standby
from tests.databases import end_connections, frozen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SOCKET = ".s.PGSQL.5432"
PROCESS = """
import asyncio, sys
from bot.people.standby import Standby

async def serve():
    standby = Standby(sys.argv[1])
    await standby.acquired()
    print("serving", flush=True)
    await standby.lost()
    print("lost", flush=True)

asyncio.run(serve())
"""


@contextlib.asynccontextmanager
async def standing_by(database: str) -> AsyncIterator[Standby]:
    standby = Standby(database)
    try:
        yield standby
    finally:
        await standby.release()


@contextlib.asynccontextmanager
async def process(database: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that serves as soon as it may, and says so."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, database, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield other
    finally:
        with contextlib.suppress(ProcessLookupError):
            other.kill()
        await other.communicate()


async def line(other: asyncio.subprocess.Process) -> str:
    assert other.stdout is not None
    return (await asyncio.wait_for(other.stdout.readline(), 20)).decode().strip()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try and look ten times as often."""
    monkeypatch.setattr(room, "TRY", 0.1)
    monkeypatch.setattr(room, "CHECK", 0.2)
    monkeypatch.setattr(room, "PATIENCE", 0.4)


async def is_waiting(task: asyncio.Task[None], seconds: float = 0.5) -> bool:
    return not (await asyncio.wait({task}, timeout=seconds))[0]


@pytest.mark.usefixtures("_impatient")
async def test_one_serves_and_the_other_takes_over_when_it_stops(postgresql: str) -> None:
    async with standing_by(postgresql) as first, standing_by(postgresql) as second:
        await first.acquired()
        waiting = asyncio.create_task(second.acquired())
        assert await is_waiting(waiting)
        await first.release()
        async with asyncio.timeout(3):
            await waiting
        again = asyncio.create_task(first.acquired())
        assert await is_waiting(again)
        again.cancel()


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
async def test_the_other_takes_over_within_10_seconds_when_the_first_is_killed(postgresql: str, kill: int) -> None:
    async with process(postgresql) as first, process(postgresql) as second:
        serving = {asyncio.create_task(line(one)): one for one in (first, second)}
        done, waiting = await asyncio.wait(serving, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == ["serving"]
        assert len(waiting) == 1
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        serving[done.pop()].send_signal(kill)
        assert await waiting.pop() == "serving"
        assert time.monotonic() - begun < 10


@pytest.mark.usefixtures("_impatient")
async def test_a_lost_connection_is_noticed_and_the_lock_can_be_had_again(
    postgresql: str, postgresql_folder: Path
) -> None:
    async with standing_by(postgresql) as standby:
        await standby.acquired()
        losing = asyncio.create_task(standby.lost())
        assert await is_waiting(losing, 0.5)
        end_connections(postgresql_folder)
        async with asyncio.timeout(2):
            await losing
            await standby.acquired()
        losing = asyncio.create_task(standby.lost())
        assert await is_waiting(losing, 0.5)
        losing.cancel()


@pytest.mark.usefixtures("_impatient")
async def test_a_server_that_hangs_is_noticed(postgresql: str, postgresql_folder: Path) -> None:
    """Within a CHECK and a PATIENCE. With the usual ones these are 6 seconds, as another test below makes sure."""
    async with standing_by(postgresql) as standby:
        await standby.acquired()
        losing = asyncio.create_task(standby.lost())
        await asyncio.sleep(0.1)
        with frozen(postgresql_folder):
            begun = time.monotonic()
            await losing
            assert 0.4 <= time.monotonic() - begun < room.CHECK + room.PATIENCE + 1


@pytest.mark.usefixtures("_impatient")
async def test_a_server_that_hangs_before_the_lock_is_held_is_tried_again(
    postgresql: str, postgresql_folder: Path
) -> None:
    async with standing_by(postgresql) as first, standing_by(postgresql) as second:
        await first.acquired()
        waiting = asyncio.create_task(second.acquired())
        assert await is_waiting(waiting, 0.5)
        with frozen(postgresql_folder):
            assert await is_waiting(waiting, 1)
        await first.release()
        async with asyncio.timeout(5):
            await waiting


async def test_a_lock_that_was_given_up_behind_our_back_is_noticed(postgresql: str) -> None:
    async with standing_by(postgresql) as standby:
        await standby.acquired()
        connection = standby._connection
        assert connection is not None
        await connection.execute("SELECT pg_advisory_unlock_all()")
        async with asyncio.timeout(3):
            await standby.lost()


async def test_a_server_that_cannot_be_reached_is_waited_for_and_told_once(
    postgresql: str, postgresql_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "TRY", 0.05)
    away = postgresql_folder.with_name("away")
    postgresql_folder.joinpath(SOCKET).rename(away)
    try:
        async with standing_by(postgresql.replace("postgres@", "postgres:hunter2@")) as standby:
            waiting = asyncio.create_task(standby.acquired())
            assert await is_waiting(waiting, 0.5)
            away.rename(postgresql_folder / SOCKET)
            async with asyncio.timeout(5):
                await waiting
    finally:
        if away.exists():
            away.rename(postgresql_folder / SOCKET)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"PostgreSQL at {postgresql_folder}/postgres does not answer: ")
    assert "hunter2" not in record.getMessage()


async def test_what_waits_can_be_cancelled(postgresql: str, postgresql_folder: Path) -> None:
    async with standing_by(postgresql) as first, standing_by(postgresql) as second:
        await first.acquired()
        for waiting in (asyncio.create_task(second.acquired()), asyncio.create_task(first.lost())):
            assert await is_waiting(waiting, 0.1)
            waiting.cancel()
            async with asyncio.timeout(1):
                await asyncio.gather(waiting, return_exceptions=True)
        with frozen(postgresql_folder):
            asking = asyncio.create_task(first.lost())
            await asyncio.sleep(0.1)
            asking.cancel()
            async with asyncio.timeout(1):
                await asyncio.gather(asking, return_exceptions=True)
                await first.release()


async def test_a_holder_that_is_cut_off_has_stopped_before_the_server_frees_its_lock(postgresql: str) -> None:
    async with standing_by(postgresql) as standby:
        await standby.acquired()
        connection = standby._connection
        assert connection is not None
        settings = "SELECT reset_val::int FROM pg_settings WHERE name = 'tcp_keepalives_' || %s AND source = 'client'"
        rows = [await (await connection.execute(settings, [name])).fetchone() for name in ("idle", "interval", "count")]
    idle, interval, count = [row[0] for row in rows if row]
    assert room.CHECK + room.PATIENCE < idle + interval * count < 10 - room.TRY


async def test_a_file_has_nobody_to_wait_for(tmp_path: Path) -> None:
    async with standing_by(str(tmp_path / "people.db")) as standby, asyncio.timeout(1):
        await standby.acquired()
        losing = asyncio.create_task(standby.lost())
        assert await is_waiting(losing, 0.1)
        losing.cancel()
        await standby.release()
