"""A command that may not outlive the bot: started under a guard, heard line by line, and killed with all it started.

Its parent is not the bot but the guard: a few lines of Python that lower the priority, run the command, and hold the
reading end of a pipe whose writing end only the bot has. However the bot ends, SIGKILL included, the system closes
that pipe, and the guard kills the process group. That asks nothing of the command, needs no code between fork and
exec, and works on every POSIX system (Linux's PR_SET_PDEATHSIG would need both, and follows the death of a thread).

Not here: which command is run, and what its messages mean (`retraining`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any, cast

from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

LONGEST_LINE = 1 << 20
"""Bytes; a longer line cannot be one of ours and is not kept."""
PARTING = 5.0
"""Seconds that the end of a child waits for its pipes to close."""

GUARD = """
import os, signal, subprocess, sys, threading
def watch():
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)
os.nice(10)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=watch, daemon=True).start()
code = child.wait()
sys.exit(code if code >= 0 else 128 - code)
"""

Message = dict[str, Any]


class Child:
    """A command under its guard, in a session of its own; what it prints as JSON lines, and its last words."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._stdin = cast("asyncio.StreamWriter", process.stdin)
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._errors = b""
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, command: Sequence[str]) -> Child:
        """Run a command; OSError where the system starts no process. One that does not exist ends with a code."""
        pipe = asyncio.subprocess.PIPE
        guarded = (sys.executable, "-I", "-S", "-c", GUARD, *command)
        process = await asyncio.create_subprocess_exec(
            *guarded, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(), cwd=ROOT, start_new_session=True
        )
        return cls(process)

    async def messages(self, silence: float) -> AsyncIterator[Message]:
        """Yield the JSON objects of standard output, passing over lines that are none. TimeoutError after silence."""
        async for line in _lines(self._stdout, silence):
            # Deeply nested brackets are a RecursionError.
            with contextlib.suppress(ValueError, RecursionError):
                if isinstance(message := json.loads(line), dict):
                    yield message

    async def wait(self, limit: float) -> int:
        """Return the code that the command ended with."""
        async with asyncio.timeout(limit):
            await asyncio.shield(self._listening)  # still needed where this wait is given up
            return await self._process.wait()

    def epitaph(self, code: int) -> str:
        """Say how the command ended: its own last words, or the signal (negative, or above 128 as in a shell)."""
        ending = -code if code < 0 else code - 128
        if ending > 0:
            hint = ", perhaps because memory ran out" if ending == signal.SIGKILL else ""
            return f"the process was killed (signal {ending}){hint}"
        return _last_words(self._errors) or f"the process ended with code {code}"

    def kill(self) -> None:
        """Kill the whole group."""
        # Some systems say "not permitted" of a group that has ended.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill what is left, and return when nothing of it can write a file any more."""
        self.kill()
        self._stdin.close()
        # The pipes end when the last process that holds them is gone; the guard alone may be gone earlier.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PARTING):
                await self._stdout.read()
                await self._listening
        self._listening.cancel()
        await self._process.wait()

    async def _listen(self) -> None:
        stderr = cast("asyncio.StreamReader", self._process.stderr)
        while chunk := await stderr.read(1 << 16):
            self._errors = (self._errors + chunk)[-(1 << 12) :]


async def _lines(stream: asyncio.StreamReader, silence: float) -> AsyncIterator[bytes]:
    """Yield lines (asyncio's own `readline` fails on one beyond 64 KiB), the last one also if it is cut short."""
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
            # What is kept in its place spoils the remainder of that line, which must not pass for a whole one.
            rest = b"?"
    yield rest


def _last_words(errors: bytes) -> str:
    """Return the last line of standard error that has words in it, without colours and the frames of boxes."""
    lines = (plain(line) for line in reversed(errors.decode(errors="replace").splitlines()))
    return next((line.removeprefix("error: ") for line in lines if re.search(r"\w", line)), "")


def plain(text: str) -> str:
    """Return one line of at most 200 characters that can stand in the middle of a sentence."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return " ".join(text.split()).strip(" .\u2500\u2502\u256d\u256e\u256f\u2570")[:200]


def _environment() -> dict[str, str]:
    """Return the child's environment: ours without the secret."""
    return {name: value for name, value in os.environ.items() if name != "TELEGRAM_TOKEN"}
