"""Sends the rows of the outbox, each until it has arrived, or never will.

A row is taken in its turn, when it may leave. It waits again only if it surely did not arrive: no
connection, a 429, or a token that was refused. After a cut exchange, a time-out or an error of
Telegram's server, nobody knows. Then a word takes its place, and no row is taken until Telegram
answers `getMe`. So an outage puts a few answers in doubt, and not the whole queue.
"""

import asyncio
import contextlib
import logging
import math
import secrets
import time
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from telegram import InlineKeyboardMarkup, ReplyParameters
from telegram import Message as TelegramMessage
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.answering import export_of
from bot.app import Bot
from bot.cards import card_of, card_of_name
from bot.chat import Failed, Picture
from bot.creations import code_in
from bot.database import StoreError
from bot.inbox import KEPT_SECONDS
from bot.outbox import Row
from bot.tasks import Tasks
from bot.telegram.pacing import PAUSE_SECONDS, REFUSAL, Pacing
from bot.telegram.request import NotDoneError

logger = logging.getLogger(__name__)

REFUSED = (BadRequest, Forbidden, ChatMigrated)
UNSENT = (NotDoneError, RetryAfter, InvalidToken)
"""After these errors, a message surely did not arrive. After another NetworkError, it may have."""
REFUSAL_SECONDS = 30.0
"""A refusal that could not leave by then is dropped."""
ON_ITS_WAY_SECONDS = 0.5
"""At a stop, how long Telegram may take to say that a message has arrived."""
MOST_FILE_IDS = 10_000
"""How many pictures that belong to nobody are remembered, to be sent again by their file_id."""
NO_EDITS = ("message to edit not found", "can't be edited", "message_id_invalid")
"""How Telegram says that a message cannot change any more."""
NO_PHOTOS = ("rights to send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden")
"""How Telegram says that a group takes words from the bot, but no pictures."""
GONE = (
    "chat not found",
    "not modified",
    "thread not found",
    "not enough rights",
    "have no rights",
    "_forbidden",
    "topic_closed",
    *NO_EDITS,
)
"""How Telegram says that a message is gone, or that the bot may not write in a chat."""


class Sender:
    """Sends rows. `refused` counts those that Telegram did not take."""

    def __init__(self, client: ExtBot[None], pacing: Pacing, bot: Bot) -> None:
        self.refused = 0
        self.without_pictures: set[int] = set()
        """Groups that take no pictures."""
        self._client = client
        self._pacing = pacing
        self._bot = bot
        self._outbox = bot.store.outbox
        self._chats = WeakValueDictionary[int, asyncio.Lock]()
        self._tasks = Tasks()

    async def resume(self) -> None:
        """Go on with what the last start left."""
        for row in await self._outbox.left(self._client.id):
            self.begin(row, self._pacing.place())

    async def close(self) -> None:
        """Send nothing more. What is on its way may still arrive."""
        self._pacing.ends_at = -math.inf
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ON_ITS_WAY_SECONDS)
        await self._tasks.cancel()

    async def idle(self) -> None:
        """Wait until every row is over."""
        await self._tasks.ended()

    def may_begin(self, chat_id: int) -> bool:
        """Begin the turn of a new row, if it may leave at once."""
        return chat_id not in self._chats and self._pacing.begin(chat_id)

    def begin(
        self, row: Row, place: float, card: Picture | None = None, *, has_begun: bool = False
    ) -> asyncio.Task[None]:
        """Begin to send a row. A new one brings its card along."""
        place = REFUSAL if row.is_refusal else place
        return self._tasks.begin(self._deliver(row, place, card, has_begun=has_begun))

    async def _deliver(
        self, row: Row, place: float, card: Picture | None, *, has_begun: bool
    ) -> None:
        is_over = False
        while not is_over:
            try:
                # the rows to a chat leave in order, also if a card is drawn
                lock = self._chats.setdefault(row.chat, asyncio.Lock())
                async with lock if not row.is_refusal else contextlib.nullcontext():
                    made = await self._made(row, card)
                is_over = await self._pacing.send(
                    partial(self._try, row, made),
                    row.chat,
                    place,
                    seconds=row.at + _patience(row) - time.time(),
                    has_begun=has_begun,
                )
            except StoreError as error:
                logger.warning("An answer waits for the database: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
            except InvalidToken:
                return  # the row waits for the next start
            except (NotDoneError, TimeoutError):
                is_over = True  # nobody waits for it any more
            except Exception as error:
                logger.exception("An answer could not be sent")
                self._bot.tally.errors[type(error).__name__] += 1
                is_over = True
            has_begun, card = False, None
        await self._delete(row)

    async def _made(self, row: Row, card: Picture | None) -> Picture | bytes | None:
        """Return what a row names: a card that is drawn, unless Telegram has it, or the content of
        a file. A card that cannot be drawn is given up for words.
        """
        if row.is_word or row.edits is not None:
            return None
        if "document" in row.content:
            return await export_of(row.person, self._bot.store).make()
        if "card" not in row.content:
            return None
        card = card or await self._card(row.content["card"])
        if card is None or card.key in self._bot.drawings.file_ids:
            made = card
        else:
            try:
                drawn = await card.draw()
                made = card._replace(draw=lambda: asyncio.sleep(0, drawn))
            except Failed:
                made = None
        if made is None:
            _give_up_card(row)
        return made

    async def _card(self, key: str) -> Picture | None:
        """Return the card with a key: a creation's code and a number, or a name and a word."""
        first, _, rest = key.partition(" ")
        if not code_in(first):
            return card_of_name(first, self._bot.username, self._bot.drawings, rest)
        creation = await self._bot.store.creation(first)
        if creation is None:
            return None
        return card_of(creation, int(rest), self._bot.username, self._bot.drawings)

    async def _try(self, row: Row, made: Picture | bytes | None) -> bool:
        """Take a row, and send it. Return whether it has arrived, or never will."""
        if row.token is None and not await self._outbox.take(row, secrets.token_hex(8)):
            return True  # it was deleted, or somebody else sends it
        try:
            self._pacing.check()  # once more, as the database may have taken seconds
            await self._send(row, made)
        except ChatMigrated as error:
            await self._outbox.change(row, chat=error.new_chat_id, replies_to=None)
            return False
        except UNSENT:
            await self._put_back(row)
            raise
        except REFUSED as error:
            return await self._is_refused(row, made, str(error))
        except NetworkError as error:
            logger.warning("A message may not have arrived: %s", error)
            await self._doubt(row)
            return row.is_refusal
        return True

    async def _send(self, row: Row, made: Picture | bytes | None) -> None:
        content = row.content
        keyboard = content.get("keyboard")
        below: dict[str, Any] = {
            "reply_markup": keyboard and InlineKeyboardMarkup.de_json(keyboard, None)
        }
        if row.edits is not None:
            await self._client.edit_message_text(content["html"], row.chat, row.edits, **below)
            return
        where = where_of(row.topic, row.replies_to)
        if row.is_word:
            await self._client.send_message(row.chat, content["doubt"], **where)
        elif isinstance(made, Picture):
            known = self._bot.drawings.file_ids.get(made.key)
            photo = known or (await made.draw())[0]
            below |= {"caption": content["html"], "filename": made.name} | where
            self._note_photo(made, await self._client.send_photo(row.chat, photo, **below))
        elif isinstance(made, bytes):
            below |= {"caption": content["html"], "filename": content["document"]} | where
            await self._client.send_document(row.chat, made, **below)
        else:
            await self._client.send_message(row.chat, content["html"], **below, **where)

    def _note_photo(self, card: Picture, sent: TelegramMessage) -> None:
        self.without_pictures.discard(sent.chat_id)
        if card.is_kept:
            known = self._bot.drawings.file_ids
            known[card.key] = sent.photo[-1].file_id
            if len(known) > MOST_FILE_IDS:
                del known[next(iter(known))]

    async def _is_refused(self, row: Row, made: Picture | bytes | None, reason: str) -> bool:
        """Return whether a row that Telegram refused is over. Otherwise, change it, so that it can
        be tried again.
        """
        signs = reason.lower()
        if row.edits is not None and "not modified" in signs:
            return True
        if row.edits is not None and any(sign in signs for sign in NO_EDITS):
            await self._outbox.change(row, edits=None)
            return False
        if isinstance(made, Picture):
            known = self._bot.drawings.file_ids.pop(made.key, None)
            if any(sign in signs for sign in NO_PHOTOS):
                self.without_pictures.add(row.chat)
                _give_up_card(row)
                return False
            if known and "file" in signs:
                await self._put_back(row)  # until the card is drawn
                return False
        self.refused += 1
        if any(sign in signs for sign in (*GONE, "forbidden")):
            logger.info("A message to %s was not sent: %s", row.chat, reason)
        else:
            logger.error("Telegram refuses a message to %s: %s", row.chat, reason)
            self._bot.tally.errors["BadRequest"] += 1
        return True

    async def _put_back(self, row: Row) -> None:
        with contextlib.suppress(StoreError):  # then the token stays, and is used again
            await self._outbox.change(row, token=None)

    async def _doubt(self, row: Row) -> None:
        """Let a word take the place of a row, unless the row may come twice. Take no other row
        until Telegram answers.
        """
        if self._pacing.is_open:
            self._pacing.close()
            self._tasks.begin(self._open_again())
        is_word = not row.may_repeat or row.is_word
        row.is_word = is_word
        with contextlib.suppress(StoreError):  # then the token stays, and is used again
            await self._outbox.change(row, is_word=is_word, token=None)

    async def _open_again(self) -> None:
        while True:
            with contextlib.suppress(TelegramError):
                await self._client.get_me()
                break
            await asyncio.sleep(PAUSE_SECONDS)
        self._pacing.open()

    async def _delete(self, row: Row) -> None:
        """Delete a row that is over, however long the database is away."""
        while True:
            try:
                await self._outbox.delete(row)
            except StoreError as error:
                logger.warning("An answer that is over stays in the outbox: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return


def where_of(topic: int | None, replies_to: int | None) -> dict[str, Any]:
    """Return the topic of a message, and what it replies to, for the client."""
    where: dict[str, Any] = {}
    if topic is not None:
        where["message_thread_id"] = topic
    if replies_to is not None:
        where["reply_parameters"] = ReplyParameters(replies_to, allow_sending_without_reply=True)
    return where


def _give_up_card(row: Row) -> None:
    """Let words take the place of a card."""
    content = row.content
    row.content = {
        "html": content["words"],
        "keyboard": content["keyboard_of_words"],
        "doubt": content["doubt"],
    }


def _patience(row: Row) -> float:
    return REFUSAL_SECONDS if row.is_refusal else KEPT_SECONDS
