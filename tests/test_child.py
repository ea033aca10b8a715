"""A child under its guard, with real processes: its messages, how it ended, and that nothing of it remains."""

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

from bot.training.child import LONGEST_LINE, Child, Ending, plain
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
    ("program", "ending", "signal"),
    [
        ("sys.exit(3)", Ending(3), 0),
        ("sys.exit('error: no such cell')", Ending(1, "no such cell"), 0),
        ("raise ValueError('no such cell')", Ending(1, "ValueError: no such cell"), 0),
        (f"sys.exit('\\x1b[31m' + {BOX!r} + '\\x1b[0m')", Ending(1, "ValueError: no such cell"), 0),
        ("sys.exit('x' * 300_000 + '\\nthe end')", Ending(1, "the end"), 0),
        ("os.kill(os.getpid(), signal.SIGTERM)\nsignal.pause()", Ending(143), 15),
        ("os.kill(os.getpid(), signal.SIGKILL)", Ending(137), 9),
    ],
)
async def test_how_a_child_ended(program: str, ending: Ending, signal: int) -> None:
    async with running(program) as child:
        found = await child.wait(OUT_OF_REACH)
    assert found == ending
    assert found.signal == signal


async def test_a_killed_guard() -> None:
    async with running("signal.pause()") as child:
        child.kill()
        assert (await child.wait(OUT_OF_REACH)).signal == 9


async def test_what_a_child_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A low priority, the project's folder, our environment without secrets, and an empty standard input."""
    monkeypatch.chdir(tmp_path)
    for name in ("TELEGRAM_TOKEN", "DATABASE", "WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("MANGO", "kept")
    told = "{'secret': 'a secret' in os.environ.values(), 'mango': os.environ['MANGO'], 'folder': os.getcwd()}"
    [found] = await heard(f"print(json.dumps({told} | {{'nice': os.nice(0), 'read': sys.stdin.read()}}))")
    assert found.pop("nice") >= 10
    assert found == {"secret": False, "mango": "kept", "folder": str(ROOT), "read": ""}


def becomes_lockable(file: IO[str]) -> bool:
    """Try again and again: a wait in flock itself would never end if the process lived on."""
    deadline = time.monotonic() + OUT_OF_REACH
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.005)
    return False


async def test_the_end_of_a_child_ends_all_that_it_started(tmp_path: Path) -> None:
    """Even a process that holds none of our pipes and ignores every signal that can be ignored."""
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
        assert await child.wait(OUT_OF_REACH) == Ending(0)
    with (tmp_path / "alive").open() as alive:
        assert await asyncio.to_thread(becomes_lockable, alive)


@given(st.text())
def test_plain_text_fits_into_a_sentence(text: str) -> None:
    for long in (text, f"a\n{text}" * 100):
        assert len(plain(long)) <= 200
        assert len(plain(long).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "found"), [("", ""), (" no\n such  cell. ", "no such cell"), ("\x1b[1;31mred\x1b[0m", "red"), (BOX, None)]
)
def test_plain_words_stay(text: str, found: str | None) -> None:
    assert plain(text) == found or (found is None and "ValueError: no such cell" in plain(text))
