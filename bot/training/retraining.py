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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.training import lessons
from bot.training.child import plain
from bot.training.commands import Commands, Comparison, Reason, RetrainingError, Trained
from bot.training.lessons import NEW, START, can_go_on, work_folder
from bot.training.locks import LOCK, locked_in_turn
from bot.writing.writer import UnpreparedError
from model.checkpoint.encoding import Checkpoint, CheckpointError
from model.checkpoint.versions import NoVersionError, Versions, load, save
from model.errors import MangosaurusError
from model.files import write_whole
from model.training.log import history_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.training.lessons import Lesson
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
    seconds: float  # with those before an interruption
    margin: float = 0.0
    early: bool = False
    """Whether it was ended early, with the best weights until then."""
    picture: bytes | None = field(default=None, repr=False, compare=False)
    """The curves as a PNG, if they could be drawn."""

    @property
    def can_be_undone(self) -> bool:
        """Whether there were other weights before."""
        return self.promoted and self.old_loss is not None


class Retraining:
    """One training at a time. `directory` holds its work folder; for `command` see `Commands`."""

    def __init__(
        self,
        versions: Mapping[str, Versions],
        writers: Mapping[str, Writer],
        *,
        directory: Path,
        command: Sequence[str] = (sys.executable, "-m", "model"),
        silence: float = SILENCE,
    ) -> None:
        self.running: Lesson | None = None
        """The training that runs."""
        self._versions = versions
        self._writers = writers
        self._directory = directory
        self._commands = Commands(command, silence)
        self._idle = asyncio.Event()
        self._idle.set()
        lessons.sweep(directory)

    async def retrain(self, lesson: Lesson, report: Report) -> Outcome:
        """Train a network, and promote the result if it is better. `report` gets the newest progress.

        A lesson that `interrupted` returned goes on where it was. At the end, the bot serves the version that the
        pointer names, even if another bot promoted it. RetrainingError if a training is running already, or this one
        failed, was killed or cancelled, or was ended by `stop`.
        """
        with self._busy(lesson):
            try:
                return await self._retrain(lesson, report)
            except (MangosaurusError, OSError) as error:
                raise self._explained(lesson, error) from error
            finally:
                await self.serve_current(lesson.network)

    def finish(self) -> None:
        """End the training now, and go on with its best weights as if it had ended."""
        self._commands.finish()

    def cancel(self) -> None:
        """End the training now, and keep nothing of it."""
        self._commands.cancel()

    async def stop(self) -> None:
        """End the training, and wait until its child is gone. Its folder stays if it can go on from there."""
        self._commands.stop()
        await self._idle.wait()

    async def interrupted(self, key: str) -> tuple[Lesson, float | None] | None:
        """Return an interrupted training and how much of it is done, from 0 to 1; None if it cannot go on.

        BlockingIOError if a process goes on with it at the moment.
        """
        lesson = await asyncio.to_thread(lessons.interrupted, self._directory, key)
        if lesson is None:
            return None
        return lesson, await asyncio.to_thread(lessons.fraction_done, self._directory, key)

    async def drop(self, key: str) -> None:
        """Remove an interrupted training. BlockingIOError if a process goes on with it; OSError."""
        await asyncio.to_thread(lessons.drop, self._directory, key)

    async def drop_all(self, network: str) -> None:
        """Remove all interrupted trainings of a network that was removed itself."""
        await asyncio.to_thread(lessons.drop_all, self._directory, network)

    async def serve_current(self, network: str) -> None:
        """Write with the weights that the pointer names, from now on.

        It does not move meanwhile, or it could name other weights in the end than those that write.
        """
        writer = self._writers.get(network)
        if writer is None:
            return
        with contextlib.suppress(FileNotFoundError):  # without a folder, there is no pointer
            async with locked_in_turn(self._folder(network).directory / LOCK, lambda: None):
                current = await asyncio.to_thread(self._current, network)
                if current is None or current.version == writer.checkpoint.version:
                    return
                with contextlib.suppress(UnpreparedError):  # then each request for a sonnet says so
                    await writer.prepare(current)
                writer.swap(current)
                logger.info("Serving %s %s", network, current.version)

    @contextlib.contextmanager
    def _busy(self, lesson: Lesson) -> Iterator[None]:
        if self.running:
            raise RetrainingError(Reason.BUSY, self.running.title)
        self.running = lesson
        self._commands.begin()
        self._idle.clear()
        try:
            yield
        finally:
            self.running = None
            self._idle.set()

    def _explained(self, lesson: Lesson, error: Exception) -> RetrainingError:
        if self._commands.cancelled:
            return RetrainingError(Reason.CANCELLED)
        if self._commands.stopped:
            return RetrainingError(Reason.STOPPED)
        logger.warning("Training %s: %s", lesson.network, error)
        if isinstance(error, RetrainingError):
            return error
        if isinstance(error, BlockingIOError):
            return RetrainingError(Reason.ELSEWHERE)
        detail = error.strerror if isinstance(error, OSError) else str(error)
        return RetrainingError(Reason.FAILED, plain(str(detail)))

    async def _retrain(self, lesson: Lesson, report: Report) -> Outcome:
        begun = time.monotonic()
        with work_folder(self._directory, lesson, lambda: self._commands.interrupted) as folder:
            new = folder / NEW
            before = await asyncio.to_thread(lessons.seconds_done, folder)
            trained = await self._train(lesson, new, report)
            picture = await self._commands.plot(new)
            version, found = await self._promote_if_better(lesson, new)
            if found.better:
                await self._serve_promoted(lesson.network, version)
        seconds = before + time.monotonic() - begun
        outcome = Outcome(
            network=lesson.network,
            promoted=found.better,
            version=version,
            new_loss=trained.loss if found.new_loss is None else found.new_loss,
            old_loss=found.old_loss,
            seconds=seconds,
            margin=found.margin,
            early=trained.early,
            picture=picture,
        )
        logger.info("Training ended: %s", outcome)
        return outcome

    async def _serve_promoted(self, network: str, version: str) -> None:
        """Write with a version that was just promoted. RetrainingError if its file was damaged since."""
        await self.serve_current(network)
        writer = self._writers.get(network)
        if writer and writer.checkpoint.version != version == self._versions[network].current():
            raise RetrainingError(Reason.FAILED, f"the file of version {version} is damaged")

    async def _train(self, lesson: Lesson, new: Path, report: Report) -> Trained:
        """Train to the end, unless that has happened before a stop."""
        if trained := await asyncio.to_thread(_finished, new):
            return trained
        current = await asyncio.to_thread(self._current, lesson.network)
        if current and not lesson.fresh and not can_go_on(new.parent):
            await asyncio.to_thread(save, new.with_name(START), current)
        return await self._commands.train(lesson, new, report, current.description if current else None)

    async def _promote_if_better(self, lesson: Lesson, new: Path) -> tuple[str, Comparison]:
        """Return the version that is current now, and how the new weights compare with the old ones."""
        versions = self._folder(lesson.network)
        versions.directory.mkdir(parents=True, exist_ok=True)
        async with locked_in_turn(versions.directory / LOCK, self._commands.refuse_if_ended):
            current = await asyncio.to_thread(self._current, lesson.network)
            if current is None:
                return await asyncio.to_thread(_promote, versions, new), Comparison(None, 0.0, better=True)
            old = new.with_name("old.safetensors")
            await asyncio.to_thread(save, old, current)
            found = await self._commands.compare(lesson, old, new)
            return await asyncio.to_thread(_promote, versions, new) if found.better else current.version, found

    def _folder(self, network: str) -> Versions:
        """Return a network's versions. CheckpointError if it is an own voice that was removed."""
        try:
            return self._versions[network]
        except KeyError:
            raise CheckpointError(f"{network} is gone") from None

    def _current(self, network: str) -> Checkpoint | None:
        """Load the version that the pointer names. If it does not load, return what serves; None if nothing does."""
        writer = self._writers.get(network)
        serving = writer.checkpoint if writer else None
        try:
            versions = self._folder(network)
            version = versions.current()
            if serving and serving.version == version:
                return serving
            current = versions.load(version)
        except NoVersionError:  # a voice that is yet to learn
            return serving
        except CheckpointError as error:
            logger.warning("There are no current weights: %s", error)
            return serving
        is_foreign = serving and serving.description.form != current.description.form
        return serving if is_foreign else current


def _finished(new: Path) -> Trained | None:
    """Return how good weights are that a stopped bot has not compared any more, if there are some."""
    return Trained(load(new).description.held_out_loss) if new.exists() else None


def _promote(versions: Versions, new: Path) -> str:
    """Add new weights with their log, and make them the current ones. Both steps verify the file that they read."""
    version = versions.add(new)
    with contextlib.suppress(OSError):  # a log decides nothing
        write_whole(history_path(versions.path(version)), history_path(new).read_bytes())
    versions.promote(version)
    new.unlink(missing_ok=True)  # a crash from here on leaves no training that could go on
    return version
