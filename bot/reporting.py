"""From what a training prints to whoever watches it: the newest progress, at the pace of the one who is told.

Not here: the child that prints (`child`), and how progress looks (`texts`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.child import Message

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingProgress:
    """Where a training is. Losses are in nats per character, `fraction` is from 0 to 1, `sample` is the newest."""

    stage: str
    step: int
    fraction: float
    training_loss: float
    held_out_loss: float | None
    best_held_out_loss: float | None
    characters_per_second: float
    seconds_left: float | None
    sample: str | None


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
                    self._announce(_progress(message, self._sample))

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


def _progress(message: Message, sample: str | None) -> TrainingProgress:
    """Return the progress in a message; KeyError, TypeError, ValueError or OverflowError where it holds none."""
    return TrainingProgress(
        stage=str(message["stage"]),
        step=int(message["step"]),
        fraction=float(message["fraction"]),
        training_loss=float(message["training_loss"]),
        held_out_loss=_optional(message.get("held_out_loss")),
        best_held_out_loss=_optional(message.get("best_held_out_loss")),
        characters_per_second=float(message["characters_per_second"]),
        seconds_left=_optional(message.get("seconds_left")),
        sample=sample,
    )


def _optional(number: Any) -> float | None:
    return None if number is None else float(number)
