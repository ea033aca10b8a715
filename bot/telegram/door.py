"""The door of Telegram: it polls for updates, and turns them into asks. It fills the menus, too.

Asks are noted before Telegram forgets their updates, and asks that the last start left come first.
Polling fetches no more than can be answered in time, and pauses while nothing can. Telegram keeps
updates for a day. `pacing` says when a message leaves, and `chat` writes it.

python-telegram-bot's own Updater can go deaf, so here a new polling client takes over after each
failure.
"""

import asyncio
import contextlib
import logging
import math
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Self

from telegram import (
    BotCommandScopeChat,
    CallbackQuery,
    Document,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    Update,
)
from telegram.constants import PollingLimit
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Defaults, ExtBot, filters
from telegram.request import BaseRequest

from bot.app import STOP_SECONDS, Bot, Door
from bot.asks import File, Said, Sent, Typed, writable
from bot.chat import NotSent, StartError
from bot.commands import menu
from bot.database import StoreError
from bot.inbox import Inbox, Note
from bot.settings import Settings
from bot.tasks import Tasks
from bot.telegram.chat import TelegramChat
from bot.telegram.pacing import Pacing, silence_in
from bot.telegram.request import PollingRequest, TelegramRequest
from bot.telegram.sender import ON_ITS_WAY_SECONDS, Sender
from bot.words import sentences

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]
POLL_SECONDS = 10
"""Telegram answers a poll after this time, even if nothing has happened."""
WAIT_SECONDS = 30.0
"""The door fetches no more updates than can be answered in this time."""
PAUSE_SECONDS = 2.0
"""The pause after a failed try to reach Telegram, or to note asks."""
DEAF_SECONDS = 20.0
"""If the last good answer is older, the bot is not well. A poll takes 10 seconds."""
CONFLICT_SECONDS, CONFLICT_OVER_SECONDS = 10.0, 20.0
"""Another program polls with the token if Telegram says so twice, 10 to 20 seconds apart. If
Telegram says so once, it means a poll that the last start left behind."""
RENEW_SECONDS = 1.0
"""How long the old polling client may take to close."""
LOOK_SECONDS = 0.5
"""How often polling looks, while it pauses, whether there is room again."""
REJECTED = (
    "Telegram rejects the token; put the one that @BotFather gives into TELEGRAM_TOKEN, or into the"
    " file that TELEGRAM_TOKEN_FILE names"
)
LATE_SECONDS = 600.0
"""A message that has waited longer at Telegram is not answered."""
MOST_TAKEN = 10_000
"""How many updates are remembered, in case they come again."""


class Telegram(Door):
    """The door of Telegram. `requests` are two transports: the second is for polling, the first for
    everything else.

    Nothing leaves while `may_send()` is false.
    """

    inbox: Inbox
    sender: Sender
    polling: asyncio.Task[None]
    """The task that polls. It ends with StartError once Telegram rejects the token."""

    def __init__(
        self,
        settings: Settings,
        requests: tuple[BaseRequest, BaseRequest] | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        if settings.token is None:
            raise StartError("TELEGRAM_TOKEN is not set")
        request, self._polling = requests or (TelegramRequest(), PollingRequest(1))
        self.pacing = Pacing(may_send)
        self.client: ExtBot[None] = ExtBot(
            settings.token.reveal(),
            base_url=f"{settings.api_base_url}/bot",
            base_file_url=f"{settings.api_base_url}/file/bot",
            request=request,
            get_updates_request=self._polling,
            defaults=Defaults(
                parse_mode="HTML", link_preview_options=LinkPreviewOptions(is_disabled=True)
            ),
        )
        self._offset: int | None = None
        self._taken = deque[object](maxlen=MOST_TAKEN)
        """The updates that were taken, and the albums, of which each is one ask."""
        self._caught_up = -math.inf  # when Telegram had no more updates for the bot
        # when Telegram answered last, or was left alone on purpose
        self._heard = math.inf
        self._failed = 0
        self._has_wrong_clock = False
        # when Telegram said that another program polls
        self._conflicts = deque[float](maxlen=100)
        self._tasks = Tasks()  # they go on until the door closes

    async def __aenter__(self) -> Self:
        """Introduce the bot to Telegram, however long the network is down. Raises StartError."""
        self._heard = asyncio.get_running_loop().time()
        await self._call_until_answered(self.client.initialize)
        return self

    async def __aexit__(self, *_: object) -> None:
        if hasattr(self, "sender"):
            await self.sender.close()
        await self.client.shutdown()

    async def open(self, bot: Bot) -> None:
        bot.username = self.client.username
        self.inbox = bot.store.inbox
        self.sender = Sender(self.client, self.pacing, bot)
        await self.sender.resume()
        last, notes = await self.inbox.left(self.client.id)
        if last is not None:
            self._offset = last + 1
        for note in notes:
            self._taken.append(note.update)
            self._begin(note, bot)
        for admin in (None, *bot.admins):
            self._tasks.begin(self._fill_menu(admin))
        self.polling = self._tasks.begin(self._fetch(bot))
        logger.info("Serving as @%s", bot.username)

    async def close(self) -> None:
        """Take no more asks. The last messages leave early enough to hear whether they arrive."""
        now = asyncio.get_running_loop().time()
        self.pacing.ends_at = now + STOP_SECONDS - ON_ITS_WAY_SECONDS
        await self._tasks.cancel()
        with contextlib.suppress(StoreError):  # then the next start counts these tries, too
            await self.inbox.take_back_tries(self.client.id)

    def figures(self) -> dict[str, float]:
        return {
            "messages_waiting": self.pacing.waiting,
            "messages_given_up_total": self.pacing.given_up,
            "messages_refused_total": self.sender.refused,
            "polls_begun_anew_total": self._failed,
            "last_poll_seconds": asyncio.get_running_loop().time() - self._heard,
        }

    def failures(self) -> dict[str, str]:
        now = asyncio.get_running_loop().time()
        lately = [at for at in self._conflicts if now - at < CONFLICT_OVER_SECONDS]
        if lately and lately[-1] - lately[0] >= CONFLICT_SECONDS:
            return {"polling": "another program uses the token"}
        if self.pacing.silence > WAIT_SECONDS:
            silence = sentences.duration(self.pacing.silence)
            return {"Telegram": f"it wants no message from this bot for {silence}"}
        if now - self._heard > DEAF_SECONDS:
            return {"Telegram": f"no good answer for {sentences.duration(now - self._heard)}"}
        return {}

    async def _fetch(self, bot: Bot) -> None:
        """Begin to answer each update, until the task is cancelled. Raises StartError."""
        # Telegram answers no polls while it has a webhook
        await self._call_until_answered(self.client.delete_webhook)
        while True:
            # if there is no room by then, something hangs, and the bot is no longer well
            well_until = asyncio.get_running_loop().time() + WAIT_SECONDS
            while (room := self.pacing.room(bot.limits.messages, WAIT_SECONDS)) < 1:
                await asyncio.sleep(LOOK_SECONDS)
                self._heard = min(asyncio.get_running_loop().time(), well_until)
            most = min(room, PollingLimit.MAX_LIMIT)
            poll = partial(
                self.client.get_updates,
                self._offset,
                limit=most,
                timeout=POLL_SECONDS,
                allowed_updates=ALLOWED_UPDATES,
            )
            if updates := await self._call_until_answered(poll):
                await self._take(updates, bot)
            if len(updates) < most:
                self._caught_up = asyncio.get_running_loop().time()
            # so that each new ask is expected before the next look at the room
            await asyncio.sleep(0)

    async def _call_until_answered(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Ask Telegram for something until it answers. Raises StartError.

        The log warns once when Telegram stops answering, and once when it answers again.
        """
        level = logging.WARNING
        while True:
            pause = PAUSE_SECONDS
            try:
                answer = await call()
            except InvalidToken:  # its text holds the token
                raise StartError(REJECTED) from None
            except TelegramError as error:
                if isinstance(error, RetryAfter):
                    pause = max(pause, silence_in(error))
                if isinstance(error, Conflict):
                    self._conflicts.append(asyncio.get_running_loop().time())
                logger.log(
                    level,
                    "Telegram does not answer as it should (%s); the next try is in %.0f s",
                    error,
                    pause,
                )
                level = logging.DEBUG
            else:
                if level == logging.DEBUG:
                    logger.warning("Telegram answers again")
                self._heard = asyncio.get_running_loop().time()
                return answer
            self._failed += 1
            # the only connection of the polling client may have leaked (encode/httpcore #1093)
            with contextlib.suppress(Exception):
                async with asyncio.timeout(RENEW_SECONDS):
                    await self._polling.shutdown()
            with contextlib.suppress(Exception):  # what is wrong shows in the next try
                await self._polling.initialize()
            await asyncio.sleep(pause)

    async def _take(self, updates: Sequence[Update], bot: Bot) -> None:
        """Note the asks in a batch of updates, and begin to answer. What somebody types inline is
        not noted, because nobody waits for offers after a stop.

        An update that cannot be read stops no other, and one that comes twice is taken once.
        """
        asked: list[tuple[Note, CallbackQuery | None]] = []
        for update in sorted(updates, key=_is_without_words):
            if update.update_id in self._taken or _album(update) in self._taken:
                continue
            self._taken += filter(None, (update.update_id, _album(update)))
            try:
                if (query := update.inline_query) and not query.offset:
                    person = query.from_user.id
                    chat = TelegramChat(self, person, typed=query.id)
                    bot.ask(Typed(person=person, chat=chat, text=query.query))
                elif note := self._note_of(update):
                    asked.append((note, update.callback_query))
            except Exception as error:
                reason = type(error).__name__  # not its text, which may quote what somebody wrote
                logger.error(  # noqa: TRY400
                    "Update %s cannot be read (%s) and is passed over", update.update_id, reason
                )
        asked.sort(key=lambda each: each[0].update)
        people = set[int]()
        for note, _ in asked:  # an ask waits behind earlier ones of the same person
            note.is_begun = not (note.person in people or bot.is_waiting(note.person))
            note.begun = int(note.is_begun)
            people.add(note.person)
        last = updates[-1].update_id
        await self._note_asks([note for note, _ in asked], last)
        self._offset = last + 1
        for note, press in asked:
            self._begin(note, bot, press, is_new=True)

    async def _note_asks(self, notes: Sequence[Note], update: int) -> None:
        """Note asks, however long the database takes nothing. Until then, nothing is confirmed."""
        level = logging.WARNING
        while True:
            try:
                await self.inbox.note(self.client.id, notes, update)
            except StoreError as error:
                logger.log(level, "Asks cannot be noted: %s", error)
                level = logging.DEBUG
                # Telegram is left alone meanwhile
                self._heard = asyncio.get_running_loop().time()
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    def _begin(
        self, note: Note, bot: Bot, press: CallbackQuery | None = None, *, is_new: bool = False
    ) -> None:
        """Begin to answer an ask. Whether its person is an admin is looked up now, even if an
        earlier start noted the ask. That start has accepted it.
        """
        kind = Sent if note.is_sent else Said
        ask = kind(
            person=note.person,
            chat=TelegramChat(self, note.chat, note, press),
            text=note.text,
            is_admin=note.person in bot.admins,
            file=self._file(**note.file) if note.file else None,
            name=note.name,
            is_late=is_new and self._is_late(note),
            pressed=note.message if note.is_press else None,
            shown=note.shown,
            is_accepted=not is_new,
        )
        bot.ask(ask)

    def _is_late(self, note: Note) -> bool:
        """Return whether a message has waited too long. If Telegram had no more updates a moment
        ago, it is the clock of this machine that is wrong.
        """
        if time.time() - note.date <= LATE_SECONDS:
            return False
        if asyncio.get_running_loop().time() - self._caught_up > LATE_SECONDS / 2:
            return True
        if not self._has_wrong_clock:
            self._has_wrong_clock = True
            logger.warning("The clock of this machine is wrong by more than ten minutes")
        return False

    def _note_of(self, update: Update) -> Note | None:
        """Return the note for an update, or None if it asks nothing of this bot."""
        # Telegram may send no more than the chat and the number of the message with the button. A
        # message that was sent inline has no buttons.
        if (press := update.callback_query) and (message := press.message):
            return Note(
                bot=self.client.id,
                update=update.update_id,
                person=press.from_user.id,
                chat=message.chat.id,
                message=message.message_id,
                date=time.time(),
                text=writable(press.data or ""),
                name=writable(press.from_user.first_name),
                topic=_topic(message),
                is_press=True,
            )
        return self._note_of_message(update.update_id, update.message) if update.message else None

    def _note_of_message(self, update: int, message: Message) -> Note | None:
        """Return the note of a message, or None if it is not for us or was sent through a bot."""
        sender = message.sender_chat or message.from_user
        # an event is, for example, that somebody joins
        is_event = filters.StatusUpdate.ALL.check_update(Update(0, message=message))
        if sender is None or message.via_bot or is_event:
            return None
        text = message.text or message.caption or ""
        if message.chat_id < 0 and not text.startswith(
            "/"
        ):  # people in a group talk to one another
            return None
        if addressed := re.match(r"(/[^\s@]*)@(\S*)", text):
            # a command with a bot's name behind it
            if addressed[2].lower() != self.client.username.lower():
                return None
            text = addressed[1] + text[addressed.end() :]
        document = message.document
        if message.text and message.reply_to_message:
            document = message.reply_to_message.document
        return Note(
            bot=self.client.id,
            update=update,
            person=sender.id,
            chat=message.chat_id,
            message=message.message_id,
            date=message.date.timestamp(),
            text=writable(text),
            name=writable(sender.first_name or ""),  # a group has none
            topic=_topic(message),
            is_sent=not text or bool(message.document),
            file=_file_facts(document) if document else None,
        )

    def _file(self, file_id: str, name: str, size: int) -> File:
        """Return a file that Telegram keeps."""

        async def read() -> bytes:
            try:
                file = await self.client.get_file(file_id)
                return bytes(await file.download_as_bytearray())
            except TelegramError as error:
                # its text may hold an address
                logger.warning("A file was not fetched: %s", type(error).__name__)
                raise NotSent("the file could not be fetched") from error

        return File(name=name, size=size, read=read)

    async def _fill_menu(self, admin: int | None) -> None:
        """Fill the menu of commands in Telegram's apps: everybody's, or an admin's."""
        scope = None if admin is None else BotCommandScopeChat(admin)
        try:
            await self.client.set_my_commands(list(menu(is_admin=bool(admin)).items()), scope)
        except TelegramError as error:
            logger.info("The menu of %s was not set: %s", admin or "everybody", error)


def _topic(message: MaybeInaccessibleMessage) -> int | None:
    """Return the topic in which a message stands, if Telegram tells it."""
    if isinstance(message, Message) and message.is_topic_message:
        return message.message_thread_id
    return None


def _file_facts(document: Document) -> dict[str, Any]:
    """Return the facts of a file that are noted."""
    return {
        "file_id": document.file_id,
        "name": writable(document.file_name or "file"),
        "size": document.file_size or 0,
    }


def _album(update: Update) -> str | None:
    """Return the id of the album to which a message belongs."""
    return update.message.media_group_id if update.message else None


def _is_without_words(update: Update) -> bool:
    """Return whether a message has no words. In an album, one of them has."""
    return bool(update.message and not (update.message.text or update.message.caption))
