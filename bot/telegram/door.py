"""The door of Telegram: updates come by polling or through a webhook, and become asks. What fails is tried again.

An update that cannot be parsed is logged once by its id and passed over. python-telegram-bot's own Updater would fetch
its batch again without end, and can go deaf: after any poll that failed, the polling client is shut down and made anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

# The library's way to say that durations are timedeltas; without it, every RetryAfter is also a deprecation warning.
os.environ["PTB_TIMEDELTA"] = "1"

from telegram import BotCommand, BotCommandScopeChat, LinkPreviewOptions, Update
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import Defaults, ExtBot

from bot.asks import File, Pressed, Said, Sent, Typed
from bot.chat import NotSent
from bot.shelf import StartError
from bot.telegram.chat import TelegramChat
from bot.telegram.pacing import Pacing
from bot.telegram.request import PollingRequest, TelegramRequest, readable
from bot.words import sentences
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

    from aiohttp import web
    from telegram import Document, Message
    from telegram.request import BaseRequest

    from bot.app import Bot
    from bot.asks import Ask
    from bot.settings import Settings, Webhook
    from bot.telegram.pacing import Asks

logger = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]
POLL_SECONDS = 10
"""Telegram answers a poll after this time, even if nothing has happened."""
DEAF_SECONDS = 90.0
"""So long without a successful poll is worth an error in the log."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
"""Between two tries to reach Telegram: at first, and in the end."""
CHECK_SECONDS = 300.0
"""Between two questions whether Telegram still takes the token, which a webhook would not notice."""


class TokenError(MangosaurusError):
    """Telegram does not accept the token, or does not any more."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram rejects the TELEGRAM_TOKEN; put the one that @BotFather gives into the environment or .env"
        )


class Telegram:
    """The door. `requests` are the library's transports, for everything but polling, and for polling."""

    def __init__(self, settings: Settings, requests: tuple[BaseRequest, BaseRequest] | None = None) -> None:
        if settings.token is None:
            raise StartError("TELEGRAM_TOKEN is not set")
        request, self._polling = requests or (TelegramRequest(), PollingRequest())
        server = settings.api_base_url or TELEGRAM
        self.pacing = Pacing(settings.message_rate)
        self.deaf_since: float | None = None
        """The time of the event loop at which the last successful poll began, if some have failed since."""
        self._client: ExtBot[Any] = ExtBot(
            settings.token.reveal(),
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=request,
            get_updates_request=self._polling,
            defaults=Defaults(
                link_preview_options=LinkPreviewOptions(is_disabled=True), allow_sending_without_reply=True
            ),
            rate_limiter=self.pacing,
        )
        self.pacing.apologise = self._apologise
        self._admins = settings.admin_ids
        self._without_menu = set(settings.admin_ids)
        self._webhook = settings.webhook
        self._offset: int | None = None
        self._rejected = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Introduce the bot to Telegram, however long the network is down. TokenError."""
        pause = PAUSE_SECONDS
        while True:
            try:
                await self._client.initialize()
            except InvalidToken:
                await self._client.shutdown()
                raise TokenError from None  # its text holds the token
            except (NetworkError, RetryAfter) as error:
                logger.warning("Telegram cannot be reached (%s); the next try is in %.0f s", error, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            else:
                return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.shutdown()

    async def open(self, bot: Bot) -> None:
        """Begin to take updates."""
        bot.username = self._client.username
        self._begin(self._announce(None))
        if self._webhook:
            await self._listen(bot, self._webhook)
        else:
            self._begin(self._poll(bot))
        serving = ", ".join(f"{network} {checkpoint.version}" for network, checkpoint in bot.shelf.serving.items())
        logger.info("Serving as @%s with %s", bot.username, serving)

    async def shut(self, seconds: float) -> None:
        """Take no more updates, and tell Telegram which ones have arrived, or some of them come again."""
        for task in self._tasks.copy():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._runner:
            await self._runner.cleanup()
        if self._offset is not None and not self._rejected.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._client.get_updates(self._offset, timeout=0, allowed_updates=ALLOWED_UPDATES)
            except (TimeoutError, TelegramError) as error:
                logger.info("Telegram could not be told which updates have arrived (%s)", type(error).__name__)

    def close(self, open_until: float, cut_at: float) -> None:
        """Give up at the first time what still waits to be sent; at the second, what is on its way."""
        self.pacing.close(open_until, cut_at)

    def silence(self) -> None:
        """Send nothing more, from this moment on: another process serves in this one's place."""
        self.pacing.shut()

    def facts(self) -> dict[str, str]:
        """Return what `/status` should say: messages that wait or were given up, and whether polls fail."""
        facts = {
            "messages": f"{self.pacing.waiting:,} waiting, {self.pacing.dropped:,} given up",
        }
        if self.deaf_since is not None:
            facts["polling"] = (
                f"no answer for {sentences.duration(asyncio.get_running_loop().time() - self.deaf_since)}"
            )
        return facts

    def chat(self, chat_id: int) -> TelegramChat | None:
        """Return the chat with an id."""
        return TelegramChat(self._client, self.pacing, chat_id)

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token, and raise the TokenError."""
        await self._rejected.wait()
        raise TokenError

    async def _poll(self, bot: Bot) -> None:
        """Fetch updates until the task is cancelled."""
        loop, pause, heard = asyncio.get_running_loop(), PAUSE_SECONDS, asyncio.get_running_loop().time()
        is_told = False
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS + 20):
                    updates = await self._client.get_updates(
                        self._offset, timeout=POLL_SECONDS, allowed_updates=ALLOWED_UPDATES
                    )
            except InvalidToken:
                self._rejected.set()
                return
            except (TimeoutError, TelegramError) as error:
                _log(error)
                self.deaf_since = heard
                if loop.time() - heard > DEAF_SECONDS and not is_told:
                    logger.error("No poll has succeeded for %.0f s", loop.time() - heard)  # noqa: TRY400 - told already
                    bot.tally.errors["Deaf"] += 1
                    is_told = True
                await self._begin_anew()
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                continue
            self.deaf_since, is_told, pause, heard = None, False, PAUSE_SECONDS, loop.time()
            for update in updates:
                self._offset = update.update_id + 1
                self._take(update, bot)

    async def _begin_anew(self) -> None:
        """Make the polling client anew: its only connection may have leaked (encode/httpcore #1093)."""
        with contextlib.suppress(TimeoutError, Exception):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._polling.shutdown()
        await self._polling.initialize()

    async def _listen(self, bot: Bot, webhook: Webhook) -> None:
        """Serve the webhook, and tell Telegram its address, however long that takes. TokenError."""
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
        await web.TCPSite(self._runner, webhook.listen.host, webhook.listen.port).start()
        pause = PAUSE_SECONDS
        while True:
            try:
                await self._client.set_webhook(
                    webhook.url, secret_token=webhook.secret.reveal(), allowed_updates=ALLOWED_UPDATES
                )
                break
            except InvalidToken:
                raise TokenError from None
            except (NetworkError, RetryAfter) as error:
                _log(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        logger.info("Waiting for Telegram at %s:%d", webhook.listen.host, webhook.listen.port)
        self._begin(self._check_token())

    async def _check_token(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self._client.get_webhook_info()
            except InvalidToken:
                self._rejected.set()
                return
            except TelegramError as error:
                _log(error)

    def _take(self, update: Update, bot: Bot) -> None:
        """Begin to answer an update, if it asks for anything."""
        ask = self._ask(update)
        if ask is None:
            return
        bot.ask(ask)
        if ask.is_admin and ask.person in self._without_menu:  # they have opened a chat since the start
            self._begin(self._announce(ask.person))

    def _ask(self, update: Update) -> Ask | None:
        if update.inline_query and not update.inline_query.offset:
            query = update.inline_query
            chat = TelegramChat(self._client, self.pacing, query.from_user.id, inline=query)
            return Typed(person=query.from_user.id, chat=chat, text=query.query)
        if update.callback_query and update.callback_query.message:
            pressed, message = update.callback_query, update.callback_query.message
            thread = getattr(message, "message_thread_id", None)
            chat = TelegramChat(self._client, self.pacing, message.chat.id, thread=thread, query=pressed)
            person = pressed.from_user.id
            return Pressed(
                person=person,
                chat=chat,
                is_admin=person in self._admins,
                message=message.message_id,
                data=pressed.data or "",
            )
        return self._message(update.message) if update.message else None

    def _message(self, message: Message) -> Said | None:
        """Return what a message asks, if it is for us and not written by a bot."""
        sender = message.sender_chat or message.from_user
        if sender is None or message.via_bot or _is_service(message):
            return None
        topic = message.message_thread_id if message.is_topic_message else None
        chat = TelegramChat(self._client, self.pacing, message.chat_id, thread=topic)
        is_admin = message.sender_chat is None and sender.id in self._admins
        text = self._for_us(message.text or message.caption or "")
        if text is None:
            return None
        replied = message.reply_to_message.document if message.reply_to_message else None
        if message.text:
            return Said(person=sender.id, chat=chat, is_admin=is_admin, text=text, file=_file(replied))
        if not chat.is_private and not message.document:
            return None
        album, file = message.media_group_id or "", _file(message.document)
        return Sent(person=sender.id, chat=chat, is_admin=is_admin, text=text, file=file, album=album)

    def _for_us(self, text: str) -> str | None:
        """Return a text without our name behind the command; None if it names another bot."""
        if not text.startswith("/"):
            return text
        command = text.split(maxsplit=1)[0]
        name, at, addressee = command.partition("@")
        if at and addressee.lower() != self._client.username.lower():
            return None
        return text if not at else text.replace(command, name, 1)

    async def _apologise(self, chat_id: int | str, asks: Asks) -> None:
        """Tell a chat how much was not answered while Telegram wanted silence."""
        what = "something you asked for" if len(asks) == 1 else f"{len(asks)} things you asked for"
        try:
            await self._client.send_message(chat_id, sentences.SILENCED.format(what), rate_limit_args=asks)
        except TelegramError as error:
            logger.info("A chat was not told that Telegram wanted silence: %s", error)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _announce(self, admin: int | None) -> None:
        """Fill the menu of commands in Telegram's apps: everybody's and the admins', or one admin's."""
        for person in self._without_menu.copy() if admin is None else {admin}:
            with contextlib.suppress(TelegramError):  # "chat not found", until they open one
                await self._client.set_my_commands(_commands(sentences.ADMIN_COMMANDS), BotCommandScopeChat(person))
                self._without_menu.discard(person)
        if admin is None:
            try:
                await self._client.set_my_commands(_commands(sentences.COMMANDS))
            except TelegramError as error:
                logger.info("The menu of commands was not set: %s", error)


def _commands(about: dict[str, str]) -> list[BotCommand]:
    return [BotCommand(name, description) for name, description in about.items()]


def _is_service(message: Message) -> bool:
    """Return whether a message only tells what happened in a chat: somebody joined, a picture was changed."""
    from telegram.ext import filters

    return filters.StatusUpdate.ALL.check_update(Update(0, message=message)) is True


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


def _log(error: Exception) -> None:
    if isinstance(error, Conflict):
        logger.error("Another program fetches this bot's updates with the same token; end it, or this one")
    else:
        logger.warning("Telegram cannot be reached (%s); trying again", error or type(error).__name__)
