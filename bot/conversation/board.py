"""The message that shows a training: edited while it runs, and closed once.

Telegram may be away. A report that does not arrive is left to the next one. Last words are tried again until they
arrive or the bot stops; an edit can be repeated if nobody knows whether it was carried out, a message cannot.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.conversation.presses import is_unchanged
from bot.wire.pacing import HeldError
from bot.wire.request import NothingSentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from telegram import Bot, InlineKeyboardMarkup

logger = logging.getLogger(__name__)

EDIT_EVERY, EDIT_A_GROUP_EVERY = 3.0, 10.0
"""Seconds. An edit is one of the twenty messages a minute that Telegram allows in a group."""
PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""Seconds between two tries to say last words: the first, and those after a while."""
LAST_TRIES = 3
"""Tries of a bot that stops."""

Address = tuple[int, int]
"""A chat, and a message in it."""


class Board:
    """The message at an address. `is_stopping` tells whether the bot stops."""

    def __init__(self, bot: Bot, address: Address, is_stopping: Callable[[], bool] = lambda: False) -> None:
        self.address = address
        """Changes if the message is gone, and another one is sent in its place."""
        self._bot = bot
        self._is_stopping = is_stopping
        self._shown = ""
        self._pause = EDIT_A_GROUP_EVERY if address[0] < 0 else EDIT_EVERY
        self._not_before = time.monotonic() + self._pause

    async def show(self, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Edit the message, unless it is too early for that or nothing has changed."""
        if time.monotonic() < self._not_before or text == self._shown:
            return
        self._not_before = time.monotonic() + self._pause
        try:
            await self._edit(text, keyboard)
        except TelegramError as error:
            logger.info("A progress message was not edited: %s", error)

    async def conclude(self, text: str, keyboard: InlineKeyboardMarkup | None = None) -> bool:
        """Edit the message for the last time, or send a new one if that is refused.

        Returns False if the bot stops first, and a later try may help.
        """
        tries_left, pause = LAST_TRIES, PAUSE
        while tries_left:
            try:
                await self._edit(text, keyboard)
            except ChatMigrated as error:  # a group has become a supergroup, and left its messages behind
                self.address = (error.new_chat_id, self.address[1])
            except (BadRequest, Forbidden) as error:
                logger.info("The message of a training cannot be edited: %s", error)
                return await self._send(text, keyboard)
            except TelegramError as error:
                logger.warning("The end of a training was not shown: %s", error)
                tries_left -= self._is_stopping()
                await asyncio.sleep(pause if tries_left else 0)
                pause = PAUSE if self._is_stopping() else min(2 * pause, LONGEST_PAUSE)
            else:
                return True
        return False

    async def send_picture(self, picture: bytes, caption: str, keyboard: InlineKeyboardMarkup | None) -> bool:
        """Send a picture below the message; return whether it surely arrived."""
        chat_id, message_id = self.address
        while True:
            try:
                await self._bot.send_photo(
                    chat_id,
                    picture,
                    caption,
                    parse_mode="HTML",
                    reply_markup=keyboard,
                    reply_to_message_id=message_id,  # so it appears in the topic of that message
                    allow_sending_without_reply=True,
                )
            except HeldError:
                return False
            except NothingSentError as error:
                if self._is_stopping():
                    return False
                logger.warning("The picture of a training waits: %s", error)
                await asyncio.sleep(PAUSE)
            except TelegramError as error:
                logger.warning("The picture of a training may not have arrived: %s", error)
                return False
            else:
                return True

    async def _edit(self, text: str, keyboard: InlineKeyboardMarkup | None) -> None:
        try:
            await self._bot.edit_message_text(text, *self.address, parse_mode="HTML", reply_markup=keyboard)
        except BadRequest as error:
            if not is_unchanged(error):
                raise
        self._shown = text

    async def _send(self, text: str, keyboard: InlineKeyboardMarkup | None) -> bool:
        chat_id, message_id = self.address
        try:
            message = await self._bot.send_message(
                chat_id,
                text,
                parse_mode="HTML",
                reply_markup=keyboard,
                reply_to_message_id=message_id,
                allow_sending_without_reply=True,
            )
        except TelegramError as error:
            logger.warning("The end of a training was not shown: %s", error)
            return isinstance(error, (BadRequest, Forbidden))
        self.address = (chat_id, message.message_id)
        return True
