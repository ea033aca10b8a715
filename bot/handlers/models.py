"""`/models` and `/rollback`: which versions a network has, and which one serves. For administrators.

The buttons below the versions promote one of them, or compare it with the one that serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from typing import TYPE_CHECKING, Any

from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.conversation import buttons, presses, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.presses import PagePress, VersionPress
from bot.training.choice import DoubtfulError
from bot.training.commands import RetrainingError
from bot.training.lessons import Lesson
from bot.writing.voices import RemovedError
from model.checkpoint.encoding import CheckpointError
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from telegram import CallbackQuery, InlineKeyboardMarkup, MaybeInaccessibleMessage, Update
    from telegram.ext import ContextTypes

    from bot.training.choice import Choice
    from bot.training.retraining import Retraining
    from bot.writing.folders import Folders


class Models:
    """Answers `/models`, the buttons below it, and `/rollback`."""

    def __init__(self, choice: Choice, retraining: Retraining, folders: Folders, admin_ids: Collection[int]) -> None:
        self._choice = choice
        self._retraining = retraining
        self._folders = folders
        self._admin_ids = admin_ids
        self._comparisons: set[asyncio.Task[None]] = set()

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers of both commands and of the buttons."""
        admins = filters.UpdateType.MESSAGE & filters.User(self._admin_ids)
        return [
            CommandHandler("models", self.models, admins),
            CommandHandler("rollback", self.rollback, admins),
            CallbackQueryHandler(self.turn, presses.means(PagePress)),
            CallbackQueryHandler(self.press, presses.means(VersionPress)),
        ]

    async def models(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show the versions of a network; others are a button away."""
        titles = await self._titles()
        network = _network(context.args or [Network.DINO], titles, texts.MODELS_USAGE)
        html, keyboard = await self._page(network, titles)
        if update.message:
            await update.message.reply_html(html, reply_markup=keyboard)

    async def rollback(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Let the version serve that served before."""
        titles = await self._titles()
        network = _network(context.args or [], titles, texts.ROLLBACK_USAGE)
        with _explained(titles[network]):
            if await asyncio.to_thread(self._folders[network].before) is None:
                raise ExplainedError(texts.nothing_before(titles[network]))
            before, after = await self._choice.rollback(network)
        if update.message:
            await update.message.reply_html(texts.rolled_back(titles[network], before, after))

    async def turn(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show other versions in the message."""
        query, _, press = presses.pressed(update, PagePress, by=self._admin_ids)
        await self._show(query, press.network, press.page)
        await presses.release(query)

    async def press(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Promote a version, perhaps after a question, or begin to compare it."""
        query, message, press = presses.pressed(update, VersionPress, by=self._admin_ids)
        title = _title(press.network, await self._titles())
        if press.action != "compare":
            try:
                with _explained(title):
                    await self._choice.promote(press.network, press.version, anyway=press.action == "anyway")
            except DoubtfulError as doubt:
                await presses.show(query, texts.doubtful(title, doubt), buttons.below_doubt(press))
                await presses.release(query)
                return
            await self._show(query, press.network, press.page)
            await presses.release(query, texts.promoted(press.version))
        else:
            self._refuse_second()
            task = context.application.create_task(self._compare(query, message, press, title), update)
            self._comparisons.add(task)
            task.add_done_callback(self._comparisons.discard)
            await presses.release(query, texts.COMPARING)

    async def ended(self) -> None:
        """Wait until the comparisons have ended, and messages say so."""
        await asyncio.gather(*self._comparisons, return_exceptions=True)

    def _refuse_second(self) -> None:
        if running := self._retraining.running:
            raise ExplainedError(texts.already_training(running.title))
        if self._comparisons:
            raise ExplainedError(texts.COMPARING_ALREADY)

    async def _compare(
        self, query: CallbackQuery, message: MaybeInaccessibleMessage, press: VersionPress, title: str
    ) -> None:
        try:
            lesson = await asyncio.to_thread(self._lesson, press.network, title)
            serving, found = await self._choice.compare(lesson, press.version)
        except MangosaurusError as error:
            words = texts.not_compared(title, str(error))
        else:
            words = texts.compared(title, serving, press.version, found)
        await presses.say_below(query, message, words)

    def _lesson(self, network: str, title: str) -> Lesson:
        """Return the held-out text on which versions of a network are compared."""
        if network in tuple(Network):
            return Lesson(network, Network(network).form)
        voice = self._folders.voices.get(network.partition("/")[2])
        if voice is None:
            raise RemovedError(f"{title} is gone")
        return Lesson(network, voice.form, corpus=self._folders.voices.text(voice), alphabet_own=True, name=title)

    async def _show(self, query: CallbackQuery, network: str, number: int) -> None:
        """Put a page into the message."""
        titles = await self._titles()
        _title(network, titles)
        html, keyboard = await self._page(network, titles, number)
        await presses.show(query, html, keyboard)

    async def _page(self, network: str, titles: Mapping[str, str], number: int = 0) -> tuple[str, InlineKeyboardMarkup]:
        with _explained(titles[network]):
            page = await self._choice.page(network, number)
        return texts.versions(titles[network], page), buttons.below_versions(page, titles)

    async def _titles(self) -> dict[str, str]:
        """Return the networks, by what people call them."""
        voices = await asyncio.to_thread(self._folders.voices.all)
        return {
            **{str(network): str(network) for network in Network},
            **{v.network: texts.voice_title(v.name) for v in voices},
        }


def _network(words: Sequence[str], titles: Mapping[str, str], usage: str) -> str:
    """Return the network that is named; ExplainedError."""
    given = [unicodedata.normalize("NFC", word).casefold() for word in words]
    named = [network for network, title in titles.items() if [title] == given]
    if not named:
        raise ExplainedError(usage)
    return named[0]


def _title(network: str, titles: Mapping[str, str]) -> str:
    if network not in titles:
        raise ExplainedError(texts.VOICE_GONE)
    return titles[network]


@contextlib.contextmanager
def _explained(title: str) -> Iterator[None]:
    """Say why a version cannot be read or promoted."""
    try:
        yield
    except (CheckpointError, RetrainingError) as error:
        raise ExplainedError(texts.not_changed(title, str(error))) from error
    except OSError as error:
        raise ExplainedError(texts.not_changed(title, error.strerror or type(error).__name__)) from error
