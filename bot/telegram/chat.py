"""A chat on Telegram. Its errors say what is known of a message: not sent, in doubt, or gone."""

import contextlib
import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    MaybeInaccessibleMessage,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction
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

from bot.chat import Buttons, Chat, Gone, InDoubt, NotSent, Offer
from bot.telegram.pacing import Pacing, Place
from bot.telegram.request import NothingSentError

logger = logging.getLogger(__name__)

EDIT_SECONDS, EDIT_A_GROUP_SECONDS = 3.0, 10.0
"""The time between two changes of a message.

In a group, each change counts among the 20 messages of a minute.
"""
CACHED_SECONDS = 60
"""How long Telegram may repeat offers by itself. A new seed or new weights show only after that."""
GONE = (
    *(
        "chat not found",
        "thread not found",
        "message to edit not found",
        "can't be edited",
        "message_id_invalid",
    ),
    *("not enough rights", "have no rights", "chat_write_forbidden", "topic_closed"),
)
"""How Telegram says that a message is gone, or that the bot may not write in a chat."""


class TelegramChat(Chat):
    """The chat with an id. `asked` is the message that asks: answers go to its topic, and in a
    group they reply to it.

    `query` is a press of a button, or an inline query, that waits for an answer.
    """

    def __init__(
        self,
        bot: ExtBot[Any],
        pacing: Pacing,
        chat_id: int,
        asked: MaybeInaccessibleMessage | None = None,
        query: Any = None,
    ) -> None:
        self.id = chat_id
        self.is_private = chat_id > 0
        self.place = "private" if self.is_private else "group"
        self.edit_seconds = EDIT_SECONDS if self.is_private else EDIT_A_GROUP_SECONDS
        self._bot = bot
        self._pacing = pacing
        self._query = query
        self._place = pacing.place()
        self._where: dict[str, Any] = {"rate_limit_args": self._place}
        if isinstance(asked, Message) and asked.is_topic_message:
            self._where["message_thread_id"] = asked.message_thread_id
        if asked and not self.is_private:  # so that each person sees which answer is theirs
            self._where["reply_parameters"] = ReplyParameters(
                asked.message_id, allow_sending_without_reply=True
            )

    async def say(self, html: Markup, buttons: Buttons = (), *, unfinished: bool = False) -> int:
        where = self._where | {
            "reply_markup": _keyboard(buttons),
            "rate_limit_args": self._place_of(unfinished),
        }
        with _explained():
            return (await self._bot.send_message(self.id, self._linked(html), **where)).message_id

    async def change(
        self, message: int, html: Markup | None, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        where: dict[str, Any] = {
            "reply_markup": _keyboard(buttons),
            "rate_limit_args": self._place_of(unfinished),
        }
        with _explained():
            if html is None:
                await self._bot.edit_message_reply_markup(self.id, message, **where)
            else:
                await self._bot.edit_message_text(self._linked(html), self.id, message, **where)

    def _place_of(self, unfinished: bool) -> Place:
        """Return where a message stands.

        An unfinished one answers no ask yet, so it needs no apology.
        """
        return self._place._replace(asks=frozenset()) if unfinished else self._place

    async def refuse(self, html: Markup) -> bool:
        if not self._pacing.spares(self.id):
            return False
        with _explained():
            where = self._where | {"rate_limit_args": self._place._replace(is_refusal=True)}
            await self._bot.send_message(self.id, html, **where)
        return True

    def _linked(self, html: Markup) -> str:
        """Make the code of a creation a link that opens a private chat with the bot, and the
        creation there.
        """
        link = rf'<a href="https://t.me/{self._bot.username}?start=\1">\1</a>'
        # str: Markup's own `join` would escape the link
        return re.sub("<a>(.*?)</a>", link, str(html))

    async def notice(self, text: str = "", *, alert: bool = False) -> None:
        """Release the button that was pressed.

        A failure is only logged, as the button has done its work.
        """
        try:
            if self._query:
                await self._query.answer(text or None, show_alert=alert)
        except TelegramError as error:  # a BadRequest if the press has waited too long
            logger.info("A press was not released: %s", error)

    async def picture(
        self,
        png: bytes,
        html: Markup,
        buttons: Buttons = (),
        name: str = "",
        alt: str = "",  # noqa: ARG002
    ) -> int:
        where = self._where | {"reply_markup": _keyboard(buttons), "filename": name or None}
        with _explained():
            return (
                await self._bot.send_photo(self.id, png, self._linked(html), **where)
            ).message_id

    async def document(self, name: str, content: bytes, html: Markup) -> int:
        with _explained():
            return (
                await self._bot.send_document(self.id, content, html, filename=name, **self._where)
            ).message_id

    async def typing(self) -> None:
        with _explained():
            await self._bot.send_chat_action(
                self.id, ChatAction.TYPING, self._where.get("message_thread_id")
            )

    async def offer(self, offers: Sequence[Offer]) -> None:
        """Offer what somebody may send in another chat.

        If they have typed on, the offers come too late, silently.
        """
        results = [
            InlineQueryResultArticle(
                str(number), title, InputTextMessageContent(html), description=description
            )
            for number, (title, description, html) in enumerate(offers)
        ]
        with _explained(), contextlib.suppress(BadRequest):
            if self._query:
                await self._query.answer(
                    results, cache_time=CACHED_SECONDS if results else 0, is_personal=True
                )

    def wait_seconds(self, in_chat: int = 0, in_all: int = 0) -> float:
        return self._pacing.wait(self.id, in_chat, in_all)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn the library's errors into what a chat says of them.

    Every other error is a bug of ours.
    """
    try:
        yield
    except BadRequest as error:
        reason = str(error).lower()
        if "not modified" in reason:
            return
        if any(sign in reason for sign in GONE):
            raise Gone(str(error)) from error
        raise
    except (Forbidden, ChatMigrated) as error:
        raise Gone(str(error)) from error
    except (NothingSentError, RetryAfter, InvalidToken) as error:
        raise NotSent(str(error)) from error
    except NetworkError as error:
        logger.warning("A message may not have arrived: %s", error)
        raise InDoubt(str(error)) from error


def _keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(button.label, callback_data=button.data) for button in row]
        for row in buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None
