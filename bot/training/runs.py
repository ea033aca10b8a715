"""One run at a time: a child trains and compares, and its weights become current if they are better
by enough.

Weights that are not better are kept for a day, because somebody may want them. Whatever fails, the
old weights stay in use. One message shows a run from its command to its verdict. The folder of a
run is removed when the verdict is known. If the bot is stopped or killed before that, the run is
lost, and somebody says so: the bot that stops, or the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.chat import Button, Buttons, Chat, Explained, InDoubt, LiveMessage, NotSent
from bot.locks import locked
from bot.training import folder as folders
from bot.training.child import Child
from bot.training.folder import NEW, RUN, START, Run, folder_of
from bot.training.progress import Progress
from bot.voices import RemovedError
from bot.words import admins, sentences, tables
from bot.words.pieces import Message, joined, said
from model.files import history_path, write_whole
from model.weights.checkpoint import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from bot.app import Bot
    from bot.shelf import Shelf

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0
"""How often the message of a run changes while its new weights are compared."""


class Runs:
    """The runs of one bot. Their folders are in the folder of `shelf`, beside the weights.

    A run holds the lock of its folder. Whatever else locks a folder awaits nothing before it is
    free again. So the run of a locked folder is going on, here or in another process.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.running: Run | None = None
        """The run that is going on, if there is one."""
        self._beginning = ""  # what is about to be trained
        self.ends: Counter[str] = Counter()
        """How many runs have "used" their weights, "kept" the old weights, or "failed"."""
        self._shelf = shelf
        self._child: Child | None = None
        self._progress = Progress()
        self._stopping = asyncio.Event()
        self._is_cancelled = self._is_finishing = False
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def beginning(self, title: str) -> Iterator[None]:
        """Let nobody else begin a run while this one is prepared.

        Raises Explained if no run can begin now.
        """
        if self._stopping.is_set():
            raise Explained(sentences.STOPPING)
        if busy_with := self.running.title if self.running else self._beginning:
            raise Explained(admins.ALREADY_TRAINING.format(busy_with))
        self._beginning = title
        try:
            yield
        finally:
            self._beginning = ""

    async def begin(self, run: Run, chat: Chat) -> None:
        """Begin a run in a message of its own. Raises Explained."""
        if self._stopping.is_set():
            raise Explained(sentences.STOPPING)
        self.running, self._progress = run, Progress()
        self._is_cancelled = self._is_finishing = False
        try:
            folders.drop(folder_of(self._shelf.directory, run.network))
            message = await chat.say(admins.training_begins(run), _buttons(run))
        except BaseException as error:
            self.running = None
            if isinstance(error, BlockingIOError):
                raise Explained(admins.TRAINING_ELSEWHERE) from error
            raise
        self.running = replace(run, chat=chat.id, place=chat.place, message=message)
        self._start(self._follow(self.running, chat))

    def finish(self, key: str) -> None:
        """End the run early, and keep its best weights if they are better.

        Raises Explained if it is over.
        """
        self._check(key)
        self._is_finishing = True
        self._progress.end(admins.STOPPING)
        self._finish_if_asked()

    def cancel(self, key: str) -> None:
        """End the run, and keep nothing of it. Raises Explained if it is over."""
        self._check(key)
        self._is_cancelled = True
        if self._child:
            self._child.kill()

    def drop(self, network: str) -> None:
        """Remove what is left of a run of a network, if anything is.

        Raises Explained if another process has it.
        """
        try:
            folders.drop(folder_of(self._shelf.directory, network))
        except BlockingIOError as error:
            raise Explained(admins.TRAINING_ELSEWHERE) from error

    async def ended(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """End the run, and wait until its child is gone."""
        self._stopping.set()
        if self._child:
            self._child.kill()
        await self.ended()

    async def conclude_interrupted(self, bot: Bot, newcomer: Chat | None = None) -> None:
        """Say that the last process was stopped during a run, if that process could not.

        A chat of the page begins after the start, and its old messages are gone. So a `newcomer`
        gets a new message.
        """
        for folder in sorted(
            path.parent for path in self._shelf.directory.glob(f"training-*/{RUN}")
        ):
            try:
                with locked(folder, wait=False):  # fails if another bot carries the run out
                    run = folders.read_run(folder)
            except (ValueError, OSError) as error:
                logger.info("A run is not concluded: %s", error)
                continue
            chats = (
                [newcomer] if newcomer else [door.chat(run.chat) for door in bot.doors if run.chat]
            )
            for chat in chats:
                # A terminal's id is somebody's on Telegram too.
                if chat and (chat.id, chat.place) == (run.chat, run.place):
                    self._start(_say_lost(run, folder, chat, None if newcomer else run.message))

    def _check(self, key: str) -> None:
        if self.running is None or self.running.key != key:
            raise Explained(admins.TRAINING_OVER if self.running else admins.NO_TRAINING)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, run: Run, chat: Chat) -> None:
        """Carry out a run, and say how it ended."""
        folder = folder_of(self._shelf.directory, run.network)
        verdict: Message | None = None
        buttons: Buttons = ()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(folder, wait=False):  # at once: until then, `_say_lost` may delete it
                await asyncio.to_thread(folders.write_run, folder, run)
                verdict, buttons = await self._judged(run, folder, chat)
                if verdict is not None:
                    await asyncio.to_thread(folders.remove, folder)
        except BlockingIOError:
            verdict = admins.TRAINING_ELSEWHERE
        except OSError as error:
            logger.warning("The folder of the training of %s: %s", run.network, error)
            verdict = verdict or admins.failed(run, error.strerror or str(error))
        finally:
            self.running = None
        if verdict is None:
            await _say_lost(run, folder, chat, run.message)
        else:
            growth = tables.growth(self._progress) if run.fresh else Message()
            await _conclude(run, chat, verdict, buttons, growth)

    async def _judged(self, run: Run, folder: Path, chat: Chat) -> tuple[Message | None, Buttons]:
        """Show a run until it ends; return its verdict with the buttons below it.

        Without a verdict, the bot stops.
        """
        begun, end = time.monotonic(), "failed"
        buttons: Buttons = ()
        try:
            async with LiveMessage(chat, run.message, _buttons(run)) as live:

                def show() -> None:
                    live.show(tables.training(run, self._progress))

                ticking = asyncio.create_task(_tick(self._progress, show))
                try:
                    version = await self._train(run, folder, show)
                finally:
                    ticking.cancel()
            if version is None:
                return None, ()
            verdict = admins.verdict(run, self._progress, version, time.monotonic() - begun)
            end = "used" if self._progress.wins else "kept"
            if (
                end == "kept" and len(self._progress.texts) == 2
            ):  # if the old weights and the new ones can write
                verdict = said("{}\n{}").format(
                    verdict, tables.beside(run.form, *self._progress.texts)
                )
            if self._progress.old_loss is not None:
                label, verb = (
                    (admins.UNDO, "undo") if self._progress.wins else (admins.USE_NEW, "kept")
                )
                buttons = [[Button(label, f"/{verb} {run.network} {version}")]]
        except Explained as error:
            verdict = error.sentence
        except RemovedError:
            verdict = sentences.VOICE_GONE
        except (OSError, CheckpointError) as error:
            logger.warning("Training %s: %s", run.network, error)
            verdict = admins.failed(run, getattr(error, "strerror", None) or str(error))
        except Exception:
            logger.exception("Training %s", run.network)
            verdict = admins.TRAINING_BROKE.format(run.title)
        self.ends[end] += 1
        return verdict, buttons

    async def _train(self, run: Run, folder: Path, show: Callable[[], None]) -> str | None:
        """Train, and use the new weights if they are better.

        Return their version; None if the bot stops.
        """
        versions = await asyncio.to_thread(self._shelf.versions, run.network)
        if not run.fresh:
            with contextlib.suppress(CheckpointError):  # a voice that is yet to learn
                current = await asyncio.to_thread(versions.load_current)
                await asyncio.to_thread(
                    shutil.copyfile, versions.path(current.version), folder / START
                )
        code, last_words = await self._heard(run, folder, versions.directory, show)
        if self._is_cancelled:
            raise Explained(admins.TRAINING_CANCELLED.format(run.title))
        if code and self._stopping.is_set():
            return None
        with contextlib.suppress(CheckpointError):  # a voice that is yet to learn
            await self._shelf.refresh(
                run.network
            )  # another version may be current; raises RemovedError
        if code:
            raise Explained(
                admins.failed(run, self._progress.complaint or _how_it_ended(code, last_words))
            )
        if self._progress.new_loss is None or not (folder / NEW).exists():
            raise Explained(admins.failed(run, admins.NO_LOSS))
        if self._progress.wins:
            return await self._promote(run, folder)
        kept = await asyncio.to_thread(folders.candidates, versions.directory)
        return await asyncio.to_thread(kept.add, folder / NEW)

    async def _heard(
        self, run: Run, folder: Path, weights: Path, show: Callable[[], None]
    ) -> tuple[int, str]:
        """Listen to the child until it has ended; return its exit code and its last words."""
        self._child = child = await Child.start(folder, weights)
        try:
            if self._is_cancelled or self._stopping.is_set():
                child.kill()
            async for message in child.messages():
                if self._progress.hear(message):
                    show()
                self._finish_if_asked()
            return await child.ended()
        except TimeoutError:
            raise Explained(admins.failed(run, admins.HUNG)) from None
        finally:
            self._child = None
            await child.end()

    async def _promote(self, run: Run, folder: Path) -> str:
        """Make the new weights current, unless another version has become current since they were
        compared.
        """
        async with self._shelf.changing(run.network) as versions:
            old = self._progress.compared_with
            if old and (await asyncio.to_thread(versions.load_current)).version != old:
                raise Explained(admins.failed(run, admins.OVERTAKEN))
            version = await asyncio.to_thread(versions.add, folder / NEW)
            with contextlib.suppress(OSError):  # weights without their log are as good
                log = await asyncio.to_thread(history_path(folder / NEW).read_bytes)
                beside = history_path(versions.directory / versions.path(version).name)
                await asyncio.to_thread(write_whole, beside, log)
            await asyncio.to_thread(versions.promote, version)
        return version

    def _finish_if_asked(self) -> None:
        """End the training once, when it listens."""
        if self._is_finishing and self._progress.can_finish and self._child:
            self._is_finishing = False
            self._child.stop()


async def _tick(progress: Progress, show: Callable[[], None]) -> None:
    """Show how long the end of a run takes, as nothing else moves then."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        if progress.ending:
            show()


def _buttons(run: Run) -> Buttons:
    return [
        [Button(admins.FINISH, f"/stop {run.key}")],
        [Button(admins.CANCEL, f"/cancel {run.key}")],
    ]


async def _conclude(
    run: Run, chat: Chat, verdict: Message, buttons: Buttons, growth: Message
) -> None:
    """Say how a run ended; `growth` stays in its message."""
    try:
        shown = joined("\n\n", filter(None, (verdict, growth)))
        await LiveMessage(chat, run.message).conclude(shown, buttons)
    except (NotSent, InDoubt) as error:
        logger.warning(
            "Perhaps nobody is told how the training of %s ended: %s", run.network, error
        )


async def _say_lost(run: Run, folder: Path, chat: Chat, message: int | None) -> None:
    """Say that the bot was stopped during a run; if that fails, the next start says it."""
    try:
        lost = admins.TRAINING_LOST.format(run.title, admins.command(run))
        await LiveMessage(chat, message).conclude(lost)
        folders.drop(folder)
    except (NotSent, InDoubt) as error:
        logger.warning(
            "Perhaps nobody is told that the training of %s is lost: %s", run.network, error
        )


def _how_it_ended(code: int, last_words: str) -> str:
    if code < 0 and not last_words:
        return f"it was killed by signal {-code}; 9 often means that memory ran out"
    return last_words or f"it ended with exit code {code}"
