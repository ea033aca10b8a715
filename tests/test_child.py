"""A guarded child, with real processes: what is heard of it, how it is said to have ended, and that nothing remains."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.training.child import LONGEST_LINE, Child, plain
from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OUT_OF_REACH = 10.0


@contextlib.asynccontextmanager
async def running(program: str, *arguments: str) -> AsyncIterator[Child]:
    """Run a program that ends by itself after a minute, should a test forget it."""
    alarm = "import json, os, signal, sys, time\nsignal.alarm(60)\n"
    child = await Child.start([sys.executable, "-S", "-c", alarm + program, *arguments])
    try:
        yield child
    finally:
        await child.end()


async def heard(program: str) -> list[dict[str, Any]]:
    async with running(program) as child:
        return [message async for message in child.messages(OUT_OF_REACH)]


async def test_json_objects_are_heard_and_the_last_one_without_a_line_end_too() -> None:
    assert await heard('print(\'{"a": 1}\\n{"b": [2]}\\n{"c": {}}\', end=\'\')') == [{"a": 1}, {"b": [2]}, {"c": {}}]


async def test_garbage_between_the_lines_is_passed_over() -> None:
    program = """
junk = (b"\\xff\\xfe", b"[" * 200_000, b"x" * 3_000_000, b"[1]", b"null", b"{", b'{"event": []}', b"", b'{"a": ')
sys.stdout.buffer.write(b"\\n".join(junk))
"""
    assert await heard(program) == [{"event": []}]


async def test_the_rest_of_a_line_too_long_to_keep_is_no_line() -> None:
    program = f"print(' ' * {3 * LONGEST_LINE} + '{{\"forged\": 1}}')\nprint('{{\"true\": 1}}')"
    assert await heard(program) == [{"true": 1}]


async def test_silence_is_a_timeout() -> None:
    async with running("print('{\"a\": 1}', flush=True)\nsignal.pause()") as child:
        assert await anext(child.messages(OUT_OF_REACH)) == {"a": 1}
        with pytest.raises(TimeoutError):
            await anext(child.messages(0.1))


BOX = "\u256d\u2500 Error \u2500\u256e\n\u2502 ValueError: no such cell. \u2502\n\u2570\u2500\u2500\u256f"


@pytest.mark.parametrize(
    ("program", "code", "epitaph"),
    [
        ("sys.exit(3)", 3, "the process ended with code 3"),
        ("sys.exit('error: no such cell')", 1, "no such cell"),
        ("raise ValueError('no such cell')", 1, "ValueError: no such cell"),
        (f"sys.exit('\\x1b[31m' + {BOX!r} + '\\x1b[0m')", 1, "ValueError: no such cell"),
        ("sys.exit('x' * 300_000 + '\\nthe end')", 1, "the end"),
        ("os.kill(os.getpid(), signal.SIGTERM)\nsignal.pause()", 143, "the process was killed (signal 15)"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            137,
            "the process was killed (signal 9), perhaps because memory ran out",
        ),
    ],
)
async def test_how_a_child_ended_is_said(program: str, code: int, epitaph: str) -> None:
    async with running(program) as child:
        assert await child.wait(OUT_OF_REACH) == code
        assert child.epitaph(code) == epitaph


async def test_a_killed_guard_is_said_to_be_killed() -> None:
    async with running("signal.pause()") as child:
        child.kill()
        assert child.epitaph(await child.wait(OUT_OF_REACH)).startswith("the process was killed (signal 9)")


async def test_what_a_child_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A low priority, our own folder, our environment without the secret, and nothing to read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEGRAM_TOKEN", "123:secret")
    monkeypatch.setenv("MANGO", "kept")
    told = "{'token': os.environ.get('TELEGRAM_TOKEN'), 'mango': os.environ['MANGO'], 'folder': os.getcwd()}"
    [found] = await heard(f"print(json.dumps({told} | {{'nice': os.nice(0), 'read': sys.stdin.read()}}))")
    assert found.pop("nice") >= 10
    assert found == {"token": None, "mango": "kept", "folder": str(ROOT), "read": ""}


def becomes_lockable(file: IO[str]) -> bool:
    """Ask again and again: to wait in flock itself would be to wait for ever for a process that lives on."""
    deadline = time.monotonic() + OUT_OF_REACH
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.005)
    return False


async def test_the_end_of_a_child_is_that_of_all_it_started(tmp_path: Path) -> None:
    """Also of a process that holds no pipe of ours and shrugs off what can be shrugged off."""
    program = """
import fcntl
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
if not os.fork():
    signal.alarm(60)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(0, 3)
    while True:
        signal.pause()
print(json.dumps({"forked": True}), flush=True)
"""
    async with running(program, str(tmp_path / "alive")) as child:
        assert [message async for message in child.messages(OUT_OF_REACH)] == [{"forked": True}]
        assert await child.wait(OUT_OF_REACH) == 0
        with (tmp_path / "alive").open() as alive, pytest.raises(BlockingIOError):
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / "alive").open() as alive:
        assert await asyncio.to_thread(becomes_lockable, alive)


@given(st.text())
def test_what_is_plain_fits_into_a_sentence(text: str) -> None:
    for long in (text, f"a\n{text}" * 100):
        assert len(plain(long)) <= 200
        assert len(plain(long).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "found"), [("", ""), (" no\n such  cell. ", "no such cell"), ("\x1b[1;31mred\x1b[0m", "red"), (BOX, None)]
)
def test_plain_words_stay(text: str, found: str | None) -> None:
    assert plain(text) == found or (found is None and "ValueError: no such cell" in plain(text))
