"""One run at a time: a child trains and compares, and its weights become current if they are better by enough.

Whatever fails, the old weights serve. The message of a run shows it from its command to its verdict. The folder of the
run is removed when the verdict was said; so a bot that was killed says at its next start what it still has to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.chat import Button, Explained, InDoubt, LiveMessage, NotSent
from bot.locks import locked
from bot.training import folder as folders
from bot.training.child import Child
from bot.training.folder import CURVES, NEW, START, Run, folder_of
from bot.training.progress import Progress
from bot.voices import RemovedError
from bot.words import admins, sentences, tables
from model.checkpoint.encoding import CheckpointError
from model.files import write_whole
from model.training.log import history_path

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from markupsafe import Markup

    from bot.app import Bot
    from bot.chat import Buttons, Chat
    from bot.shelf import Shelf

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""Between two tries to say a verdict."""
SNAPSHOT_SECONDS = 1.5
"""A run that is stopped gets so long to write its snapshot. Without it, it goes on from the snapshot before."""


class Runs:
    """The runs of one bot. `shelf` has the weights, and its folder the folders of the runs."""

    def __init__(self, shelf: Shelf) -> None:
        self.running: Run | None = None
        """The run that goes on."""
        self._shelf = shelf
        self._directory = shelf.directory
        self._child: Child | None = None
        self._progress = Progress()
        self._is_stopping = self._is_cancelled = self._is_finishing = False
        self._tasks: set[asyncio.Task[None]] = set()

    def refuse_second(self) -> None:
        """Raise Explained if no run can begin now."""
        if self._is_stopping:
            raise Explained(sentences.STOPPING)
        if self.running:
            raise Explained(admins.ALREADY_TRAINING.format(self.running.title))

    def begin(self, run: Run, chat: Chat) -> None:
        """Begin a run, or go on with an interrupted one, and show it in its message."""
        self.running = run
        self._progress = Progress()
        self._is_cancelled = self._is_finishing = False
        self._begin(self._follow(run, chat))

    def finish(self, key: str) -> None:
        """End the run early, and keep its best weights, if they are better. Explained, if it is over."""
        self._check(key)
        self._is_finishing = True
        self._finish_if_asked()

    def cancel(self, key: str) -> None:
        """End the run, and keep nothing of it. Explained, if it is over."""
        self._check(key)
        self._is_cancelled = True
        if self._child:
            self._child.kill()

    async def drop(self, network: str) -> None:
        """Remove the interrupted run of a network, if there is one."""
        await asyncio.to_thread(folders.remove, folder_of(self._directory, network))

    async def interrupted(self, network: str) -> Run | None:
        """Return the run of a network that can go on."""
        return await asyncio.to_thread(folders.interrupted, self._directory, network)

    async def ended(self) -> None:
        """Wait until the runs have ended, and their messages say so."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """End the run, which writes its snapshot, and wait until its child is gone."""
        self._is_stopping = True
        if self._child:
            self._child.signal(signal.SIGTERM)
            asyncio.get_running_loop().call_later(SNAPSHOT_SECONDS, self._child.kill)
        await self.ended()

    async def conclude_interrupted(self, bot: Bot) -> None:
        """Say what the last process could not: how a run ended, or that it can go on."""
        await asyncio.to_thread(folders.remove_earlier, self._directory)
        for folder in await asyncio.to_thread(folders.folders, self._directory):
            try:
                run = await asyncio.to_thread(folders.read_run, folder)
                with locked(folder, wait=False):  # another bot on this folder goes on with it, and tells of it
                    pass
            except (ValueError, BlockingIOError) as error:
                logger.info("A run is not concluded: %s", error)
                continue
            chat = next(filter(None, (door.chat(run.chat) for door in bot.doors)), None)
            if chat is not None:
                self._begin(self._conclude(run, chat, *await asyncio.to_thread(_last_words, folder, run)))

    def _check(self, key: str) -> None:
        if self.running is None or self.running.key != key:
            raise Explained(admins.TRAINING_OVER)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, run: Run, chat: Chat) -> None:
        """Show a run until it ends, and say how it ended."""
        folder, begun = folder_of(self._directory, run.network), time.monotonic()
        buttons: Buttons = [[Button.of(admins.FINISH, "training", "finish", run.key)],
                            [Button.of(admins.CANCEL, "training", "cancel", run.key)]]  # fmt: skip
        verdict, version = admins.TRAINING_BROKE.format(run.title), ""
        try:
            await asyncio.to_thread(folders.write_run, folder, run)
            with locked(folder, wait=False):
                async with LiveMessage(chat, run.message) as live:
                    version = await self._train(
                        run, folder, lambda: live.show(tables.training(run, self._progress), buttons)
                    )
            seconds = self._progress.seconds + time.monotonic() - begun
            verdict = admins.verdict(run, self._progress, version, seconds)
        except Explained as error:
            verdict = error.sentence
        except BlockingIOError:
            verdict = admins.TRAINING_ELSEWHERE
        except (OSError, CheckpointError, RemovedError) as error:
            logger.warning("Training %s: %s", run.network, error)
            verdict = admins.failed(run, getattr(error, "strerror", None) or str(error))
        except Exception:
            logger.exception("Training %s", run.network)
        finally:
            self.running = None
        if self._is_stopping and not version:
            with contextlib.suppress(NotSent, InDoubt):
                await chat.change(run.message, admins.TRAINING_STOPPED.format(run.title, admins.command(run)))
            return
        await asyncio.to_thread(folders.write_run, folder, replace(run, verdict=str(verdict)))
        undo: Buttons = ()
        if version and self._progress.old_loss is not None:
            undo = [[Button.of(admins.UNDO, "undo", run.network, version)]]
        await self._conclude(run, chat, verdict, undo)

    async def _conclude(self, run: Run, chat: Chat, verdict: Markup, buttons: Buttons = ()) -> None:
        """Say how a run ended, below its picture if there is one, until that has arrived; then remove its folder."""
        folder = folder_of(self._directory, run.network)
        picture = await asyncio.to_thread(_picture, folder)
        while True:
            try:
                if picture:
                    await chat.picture(picture, verdict, buttons)
                    picture, verdict, buttons = None, admins.TRAINED.format(run.title), ()
                await LiveMessage(chat, run.message).conclude(verdict, buttons)
                break
            except InDoubt:
                picture = None  # it may have arrived; the message says it once more
            except NotSent as error:
                if self._is_stopping:
                    return
                logger.warning("The end of a training waits: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
        if run.verdict or not await asyncio.to_thread(folders.interrupted, self._directory, run.network):
            await asyncio.to_thread(folders.remove, folder)

    async def _train(self, run: Run, folder: Path, show: Callable[[], None]) -> str:
        """Let the child train and compare. Return the version of better weights, which are current now, or ""."""
        versions = await asyncio.to_thread(self._shelf.versions, run.network)
        if not run.fresh and not folders.can_go_on(folder):
            with contextlib.suppress(CheckpointError):  # a voice that is yet to learn
                current = await asyncio.to_thread(versions.load_current)
                await asyncio.to_thread(shutil.copyfile, versions.path(current.version), folder / START)
        self._progress.read(history_path(folder / NEW))
        self._child = child = await Child.start(folder, versions.directory)
        try:
            async for message in child.messages():
                if self._progress.hear(message):
                    show()
                self._finish_if_asked()
            code, last_words = await child.ended()
        except TimeoutError:
            raise Explained(admins.failed(run, admins.HUNG)) from None
        finally:
            self._child = None
            await child.end()
        if self._is_cancelled:
            await asyncio.to_thread(folders.remove, folder)
            raise Explained(admins.TRAINING_CANCELLED.format(run.title))
        if code and not self._is_stopping:
            raise Explained(admins.failed(run, self._progress.complaint or _how_it_ended(code, last_words)))
        if self._progress.new_loss is None or not (folder / NEW).exists():
            raise Explained(admins.failed(run, admins.NO_LOSS))
        if self._progress.compared_with and not self._progress.better:
            return ""
        return await self._promote(run, folder)

    async def _promote(self, run: Run, folder: Path) -> str:
        """Make new weights current, unless others became current since they were compared."""
        old = self._progress.compared_with
        async with self._shelf.changing(run.network) as versions:
            if old and await asyncio.to_thread(versions.serving) != old:
                raise Explained(admins.failed(run, admins.OVERTAKEN))
            version = await asyncio.to_thread(versions.add, folder / NEW)
            with contextlib.suppress(OSError):  # a log decides nothing
                log = await asyncio.to_thread(history_path(folder / NEW).read_bytes)
                await asyncio.to_thread(write_whole, history_path(versions.path(version)), log)
            await asyncio.to_thread(versions.promote, version)
            await asyncio.to_thread((folder / NEW).unlink, missing_ok=True)  # so no crash leaves a run that could go on
        return version

    def _finish_if_asked(self) -> None:
        """Send the signal once, while the training catches it."""
        if self._is_finishing and self._progress.can_finish and self._child:
            self._is_finishing = False
            self._child.signal(signal.SIGUSR1)


def _last_words(folder: Path, run: Run) -> tuple[Markup]:
    """Return what is to be said of a run at the next start."""
    from markupsafe import Markup

    if run.verdict:
        return (Markup(run.verdict),)  # noqa: S704 - it was markup when it was kept
    if folders.can_go_on(folder):
        return (admins.interrupted(run, folders.fraction_done(folder)),)
    return (admins.TRAINING_LOST.format(run.title, admins.command(run)),)


def _picture(folder: Path) -> bytes | None:
    with contextlib.suppress(OSError):
        return (folder / CURVES).read_bytes()
    return None


def _how_it_ended(code: int, last_words: str) -> str:
    if code < 0 and not last_words:
        return f"it was killed by signal {-code}; 9 often means that memory ran out"
    return last_words or f"it ended with exit code {code}"
