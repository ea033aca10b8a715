"""The door of Telegram: what happens there becomes asks, and answers go to its chats. It fills the
menus, too.

`updates` fetches what happens, `pacing` says when a message leaves, and `chat` writes it.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Any, Self

from telegram import BotCommandScopeChat, Document, LinkPreviewOptions, Message, Update
from telegram.error import TelegramError
from telegram.ext import Defaults, ExtBot, filters
from telegram.request import BaseRequest

from bot.app import Bot
from bot.asks import Ask, File, Pressed, Said, Sent, Typed
from bot.chat import Door, NotSent, StartError
from bot.commands import menu
from bot.settings import Settings
from bot.telegram.chat import TelegramChat
from bot.telegram.pacing import Pacing, Place
from bot.telegram.request import PollingRequest, TelegramRequest
from bot.telegram.updates import Updates
from bot.words import sentences

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
        self.pacing = Pacing(settings.message_rate, may_send)
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
        self.pacing.apologise = self._apologise
        self._updates = Updates(self._client, polling, settings.webhook)
        self._admins = settings.admin_ids
        self._without_menu: set[int | None] = {None, *settings.admin_ids}
        self._announcing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Introduce the bot to Telegram, however long the network is down. Raises StartError."""
        try:
            await self._updates.answered(self._client.initialize)
        except BaseException:
            await self._client.shutdown()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()  # if opening failed half-way
        await self._client.shutdown()

    async def open(self, bot: Bot) -> None:
        bot.username = self._client.username
        self._begin_to_announce(*self._without_menu)
        await self._updates.open(
            lambda update: self._take(update, bot),
            lambda seconds: self.pacing.room(bot.capacity.messages, seconds),
        )
        serving = ", ".join(
            f"{network} {checkpoint.version}" for network, checkpoint in bot.shelf.serving.items()
        )
        logger.info("Serving as @%s with %s", bot.username, serving)

    async def close(self, seconds: float) -> None:
        await self._stop()
        await self._updates.confirm(seconds)

    async def _stop(self) -> None:
        for task in self._announcing:
            task.cancel()
        await asyncio.gather(self._updates.stop(), *self._announcing, return_exceptions=True)

    def deadline(self, open_until: float, cut_at: float) -> None:
        self.pacing.deadline(open_until, cut_at)

    def facts(self) -> dict[str, str]:
        messages = f"{self.pacing.waiting:,} waiting, {self.pacing.dropped:,} given up"
        return {"messages": messages} | self._updates.facts()

    def figures(self) -> dict[str, float]:
        waiting, dropped = self.pacing.waiting, self.pacing.dropped
        return {
            "messages_waiting": waiting,
            "messages_given_up_total": dropped,
        } | self._updates.figures()

    def failures(self) -> dict[str, str]:
        return self._updates.failures()

    def chat(self, chat_id: int, *asked: Any, **query: Any) -> TelegramChat:
        return TelegramChat(self._client, self.pacing, chat_id, *asked, **query)

    async def rejected(self) -> None:
        await self._updates.rejected()

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
                # they have opened a chat since the start
                self._begin_to_announce(ask.person)

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
                data=(pressed.data or "")
                if message
                else "",  # what was sent inline has no buttons any more
            )
        return self._message(update.message) if update.message else None

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
        said: dict[str, Any] = {
            "person": sender.id,
            "chat": self.chat(message.chat_id, message),
            "is_admin": message.sender_chat is None and sender.id in self._admins,
            "text": text,
            "name": message.from_user.first_name
            if message.from_user and not message.sender_chat
            else "",
            "is_late": time.time() - message.date.timestamp() > LATE_SECONDS,
        }
        if message.text:
            replied = message.reply_to_message.document if message.reply_to_message else None
            return Said(**said, file=_file(replied))
        if not said["chat"].is_private and not message.document:
            return None
        return Sent(**said, file=_file(message.document), album=message.media_group_id or "")

    async def _apologise(self, chat_id: int | str, place: Place) -> None:
        """Tell a chat how much was not answered while Telegram wanted silence."""
        what = (
            "something you asked for"
            if len(place.asks) == 1
            else f"{len(place.asks)} things you asked for"
        )
        try:
            await self._client.send_message(
                chat_id, sentences.SILENCED.format(what), rate_limit_args=place
            )
        except TelegramError as error:
            logger.info("A chat was not told that Telegram wanted silence: %s", error)

    def _begin_to_announce(self, *people: int | None) -> None:
        task = asyncio.create_task(self._announce(*people))
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)

    async def _announce(self, *people: int | None) -> None:
        """Fill menus of commands in Telegram's apps: everybody's (None), or an admin's."""
        for person in people:
            scope = None if person is None else BotCommandScopeChat(person)
            try:
                await self._client.set_my_commands(
                    list(menu(is_admin=person is not None).items()), scope
                )
                self._without_menu.discard(person)
            except TelegramError as error:  # expected for an admin who has not opened a chat yet
                logger.info("The menu of %s was not set: %s", person or "everybody", error)


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
