"""The child process of a run, seen from the bot: start it, read the JSON lines that it prints, and
end it.
"""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from model.files import HOME, ROOT

SECRETS = ("TELEGRAM_TOKEN", "DATABASE", "WEBHOOK_SECRET")
"""Environment variables that a child does not get."""
LONGEST_LINE = 1 << 20
"""The longest line that is read, in bytes."""
ON_WINDOWS = ("CREATE_NEW_PROCESS_GROUP", "BELOW_NORMAL_PRIORITY_CLASS")
"""What stands there for a session of its own, which no Ctrl-C reaches, and for `os.nice`."""
SILENCE_SECONDS = 600.0
"""A child that prints nothing for this time counts as hung.

A training prints about once a second.
"""


class Child:
    """`python -m bot.training FOLDER WEIGHTS`, in a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors = asyncio.create_task(_tail(process.stderr))

    @classmethod
    async def start(cls, folder: Path, weights: Path) -> Self:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.training", str(folder), str(weights)),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=LONGEST_LINE,
            env={name: value for name, value in os.environ.items() if name not in SECRETS}
            | {"MANGOSAURUS_HOME": str(HOME)},
            cwd=ROOT,
            start_new_session=True,
            creationflags=sum(getattr(subprocess, flag, 0) for flag in ON_WINDOWS),
        )
        return cls(process)

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the JSON objects that it prints, and skip other lines.

        Raises TimeoutError after a long silence.
        """
        output = self._process.stdout
        while output is not None:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    line = await output.readline()
            except ValueError:  # it is longer than LONGEST_LINE
                continue
            if not line:
                return
            with contextlib.suppress(ValueError, RecursionError):
                if isinstance(message := json.loads(line), dict):
                    yield message

    async def ended(self) -> tuple[int, str]:
        """Wait until it has ended; return its exit code, negative after a signal, and its last line
        of stderr.
        """
        async with asyncio.timeout(SILENCE_SECONDS):
            code, errors = await self._process.wait(), await self._errors
        lines = [_plain(line) for line in errors.splitlines()]
        return code, next(
            (line.removeprefix("error: ") for line in reversed(lines) if re.search(r"\w", line)), ""
        )

    def stop(self) -> None:
        """End the training with its best weights."""
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        self.kill()
        await self._process.wait()
        await self._errors


async def _tail(stream: asyncio.StreamReader | None) -> str:
    kept = b""
    while stream is not None and (chunk := await stream.read(1 << 16)):
        kept = (kept + chunk)[-4096:]
    return kept.decode(errors="replace")


def _plain(text: str) -> str:
    """Return text as one line of at most 200 characters, without colours, frames of boxes and the
    full stop.
    """
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return " ".join(text.split()).strip(" .\u2500\u2502\u256d\u256e\u256f\u2570")[:200]
