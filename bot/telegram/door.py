"""The door of Telegram: updates come by polling or through a webhook, and become asks. A failed poll is tried again.

An update that cannot be parsed is logged once by its id and passed over. python-telegram-bot's own Updater would fetch
its batch again without end. It can also go deaf, so here a new polling client takes over after each failed poll.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from telegram import BotCommandScopeChat, LinkPreviewOptions, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Defaults, ExtBot, filters

from bot.asks import File, Pressed, Said, Sent, Typed
from bot.chat import Door, NotSent, StartError
from bot.commands import menu
from bot.telegram.chat import TelegramChat
from bot.telegram.pacing import Pacing, seconds
from bot.telegram.request import PollingRequest, TelegramRequest, readable
from bot.words import sentences
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from aiohttp import web
    from telegram import Document, Message
    from telegram.request import BaseRequest

    from bot.app import Bot
    from bot.asks import Ask
    from bot.settings import Settings, Webhook
    from bot.telegram.pacing import Place

logger = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]
POLL_SECONDS = 10
"""Telegram answers a poll after this time, even if nothing has happened."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
"""The pause after the first failed try to reach Telegram, and the longest pause after further tries."""
CHECK_SECONDS = 300.0
"""How often a bot with a webhook asks whether Telegram still accepts its token. Polling finds out by itself."""


class TokenError(MangosaurusError):
    """Telegram does not accept the token, or has revoked it."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram rejects the TELEGRAM_TOKEN; put the one that @BotFather gives into the environment or .env"
        )


class Telegram(Door):
    """The door of Telegram. `requests` are two transports: the second is for polling, the first for everything else."""

    def __init__(
        self,
        settings: Settings,
        requests: tuple[BaseRequest, BaseRequest] | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        if settings.token is None:
            raise StartError("TELEGRAM_TOKEN is not set")
        request, self._polling = requests or (TelegramRequest(), PollingRequest())
        server = settings.api_base_url or TELEGRAM
        self.pacing = Pacing(settings.message_rate, may_send)
        self._client: ExtBot[Any] = ExtBot(
            settings.token.reveal(),
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=request,
            get_updates_request=self._polling,
            defaults=Defaults(parse_mode="HTML", link_preview_options=LinkPreviewOptions(is_disabled=True)),
            rate_limiter=self.pacing,
        )
        self.pacing.apologise = self._apologise
        self._admins = settings.admin_ids
        self._without_menu: set[int | None] = {None, *settings.admin_ids}
        self._webhook = settings.webhook
        self._offset: int | None = None
        self._heard: float | None = None  # on the clock of the event loop: when a poll succeeded last
        self._failed_polls = 0
        self._silent_since: datetime | None = None
        self._serving: asyncio.Task[None]  # ends when Telegram rejects the token
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Introduce the bot to Telegram, however long the network is down. Raises TokenError."""
        try:
            await self._answered(self._client.initialize)
        except BaseException:
            await self._client.shutdown()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop_listening()  # if opening failed half-way
        await self._client.shutdown()

    async def open(self, bot: Bot) -> None:
        bot.username = self._client.username
        self._begin(self._announce(*self._without_menu))
        if self._webhook:
            await self._listen(bot, self._webhook)
        else:
            self._serving = self._begin(self._poll(bot))
        serving = ", ".join(f"{network} {checkpoint.version}" for network, checkpoint in bot.shelf.serving.items())
        logger.info("Serving as @%s with %s", bot.username, serving)

    async def close(self, seconds: float) -> None:
        """Take no more updates, and tell Telegram which ones have arrived; otherwise it sends some again."""
        await self._stop_listening()
        if self._offset is None or not self._serving.cancelled():
            return
        try:
            async with asyncio.timeout(seconds):
                await self._begin_anew()  # the poll that was cancelled may have lost its connection
                await self._client.get_updates(self._offset, timeout=0, allowed_updates=ALLOWED_UPDATES)
        except (TimeoutError, TelegramError) as error:
            logger.info("Telegram could not be told which updates have arrived (%s)", type(error).__name__)

    async def _stop_listening(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def deadline(self, open_until: float, cut_at: float) -> None:
        self.pacing.deadline(open_until, cut_at)

    def silence(self) -> None:
        """Send nothing more, from this moment on: another process serves in this one's place."""
        self.pacing.silence()

    def facts(self) -> dict[str, str]:
        poll = "none, as Telegram calls"
        if self._heard is not None:
            ago = sentences.duration(asyncio.get_running_loop().time() - self._heard)
            poll = f"{ago} ago, {self._failed_polls:,} failed"
        return {"messages": f"{self.pacing.waiting:,} waiting, {self.pacing.dropped:,} given up", "last poll": poll}

    def figures(self) -> dict[str, float]:
        """Return the same for `/metrics`. Until a poll succeeds, the start of polling counts as one."""
        figures: dict[str, float] = {
            "messages_waiting": self.pacing.waiting,
            "messages_given_up_total": self.pacing.dropped,
            "polls_begun_anew_total": self._failed_polls,
        }
        if self._heard is not None:
            figures["last_poll_seconds"] = asyncio.get_running_loop().time() - self._heard
        return figures

    def failures(self) -> dict[str, str]:
        return {"Telegram": f"no answer since {self._silent_since:%Y-%m-%d %H:%M:%S} UTC"} if self._silent_since else {}

    def chat(self, chat_id: int, *asked: Any, **query: Any) -> TelegramChat:
        return TelegramChat(self._client, self.pacing, chat_id, *asked, **query)

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token, and raise the TokenError."""
        await asyncio.shield(self._serving)

    async def _poll(self, bot: Bot) -> None:
        """Fetch updates until the task is cancelled. Raises TokenError."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        await self._answered(self._client.delete_webhook)  # Telegram answers no polls while it has a webhook
        options: dict[str, Any] = {"timeout": POLL_SECONDS, "allowed_updates": ALLOWED_UPDATES}
        while True:
            updates = await _persist(partial(self._client.get_updates, self._offset, **options), self._begin_anew)
            self._heard = loop.time()
            for update in updates:
                self._offset = update.update_id + 1
                self._take(update, bot)

    async def _begin_anew(self) -> None:
        """Count a failed poll, and renew its client: the only connection may have leaked (encode/httpcore #1093)."""
        self._failed_polls += 1
        with contextlib.suppress(Exception):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._polling.shutdown()
        with contextlib.suppress(Exception):  # what is wrong shows in the next poll
            await self._polling.initialize()

    async def _listen(self, bot: Bot, webhook: Webhook) -> None:
        """Serve the webhook, and tell Telegram its address, however long that takes. Raises TokenError."""
        from aiohttp import web  # which polling does not need

        async def receive(request: web.Request) -> web.Response:
            secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
            if not hmac.compare_digest(secret.encode(errors="replace"), webhook.secret.reveal().encode()):
                return web.Response(status=403)
            try:
                update = Update.de_json(readable(json.loads(await request.read())), self._client)
            except (ValueError, TypeError, KeyError):
                return web.Response(status=400)
            self._take(update, bot)
            return web.Response()

        app = web.Application()
        app.router.add_post(urlsplit(webhook.url).path or "/", receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, webhook.listen.host, webhook.listen.port).start()
        except OSError as error:
            raise StartError(f"cannot listen at WEBHOOK_LISTEN: {error.strerror}") from error
        options: dict[str, Any] = {"secret_token": webhook.secret.reveal(), "allowed_updates": ALLOWED_UPDATES}
        await self._answered(partial(self._client.set_webhook, webhook.url, **options))
        logger.info("Waiting for Telegram at %s:%d", webhook.listen.host, webhook.listen.port)
        self._serving = self._begin(self._check_token())

    async def _check_token(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self._answered(self._client.get_webhook_info)

    async def _answered(self, call: Callable[[], Awaitable[Any]]) -> None:
        """Ask Telegram for something until it answers, and remember since when it does not. Raises TokenError."""

        async def failed() -> None:
            self._silent_since = self._silent_since or datetime.now(UTC)

        await _persist(call, failed)
        self._silent_since = None

    def _take(self, update: Update, bot: Bot) -> None:
        """Begin to answer an update, if it asks for anything. A mistake in one update stops no other."""
        try:
            ask = self._ask(update)
        except Exception:
            logger.exception("Update %s cannot be read and is passed over", update.update_id)
            return
        if ask:
            bot.ask(ask)
            if ask.is_admin and ask.person in self._without_menu:  # they have opened a chat since the start
                self._begin(self._announce(ask.person))

    def _ask(self, update: Update) -> Ask | None:
        if (query := update.inline_query) and not query.offset:
            person = query.from_user.id
            return Typed(person=person, chat=self.chat(person, query=query), text=query.query)
        if pressed := update.callback_query:
            person, message = pressed.from_user.id, pressed.message
            return Pressed(
                person=person,
                chat=self.chat(message.chat.id if message else person, message, pressed),
                is_admin=person in self._admins,
                message=message.message_id if message else 0,
                data=(pressed.data or "") if message else "",  # what was sent inline has no buttons any more
            )
        return self._message(update.message) if update.message else None

    def _message(self, message: Message) -> Said | None:
        """Return what a message asks, if it is for us and not written by a bot."""
        sender = message.sender_chat or message.from_user
        is_event = filters.StatusUpdate.ALL.check_update(Update(0, message=message))  # such as somebody who joins
        if sender is None or message.via_bot or is_event:
            return None
        chat = self.chat(message.chat_id, message)
        is_admin = message.sender_chat is None and sender.id in self._admins
        text = message.text or message.caption or ""
        if addressed := re.match(r"(/[^\s@]*)@(\S*)", text):  # a command with a bot's name behind it
            if addressed[2].lower() != self._client.username.lower():
                return None
            text = addressed[1] + text[addressed.end() :]
        replied = message.reply_to_message.document if message.reply_to_message else None
        if message.text:
            return Said(person=sender.id, chat=chat, is_admin=is_admin, text=text, file=_file(replied))
        if not chat.is_private and not message.document:
            return None
        album, file = message.media_group_id or "", _file(message.document)
        return Sent(person=sender.id, chat=chat, is_admin=is_admin, text=text, file=file, album=album)

    async def _apologise(self, chat_id: int | str, place: Place) -> None:
        """Tell a chat how much was not answered while Telegram wanted silence."""
        what = "something you asked for" if len(place.asks) == 1 else f"{len(place.asks)} things you asked for"
        try:
            await self._client.send_message(chat_id, sentences.SILENCED.format(what), rate_limit_args=place)
        except TelegramError as error:
            logger.info("A chat was not told that Telegram wanted silence: %s", error)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _announce(self, *people: int | None) -> None:
        """Fill menus of commands in Telegram's apps: everybody's (None), or an admin's."""
        for person in people:
            scope = None if person is None else BotCommandScopeChat(person)
            try:
                await self._client.set_my_commands(list(menu(is_admin=person is not None).items()), scope)
                self._without_menu.discard(person)
            except TelegramError as error:  # of an admin, until they open a chat
                logger.info("The menu of %s was not set: %s", person or "everybody", error)


def _file(document: Document | None) -> File | None:
    if document is None:
        return None

    async def read() -> bytes:
        try:
            return bytes(await (await document.get_file()).download_as_bytearray())
        except TelegramError as error:
            logger.warning("A file was not fetched: %s", type(error).__name__)  # its text may hold an address
            raise NotSent("the file could not be fetched") from error

    return File(name=document.file_name or "file", size=document.file_size or 0, read=read)


async def _persist(call: Callable[[], Awaitable[Any]], failed: Callable[[], Awaitable[None]] | None = None) -> Any:
    """Ask Telegram for something until it answers, and call `failed` after each failure. Raises TokenError."""
    pause = PAUSE_SECONDS
    while True:
        try:
            return await call()
        except InvalidToken:
            raise TokenError from None  # its text holds the token
        except TelegramError as error:
            pause = max(pause, seconds(error)) if isinstance(error, RetryAfter) else pause
            if isinstance(error, Conflict):
                logger.error("Another program fetches this bot's updates with the same token; end it, or this one")  # noqa: TRY400
            else:
                logger.warning("Telegram cannot be reached (%s); the next try is in %.0f s", error, pause)
        if failed:
            await failed()
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
