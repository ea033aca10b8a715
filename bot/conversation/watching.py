"""A reply that can be watched: one message, edited while its text is being written, and the whole text in the end.

Telegram counts an edit as a message, so there is one now and then, and none that would have to wait. A text that is
written within a moment is sent once. Where nothing limits the bot, as in the terminal, every line appears at once.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from telegram.error import BadRequest, Forbidden, TelegramError

from bot.conversation.presses import is_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from telegram import InlineKeyboardMarkup, Message

    from bot.conversation.admission import Outbox

logger = logging.getLogger(__name__)

MOMENT = 0.5
"""Seconds after which an unfinished text is shown."""
EDIT_EVERY, EDIT_A_GROUP_EVERY = 3.0, 10.0
"""Seconds between an unfinished text and the next. An edit is one of the twenty messages a minute that Telegram allows
in a group."""

Lines = tuple[str, ...]


class WatchedReply:
    """The reply to a message. `html` makes an unfinished text of the lines that there are."""

    def __init__(self, message: Message, outbox: Outbox, html: Callable[[Lines], str]) -> None:
        self._message = message
        self._outbox = outbox
        self._html = html
        self._lines: Lines = ()
        self._shown: Message | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._pause = EDIT_A_GROUP_EVERY if message.chat_id < 0 else EDIT_EVERY
        moment = MOMENT
        if not outbox.is_limited:
            self._pause = moment = 0.0
        self._not_before = asyncio.get_running_loop().time() + moment

    async def __aenter__(self) -> WatchedReply:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Show no more of the unfinished text. What is on its way arrives first, or it would hide the whole one."""
        self._not_before = math.inf
        if self._timer is not None:
            self._timer.cancel()
        if self._sending is not None:
            await asyncio.wait({self._sending})

    def show(self, lines: Lines) -> None:
        """Show these lines as soon as it is time for that, or the ones that there are then."""
        self._lines = lines
        if self._timer is None and self._sending is None and self._not_before < math.inf:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._not_before, loop.time()), self._begin)

    async def conclude(self, html: str, keyboard: InlineKeyboardMarkup | None) -> None:
        """Show the whole text: in the message that shows the beginning, or if that is gone, in one of its own."""
        if self._shown is None or not await self._complete(self._shown, html, keyboard):
            await self._message.reply_html(html, reply_markup=keyboard)

    def _begin(self) -> None:
        self._timer = None
        if not self._outbox.wait(self._message.chat_id):
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        html = self._html(self._lines)
        try:
            if self._shown is None:
                self._shown = await self._message.reply_html(html)
            else:
                await self._shown.edit_text(html, parse_mode="HTML")
        except TelegramError as error:
            logger.info("An unfinished text was not shown: %s", error)
            self._not_before = math.inf
        else:
            self._not_before = max(self._not_before, asyncio.get_running_loop().time() + self._pause)
        finally:
            self._sending = None

    async def _complete(self, shown: Message, html: str, keyboard: InlineKeyboardMarkup | None) -> bool:
        """Edit the message; False if Telegram refuses that. NetworkError if nobody knows whether it was edited."""
        try:
            await shown.edit_text(html, parse_mode="HTML", reply_markup=keyboard)
        except (BadRequest, Forbidden) as error:
            logger.info("A text was not shown where it began: %s", error)
            return is_unchanged(error)
        return True
