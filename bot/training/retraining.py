"""Training while the bot serves: new weights are promoted only if they are better than the current ones.

The current ones are those that the pointer of the checkpoint folder names when the training has ended. Better means by
more than luck, as repeated trainings always find a lower loss by chance. Comparison and promotion hold the folder's
lock, so that two bots on one folder never replace better weights by worse ones. Whatever fails, the old weights serve.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.training.child import plain
from bot.training.commands import Commands, Comparison, Reason, RetrainingError
from bot.training.locks import LOCK, locked_in_turn, sweep, work_folder
from bot.writing.writer import UnpreparedError
from model.checkpoint.encoding import Checkpoint, CheckpointError
from model.checkpoint.versions import Versions, save
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.training.reporting import Report
    from bot.writing.writer import Writer

logger = logging.getLogger(__name__)

SILENCE = 600.0
"""Seconds without output after which a child counts as hung. A training prints about once a second."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended. `version` is the new current one, or the one that was not beaten."""

    network: str
    promoted: bool
    version: str
    new_loss: float
    old_loss: float | None  # None if there were no weights before
    seconds: float
    margin: float = 0.0


class Retraining:
    """One training at a time. `directory` holds a work folder while it runs; for `command` see `Commands`."""

    def __init__(
        self,
        versions: Mapping[str, Versions],
        writers: Mapping[str, Writer],
        *,
        directory: Path,
        command: Sequence[str] = (sys.executable, "-m", "model"),
        silence: float = SILENCE,
    ) -> None:
        self.running: str | None = None
        """The network that is being trained."""
        self._versions = versions
        self._writers = writers
        self._directory = directory
        self._commands = Commands(command, silence)
        self._idle = asyncio.Event()
        self._idle.set()
        sweep(directory)

    async def retrain(self, network: str, minutes: float | None, report: Report) -> Outcome:
        """Train a network, and promote the result if it is better. `report` gets the newest progress.

        At the end, the bot serves the version that the pointer names, even if another bot promoted it.
        RetrainingError if a training is running already, or this one failed, was killed, or was ended by `stop`.
        """
        with self._busy(network):
            try:
                return await self._retrain(network, minutes, report)
            except (MangosaurusError, OSError) as error:
                raise self._explained(network, error) from error
            finally:
                await self._serve_current(network)

    async def stop(self) -> None:
        """End the training, and wait until its child is gone and its folder removed."""
        self._commands.stop()
        await self._idle.wait()

    @contextlib.contextmanager
    def _busy(self, network: str) -> Iterator[None]:
        if self.running:
            raise RetrainingError(Reason.BUSY, self.running)
        self.running = network
        self._idle.clear()
        try:
            yield
        finally:
            self.running = None
            self._idle.set()

    def _explained(self, network: str, error: Exception) -> RetrainingError:
        if self._commands.stopped:
            return RetrainingError(Reason.STOPPED)
        logger.warning("Training %s: %s", network, error)
        if isinstance(error, RetrainingError):
            return error
        detail = error.strerror if isinstance(error, OSError) else str(error)
        return RetrainingError(Reason.FAILED, plain(str(detail)))

    async def _retrain(self, network: str, minutes: float | None, report: Report) -> Outcome:
        begun = time.monotonic()
        with work_folder(self._directory) as folder:
            new = folder / "new.safetensors"
            loss = await self._commands.train(network, minutes, new, report)
            version, found = await self._promote_if_better(network, new)
        seconds = time.monotonic() - begun
        outcome = Outcome(network, found.better, version, loss, found.old_loss, seconds, found.margin)
        logger.info("Training ended: %s", outcome)
        return outcome

    async def _promote_if_better(self, network: str, new: Path) -> tuple[str, Comparison]:
        """Return the version that is current now, and how the new weights compare with the old ones."""
        versions = self._versions[network]
        versions.directory.mkdir(parents=True, exist_ok=True)
        async with locked_in_turn(versions.directory / LOCK, self._commands.refuse_if_stopped):
            current = await asyncio.to_thread(self._current, network)
            if current is None:
                return await asyncio.to_thread(_promote, versions, new), Comparison(None, 0.0, better=True)
            old = new.with_name("old.safetensors")
            await asyncio.to_thread(save, old, current)
            found = await self._commands.compare(network, old, new)
            return await asyncio.to_thread(_promote, versions, new) if found.better else current.version, found

    async def _serve_current(self, network: str) -> None:
        current, writer = await asyncio.to_thread(self._current, network), self._writers.get(network)
        if writer and current and current.version != writer.checkpoint.version:
            with contextlib.suppress(UnpreparedError):  # then each request for a sonnet says so
                await writer.prepare(current)
            writer.swap(current)
            logger.info("Serving %s %s", network, current.version)

    def _current(self, network: str) -> Checkpoint | None:
        """Load the version that the pointer names. If it does not load, return what serves; None if nothing does."""
        versions, writer = self._versions[network], self._writers.get(network)
        serving = writer.checkpoint if writer else None
        try:
            version = versions.current()
            if serving and serving.version == version:
                return serving
            current = versions.load(version)
        except CheckpointError as error:
            logger.warning("There are no current weights: %s", error)
            return serving
        is_foreign = serving and serving.description.form != current.description.form
        return serving if is_foreign else current


def _promote(versions: Versions, new: Path) -> str:
    """Add new weights and make them the current ones. Both steps verify the file that they read."""
    version = versions.add(new)
    versions.promote(version)
    return version
