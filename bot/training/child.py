"""A child process that cannot outlive the bot: what it prints as JSON lines, how it ended, and killing it.

Its parent is not the bot but a guard: a few lines of Python that lower the priority, run the command, and read from a
pipe that only the bot can write to. However the bot ends, even by SIGKILL, the system closes that pipe, and the guard
kills the process group. This needs nothing of the command and works on every POSIX system. Linux's PR_SET_PDEATHSIG
needs code between fork and exec, and fires when the thread that forked ends.

A byte in the pipe is the number of a signal for the command. So no signal but the last one ever hits the guard.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

SECRETS = ("TELEGRAM_TOKEN", "DATABASE", "WEBHOOK_SECRET")
"""Environment variables that a child does not get."""
LONGEST_LINE = 1 << 20
"""Bytes; a longer line is not one of ours and is dropped."""
LONGEST_ERRORS = 1 << 12
"""Bytes of standard error that are kept, the newest."""
PIPES_CLOSE_WITHIN = 5.0
"""Seconds that `end` waits for the pipes of a killed child."""

GUARD = """
import os, signal, subprocess, sys, threading
def watch():
    while number := os.read(0, 1):
        child.send_signal(number[0])
    os.killpg(0, signal.SIGKILL)
os.nice(10)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=watch, daemon=True).start()
code = child.wait()
sys.exit(code if code >= 0 else 128 - code)
"""

Message = dict[str, Any]


@dataclass(frozen=True)
class Ending:
    """How a command ended: its exit code, and the last line that it printed to standard error."""

    code: int
    last_words: str = ""

    @property
    def signal(self) -> int:
        """The signal that killed it (a negative code, or one above 128 as in a shell); 0 if it exited."""
        return max(-self.code, self.code - 128, 0)


class Child:
    """A command that runs under the guard, in a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._stdin = cast("asyncio.StreamWriter", process.stdin)
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._errors = b""
        self._killing: asyncio.TimerHandle | None = None
        self._reading_errors = asyncio.create_task(self._read_errors())
        self._watching = asyncio.create_task(self._kill_orphans())

    @classmethod
    async def start(cls, command: Sequence[str]) -> Child:
        """Run a command. OSError if no process can be started; a command that does not exist exits with a code."""
        pipe = asyncio.subprocess.PIPE
        guarded = (sys.executable, "-I", "-S", "-c", GUARD, *command)
        process = await asyncio.create_subprocess_exec(
            *guarded, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(), cwd=ROOT, start_new_session=True
        )
        return cls(process)

    async def messages(self, silence: float) -> AsyncIterator[Message]:
        """Yield the JSON objects on standard output; other lines are skipped. TimeoutError after so much silence."""
        async for line in _lines(self._stdout, silence):
            with contextlib.suppress(ValueError, RecursionError):  # deeply nested brackets are a RecursionError
                if isinstance(message := json.loads(line), dict):
                    yield message

    async def wait(self, limit: float) -> Ending:
        """Wait until the command has ended. TimeoutError after `limit` seconds."""
        async with asyncio.timeout(limit):
            await asyncio.shield(self._reading_errors)  # `end` waits for it too
            return Ending(await self._process.wait(), _last_line(self._errors))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command alone, if it still runs."""
        if not self._stdin.is_closing():
            self._stdin.write(bytes([number]))

    def terminate(self, grace: float) -> None:
        """Ask the command to end, and kill it if it has not after `grace` seconds."""
        self.signal(signal.SIGTERM)
        self._killing = asyncio.get_running_loop().call_later(grace, self.kill)

    def kill(self) -> None:
        """Kill the command and every process that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: not permitted, of a group that is gone
            os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill what is left, and return when none of it can write a file any more."""
        self._watching.cancel()
        if self._killing is not None:
            self._killing.cancel()  # later, its number may be that of another process
        self.kill()
        self._stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PIPES_CLOSE_WITHIN):
                await self._stdout.read()  # ends with the last process that holds the pipe, not with the guard
                await self._reading_errors
        self._reading_errors.cancel()
        await self._process.wait()

    async def _kill_orphans(self) -> None:
        """Kill what the guard leaves behind, at once: if it was killed, the command would go on without it."""
        with contextlib.suppress(OSError):
            await self._stdin.wait_closed()  # the guard alone reads from that pipe
        self.kill()

    async def _read_errors(self) -> None:
        stderr = cast("asyncio.StreamReader", self._process.stderr)
        while chunk := await stderr.read(1 << 16):
            self._errors = (self._errors + chunk)[-LONGEST_ERRORS:]


async def _lines(stream: asyncio.StreamReader, silence: float) -> AsyncIterator[bytes]:
    """Yield lines of any length, where asyncio's `readline` fails beyond 64 KiB; also a last one without an end."""
    rest = b""
    while True:
        async with asyncio.timeout(silence):
            chunk = await stream.read(1 << 16)
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > LONGEST_LINE:
            rest = b"?"  # no JSON begins like this, so the remainder of the line cannot pass for a whole one
    yield rest


def _last_line(errors: bytes) -> str:
    """Return the last line that contains a word."""
    lines = (plain(line) for line in reversed(errors.decode(errors="replace").splitlines()))
    return next((line.removeprefix("error: ") for line in lines if re.search(r"\w", line)), "")


def plain(text: str) -> str:
    """Return text as one line of at most 200 characters, without colours, frames of boxes and the full stop."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return " ".join(text.split()).strip(" .\u2500\u2502\u256d\u256e\u256f\u2570")[:200]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SECRETS}
