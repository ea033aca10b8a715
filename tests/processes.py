"""What tests share that start `python -m bot`: its environment, and a process at a terminal."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

from model.files import ROOT
from tests.shown import seen, wrote

LIMIT = 50.0
"""Seconds; nothing here takes more than a few, but a busy machine is no failure."""
LINK = re.compile(r"http://127\.0\.0\.1:[0-9]+/\?token=[\w-]+")
SETTINGS = (ROOT / ".env.example").read_text(encoding="utf-8")

Environment = dict[str, str]


def environment_of(checkpoints: Path, folder: Path) -> Environment:
    """Return an environment with every setting in it, as the environment wins over a `.env`."""
    keys = set(re.findall("^#? ?([A-Z_]+)=", SETTINGS, re.MULTILINE))
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in keys and not key.startswith("PYTHON")
    }
    own = dict.fromkeys(keys, "") | {
        "CHECKPOINTS": str(checkpoints),
        "DATABASE": str(folder / "people.db"),
    }
    return (
        kept
        | own
        | {
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "COLUMNS": "100",
            "PYTHONUTF8": "1",
            "LOG_LEVEL": "ERROR",
        }
    )


def folder_of(environment: Environment) -> Path:
    """Return the folder of a bot's database, which is empty before.

    The bot may save files there.
    """
    return Path(environment["DATABASE"]).parent


COMMAND = [sys.executable, "-m", "bot"]


def run(environment: Environment, **streams: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the bot to its end in the folder of its database, with pipes where nothing
    else is given."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    folder = folder_of(environment)
    done: Any = subprocess.run(
        COMMAND, env=environment, cwd=folder, timeout=LIMIT, check=False, **streams
    )
    return done


class Terminal:
    def __init__(self, environment: Environment, *arguments: str) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (40, 100))
        self.attributes = termios.tcgetattr(self.slave)
        self.seen = self._ahead = ""
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=environment,
            cwd=folder_of(environment),
            start_new_session=True,
        )

    def type(self, keys: str | bytes) -> None:
        wrote(keys)
        os.write(self.master, keys if isinstance(keys, bytes) else keys.encode())

    def until(self, pattern: str) -> str:
        """Read until a pattern was written; return what came since the last call.

        What came after it is kept.
        """
        deadline, text = time.monotonic() + LIMIT, self._ahead
        while not (found := re.search(pattern, text)):
            assert time.monotonic() < deadline, f"{pattern!r} is not in {text!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                content = os.read(self.master, 1 << 16)
                if b"\x1b[6n" in content:
                    # as every terminal tells where its cursor is
                    os.write(self.master, b"\x1b[1;1R")
                text += content.decode(errors="replace")
                self.seen += content.decode(errors="replace")
        self._ahead = text[found.end() :]
        return seen(text[: found.end()])

    def end(self) -> int:
        """Press Ctrl-D, again if something was just printed, read what is still written, and return
        the exit code."""
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < deadline:
            self.type("\x04")
            while self.process.poll() is None and select.select([self.master], [], [], 0.2)[0]:
                self.seen += os.read(self.master, 1 << 16).decode(errors="replace")
        seen(self.seen)
        return self.process.wait(0)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
