"""`python -m model train`, `plot` and `compare` as child processes, and every way in which they fail."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.training.child import Child, Ending, Message, plain
from bot.training.lessons import START
from bot.training.reporting import Reporter
from model.errors import MangosaurusError
from model.training.log import history_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from bot.training.lessons import Lesson
    from bot.training.reporting import Report
    from model.checkpoint.encoding import Description

logger = logging.getLogger(__name__)

LAST_REPORT_WITHIN = 5.0
"""Seconds that a finished training waits for the delivery of its last progress report."""
SNAPSHOT_WITHIN = 1.5
"""Seconds that a stopped training gets to write its snapshot. Without them, it goes on from the snapshot before."""
PICTURE = "curves.png"


class Reason(StrEnum):
    """Why there are no new weights."""

    BUSY = "another training is running:"
    ELSEWHERE = "another process goes on with this training"
    STOPPED = "the bot stopped"
    CANCELLED = "cancelled"
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


class Trained(NamedTuple):
    """The held-out loss of the new weights, and whether the training was ended early."""

    loss: float
    early: bool = False


class Comparison(NamedTuple):
    """The held-out loss of the old weights, how much lower the new one must be, whether it is, and the new one."""

    old_loss: float | None
    margin: float
    better: bool
    new_loss: float | None = None


class Commands:
    """Runs one command at a time. `command` comes before `train` and `compare`; `silence` seconds count as hung."""

    def __init__(self, command: Sequence[str], silence: float) -> None:
        self.stopped = False
        self.cancelled = False
        self._finishing = False
        self._listens = False
        self._command = tuple(command)
        self._silence = silence
        self._child: Child | None = None

    def begin(self) -> None:
        """Forget that the training before was ended early, or cancelled."""
        self.cancelled = self._finishing = False

    def finish(self) -> None:
        """End the training early, and keep its best weights."""
        self._finishing = True
        self._finish_if_asked()

    def cancel(self) -> None:
        """Kill the command that is running, and run no other for this training."""
        self.cancelled = True
        if self._child is not None:
            self._child.kill()

    def stop(self) -> None:
        """End the command that is running, and run no other. A training writes its snapshot."""
        self.stopped = True
        if self._child is not None:
            self._child.terminate(SNAPSHOT_WITHIN)

    @property
    def interrupted(self) -> bool:
        """Whether the training may go on later: it was stopped, and nobody has cancelled it."""
        return self.stopped and not self.cancelled

    def refuse_if_ended(self) -> None:
        """Raise a RetrainingError after `stop` and after `cancel`."""
        if self.cancelled:
            raise RetrainingError(Reason.CANCELLED)
        if self.stopped:
            raise RetrainingError(Reason.STOPPED)

    async def train(self, lesson: Lesson, new: Path, report: Report, serving: Description | None) -> Trained:
        """Write new weights, or go on with a training that was stopped. RetrainingError, here and below."""
        start = new.with_name(START)
        options = ["--out", str(new), "--seed", str(lesson.seed), "--threads", str(lesson.threads)]
        options += [] if lesson.minutes is None else ["--minutes", str(lesson.minutes)]
        options += ["--from", str(start)] if start.exists() else _alphabet(lesson)  # weights have an alphabet
        reporter = Reporter(report, serving)
        try:
            await reporter.read(history_path(new))
            await self._run("train", lesson, [*options, *_corpus(lesson), "--json"], reporter.hear)
        finally:
            await reporter.close(0 if self.stopped or self.cancelled else LAST_REPORT_WITHIN)
        return Trained(_finite(reporter.loss), reporter.early)

    async def plot(self, new: Path) -> bytes | None:
        """Draw the log of a training as a PNG; None if that fails, as it decides nothing."""
        picture = new.with_name(PICTURE)
        try:
            await self._run("plot", None, [str(history_path(new)), "--out", str(picture)], lambda _message: None)
            return await asyncio.to_thread(picture.read_bytes)
        except (RetrainingError, OSError) as error:
            self.refuse_if_ended()
            logger.warning("The picture of a training was not drawn: %s", error)
            return None

    async def compare(self, lesson: Lesson, old: Path, new: Path) -> Comparison:
        """Compare two files of weights on the same held-out text. Their alphabet is known from the files."""
        figures: Message = {}
        options = [str(old), str(new), "--threads", str(lesson.threads), *_corpus(lesson), "--json"]
        await self._run("compare", lesson, options, figures.update)
        old_loss, margin = _finite(figures.get("old_loss")), _finite(figures.get("margin"))
        new_loss = _finite(figures["new_loss"]) if "new_loss" in figures else None
        return Comparison(old_loss, margin, figures.get("better") is True, new_loss)

    async def _run(
        self, verb: str, lesson: Lesson | None, options: Sequence[str], hear: Callable[[Message], None]
    ) -> None:
        """Run a command to its end; `hear` gets its messages."""
        complaint = ""
        network = [lesson.teacher] if lesson else []
        async with self._running(verb, *network, *options) as child:
            try:
                async for message in child.messages(self._silence):
                    match message.get("event"):
                        case "failed":
                            complaint = plain(str(message.get("error")))
                        case "started":
                            self._listens = True
                            self._finish_if_asked()
                        case "finished":
                            self._listens = False
                    hear(message)
                ending = await child.wait(self._silence)
            except TimeoutError:
                raise RetrainingError(Reason.HUNG) from None
        if complaint or ending.code:
            raise _failure(complaint, ending)

    @contextlib.asynccontextmanager
    async def _running(self, *arguments: str) -> AsyncIterator[Child]:
        self._listens = False
        self._child = child = await Child.start((*self._command, *arguments))
        try:
            self.refuse_if_ended()  # a `stop` during the start found no child to kill
            yield child
        finally:
            self._child, self._listens = None, False
            await child.end()

    def _finish_if_asked(self) -> None:
        """Send the signal once, while the training catches it: before it has begun and after its end, it would kill."""
        if self._finishing and self._listens and self._child is not None:
            self._finishing = False
            self._child.signal(signal.SIGUSR1)


def _corpus(lesson: Lesson) -> list[str]:
    return ["--corpus", str(lesson.corpus)] if lesson.corpus else []


def _alphabet(lesson: Lesson) -> list[str]:
    return ["--alphabet", "own"] if lesson.alphabet_own else []


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
