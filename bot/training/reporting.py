"""Progress reports of a training, delivered at the pace of the receiver: only the newest one waits."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from model.training.trainer import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from bot.training.child import Message
    from model.checkpoint.encoding import Description

logger = logging.getLogger(__name__)

CURVE_POINTS = 32
"""A curve keeps at most twice as many means."""
MOMENTUM = 0.95
"""Of the mean of the speed, which jumps from step to step."""


@dataclass(frozen=True)
class TrainingProgress(Progress):
    """Where a training is, how its losses fell, what they are to beat, and the newest text of its network.

    `held_out_loss` is the last one that was measured. Losses are in nats per character.
    """

    sample: str | None = None
    training_curve: tuple[float, ...] = ()
    held_out_curve: tuple[float, ...] = ()
    serving_loss: float | None = None
    ngram_loss: float | None = None


Report = Callable[[TrainingProgress], Awaitable[None]]


class Curve:
    """A series of any length, as means of equally many values; the newest mean may be of fewer."""

    def __init__(self) -> None:
        self._means: list[float] = []
        self._share = 1
        self._newest: list[float] = []

    def add(self, value: float) -> None:
        """Add a value. What is not finite cannot be drawn, and is left out."""
        if not math.isfinite(value):
            return
        self._newest.append(value)
        if len(self._newest) == self._share:
            self._means.append(_mean(self._newest))
            self._newest = []
        if len(self._means) == 2 * CURVE_POINTS:
            self._means = [_mean(pair) for pair in zip(self._means[::2], self._means[1::2], strict=True)]
            self._share *= 2

    @property
    def points(self) -> tuple[float, ...]:
        """The means, the oldest first."""
        return (*self._means, *([_mean(self._newest)] if self._newest else []))


class Reporter:
    """Turns the messages of a training into reports. A slow `report` never holds up the child.

    `serving` describes the weights that serve. Their loss counts if it is on the same text, and the training does not
    measure it itself.
    """

    def __init__(self, report: Report, serving: Description | None = None) -> None:
        self.loss: Any = None
        """What the training printed as its held-out loss."""
        self.early = False
        """Whether it was ended early."""
        self._report = report
        self._serving = serving
        self._known: dict[str, Any] = {}
        self._training, self._held_out = Curve(), Curve()
        self._last: TrainingProgress | None = None
        self._news: asyncio.Queue[TrainingProgress | None] = asyncio.Queue()
        self._delivery = asyncio.create_task(self._deliver())

    def hear(self, message: Message) -> None:
        """Take one message of the child."""
        if self._understand(message) and self._last:
            while not self._news.empty():
                self._news.get_nowait()
            self._news.put_nowait(self._last)

    async def read(self, log: Path) -> None:
        """Take the messages in the log of a training that goes on."""
        await asyncio.to_thread(self._read, log)

    async def close(self, seconds: float) -> None:
        """Wait so many seconds for the delivery of the last report."""
        self._news.put_nowait(None)
        try:
            await asyncio.wait({self._delivery}, timeout=seconds)
        finally:
            self._delivery.cancel()

    def _read(self, log: Path) -> None:
        try:
            lines = log.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                self._understand(message)

    def _understand(self, message: Message) -> bool:
        """Take a message; returns whether it is progress."""
        match message:
            case {"event": "started"}:
                self._start(message)
            case {"event": "sample", "text": str(text)}:
                self._known["sample"] = text
            case {"event": "finished", "held_out_loss": loss}:
                self.loss, self.early = loss, message.get("early") is True
            case {"event": "progress"}:
                try:
                    self._advance(TrainingProgress.from_event(message))
                except (KeyError, TypeError, ValueError, OverflowError):
                    return False
                return True
        return False

    def _start(self, message: Message) -> None:
        start, serving = message.get("start_loss"), self._serving
        if start is None and serving and serving.corpus == message.get("corpus"):
            start = serving.held_out_loss
        for name, loss in (("serving_loss", start), ("ngram_loss", message.get("ngram_loss"))):
            if isinstance(loss, float) and math.isfinite(loss):
                self._known[name] = loss

    def _advance(self, progress: TrainingProgress) -> None:
        self._training.add(progress.training_loss)
        if progress.held_out_loss is not None:
            self._held_out.add(progress.held_out_loss)
            self._known["held_out_loss"] = progress.held_out_loss
        speed = self._known.get("characters_per_second", progress.characters_per_second)
        speed += (1 - MOMENTUM) * (progress.characters_per_second - speed)
        self._known |= {"characters_per_second": speed}
        self._known |= {"training_curve": self._training.points, "held_out_curve": self._held_out.points}
        self._last = replace(progress, **self._known)

    async def _deliver(self) -> None:
        while (progress := await self._news.get()) is not None:
            try:
                await self._report(progress)
            except Exception as error:
                # The name only: the text may hold the address of a request, and with it the token.
                logger.warning("A progress report failed: %s", type(error).__name__)


def _mean(values: list[float] | tuple[float, ...]) -> float:
    return math.fsum(values) / len(values)
