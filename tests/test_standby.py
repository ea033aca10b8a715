"""Several processes, one database: one serves, the others wait, and one of them takes over.

Here, waits are short.
"""

import asyncio
import contextlib
import dataclasses
import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import database
from bot import standby as module
from bot.backup import restore
from bot.database import StoreError
from bot.running import running
from bot.standby import Standby
from bot.store import Store
from model.errors import MangosaurusError
from tests.databases import end_connections, frozen, killed, robbed, sql
from tests.fake_chat import FakeChat
from tests.serving import ALICE, install_both, serving, until
from tests.test_operating import LINES, learn, settings_of

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
    monkeypatch.setattr(module, "TRY_LATER", 0.05)
    monkeypatch.setattr(module, "CHECK", 0.05)
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    monkeypatch.setattr(database, "CLOSING_SECONDS", 0.1)


async def is_waiting(task: asyncio.Task[Any]) -> bool:
    return not (await asyncio.wait({task}, timeout=0.15))[0]


async def test_a_server_that_hangs_is_noticed_by_who_serves_and_by_who_waits(
    postgresql: str, postgresql_folder: Path
) -> None:
    async with (
        standing_by(postgresql) as first,
        standing_by(postgresql) as second,
    ):
        await first.acquired()
        states: list[str] = []
        waiting = asyncio.create_task(second.acquired(states.append))
        losing = asyncio.create_task(first.lost())
        await until(lambda: states == [module.ANOTHER_SERVES])
        with frozen(postgresql_folder):
            await losing
            await until(lambda: states[-1].endswith(": it does not answer"))
            assert not waiting.done()
        await waiting


async def test_a_restore_is_refused_while_a_bot_serves(database: str, tmp_path: Path) -> None:
    async with Store(tmp_path / "backup.db"), standing_by(database) as standby:
        await standby.acquired()
        with pytest.raises(MangosaurusError, match="a bot uses this database; stop it first"):
            await restore(settings_of(database), str(tmp_path / "backup.db"))


async def test_a_server_that_cannot_be_reached_is_waited_for_and_told_once(
    postgresql: str, postgresql_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = postgresql_folder / "away"
    (postgresql_folder / SOCKET).rename(away)
    async with (
        standing_by(postgresql.replace("postgres@", "postgres:hunter2@")) as standby,
    ):
        try:
            waiting = asyncio.create_task(standby.acquired())
            assert await is_waiting(waiting)
        finally:
            away.rename(postgresql_folder / SOCKET)
        await waiting
    (record,) = caplog.records
    assert record.getMessage().startswith(
        f"PostgreSQL at {postgresql_folder}/postgres: this database cannot be used: "
    )
    assert "hunter2" not in record.getMessage()


async def working(standby: Standby, held_at_the_end: list[bool]) -> asyncio.Task[None]:
    """Begin work that ends slowly, and then notes whether the lock is still held."""

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1.5)  # longer than the server's yes is good for
            held_at_the_end.append(standby.is_held)

    await standby.acquired()
    task = asyncio.create_task(standby.while_held(work()))
    assert await is_waiting(task)
    return task


async def test_a_stop_keeps_the_lock_until_the_work_has_ended(postgresql: str) -> None:
    held = list[bool]()
    async with standing_by(postgresql) as standby:
        task = await working(standby, held)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert held == [True]


async def test_a_machine_that_slept_sends_nothing_before_it_has_asked(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a machine sleeps, Linux's monotonic clock stands still."""
    async with standing_by(postgresql) as standby:
        await standby.acquired()
        assert standby.is_held
        slept = time.clock_gettime(time.CLOCK_BOOTTIME) + 60
        monkeypatch.setattr(time, "clock_gettime", lambda _: slept)
        assert not standby.is_held


async def test_a_lost_lock_cancels_the_work(postgresql: str, postgresql_folder: Path) -> None:
    held = list[bool]()
    async with standing_by(postgresql) as standby:
        task = await working(standby, held)
        with robbed(postgresql_folder, module.LOCK), pytest.raises(StoreError):
            await task
    assert held == [False]


async def test_a_server_that_is_back_in_time_is_asked_for_the_lock_again(
    postgresql: str, postgresql_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile, people's asks wait."""
    monkeypatch.setattr(database, "AWAY_SECONDS", 30)
    async with Store(postgresql) as store, standing_by(postgresql) as standby:
        await standby.acquired()
        # the lock is not given up while there is no server
        monkeypatch.setattr(module, "PATIENCE", 30)
        losing = asyncio.create_task(standby.lost())
        assert await is_waiting(losing)
        with killed(postgresql_folder):
            asking = asyncio.create_task(store.person(1))
            assert await is_waiting(asking)
        await asking
        await until(lambda: sql(postgresql, "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"))
        assert standby.is_held
        assert not losing.done()
        losing.cancel()


async def learn_and_serve(database: str, checkpoints: str) -> None:
    """Learn a voice, use new weights, and answer people without end; print each answer."""
    module.CHECK = module.PATIENCE = 0.1
    await Standby(database).acquired()
    settings = dataclasses.replace(
        settings_of(database), checkpoints=Path(checkpoints), rate_limit=None
    )
    async with running(settings) as bot:

        async def ask_on(person: int) -> None:
            chat = FakeChat(bot, person)
            for text in itertools.cycle(LINES):
                shown = await chat.ask(text)
                print(json.dumps([shown.code, shown.text]), flush=True)

        await learn(FakeChat(bot, ALICE))
        print(json.dumps(bot.shelf.serving["dino"].version), flush=True)
        await asyncio.gather(*map(ask_on, range(1, 11)))  # 0 is nobody


async def test_whoever_takes_over_from_one_that_was_killed_has_all_that_arrived_and_was_learned(
    database: str, checkpoints: Path, tmp_path: Path
) -> None:
    """Whoever takes over may have another home."""
    command = [sys.executable, "-m", "tests.test_standby", database, str(checkpoints)]
    first = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert first.stdout
    version, *told = [json.loads(await first.stdout.readline()) for _ in range(31)]
    first.kill()
    rest, _ = await first.communicate()
    told += map(json.loads, rest.splitlines())
    settings = dataclasses.replace(
        settings_of(database), checkpoints=install_both(tmp_path / "other", 77), rate_limit=None
    )
    async with standing_by(database) as second:
        await second.acquired()
        async with serving(settings) as chat:
            assert chat.bot.shelf.serving["dino"].version == version
            for code, text in told:
                assert (await chat.ask(f"/again {code}")).text == text


SERVE = """
import asyncio, sys, time
from bot import standby as module
module.TRY, module.CHECK, module.PATIENCE = 0.05, 0.1, 0.9

async def main():
    standby = module.Standby(sys.argv[1])
    while True:
        await standby.acquired()
        losing = asyncio.create_task(standby.lost())
        while not losing.done():
            now = module.now()  # the process may be frozen after it has looked
            if standby.is_held:
                print(now, flush=True)
            await asyncio.sleep(0.003)

asyncio.run(main())
"""
"""Prints the time again and again while it is sure of the lock: then a bot may send."""


def test_two_processes_never_serve_at_once(
    postgresql: str, postgresql_folder: Path, tmp_path: Path
) -> None:
    """The first one is frozen, and its connection ends, before the other starts.

    Then it goes on.
    """
    logs = [tmp_path / name for name in "ab"]
    with contextlib.ExitStack() as stack:
        processes = []
        for log in logs:
            command = [sys.executable, "-c", SERVE, postgresql]
            processes.append(subprocess.Popen(command, stdout=stack.enter_context(log.open("w"))))
            stack.callback(processes[-1].wait)
            stack.callback(processes[-1].kill)
            while not log.stat().st_size:
                time.sleep(0.01)
            if log is logs[0]:
                processes[0].send_signal(signal.SIGSTOP)
                end_connections(postgresql_folder)
        processes[0].send_signal(signal.SIGCONT)
        time.sleep(0.3)
    sent = sorted(
        (float(time), log.name) for log in logs for time in log.read_text().split("\n")[:-1]
    )
    assert [name for name, _ in itertools.groupby(name for _, name in sent)] == ["a", "b"]


if __name__ == "__main__":
    asyncio.run(learn_and_serve(*sys.argv[1:]))
