"""The composition root: builds everything a running bot consists of, and owns its start and its stop.

    async with Mangosaurus(settings).running() as mangosaurus: …

Start and stop mirror each other: what was started last is stopped first, also when a start fails half-way. At the stop,
the bot takes no more updates, ends a training and tells its admin, answers what it can in time, and closes the
connection, the networks and the database.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

# The library's way to say that durations are timedeltas; without it, every RetryAfter is also a deprecation warning.
os.environ["PTB_TIMEDELTA"] = "1"

from telegram.error import InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import Application, ApplicationBuilder, BaseHandler, Updater

from bot.conversation import moods, texts
from bot.conversation.admission import Admission, ExplainedError, RefusedError
from bot.conversation.answers import Answers
from bot.conversation.trainings import Trainings
from bot.handlers.again import Again
from bot.handlers.buttons import Buttons
from bot.handlers.dino import Dino
from bot.handlers.failures import Failures
from bot.handlers.inline import Inline
from bot.handlers.models import Models
from bot.handlers.poem import Poem
from bot.handlers.preferences import PreferenceMenu
from bot.handlers.privacy import Privacy
from bot.handlers.retrain import Retrain
from bot.handlers.seed import Seed
from bot.handlers.sonnet import Sonnet
from bot.handlers.status import Status
from bot.handlers.teaching import Teaching
from bot.handlers.voices import VoiceMenu
from bot.handlers.welcome import Welcome, announce_commands
from bot.people.store import Store
from bot.training.choice import Choice
from bot.training.retraining import Retraining
from bot.wire.client import Client
from bot.wire.order import PersonalOrder, person_id
from bot.wire.pacing import Pacing
from bot.wire.receiving import Receiving
from bot.wire.request import PollingRequest, TelegramRequest
from bot.writing.archive import Archive
from bot.writing.folders import Folders
from bot.writing.networks import StartError, load_networks
from bot.writing.writer import UnpreparedError, Writer
from model.engine.threads import blas_threads
from model.errors import MangosaurusError
from model.text.forms import Genre, Network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from telegram import Update
    from telegram.request import BaseRequest

    from bot.settings import Settings
    from bot.wire.pacing import Asks

logger = logging.getLogger(__name__)

CONFIRMED, REFUSED, CLOSED, CUT, ABANDONED = 0.25, 0.5, 0.7, 0.8, 0.85
"""Shares of the seconds for a stop; see `Mangosaurus._stop`."""
LONGEST_PAUSE = 30.0
"""Seconds between two tries to reach Telegram at the start."""

App = Application[Any, Any, Any, Any, Any, Any]


class TokenError(MangosaurusError):
    """Telegram does not accept the token, or does not any more."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram rejects the TELEGRAM_TOKEN; put the one that @BotFather gives into the environment or .env"
        )


class Mangosaurus:
    """A bot: its networks, its database, its trainings, and the application that connects them with Telegram.

    `request` makes the library's transport, once for polling and once for everything else. If nobody is `watching`,
    sonnets are sent once, when they are finished.
    """

    def __init__(
        self, settings: Settings, request: Callable[[], BaseRequest] | None = None, *, watching: bool = True
    ) -> None:
        if settings.token is None:
            raise StartError("TELEGRAM_TOKEN is not set")
        ordinary, polling = (request(), request()) if request else http_requests()
        self._folders = folders = Folders(settings.checkpoints)
        released = {str(network): folders[network] for network in Network}
        self.writers = {
            network: Writer(checkpoint, queue_limit=settings.queue_limit)
            for network, checkpoint in load_networks(settings.checkpoints, released).items()
        }
        self._archive = Archive(folders, queue_limit=settings.queue_limit)
        self.store = Store(settings.database_address)
        self.retraining = Retraining(folders, self.writers, directory=settings.checkpoints)
        self._choice = Choice(folders, self.writers, self.retraining)
        self._models = Models(self._choice, self.retraining, folders, settings.admin_ids)
        self._pacing = Pacing(settings.message_rate)
        self._stop_seconds = settings.stop_seconds
        self._bot = Client(settings.token, settings.api_base_url, ordinary, polling, self._pacing)
        self._pacing.apologise = self._apologise
        self._admin_ids = settings.admin_ids
        self._trainings = Trainings(self.retraining, self.store, folders, self.writers)
        self._order = order = PersonalOrder()
        updater = Updater(self._bot, asyncio.Queue())
        builder = ApplicationBuilder().updater(updater).concurrent_updates(order).job_queue(None)
        self.application: App = builder.build()
        self._receiving = Receiving(updater, settings.webhook)
        self._listen(settings, order, watching=watching)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Mangosaurus]:
        """Serve as long as the block lasts. TokenError or StoreError if that cannot begin."""
        async with AsyncExitStack() as stack:
            stack.enter_context(blas_threads(1))  # on a busy machine, two take three times as long
            stack.push_async_callback(self.store.close)
            await self.store.open()
            await asyncio.to_thread(self._folders.voices.sweep)
            for writer in self.writers.values():
                await writer.start()
                stack.push_async_callback(writer.stop)
            stack.push_async_callback(self._archive.stop)
            stack.push_async_callback(self._bot.shutdown)  # after a start that fails, the next line does not do it
            stack.push_async_callback(self.application.shutdown)
            await self._connect()
            await self.application.start()
            stack.push_async_callback(self._stop)
            await self._trainings.tell_interrupted(self.application)
            await self._receive()
            yield self

    async def serve(self) -> None:
        """Serve until the task is cancelled. TokenError or StoreError."""
        async with self.running():
            self.application.create_task(self._prepare())
            await self.rejected()

    async def _prepare(self) -> None:
        """Make what sonnets need, before anybody asks for one. All else is served in the second that it takes."""
        for writer in self.writers.values():
            try:
                await writer.prepare()
            except UnpreparedError as error:
                logger.warning("/sonnet is not served: %s", error)

    def shut(self) -> None:
        """Send nothing more, from this moment on: another process serves in this one's place."""
        self._pacing.shut()

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token, and raise the TokenError."""
        await self._bot.rejected()
        raise TokenError

    async def handled(self) -> None:
        """Wait until every update that has arrived is answered; trainings may go on."""
        await self.application.update_queue.join()

    async def finished(self) -> None:
        """Wait until every update that has arrived is answered and every training has ended."""
        await self.handled()
        await asyncio.gather(self._trainings.ended(), self._models.ended())

    def _listen(self, settings: Settings, order: PersonalOrder, *, watching: bool) -> None:
        temperatures = {
            Genre.DINO: _first(settings.temperature_dino, moods.USUAL[Genre.DINO]),
            Genre.POEM: _first(settings.temperature_poem, moods.USUAL[Genre.POEM]),
            Genre.SONNET: moods.USUAL[Genre.SONNET],
        }
        answers = Answers(
            self.store,
            self.writers,
            self._archive,
            self._folders.voices,
            self._pacing,
            temperatures=temperatures,
            rate=settings.rate_limit,
            watching=watching,
        )
        welcome = Welcome(settings.admin_ids, self.writers)
        voice_menu = VoiceMenu(self._folders, self._archive, self.retraining, settings.admin_ids)
        teaching = Teaching(self._folders.voices, self._trainings, self.retraining, settings.admin_ids)
        dino, verse = Dino(answers).handler(), [*Poem(answers).handlers(), Sonnet(answers).handler()]
        again, buttons = Again(answers).handlers(), Buttons(answers, order).handlers()
        # The first that matches a message answers it, so the busiest come first.
        handlers: list[BaseHandler[Any, Any, Any]] = [
            dino,
            *voice_menu.handlers(),
            *teaching.handlers(),
            *verse,
            *again,
            *Privacy(answers).handlers(),
            *welcome.handlers(),
            Seed(self.store).handler(),
            *PreferenceMenu(self.store).handlers(),
            *Retrain(self._trainings, self.retraining, self._choice, self._folders, settings.admin_ids).handlers(),
            *self._models.handlers(),
            Status(answers, self._pacing, self.retraining, self.writers, self._folders, settings.admin_ids).handler(),
            *buttons,  # the last of them takes every press that is left
            *welcome.last_handlers(),
        ]
        make_texts = [dino, *verse, *again, buttons[0]]
        for handler in handlers:
            _admit(handler, answers.admission, makes_text=handler in make_texts)
        self.application.add_handlers([Inline(answers).handler(), *handlers])
        self.application.add_error_handler(Failures(answers.tally).on_error)

    async def _connect(self) -> None:
        """Introduce the bot to Telegram, however long the network is down."""
        pause = 1.0
        while True:
            try:
                await self.application.initialize()
            except InvalidToken:
                raise TokenError from None  # its text holds the token
            except (NetworkError, RetryAfter) as error:
                logger.warning("Telegram cannot be reached (%s); the next try is in %.0f s", error, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return

    async def _receive(self) -> None:
        try:
            await self._receiving.start()
        except InvalidToken:
            raise TokenError from None
        self.application.create_task(announce_commands(self._bot, self._admin_ids))
        serving = ", ".join(f"{network} {writer.checkpoint.version}" for network, writer in self.writers.items())
        logger.info("Serving as @%s with %s", self._bot.username, serving)

    async def _stop(self) -> None:
        """Take no more updates, answer what can be answered in the seconds for a stop, and refuse the rest in words.

        After `REFUSED` of them, texts that are not written are refused; after `CLOSED`, messages that wait are given
        up, logged and counted; after `CUT`, those on their way are interrupted; after `ABANDONED`, nothing is waited
        for any more.
        """
        seconds, begun = self._stop_seconds, asyncio.get_running_loop().time()
        self._pacing.close(begun + CLOSED * seconds, begun + CUT * seconds)
        refusing = asyncio.create_task(self._refuse(REFUSED * seconds))
        try:
            await self._receiving.stop(CONFIRMED * seconds)
            async with asyncio.timeout_at(begun + ABANDONED * seconds):
                await asyncio.gather(self.retraining.stop(), self._choice.stop(), self.application.stop())
        except TimeoutError:
            unhandled = await self._order.abandon()
            logger.error("The bot had to stop before %d updates were handled", unhandled)  # noqa: TRY400 - no more is known
        finally:
            refusing.cancel()

    async def _apologise(self, chat_id: int | str, asks: Asks) -> None:
        """Tell a chat that Telegram wanted silence."""
        try:
            await self._bot.send_message(chat_id, texts.silenced(len(asks)), rate_limit_args=asks)
        except TelegramError as error:
            logger.info("A chat was not told that Telegram wanted silence: %s", error)

    async def _refuse(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        for writer in self.writers.values():
            await writer.stop()
        await self._archive.stop()


def http_requests() -> tuple[BaseRequest, BaseRequest]:
    """Make the HTTP clients: for everything but polling, and for polling."""
    return TelegramRequest(), PollingRequest()


def _admit(handler: BaseHandler[Any, Any, Any], admission: Admission, *, makes_text: bool) -> None:
    """Let a handler answer only what is admitted. One that makes texts asks for those itself, but not for excuses."""
    answer = handler.callback

    async def admitted(update: Update, context: Any) -> None:
        person = person_id(update) or 0
        chat_id = update.effective_chat.id if update.effective_chat else person
        if not makes_text:
            admission.ask(chat_id, person)
        try:
            await answer(update, context)
        except ExplainedError as error:
            if makes_text and not (isinstance(error, RefusedError) and error.said):
                admission.explain(chat_id, person)
            raise

    handler.callback = admitted


def _first(chosen: float | None, usual: float) -> float:
    return usual if chosen is None else chosen
