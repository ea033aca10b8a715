"""Runs: one at a time, each in one message from its command to its verdict.

Whatever fails, the old weights stay in use. The child of a run works in a folder of its own, which
is deleted when the run is over. On Telegram, the ask stays noted until then. So if the bot ends
during a run, the next start begins the run anew, in the same message.
"""

import asyncio
import contextlib
import logging
import secrets
import shutil
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from bot.chat import Button, Buttons, Chat, Explained, Failed, InDoubt, LiveMessage, NotSent
from bot.creations import NETWORKS, NOBODY, Creation
from bot.database import StoreError
from bot.shelf import Shelf
from bot.store import Store
from bot.tasks import Tasks
from bot.training.child import NEW, OLD, TEXT, Child, Progress
from bot.words import admins, tables
from bot.words.pieces import Message, joined
from model.errors import MangosaurusError
from model.text.forms import USUAL_TEMPERATURE, Form, Genre
from model.text.typesetting import typeset

logger = logging.getLogger(__name__)

CLOSED = "close"
"""The `ending` of a run that ends with the bot, and without a verdict."""
NAMES = 5
"""How many names of a version the verdict shows."""
FOLDER = "mangosaurus-"
"""How the names of the folders of runs begin."""
LEFT_SECONDS = 3600.0
"""If nothing was written into a folder for so long, its run is over."""


@dataclass(eq=False)
class Run:
    """One training of a network, from its command to its verdict.

    It begins with the weights in use, unless it is fresh. `text` is what a voice learns from, if
    somebody has sent it, and `notes` say how it was read. If `minutes` is not 0, it takes about
    that long.
    """

    network: str
    form: Form
    title: str
    chat: Chat
    notes: str = ""
    text: str = ""
    is_fresh: bool = False
    minutes: float = 0.0
    id: int = field(default_factory=partial(secrets.randbelow, 10**9))
    """The number by which its buttons name the run."""
    old: str = ""
    """The version in use when the run began."""
    message: int | None = None
    progress: Progress = field(default_factory=Progress)
    began: float = field(default_factory=time.monotonic)
    child: Child | None = None
    ending: str = ""

    @property
    def opening(self) -> Message:
        """What the message of the run says at first."""
        how = admins.FOR_MINUTES.format(self.minutes) if self.minutes else admins.ONE_ROUND
        if self.is_fresh:
            how = admins.FROM_NOTHING if self.network in NETWORKS else admins.FROM_WHAT_I_KNOW
        if self.notes:
            how = f"{how} ({self.notes})"
        return admins.TRAINING.format(self.title, how)

    async def end(self, how: str) -> None:
        """End the run: with its best weights so far if `how` is "stop", else with none."""
        self.ending = how
        if self.child and how == "stop":
            self.child.stop()
        elif self.child:
            await self.child.kill()


class Runs:
    """The runs of one bot: at most one goes on."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self.running: Run | None = None
        self._store = store
        self._shelf = shelf
        self._tasks = Tasks()

    def check(self) -> None:
        """Raise Explained if no run can begin now."""
        if self.running:
            raise Explained(admins.ALREADY_TRAINING.format(self.running.title))

    async def begin(self, run: Run) -> None:
        """Begin a run in a message of its own. Raises Explained."""
        self.check()
        self.running = run
        note = run.chat.note
        # an earlier try may have sent the message
        live = LiveMessage(run.chat, note.shown if note else None)
        try:
            await live.conclude(run.opening, admins.while_training(run.id))
            if note:
                await self._store.mark(note, is_sending=False, shown=live.number)
                note.is_struck = True  # the end of the run strikes off the ask
        except Exception:
            self.running = None
            raise
        run.message = live.number
        self._tasks.begin(self._follow(run))

    async def ended(self) -> None:
        await self._tasks.ended()

    async def close(self) -> None:
        """End the run, without a verdict."""
        if self.running:
            await self.running.end(CLOSED)
        await self.ended()

    async def _follow(self, run: Run) -> None:
        """Carry out a run, and say how it ended."""
        buttons: Buttons = ()
        try:
            with TemporaryDirectory(prefix=FOLDER, ignore_cleanup_errors=True) as folder:
                await self._train(run, Path(folder))
                if run.ending == CLOSED:
                    return  # the ask stays noted, and the next start begins the run anew
                verdict, buttons = await self._verdict(run, Path(folder))
        except Explained as error:
            verdict = error.sentence
        except (MangosaurusError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            logger.warning("Training %s: %s", run.network, reason)
            verdict = admins.FAILED.format(run.title, reason.rstrip("."))
        except Exception:
            logger.exception("Training %s", run.network)
            verdict = admins.FAILED.format(run.title, admins.BROKE)
        finally:
            self.running = None
        try:
            await LiveMessage(run.chat, run.message).conclude(verdict, buttons)
        except (NotSent, InDoubt) as error:
            logger.warning("Perhaps nobody is told how a training ended: %s", error)
        if run.chat.note:
            with contextlib.suppress(StoreError):  # then the next start begins the run anew
                await self._store.strike(run.chat.note)

    async def _train(self, run: Run, folder: Path) -> None:
        """Let a child train, and show how it goes on."""
        old = b""
        with contextlib.suppress(Explained, Failed):  # a new voice has no weights
            run.old = (await self._shelf.current(run.network)).version
            old = await self._store.content(run.old) or b""
        run.text = run.text or await self._store.voice_text(run.network)
        await asyncio.to_thread(_fill, folder, old, run.text)
        options = ["fresh"] if run.is_fresh else []
        run.child = await Child.start(folder, run.form, str(run.minutes), *options)
        try:
            if run.ending:
                await run.end(run.ending)
            buttons = admins.while_training(run.id)
            async with LiveMessage(run.chat, run.message, buttons) as live:
                async for event in run.child.events():
                    run.progress.hear(event)
                    if "progress" in run.progress.newest:
                        live.show(tables.running(run.title, run.form, run.progress))
        finally:
            await run.child.kill()

    async def _verdict(self, run: Run, folder: Path) -> tuple[Message, Buttons]:
        """Use the new weights if they are better, and say how the run ended."""
        if run.ending == "cancel":
            return admins.CANCELLED.format(run.title), ()
        if run.child and (failure := run.child.failure()):
            raise MangosaurusError(failure)
        content = await asyncio.to_thread((folder / NEW).read_bytes)
        version = await self._store.keep_weights(run.network, content, candidate=True)
        await self._store.replace_text(run.network, run.text)  # only now: "cancel" changes nothing
        samples = [
            tables.written(title, await self._sample(run, each))
            for title, each in (("in use", run.old), ("new", version))
            if each
        ]
        found = run.progress.comparison
        # the first weights of a text win, unless their training was stopped: perhaps they cannot
        # write yet
        used = found.better if found else not run.progress.was_stopped
        if used:
            used = await self._shelf.use(run.network, version, run.old, run.chat.note)
        seconds = time.monotonic() - run.began
        sentence = admins.verdict(run.title, run.progress, seconds, version, used=used)
        sentence = joined("\n\n", [sentence, *samples])
        if used:
            return sentence, admins.below_use(run.network, run.form, run.old, version)
        return sentence, [[Button(admins.USE_NEW, f"/use {run.network} {version}")]]

    async def _sample(self, run: Run, version: str) -> str:
        """Return five names, one a line, or a poem; or "" if the version cannot write any yet."""
        genre = Genre.DINO if run.form == "names" else Genre.POEM
        voice = "" if run.network in NETWORKS else run.network
        usual = USUAL_TEMPERATURE[run.form]
        try:
            text = await self._shelf.write(
                Creation("", NOBODY, genre, version, 0, 0, "", usual, NAMES, voice=voice)
            )
        except (Explained, Failed):
            return ""
        whole = "\n".join(text.texts)
        return whole if text.has_capitals else typeset(whole)


def delete_leftovers() -> None:
    """Delete the folders of runs that ended with a crash of the machine. They hold people's texts.

    A run writes into its folder once a minute.
    """
    for folder in Path(gettempdir()).glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(folder)


def _fill(folder: Path, old: bytes, text: str) -> None:
    """Put what a child needs into its folder."""
    if old:
        (folder / OLD).write_bytes(old)
    if text:
        (folder / TEXT).write_text(text, encoding="utf-8")
