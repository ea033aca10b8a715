"""`python -m model train` and `compare` as child processes, on all cores but one; and every way in which they fail."""

from __future__ import annotations

import contextlib
import logging
import math
import secrets
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.training.child import Child, Ending, Message, plain
from bot.training.reporting import Reporter
from model.engine.threads import available_cores
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from bot.training.reporting import Report

logger = logging.getLogger(__name__)

LAST_REPORT_WITHIN = 5.0
"""Seconds that a finished training waits for the delivery of its last progress report."""


class Reason(StrEnum):
    """Why there are no new weights."""

    BUSY = "another training is running:"
    STOPPED = "the bot stopped"
    HUNG = "hung"
    NO_LOSS = "ended without a held-out loss"
    KILLED = "killed by signal"
    EXITED = "exited with code"
    FAILED = "failed:"


class RetrainingError(MangosaurusError):
    """There are no new weights. `detail` is the network, signal, code or message that belongs to the reason."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".rstrip())
        self.reason = reason
        self.detail = detail


class Comparison(NamedTuple):
    """The held-out loss of the old weights, how much lower the new one must be, and whether it is."""

    old_loss: float | None
    margin: float
    better: bool


class Commands:
    """Runs one command at a time. `command` comes before `train` and `compare`; `silence` seconds count as hung."""

    def __init__(self, command: Sequence[str], silence: float) -> None:
        self.stopped = False
        self._command = tuple(command)
        self._silence = silence
        self._child: Child | None = None

    def stop(self) -> None:
        """Kill the command that is running, and run no other."""
        self.stopped = True
        if self._child is not None:
            self._child.kill()

    def refuse_if_stopped(self) -> None:
        """Raise a RetrainingError after `stop`."""
        if self.stopped:
            raise RetrainingError(Reason.STOPPED)

    async def train(self, network: str, minutes: float | None, new: Path, report: Report) -> float:
        """Write new weights, and return their held-out loss. RetrainingError, here and below."""
        seed = secrets.randbelow(1 << 32)  # always another one: the same seed gives the same weights
        options = ["--out", str(new), "--seed", str(seed)]
        options += [] if minutes is None else ["--minutes", str(minutes)]
        reporter = Reporter(report)
        try:
            await self._run("train", network, options, reporter.hear)
        finally:
            await reporter.close(0 if self.stopped else LAST_REPORT_WITHIN)
        return _finite(reporter.loss)

    async def compare(self, network: str, old: Path, new: Path) -> Comparison:
        """Compare two files of weights on the same held-out text."""
        figures: Message = {}
        await self._run("compare", network, [str(old), str(new)], figures.update)
        return Comparison(
            _finite(figures.get("old_loss")), _finite(figures.get("margin")), figures.get("better") is True
        )

    async def _run(self, verb: str, network: str, options: Sequence[str], hear: Callable[[Message], None]) -> None:
        """Run a command to its end; `hear` gets its messages."""
        complaint = ""
        threads = str(max(1, available_cores() - 1))
        async with self._running(verb, network, *options, "--json", "--threads", threads) as child:
            try:
                async for message in child.messages(self._silence):
                    if message.get("event") == "failed":
                        complaint = plain(str(message.get("error")))
                    hear(message)
                ending = await child.wait(self._silence)
            except TimeoutError:
                raise RetrainingError(Reason.HUNG) from None
        if complaint or ending.code:
            raise _failure(complaint, ending)

    @contextlib.asynccontextmanager
    async def _running(self, *arguments: str) -> AsyncIterator[Child]:
        self._child = child = await Child.start((*self._command, *arguments))
        try:
            self.refuse_if_stopped()  # a `stop` during the start found no child to kill
            yield child
        finally:
            self._child = None
            await child.end()


def _failure(complaint: str, ending: Ending) -> RetrainingError:
    """Say why a command failed: in its own words, unless a signal killed it or it said nothing."""
    if ending.signal and not complaint:
        return RetrainingError(Reason.KILLED, str(ending.signal))
    words = complaint or ending.last_words
    return RetrainingError(Reason.FAILED, words) if words else RetrainingError(Reason.EXITED, str(ending.code))


def _finite(figure: Any) -> float:
    if not isinstance(figure, float) or not math.isfinite(figure):
        raise RetrainingError(Reason.NO_LOSS)
    return figure
