"""A chat on Telegram: how an answer becomes a row of the outbox, and what is sent without one."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from telegram import (
    CallbackQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
)
from telegram.constants import ChatAction, MessageLimit
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.chat import Answer, Buttons, Chat, Gone, InDoubt, NotSent, Offer
from bot.database import StoreError
from bot.inbox import Note
from bot.outbox import Row
from bot.store import Store
from bot.telegram.pacing import Call, Sent
from bot.telegram.sender import GONE, REFUSED, UNSENT, where_of
from bot.telegram.shown import html_of, keyboard_of, shortened
from bot.words import sentences
from bot.words.pieces import NOTHING, Message, Piece

if TYPE_CHECKING:
    from bot.telegram.door import Telegram

logger = logging.getLogger(__name__)

EDIT_SECONDS, EDIT_A_GROUP_SECONDS = 3.0, 10.0
"""The time between two changes of a message.

In a group, each change counts among the 20 messages of a minute.
"""
CACHED_SECONDS = 60
"""How long Telegram may repeat offers by itself. A new seed or new weights show only after that."""


class TelegramChat(Chat):
    """The chat with an id, for the answer to one ask.

    With a `note`, the answer goes to the topic of the message that asks, or whose button was
    pressed. (If that message is old, Telegram does not tell its topic.) In a group, the answer
    replies to the message, and names the person who pressed. `typed` is the id of an inline query.
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
        self.shows_pictures = chat_id not in door.sender.without_pictures
        self.note = note
        self._door = door
        self._pressed = pressed
        self._typed = typed
        self._presser = NOTHING
        self._place_in_queue = door.pacing.place()
        self._topic = note.topic if note else None
        # so that each person sees which answer is theirs
        self._replies_to = note.message if note and not self.is_private else None
        self._sending: asyncio.Task[None] | None = None
        if note and note.is_press and not self.is_private:
            self._presser = Message([Piece(note.name, "bold"), Piece(":\n")])

    async def end(self, answer: Answer, store: Store, shown: int | None = None) -> None:
        """End the ask that is answered here. Its answer goes into the outbox, and leaves when it
        may.
        """
        if self.note is None:
            raise ValueError("nobody has asked for this answer")
        new = self._row(self.note, answer, shown)
        over_button = bool(answer.reason and self._pressed)
        may_begin = not (over_button or new.is_refusal or answer.document)
        has_begun = may_begin and self._door.sender.may_begin(self.id)
        new.token = secrets.token_hex(8) if has_begun or over_button else None
        row = None
        try:
            row = await store.outbox.end(new, answer.change)
        finally:
            if has_begun and row is None:
                self._door.pacing.end(self.id)
        if row is None:
            return
        if over_button:
            if await self.release(answer.notice):
                await store.outbox.delete(row)
                return
            await store.outbox.change(row, token=None)
        self._sending = self._door.sender.begin(
            row, self._place_in_queue, answer.card, has_begun=has_begun
        )

    async def arrived(self) -> None:
        if self._sending:
            await asyncio.wait([self._sending])

    async def say(
        self,
        message: Message,
        buttons: Buttons = (),
        *,
        unfinished: bool = False,  # noqa: ARG002 - each message here grows
    ) -> int:
        send = partial(
            self._door.client.send_message,
            self.id,
            self._html(message),
            reply_markup=keyboard_of(buttons, self._door.client.username),
            **where_of(self._topic, self._replies_to),
        )
        sent = await self._send(send)
        if self.note:
            # if this fails, the next start begins another message
            with contextlib.suppress(StoreError):
                await self._door.inbox.show(self.note, sent.message_id)
        return sent.message_id

    async def change(
        self,
        number: int,
        message: Message,
        buttons: Buttons = (),
        *,
        unfinished: bool = False,  # noqa: ARG002
    ) -> None:
        edit = partial(
            self._door.client.edit_message_text,
            self._html(message),
            self.id,
            number,
            reply_markup=keyboard_of(buttons, self._door.client.username),
        )
        await self._send(edit)

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

    async def typing(self) -> None:
        sign = partial(self._door.client.send_chat_action, self.id, ChatAction.TYPING, self._topic)
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

    def _row(self, note: Note, answer: Answer, shown: int | None) -> Row:
        """Return the row of an answer."""
        is_text = not (answer.card or answer.document)
        most = MessageLimit.MAX_TEXT_LENGTH if is_text else MessageLimit.CAPTION_LENGTH
        content: dict[str, Any] = {
            "html": self._html(answer.message, most),
            "keyboard": self._keyboard(answer.buttons),
            "doubt": self._html(sentences.NOT_SURE.format(answer.doubt)),
        }
        if answer.card:
            content |= {
                "card": answer.card.key,
                "words": self._html(answer.words),
                "keyboard_of_words": self._keyboard(answer.buttons_of_words),
            }
        if answer.document:
            content["document"] = answer.document.name
        return Row(
            bot=note.bot,
            update=note.update,
            person=note.person,
            chat=self.id,
            content=content,
            topic=self._topic,
            replies_to=self._replies_to,
            edits=shown,
            is_refusal=answer.reason not in ("", "mistake"),
        )

    def _keyboard(self, buttons: Buttons) -> dict[str, Any] | None:
        keyboard = keyboard_of(buttons, self._door.client.username)
        return keyboard.to_dict() if keyboard else None

    def _html(self, message: Message, most: int = MessageLimit.MAX_TEXT_LENGTH) -> str:
        """Return the HTML of a message, which names the person who pressed a button."""
        return html_of(shortened(self._presser + message, most), self._door.client.username)

    async def _send(self, call: Call[Sent]) -> Sent:
        """Send a beginning, behind all that waits."""
        pacing = self._door.pacing

        async def send() -> Sent:
            pacing.check()
            return await call()

        with self._explained():
            return await pacing.send(send, self.id, pacing.place())

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the library's errors into NotSent, InDoubt or Gone.

        Any other error is a bug of ours.
        """
        try:
            yield
        except REFUSED as error:
            reason = str(error).lower()
            if isinstance(error, BadRequest) and not any(sign in reason for sign in GONE):
                raise
            logger.info("A message to %s was not sent: %s", self.id, error)
            raise Gone(str(error)) from error
        except UNSENT as error:
            raise NotSent(str(error)) from error
        except NetworkError as error:
            logger.info("A message may not have arrived: %s", error)
            raise InDoubt(str(error)) from error
