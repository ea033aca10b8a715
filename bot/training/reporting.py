"""From what a training prints to whoever watches it: the newest progress, at the pace of the one who is told.

Not here: the child that prints (`child`), and how progress looks (`texts`).
"""

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
    """Where a training is, with the newest text that it wrote."""

    sample: str | None = None


Report = Callable[[TrainingProgress], Awaitable[None]]


class Reporter:
    """Between a training and `report`: only the newest progress waits, so a slow report never holds up the child."""

    def __init__(self, report: Report) -> None:
        self.loss: Any = None
        self._report = report
        self._sample: str | None = None
        self._news: asyncio.Queue[TrainingProgress | None] = asyncio.Queue()
        self._telling = asyncio.create_task(self._tell())

    def hear(self, message: Message) -> None:
        """Take what the child printed."""
        match message:
            case {"event": "sample", "text": str(text)}:
                self._sample = text
            case {"event": "finished", "held_out_loss": loss}:
                self.loss = loss
            case {"event": "progress"}:
                with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
                    self._announce(replace(TrainingProgress.from_event(message), sample=self._sample))

    async def close(self, patience: float) -> None:
        """Let the last report be delivered, for `patience` seconds."""
        self._news.put_nowait(None)
        try:
            await asyncio.wait({self._telling}, timeout=patience)
        finally:
            self._telling.cancel()

    def _announce(self, progress: TrainingProgress) -> None:
        while not self._news.empty():
            self._news.get_nowait()
        self._news.put_nowait(progress)

    async def _tell(self) -> None:
        while (progress := await self._news.get()) is not None:
            try:
                await self._report(progress)
            except Exception as error:
                # The error's text may hold the address of a request, and that the token: its name must do.
                logger.warning("A progress report failed: %s", type(error).__name__)
