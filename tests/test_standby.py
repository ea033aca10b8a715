"""Several processes, one database: one serves, the others wait, and one of them takes over. Here, waits are short."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import pytest

from bot import standby as module
from bot.__main__ import serve_while_allowed
from bot.chat import Door as AnyDoor
from bot.health import Health
from bot.standby import Standby
from bot.telegram.updates import TokenError
from tests.databases import end_connections, frozen
from tests.serving import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.settings import Settings

SOCKET = ".s.PGSQL.5432"


@contextlib.asynccontextmanager
async def standing_by(database: str) -> AsyncIterator[Standby]:
    standby = Standby(database)
    try:
        yield standby
    finally:
        await standby.release()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRY", 0.05)
    monkeypatch.setattr(module, "CHECK", 0.05)
    monkeypatch.setattr(module, "PATIENCE", 0.3)


async def is_waiting(task: asyncio.Task[None]) -> bool:
    return not (await asyncio.wait({task}, timeout=0.15))[0]


async def test_the_other_takes_over_when_one_stops_or_loses_its_connection(
    postgresql: str, postgresql_folder: Path
) -> None:
    async with standing_by(postgresql) as first, standing_by(postgresql) as second, asyncio.timeout(20):
        await first.acquired()
        for holder, other in ((first, second), (second, first)):
            waiting = asyncio.create_task(other.acquired())
            assert await is_waiting(waiting)
            await holder.release()
            await waiting
        for _ in range(2):
            losing = asyncio.create_task(first.lost())
            assert await is_waiting(losing)
            end_connections(postgresql_folder)
            await losing
            await first.acquired()


async def test_a_server_that_hangs_is_noticed_by_who_serves_and_by_who_waits(
    postgresql: str, postgresql_folder: Path
) -> None:
    async with standing_by(postgresql) as first, standing_by(postgresql) as second, asyncio.timeout(20):
        await first.acquired()
        states: list[bool] = []
        waiting = asyncio.create_task(second.acquired(states.append))
        losing = asyncio.create_task(first.lost())
        await until(lambda: states == [True])  # another process serves
        with frozen(postgresql_folder):
            await losing
            await until(lambda: False in states)  # the server does not answer
            assert not waiting.done()
        await waiting


async def test_a_server_that_cannot_be_reached_is_waited_for_and_told_once(
    postgresql: str, postgresql_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = postgresql_folder / "away"
    (postgresql_folder / SOCKET).rename(away)
    async with standing_by(postgresql.replace("postgres@", "postgres:hunter2@")) as standby, asyncio.timeout(20):
        try:
            waiting = asyncio.create_task(standby.acquired())
            assert await is_waiting(waiting)
        finally:
            away.rename(postgresql_folder / SOCKET)
        await waiting
    (record,) = caplog.records
    assert record.getMessage().startswith(f"PostgreSQL at {postgresql_folder}/postgres does not answer: ")
    assert "hunter2" not in record.getMessage()


async def test_a_file_has_nobody_to_wait_for(tmp_path: Path) -> None:
    async with standing_by(str(tmp_path / "people.db")) as standby, asyncio.timeout(20):
        await standby.acquired()
        losing = asyncio.create_task(standby.lost())
        assert await is_waiting(losing)
        losing.cancel()


SERVE = """
import asyncio, sys, time
from bot import standby as module
module.TRY, module.CHECK, module.PATIENCE = 0.05, 0.2, 0.4

async def main():
    standby = module.Standby(sys.argv[1])
    while True:
        await standby.acquired()
        losing = asyncio.create_task(standby.lost())
        while not losing.done():
            if standby.is_held:
                print(time.monotonic(), flush=True)
            await asyncio.sleep(0.003)

asyncio.run(main())
"""
"""Serves as a bot does: it sends something all the time, whenever it surely holds the lock."""


@pytest.mark.parametrize("is_frozen", [False, True])
def test_two_processes_never_serve_at_once(
    is_frozen: bool, postgresql: str, postgresql_folder: Path, tmp_path: Path
) -> None:
    """Their connections end, also while the one that serves is frozen: when it thaws, it sends nothing more."""
    logs = [tmp_path / name for name in "ab"]
    with contextlib.ExitStack() as stack:
        processes = []
        for log in logs:
            command = [sys.executable, "-c", SERVE, postgresql]
            processes.append(subprocess.Popen(command, stdout=stack.enter_context(log.open("w"))))
            stack.callback(processes[-1].wait)
            stack.callback(processes[-1].kill)
            while not logs[0].stat().st_size:
                time.sleep(0.01)
        time.sleep(0.5)
        assert not logs[1].stat().st_size
        if is_frozen:
            processes[0].send_signal(signal.SIGSTOP)
        end_connections(postgresql_folder)
        before = logs[0].stat().st_size
        for _ in range(1000):
            if logs[1].stat().st_size or logs[0].stat().st_size > before:
                break
            time.sleep(0.01)
        processes[0].send_signal(signal.SIGCONT)
        time.sleep(1)
    sent = sorted((float(time), log.name) for log in logs for time in log.read_text().split("\n")[:-1])
    owners = [name for _, name in sent]
    served = [name for name, _ in itertools.groupby(owners)]
    assert served in (["a", "b"], *([["a"]] if not is_frozen else []))  # the first one may have it again


# A bot that loses its lock


class Door(AnyDoor):
    """A door that notes what happens to it."""

    def __init__(self, _settings: Settings) -> None:
        self.events: list[str] = []
        self.hangs_at = ""
        self.is_rejected = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def __aenter__(self) -> Self:
        return await self._note("entered")

    async def __aexit__(self, *_: object) -> None:
        await self._note("left")

    async def open(self, bot: object) -> None:
        await self._note("opened")

    async def close(self, seconds: float) -> None:
        await self._note("shut")

    def deadline(self, open_until: float, cut_at: float) -> None:
        self.events.append("closed")

    def chat(self, chat_id: int) -> None: ...

    def figures(self) -> dict[str, float]:
        return {}

    def facts(self) -> dict[str, str]:
        return {}

    def silence(self) -> None:
        self.events.append("silenced")

    async def rejected(self) -> None:
        await self.is_rejected.wait()
        raise TokenError

    async def _note(self, event: str) -> Self:
        self.events.append(event)
        if event == self.hangs_at:
            await self.may_go_on.wait()
        return self


class Lock(Standby):
    """A lock that a test takes away."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def lost(self) -> None:
        await self.gone.wait()


@pytest.fixture
def door(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door(settings)
    monkeypatch.setattr("bot.telegram.door.Telegram", lambda _settings: door)
    return door


async def begun(settings: Settings, door: Door, last: str, lock: Standby) -> asyncio.Task[Any]:
    serving = asyncio.create_task(serve_while_allowed(settings, lock, Health()))
    await until(lambda: last in door.events)
    return serving


@pytest.mark.parametrize(
    ("hangs_at", "last", "after"),
    [
        ("", "opened", ["silenced", "shut", "closed", "left"]),
        ("entered", "entered", ["silenced"]),  # the bot is still starting
    ],
)
async def test_who_loses_the_lock_sends_nothing_more_and_ends(
    settings: Settings, door: Door, hangs_at: str, last: str, after: list[str]
) -> None:
    door.hangs_at = hangs_at
    for _ in range(1 if hangs_at else 2):  # it can serve again
        serving = await begun(settings, door, last, lock := Lock())
        before = len(door.events)
        lock.gone.set()
        await asyncio.wait_for(serving, 20)
        assert door.events[before:] == after
        door.events.clear()


async def test_a_lock_that_is_lost_during_a_stop_ends_the_sending_but_not_the_stop(
    settings: Settings, door: Door
) -> None:
    door.hangs_at, lock = "shut", Lock()
    serving = await begun(settings, door, "opened", lock)
    serving.cancel()
    await until(lambda: "shut" in door.events)
    lock.gone.set()
    await until(lambda: "silenced" in door.events)
    door.may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert door.events == ["entered", "opened", "shut", "silenced", "closed", "left"]


@pytest.mark.parametrize("error", [TokenError, ZeroDivisionError])
async def test_what_ends_the_bot_and_an_unforeseen_failure_of_its_watch_are_raised(
    settings: Settings, door: Door, error: type[Exception]
) -> None:
    class Broken(Lock):
        async def lost(self) -> None:
            await super().lost()
            raise ZeroDivisionError

    tasks = asyncio.all_tasks()
    serving = await begun(settings, door, "opened", lock := Broken())
    (door.is_rejected if error is TokenError else lock.gone).set()
    with pytest.raises(error):
        await serving
    assert asyncio.all_tasks() == tasks
