"""Progress reports of a training, delivered at the pace of the receiver: only the newest one waits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from model.training.progress import Progress

if TYPE_CHECKING:
    from bot.training.child import Message

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingProgress(Progress):
    """Where a training is, and the newest text that its network generated."""

    sample: str | None = None


Report = Callable[[TrainingProgress], Awaitable[None]]


class Reporter:
    """Turns the messages of a training into reports. A slow `report` never holds up the child."""

    def __init__(self, report: Report) -> None:
        self.loss: Any = None
        """What the training printed as its held-out loss."""
        self._report = report
        self._sample: str | None = None
        self._news: asyncio.Queue[TrainingProgress | None] = asyncio.Queue()
        self._delivery = asyncio.create_task(self._deliver())

    def hear(self, message: Message) -> None:
        """Take one message of the child."""
        match message:
            case {"event": "sample", "text": str(text)}:
                self._sample = text
            case {"event": "finished", "held_out_loss": loss}:
                self.loss = loss
            case {"event": "progress"}:
                with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
                    self._put(replace(TrainingProgress.from_event(message), sample=self._sample))

    async def close(self, seconds: float) -> None:
        """Wait so many seconds for the delivery of the last report."""
        self._news.put_nowait(None)
        try:
            await asyncio.wait({self._delivery}, timeout=seconds)
        finally:
            self._delivery.cancel()

    def _put(self, progress: TrainingProgress) -> None:
        while not self._news.empty():
            self._news.get_nowait()
        self._news.put_nowait(progress)

    async def _deliver(self) -> None:
        while (progress := await self._news.get()) is not None:
            try:
                await self._report(progress)
            except Exception as error:
                # The name only: the text may hold the address of a request, and with it the token.
                logger.warning("A progress report failed: %s", type(error).__name__)
