"""The bot's end of the child process of a run, and the progress that the child reports.

In the child's folder are OLD, the weights in use, if there are any, and TEXT, if a voice is taught.
The child adds NEW, the weights that it has trained.
"""

import json
import logging
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bot.tasks import end_child, start_child
from model.evaluation.comparison import Comparison
from model.files import HOME, ROOT

logger = logging.getLogger(__name__)

OLD, NEW, TEXT, ERRORS = "old.safetensors", "new.safetensors", "text.txt", "errors.txt"
LONGEST_LINE = 1 << 20
MOST_SAMPLES = 4
SAID = 3
"""The exit code of a child whose last line says, for people, why it has failed."""


class Child:
    """A process that trains."""

    def __init__(self, process: Process, folder: Path) -> None:
        self._process = process
        self._folder = folder

    @classmethod
    async def start(cls, folder: Path, *arguments: str) -> Self:
        """Start a child. Raises OSError."""
        with (folder / ERRORS).open("wb") as errors:
            process = await start_child(
                *("-m", "bot.training", str(folder), *arguments),
                variables={"MANGOSAURUS_HOME": str(HOME)},
                stderr=errors,
                limit=LONGEST_LINE,
                cwd=ROOT,
            )
        return cls(process, folder)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the events that the child prints, until the child has ended."""
        if self._process.stdout:
            async for line in self._process.stdout:
                yield json.loads(line)
        await self._process.wait()

    def failure(self) -> str:
        """Return why the child has failed, in words for people, or "" if it has not. If it has said
        nothing for people, log what it has printed.
        """
        code = self._process.returncode
        if not code:
            return ""
        errors = (self._folder / ERRORS).read_text(encoding="utf-8", errors="replace").strip()
        if code == SAID:
            return errors.rpartition("\n")[2]
        logger.error("A training ended with exit code %d: %s", code, errors)
        if code < 0:
            return f"it was killed by signal {-code}; 9 often means that memory ran out"
        return f"it ended with exit code {code}; the log says more"

    def stop(self) -> None:
        """End the training with its best weights."""
        if self._process.stdin:
            self._process.stdin.write(b"\n")

    async def kill(self) -> None:
        await end_child(self._process)


@dataclass
class Progress:
    """How far a run is. Losses are in nats per character."""

    newest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The newest event of each kind: "started", "progress", "finished" …"""
    samples: list[tuple[int, str]] = field(default_factory=list)
    """Steps, each with a text that was written after it: the first, some between, and the newest.
    """

    def hear(self, event: dict[str, Any]) -> None:
        """Take an event."""
        kind = event.pop("event")
        self.newest[kind] = event
        if kind == "sample":
            self.samples.append((event["step"], event["text"]))
            if len(self.samples) > MOST_SAMPLES:
                # every other one between the first and the newest
                del self.samples[1:-1:2]

    @property
    def was_stopped(self) -> bool:
        """Whether somebody stopped the training, which must be over by now."""
        return bool(self.newest["finished"]["early"])

    @property
    def comparison(self) -> Comparison | None:
        """How the new weights compare with those in use, if both learned from the same text."""
        found = self.newest.get("compared")
        return Comparison(**found) if found else None
