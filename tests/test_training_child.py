"""The child of a run, with real processes: its events and its end reach the bot, whole trainings
succeed, and nothing is left behind."""

import asyncio
import contextlib
import os
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from typing import Any

import psutil
import pytest

from bot.settings import Settings
from bot.training.child import NEW, OLD, TEXT, Child
from bot.words import admins
from model.files import ROOT, history_path
from model.text.corpus import read_names
from model.text.forms import Alphabet
from model.weights.versions import save
from tests.serving import until, untrained
from tests.training import LIST, MANY, NAMES, file_of, started


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file for a program that runs in place of `python -m bot.training`."""
    place = tmp_path / "project" / "bot" / "training" / "__main__.py"
    place.parent.mkdir(parents=True)
    (place.parent / "__init__.py").touch()
    (place.parents[1] / "__init__.py").touch()
    monkeypatch.setattr("bot.training.child.ROOT", tmp_path / "project")
    return place


@asynccontextmanager
async def running(project: Path, code: str) -> AsyncIterator[Child]:
    """Run a program that ends by itself after a minute, should a test forget it."""
    project.write_text("import json, os, signal, sys\nsignal.alarm(60)\n" + code)  # noqa: ASYNC240
    child = await Child.start(project.parent, "names")
    try:
        yield child
    finally:
        await child.kill()


async def events_of(child: Child) -> list[Any]:
    return [event async for event in child.events()]


async def test_the_end_of_a_child_is_explained(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A traceback is in the log, and in no chat."""
    for code, failure in (
        ("sys.exit(0)", ""),
        ("raise IndexError('a bug')", "it ended with exit code 1; the log says more"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "it was killed by signal 9; 9 often means that memory ran out",
        ),
    ):
        async with running(project, code) as child:
            assert await events_of(child) == []
            assert child.failure() == failure
    assert "IndexError: a bug" in caplog.text


async def test_a_text_that_is_too_short_is_explained(tmp_path: Path) -> None:
    (tmp_path / TEXT).write_text("one name")
    child = await Child.start(tmp_path, "names", "0")
    assert await events_of(child) == []
    assert child.failure().endswith("it needs at least 2, one a line")


async def test_a_child_gets_its_folder_no_secret_and_a_byte_to_stop(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the folder, our environment without secrets, its own session, and a byte to stop."""
    for name in ("TELEGRAM_TOKEN", "DATABASE"):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("MANGO", "kept")
    found = "sys.argv[1:], 'a secret' in os.environ.values(), os.environ['MANGO']"
    code = f"print(json.dumps([{found}, os.getsid(0) - os.getpid(), len(os.read(0, 9))]))"
    async with running(project, code) as child:
        child.stop()
        assert await events_of(child) == [[[str(project.parent), "names"], False, "kept", 0, 1]]


async def test_weights_are_compared_if_they_have_learned_from_the_same_text(tmp_path: Path) -> None:
    """Whoever sends another text for a voice wants it learned, however good the weights of the old
    text are."""
    old = untrained("names", 1, LIST)
    (tmp_path / TEXT).write_text(LIST)
    for digest in ("0" * 64, read_names(tmp_path / TEXT, alphabet=Alphabet.OWN).digest):
        described = replace(old.description, corpus=digest)
        save(tmp_path / OLD, replace(old, description=described))
        child = await Child.start(tmp_path, "names", "1e-9", "fresh")
        events = {event["event"]: event for event in await events_of(child)}
        assert not child.failure()
        assert not events["finished"]["early"]  # even 1e-9 minutes are enough for one epoch
        assert ("compared" in events) == (digest != "0" * 64)
        (tmp_path / NEW).unlink()
        history_path(tmp_path / NEW).unlink()


def is_gone(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


SLOW = """
import runpy, shutil, sys, time
delete = shutil.rmtree
shutil.rmtree = lambda *given, **options: (time.sleep(1.2), delete(*given, **options))
sys.argv[0] = "bot.training"
runpy.run_module("bot.training", run_name="__main__")
"""


def test_a_child_whose_bot_is_killed_deletes_its_folder_however_slowly(tmp_path: Path) -> None:
    """Meanwhile it finds that nobody listens, and must not end for that reason."""
    (folder := tmp_path / "run").mkdir()
    (folder / TEXT).write_text(MANY)
    command = [sys.executable, "-c", SLOW, str(folder), "names", "0"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, cwd=ROOT) as child:
        assert child.stdin
        assert child.stdout
        next(line for line in child.stdout if b'"progress"' in line)
        child.stdout.close()
        child.stdin.close()
        assert child.wait() == 1
    assert not folder.exists()


async def test_a_start_deletes_the_folders_that_a_crash_of_the_machine_left(
    own_settings: Settings, own_runs: Path
) -> None:
    old, new = own_runs / "mangosaurus-old", own_runs / "mangosaurus-new"
    for folder, hours in ((old, 2), (new, 0)):
        folder.mkdir()
        (folder / TEXT).write_text("Pikachu")
        then = time.time() - 3600 * hours
        os.utime(folder, (then, then))
    async with started(own_settings):
        assert [folder.exists() for folder in (old, new)] == [False, True]


def modes_in(folder: Path) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*")]


@pytest.fixture
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which `tempfile` makes folders."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


async def test_a_custom_voice_learns_from_its_file_and_goes_on(
    own_settings: Settings, own_runs: Path
) -> None:
    async with started(own_settings) as chat:
        message = await chat.ask("/retrain names pokemon", file=file_of(LIST))
        await until(lambda: " left" in message.text)
        assert modes_in(own_runs) == [0o700]
        await chat.bot.runs.ended()
        assert "now it can write. Version " in message.text
        assert message.labels == [admins.TRY]
        answer = await chat.ask("/dino voice:pokemon pik 3")
        assert all(name.startswith("Pik") for name in answer.names)
        assert {*answer.names}.isdisjoint(NAMES)
        await chat.ask("/retrain names pokemon")
        await chat.press(admins.STOP)
        await chat.bot.runs.ended()
        assert ", stopped early: " in chat.messages[-1].text
        assert "before" in chat.messages[-1].text
        assert (await chat.ask(f"/again {answer.code}")).text == answer.text
        assert modes_in(own_runs) == []


BOT = """
import asyncio, sys
from pathlib import Path
from bot.settings import Settings
from tests.training import MANY, file_of, started

async def main(checkpoints, database):
    async with started(Settings(checkpoints=Path(checkpoints), database=Path(database))) as chat:
        await chat.ask("/me Anna")
        message = await chat.ask("/retrain names many", file=file_of(MANY))
        while " left" not in message.text:
            await asyncio.sleep(0.001)
        print("it has drawn, and trains", flush=True)
        await chat.bot.runs.ended()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_nothing_outlives_a_bot_that_is_killed(
    own_settings: Settings, own_checkpoints: Path, own_runs: Path
) -> None:
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BOT, str(own_checkpoints), str(own_settings.database)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"MANGOSAURUS_HOME": str(own_runs.parent), "TMPDIR": str(own_runs)},
    )
    assert killed.stdout is not None
    assert await killed.stdout.readline() == b"it has drawn, and trains\n"
    children = psutil.Process(killed.pid).children(recursive=True)
    assert len(children) >= 2
    gives_way = min(psutil.Process().nice() + 5, 19)  # 19 is the lowest priority
    assert all(child.nice() >= gives_way for child in children)
    killed.kill()
    await killed.wait()
    await until(lambda: all(is_gone(child.pid) for child in children))
    assert modes_in(own_runs) == []
