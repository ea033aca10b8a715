"""A chat on Telegram. Its errors say what is known of a message: not sent, in doubt, or gone."""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from telegram import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    ReplyParameters,
)
from telegram import Message as TelegramMessage
from telegram.constants import ChatAction, MessageLimit
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.chat import Button, Buttons, Chat, Explained, Gone, InDoubt, NotSent, Offer, Picture
from bot.database import StoreError
from bot.inbox import Note
from bot.telegram.pacing import REFUSAL, Call
from bot.telegram.request import NotDoneError
from bot.words import sentences
from bot.words.pieces import NOTHING, Message, Piece, Style, length, link_to

if TYPE_CHECKING:
    from bot.telegram.door import Telegram

logger = logging.getLogger(__name__)

REFUSED = (BadRequest, Forbidden, ChatMigrated)
UNSENT = (NotDoneError, RetryAfter, InvalidToken)
"""After these errors, a message surely did not arrive. After another NetworkError, it may have."""
EDIT_SECONDS, EDIT_A_GROUP_SECONDS = 3.0, 10.0
"""The time between two changes of a message.

In a group, each change counts among the 20 messages of a minute.
"""
MOST_FILE_IDS = 10_000
"""How many pictures that belong to nobody are remembered, to be sent again by their file_id."""
CACHED_SECONDS = 60
"""How long Telegram may repeat offers by itself. A new seed or new weights show only after that."""
GONE = (
    "chat not found",
    "thread not found",
    "message to edit not found",
    "can't be edited",
    "message_id_invalid",
    "not enough rights",
    "have no rights",
    "_forbidden",
    "topic_closed",
)
"""How Telegram says that a message is gone, or that the bot may not write in a chat."""
NO_PHOTOS = ("rights to send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden")
"""How Telegram says that a group takes words from the bot, but no pictures."""
TAGS: dict[Style, str] = {
    "bold": "b",
    "name": "b",
    "own": "b",
    "italic": "i",
    "code": "code",
    "table": "pre",
}


def html_of(message: Message, username: str) -> str:
    """Return a message as Telegram's HTML.

    A code becomes a link that shows its creation. An `opening` becomes a link that says its
    command.
    """
    html = ""
    for text, style in message:
        escaped = escape(text)
        if style == "opening":
            html += link_to(username, escaped[1:])  # the command without its slash
        elif style == "creation":
            html += f'<a href="https://{link_to(username, escaped)}">{escaped}</a>'
        elif style in TAGS:
            html += f"<{TAGS[style]}>{escaped}</{TAGS[style]}>"
        else:
            html += escaped
    return html


def shortened(message: Message, most: int) -> Message:
    """Return a message if it fits, else its beginning as plain text."""
    if length(message) <= most:
        return message
    text = str(message).encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore")
    return Message([Piece(f"{text}…")])


class TelegramChat(Chat):
    """The chat with an id, for the answers to one ask.

    With a `note`, answers go to the topic of the message that asks, or whose button was pressed.
    (If that message is old, Telegram does not tell its topic.) In a group, answers reply to the
    message, and name the person who pressed. `typed` is the id of an inline query.
    """

    def __init__(
        self,
        door: "Telegram",
        chat_id: int,
        note: Note | None = None,
        pressed: CallbackQuery | None = None,
        typed: str = "",
    ) -> None:
        self.id = chat_id
        self.is_private = chat_id > 0
        self.place = "private" if self.is_private else "group"
        self.edit_seconds = EDIT_SECONDS if self.is_private else EDIT_A_GROUP_SECONDS
        self.shows_pictures = chat_id not in door.without_pictures
        self.note = note
        self._door = door
        self._pressed = pressed
        self._typed = typed
        self._presser = NOTHING
        self._place_in_queue = door.pacing.place()
        self._where: dict[str, Any] = {}
        if note and note.topic is not None:
            self._where["message_thread_id"] = note.topic
        if note and not self.is_private:  # so that each person sees which answer is theirs
            self._where["reply_parameters"] = ReplyParameters(
                note.message, allow_sending_without_reply=True
            )
            if note.is_press:
                self._presser = Message([Piece(note.name, "bold"), Piece(":\n")])

    async def say(
        self, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> int:
        sent = await self._send(
            self._door.client.send_message,
            self._html(message),
            self._door.pacing.place() if unfinished else self._place_in_queue,
            reply_markup=_keyboard(buttons, self._door.client.username),
        )
        if unfinished and self.note:
            # if this fails, the next start says that the answer is in doubt
            with contextlib.suppress(StoreError):
                await self._door.inbox.mark(self.note, is_sending=False, shown=sent.message_id)
        return sent.message_id

    async def change(
        self, number: int, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        edit = partial(
            self._door.client.edit_message_text,
            self._html(message, number=number),
            self.id,
            number,
            reply_markup=_keyboard(buttons, self._door.client.username),
        )
        place = self._door.pacing.place() if unfinished else self._place_in_queue
        with self._explained():
            await self._door.pacing.send(edit, self.id, place, is_edit=True)

    async def refuse(self, message: Message, expected: int) -> None:
        if not self._door.pacing.allow_refusal(self.id, expected):
            raise NotSent("answers come first")
        await self._send(self._door.client.send_message, self._html(message), REFUSAL)

    async def release(self, text: str = "") -> bool:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return False
        answer = partial(pressed.answer, text or None, show_alert=bool(text))
        try:
            await self._door.pacing.send_at_once(answer, self.id)
        except TelegramError as error:  # a BadRequest if the press has waited too long
            logger.info("A button was not released: %s", error)
            return False
        return True

    async def picture(self, picture: Picture, message: Message, buttons: Buttons = ()) -> None:
        """Send a picture by its file_id. If there is none, or Telegram refuses it, upload the
        picture.
        """
        known = self._door.file_ids
        send = self._door.client.send_photo
        below: dict[str, Any] = {
            "caption": self._html(message, MessageLimit.CAPTION_LENGTH),
            "filename": picture.name,
            "reply_markup": _keyboard(buttons, self._door.client.username),
        }
        if picture.key in known:
            with contextlib.suppress(BadRequest):
                await self._send(send, known[picture.key], self._place_in_queue, **below)
                return  # not reached if Telegram refuses the file_id
        png, _ = await picture.draw()
        sent = await self._send(send, png, self._place_in_queue, **below)
        self._door.without_pictures.discard(self.id)
        if picture.is_kept:
            known[picture.key] = sent.photo[-1].file_id
            if len(known) > MOST_FILE_IDS:
                del known[next(iter(known))]

    async def document(
        self, name: str, content: bytes, message: Message, buttons: Buttons = ()
    ) -> None:
        await self._send(
            self._door.client.send_document,
            content,
            self._place_in_queue,
            caption=self._html(message, MessageLimit.CAPTION_LENGTH),
            filename=name,
            reply_markup=_keyboard(buttons, self._door.client.username),
        )

    async def typing(self) -> None:
        thread = self._where.get("message_thread_id")
        sign = partial(self._door.client.send_chat_action, self.id, ChatAction.TYPING, thread)
        with self._explained():
            await self._door.pacing.send_at_once(sign, self.id)

    async def offer(self, offers: Sequence[Offer], reason: Message = NOTHING) -> None:
        """Offer what somebody may send in another chat. A reason stands on a button that leads to a
        chat with the bot.

        If the person has typed more meanwhile, Telegram refuses the offers. That is no error.
        """
        results = [
            InlineQueryResultArticle(
                str(number),
                offer.title,
                InputTextMessageContent(self._html(offer.message)),
                description=offer.description,
            )
            for number, offer in enumerate(offers)
        ]
        answer = partial(
            self._door.client.answer_inline_query,
            self._typed,
            results,
            cache_time=CACHED_SECONDS if results else 0,
            is_personal=True,
            button=InlineQueryResultsButton(str(reason), start_parameter="help")
            if reason
            else None,
        )
        with self._explained(), contextlib.suppress(BadRequest):
            await self._door.pacing.send_at_once(answer, self.id)

    def wait_seconds(self, in_chat: int = 0, in_all: int = 0) -> float:
        return self._door.pacing.wait(self.id, in_chat, in_all)

    def _html(
        self, message: Message, most: int = MessageLimit.MAX_TEXT_LENGTH, number: int | None = None
    ) -> str:
        """Return the HTML of a new message, or of one that replaces the message with this number.

        The text names the person who pressed a button, unless it replaces the message that has the
        button.
        """
        if not self.note or number != self.note.message:
            message = self._presser + message
        return html_of(shortened(message, most), self._door.client.username)

    async def _send(
        self,
        send: Callable[..., Awaitable[TelegramMessage]],
        content: str | bytes,
        place: int,
        **options: Any,
    ) -> TelegramMessage:
        """Send a message in its turn. It is noted as on its way, unless it is a refusal."""
        call: Call[TelegramMessage] = partial(send, self.id, content, **self._where, **options)
        if place != REFUSAL:
            call = partial(self._noted, call)
        with self._explained():
            return await self._door.pacing.send(call, self.id, place)

    async def _noted(self, send: Call[TelegramMessage]) -> TelegramMessage:
        """Note that a message is on its way, and send it."""
        note = self.note
        if note is None:
            return await send()
        await self._door.inbox.mark(note, is_sending=True)
        try:
            self._door.pacing.check()  # once more, as the database may have taken seconds
            return await send()
        except (*REFUSED, *UNSENT):
            await self._door.inbox.mark(note, is_sending=False)
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the library's errors into NotSent, InDoubt, Gone or Explained.

        Any other error is a bug of ours.
        """
        try:
            yield
        except REFUSED as error:
            reason = str(error).lower()
            if "not modified" in reason:
                return
            if any(sign in reason for sign in NO_PHOTOS):
                self._door.without_pictures.add(self.id)
                raise Explained(sentences.NO_PICTURES) from error
            if isinstance(error, BadRequest) and not any(sign in reason for sign in GONE):
                raise
            logger.info("A message to %s was not sent: %s", self.id, error)
            raise Gone(str(error)) from error
        except UNSENT as error:
            raise NotSent(str(error)) from error
        except NetworkError as error:
            logger.warning("A message may not have arrived: %s", error)
            raise InDoubt(str(error)) from error


def _keyboard(buttons: Buttons, username: str) -> InlineKeyboardMarkup | None:
    """Return buttons as Telegram wants them, or None if there are none."""
    rows = [
        [
            InlineKeyboardButton(each.label, callback_data=each.line)
            if each.line
            else InlineKeyboardButton(each.label, url=_share_link(each, username))
            for each in row
        ]
        for row in buttons
        if row
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _share_link(button: Button, username: str) -> str:
    """Return a link that lets a person choose a chat, and sends words and a link to the bot."""
    facts = {"url": f"https://{link_to(username, button.opens)}", "text": button.words}
    return f"https://t.me/share/url?{urlencode(facts, quote_via=quote)}"
