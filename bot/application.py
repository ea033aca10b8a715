"""The composition root: builds everything a running bot consists of, and owns its start and its stop.

    async with Mangosaurus(settings).running() as mangosaurus: …

Start and stop mirror each other: what was started last is stopped first, also when a start fails half-way. At the stop,
polling ends, a training is ended and its administrator told, then everything that was asked is answered, and only then
the connection, the networks and the database go. Not here: what is answered (`handlers`), HTTP, and signals and exit
codes (`__main__`).
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

# The library's way to say that durations are timedeltas; without it, every RetryAfter is also a deprecation warning.
os.environ["PTB_TIMEDELTA"] = "1"

from telegram import BotCommand, BotCommandScopeChat, LinkPreviewOptions, Update
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import Application, ApplicationBuilder, Defaults, ExtBot

from bot.conversation import texts
from bot.conversation.answers import Answers
from bot.garbage import seldom_searched
from bot.handlers.admin import Admin
from bot.handlers.again import Again
from bot.handlers.buttons import Buttons
from bot.handlers.dino import Dino
from bot.handlers.failures import on_error
from bot.handlers.inline import Inline
from bot.handlers.poem import Poem
from bot.handlers.preferences import PreferenceMenu
from bot.handlers.privacy import Privacy
from bot.handlers.seed import Seed
from bot.handlers.welcome import Welcome
from bot.people.store import Store
from bot.training.retraining import Retraining
from bot.wire.order import PersonalOrder
from bot.wire.pacing import Pacing
from bot.wire.transport import AiohttpRequest
from bot.writing.archive import Archive
from bot.writing.batching import ROWS, Batching
from bot.writing.networks import NETWORKS, StartError, load_networks
from model.checkpoint.versions import Versions
from model.decoding.limits import USUAL_TEMPERATURE
from model.engine.threads import blas_threads
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from telegram.request import BaseRequest

    from bot.settings import Settings

logger = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
CONNECTIONS = 256
"""As many as python-telegram-bot's own client keeps: waiting for one costs more than having it."""
BEYOND_A_QUEUE = 64
"""Updates handled at the same time, beyond those that fill a network's rows and its queue: these are told that it is
full, or need no network at all."""
SHARE = 4
"""Nobody gets more than one in so many of these places, where people have limits at all."""
MOST_THREADS = 4
"""Of the matrix library, for one character of many texts: too little work for more."""
ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]
LONGEST_PAUSE = 30.0
"""Seconds between two tries to reach Telegram at the start."""

App = Application[Any, Any, Any, Any, Any, Any]


class TokenError(MangosaurusError):
    """Telegram does not accept the token, or does not any more."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram rejects the TELEGRAM_TOKEN; put the one that @BotFather gives into the environment or .env"
        )


class _Bot(ExtBot[int]):
    """The library's bot, which also says when Telegram rejects the token: the updater alone would stop in silence."""

    def __init__(self, token: str, request: BaseRequest, polling: BaseRequest, server: str, pacing: Pacing) -> None:
        defaults = Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True), allow_sending_without_reply=True)
        super().__init__(
            token,
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=request,
            get_updates_request=polling,
            defaults=defaults,
            rate_limiter=pacing,
        )
        self._rejected = asyncio.Event()

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token."""
        await self._rejected.wait()

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:
        """Fetch updates."""
        try:
            return await super().get_updates(*args, **kwargs)
        except InvalidToken:
            self._rejected.set()
            raise


class Mangosaurus:
    """A bot: its networks, its database, its trainings, and the application that connects them with Telegram.

    `request` makes the library's transport, once for polling and once for everything else.
    """

    def __init__(self, settings: Settings, request: Callable[[], BaseRequest] | None = None) -> None:
        if settings.token is None:
            raise StartError("TELEGRAM_TOKEN is not set")
        make = request or http_request
        versions = {kind: Versions(settings.checkpoints / kind) for kind in NETWORKS}
        self.batchings = {
            kind: Batching(checkpoint, queue_limit=settings.queue_limit)
            for kind, checkpoint in load_networks(settings.checkpoints, versions).items()
        }
        self._archive = Archive(versions, queue_limit=settings.queue_limit)
        self.store = Store(settings.database)
        self.retraining = Retraining(versions, self.batchings, directory=settings.checkpoints)
        self._pacing = Pacing(settings.message_rate)
        server = settings.api_base_url or TELEGRAM
        self._bot = _Bot(settings.token.reveal(), make(), make(), server, self._pacing)
        self._admin_ids = settings.admin_ids
        self._admin = Admin(self.retraining, settings.admin_ids, self.batchings)
        places = ROWS + settings.queue_limit + BEYOND_A_QUEUE
        order = PersonalOrder(places, places // SHARE if settings.rate_limit else None)
        builder = ApplicationBuilder().bot(self._bot).concurrent_updates(order).job_queue(None)
        self.application: App = builder.build()
        self._listen(settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Mangosaurus]:
        """Serve as long as the block lasts. TokenError or StoreError if that cannot begin."""
        async with AsyncExitStack() as stack:
            stack.enter_context(blas_threads(MOST_THREADS))
            stack.push_async_callback(self.store.close)
            await self.store.open()
            for batching in self.batchings.values():
                await batching.start()
                stack.push_async_callback(batching.stop)
            stack.push_async_callback(self._archive.stop)
            stack.push_async_callback(self._bot.shutdown)  # after a start that fails, the next line does not do it
            stack.push_async_callback(self.application.shutdown)
            await self._connect()
            await self.application.start()
            stack.push_async_callback(self._stop)
            stack.push_async_callback(self._stop_polling)
            await self._start_polling()
            stack.enter_context(seldom_searched())
            yield self

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
        await self._admin.ended()

    def _listen(self, settings: Settings) -> None:
        answers = Answers(self.store, self.batchings, self._archive, settings.rate_limit)
        welcome = Welcome(settings.admin_ids, self.batchings)
        temperatures: dict[Network, float] = {
            Network.DINO: _first(settings.temperature_dino, USUAL_TEMPERATURE["names"]),
            Network.POEM: _first(settings.temperature_poem, USUAL_TEMPERATURE["verse"]),
        }
        handlers = [  # asked one after the other whether a message is theirs: what is wanted most comes first
            Dino(answers, temperatures[Network.DINO]).handler(),
            *Poem(answers, temperatures[Network.POEM]).handlers(),
            *Again(answers).handlers(),
            *Privacy(answers).handlers(),
            *welcome.handlers(),
            Seed(self.store).handler(),
            *PreferenceMenu(self.store).handlers(),
            Inline(answers, temperatures).handler(),
            self._admin.handler(),
            *Buttons(answers).handlers(),  # the last of them takes every press that is left
            *welcome.last_handlers(),
        ]
        self.application.add_handlers(handlers)
        self.application.add_error_handler(on_error)

    async def _connect(self) -> None:
        """Say hello to Telegram, again and again while the network is down."""
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

    async def _start_polling(self) -> None:
        updater = self.application.updater
        if updater is None:
            raise StartError("the application was built without an updater")
        try:
            await updater.start_polling(
                bootstrap_retries=-1, allowed_updates=ALLOWED_UPDATES, error_callback=_log_polling_error
            )
        except InvalidToken:
            raise TokenError from None
        self.application.create_task(self._announce_commands())
        serving = ", ".join(f"{kind} {batching.checkpoint.version}" for kind, batching in self.batchings.items())
        logger.info("Serving as @%s with %s", self._bot.username, serving)

    async def _stop_polling(self) -> None:
        updater = self.application.updater
        if updater is not None and updater.running:
            try:
                await updater.stop()
            except TelegramError as error:
                logger.debug("Polling ended with %s", type(error).__name__)

    async def _stop(self) -> None:
        """End a training while its administrator can still be told, then answer what was asked."""
        self._pacing.hurry()
        await self.retraining.stop()
        await self.application.stop()

    async def _announce_commands(self) -> None:
        """Fill the menu of commands that Telegram's apps show; only a courtesy, so a failure is only noted."""
        await self._announce(texts.COMMANDS, None)
        for admin_id in self._admin_ids:
            await self._announce(texts.ADMIN_COMMANDS, BotCommandScopeChat(admin_id))

    async def _announce(self, commands: Mapping[str, str], scope: BotCommandScopeChat | None) -> None:
        try:
            await self._bot.set_my_commands([BotCommand(*command) for command in commands.items()], scope)
        except TelegramError as error:
            logger.info("The menu of commands was not set: %s", error)


def http_request() -> BaseRequest:
    """Make the transport to Telegram."""
    return AiohttpRequest(CONNECTIONS)


def _first(chosen: float | None, usual: float) -> float:
    return usual if chosen is None else chosen


def _log_polling_error(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        logger.error("Another program fetches this bot's messages with the same token; end it, or this one")
    else:
        logger.warning("Telegram cannot be reached (%s); trying again", error)
