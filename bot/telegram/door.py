"""The door of Telegram: what happens there becomes asks, and answers go to its chats. It fills the
menus, too.

`updates` fetches what happens, `pacing` says when a message leaves, and `chat` writes it.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

from telegram import (
    BotCommandScopeChat,
    CallbackQuery,
    Document,
    LinkPreviewOptions,
    Message,
    Update,
)
from telegram.error import TelegramError
from telegram.ext import Defaults, ExtBot, filters
from telegram.request import BaseRequest

from bot.app import Bot, Door
from bot.asks import Ask, File, Said, Sent, Typed
from bot.chat import NotSent, StartError
from bot.commands import menu
from bot.settings import Settings
from bot.telegram.chat import TelegramChat
from bot.telegram.pacing import Pacing
from bot.telegram.request import PollingRequest, TelegramRequest
from bot.telegram.updates import Updates

logger = logging.getLogger(__name__)

LATE_SECONDS = 120.0
"""An older message is not answered. A clock that is wrong by a minute does no harm."""


class Telegram(Door):
    """The door of Telegram. `requests` are two transports: the second is for polling, the first for
    everything else.

    Nothing leaves while `may_send()` is false.
    """

    def __init__(
        self,
        settings: Settings,
        requests: tuple[BaseRequest, BaseRequest] | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        if settings.token is None:
            raise StartError("TELEGRAM_TOKEN is not set")
        request, polling = requests or (TelegramRequest(), PollingRequest())
        server = settings.api_base_url or "https://api.telegram.org"
        self.pacing = Pacing(may_send)
        self._client: ExtBot[Any] = ExtBot(
            settings.token.reveal(),
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=request,
            get_updates_request=polling,
            defaults=Defaults(
                parse_mode="HTML", link_preview_options=LinkPreviewOptions(is_disabled=True)
            ),
            rate_limiter=self.pacing,
        )
        self._updates = Updates(self._client, polling)
        self._admins = settings.admin_ids
        self._without_menu = set(settings.admin_ids)
        self._polling: asyncio.Task[None] | None = None  # ends when Telegram rejects the token
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Introduce the bot to Telegram, however long the network is down. Raises StartError."""
        await self._updates.answered(self._client.initialize)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()  # if opening failed half-way
        await self._client.shutdown()

    async def open(self, bot: Bot) -> None:
        bot.username = self._client.username
        self._begin(self._fill_menu(None))
        self._polling = self._begin(
            self._updates.fetch(
                lambda update: self._take(update, bot),
                lambda seconds: self.pacing.room(bot.limits.messages, seconds),
            )
        )
        versions = [
            f"{network} {checkpoint.version}" for network, checkpoint in bot.shelf.serving.items()
        ]
        logger.info("Serving as @%s with %s", bot.username, ", ".join(versions))

    async def close(self) -> None:
        await self._stop()
        await self._updates.confirm()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in the background until the door closes."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def facts(self) -> dict[str, str]:
        messages = f"{self.pacing.waiting:,} waiting, {self.pacing.given_up:,} given up"
        return {"messages": messages} | self._updates.facts()

    def figures(self) -> dict[str, float]:
        return {
            "messages_waiting": self.pacing.waiting,
            "messages_given_up_total": self.pacing.given_up,
        } | self._updates.figures()

    def failures(self) -> dict[str, str]:
        return self._updates.failures()

    def chat(self, chat_id: int) -> TelegramChat:
        return TelegramChat(self._client, self.pacing, chat_id)

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token, and raise StartError."""
        if self._polling:
            await asyncio.shield(self._polling)

    def _take(self, update: Update, bot: Bot) -> None:
        """Begin to answer an update, if it asks for anything.

        One that cannot be read stops no other.
        """
        try:
            ask = self._ask(update)
        except Exception:
            logger.exception("Update %s cannot be read and is passed over", update.update_id)
            return
        if ask:
            bot.ask(ask)
            if ask.is_admin and ask.person in self._without_menu:
                self._without_menu.discard(ask.person)
                self._begin(self._fill_menu(ask.person))

    def _ask(self, update: Update) -> Ask | None:
        if (query := update.inline_query) and not query.offset:
            person = query.from_user.id
            chat = TelegramChat(self._client, self.pacing, person, typed=query)
            return Typed(person=person, chat=chat, text=query.query)
        if update.callback_query:
            return self._press(update.callback_query)
        return self._message(update.message) if update.message else None

    def _press(self, press: CallbackQuery) -> Said | None:
        """Return what a button says for whoever presses it.

        All that counts of its message is where it stands: Telegram may not show it any more.
        """
        if press.message is None:  # what was sent inline has no buttons
            return None
        chat_id, number = press.message.chat.id, press.message.message_id
        return Said(
            person=press.from_user.id,
            chat=TelegramChat(self._client, self.pacing, chat_id, press.message, press),
            text=press.data or "",
            is_admin=press.from_user.id in self._admins,
            name=press.from_user.first_name,
            pressed=number,
        )

    def _message(self, message: Message) -> Said | None:
        """Return what a message asks, if it is for us and not written by a bot."""
        sender = message.sender_chat or message.from_user
        # an event is, for example, that somebody joins
        is_event = filters.StatusUpdate.ALL.check_update(Update(0, message=message))
        if sender is None or message.via_bot or is_event:
            return None
        text = message.text or message.caption or ""
        if addressed := re.match(r"(/[^\s@]*)@(\S*)", text):
            # a command with a bot's name behind it
            if addressed[2].lower() != self._client.username.lower():
                return None
            text = addressed[1] + text[addressed.end() :]
        chat = TelegramChat(self._client, self.pacing, message.chat_id, message)
        said: dict[str, Any] = {
            "person": sender.id,
            "chat": chat,
            "text": text,
            "is_late": time.time() - message.date.timestamp() > LATE_SECONDS,
        }
        if message.from_user and not message.sender_chat:
            said["name"] = message.from_user.first_name
            said["is_admin"] = sender.id in self._admins
        if message.text:
            replied = message.reply_to_message
            return Said(**said, file=_file(replied.document) if replied else None)
        if not (chat.is_private or message.document):
            return None
        return Sent(**said, file=_file(message.document))

    async def _fill_menu(self, admin: int | None) -> None:
        """Fill the menu of commands in Telegram's apps: everybody's, or an admin's."""
        scope = None if admin is None else BotCommandScopeChat(admin)
        commands = list(menu(is_admin=admin is not None).items())
        try:
            await self._client.set_my_commands(commands, scope)
        except TelegramError as error:
            logger.info("The menu of %s was not set: %s", admin or "everybody", error)


def _file(document: Document | None) -> File | None:
    if document is None:
        return None

    async def read() -> bytes:
        try:
            return bytes(await (await document.get_file()).download_as_bytearray())
        except TelegramError as error:
            # its text may hold an address
            logger.warning("A file was not fetched: %s", type(error).__name__)
            raise NotSent("the file could not be fetched") from error

    return File(name=document.file_name or "file", size=document.file_size or 0, read=read)
