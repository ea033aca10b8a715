"""Shared by tests that start `python -m bot`: its environment, a process with pipes, and one at a
terminal."""

import asyncio
import contextlib
import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bot.settings import KEYS
from model.files import ROOT
from tests.shown import seen, wrote

LIMIT = 200.0
"""In seconds. Nothing here takes more than a few, so only a process that hangs meets it."""
LINK = re.compile(r"http://127\.0\.0\.1:[0-9]+/\?token=[\w-]+")
COMMAND = [
    sys.executable,
    "-c",
    "import runpy; from model import files; files.released = lambda path: path;"
    " runpy.run_module('bot', run_name='__main__', alter_sys=True)",
]
"""`python -m bot` with no weights but those in its home."""
TOWNS = "\n".join(
    (ROOT / "data" / "samples" / "towns.txt").read_text(encoding="utf-8").splitlines()[:120]
)

Environment = dict[str, str]


def environment_of(checkpoints: Path, home: Path) -> Environment:
    """Return the environment of a bot without settings, and copy checkpoints into its home."""
    if checkpoints != home / "checkpoints":
        shutil.copytree(checkpoints, home / "checkpoints", dirs_exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in KEYS and not name.startswith("PYTHON")
    }
    own = {"MANGOSAURUS_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return kept | own | {"TERM": "xterm-256color", "LOG_LEVEL": "ERROR"}


def run(
    environment: Environment, *arguments: str, command: Sequence[str] = COMMAND, **streams: Any
) -> Any:
    """Run the bot to its end, in its home, with pipes unless `streams` says otherwise."""
    given: Any = {"cwd": environment["MANGOSAURUS_HOME"]}
    given |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.run(
        [*command, *arguments],
        env=environment,
        timeout=LIMIT,
        check=False,
        **given,
    )


async def ended(
    environment: Environment, *arguments: str, command: Sequence[str] = COMMAND
) -> tuple[int, str]:
    """Run the bot to its end; return its exit code and what it printed."""
    streams = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    done = await asyncio.to_thread(run, environment, *arguments, command=command, **streams)
    return done.returncode, done.stdout.decode()


@contextlib.contextmanager
def begun(
    environment: Environment, *arguments: str, command: Sequence[str] = COMMAND
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a bot with pipes, and kill it in the end."""
    with subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class Terminal:
    """A bot that runs at a terminal, in its home."""

    def __init__(self, environment: Environment, *arguments: str) -> None:
        import pty  # Windows has neither
        import termios

        self.master, self.slave = pty.openpty()
        self.attributes = partial(termios.tcgetattr, self.slave)
        self.begun_with = self.attributes()
        self.seen = ""
        self._ahead = ""
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=environment,
            cwd=environment["MANGOSAURUS_HOME"],
            start_new_session=True,
        )

    def type(self, keys: str) -> None:
        wrote(keys)
        os.write(self.master, keys.encode())

    def until(self, pattern: str) -> str:
        """Read until a pattern was written; return all since the last call, up to the pattern.

        Text behind the pattern is kept for the next call.
        """
        deadline = time.monotonic() + LIMIT
        while not (found := re.search(pattern, self._ahead)):
            assert time.monotonic() < deadline, f"{pattern!r} is not in {self._ahead!r}"
            self._read()
        text = seen(self._ahead[: found.end()])
        self._ahead = self._ahead[found.end() :]
        return text

    def end(self, key: str = "\x04") -> int:
        """Press Ctrl-D, read what is still written, and return the exit code."""
        self.type(key)
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it goes on after {self.seen!r}"
            self._read()
        return self.process.wait(0)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def _read(self) -> None:
        if select.select([self.master], [], [], 0.1)[0]:
            text = os.read(self.master, 1 << 16).decode(errors="replace").replace("\r\n", "\n")
            self._ahead += text
            self.seen += text
