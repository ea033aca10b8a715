"""The buttons below a creation: another, wilder, tamer, and for a poem, continue and sonnet. The message changes.

A press makes a new creation, with its owner's next turn and today's weights; only `continue` goes on with the old turn
and the old weights. A creation of a group, which an anonymous administrator asked for, can be pressed by everybody
there. The second tap of a double tap finds another creation in the message, and does nothing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from telegram.error import BadRequest
from telegram.ext import BaseHandler, CallbackQueryHandler

from bot.conversation import moods, presses, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.presses import CreationPress
from bot.wire.order import PersonalOrder, can_press
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telegram import Bot, Chat, InlineKeyboardMarkup, Update, User
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers
    from bot.conversation.presses import Action
    from bot.conversation.replies import Reply
    from bot.people.records import Creation

REMEMBERED = 4096
"""Messages of which it is known which creation they show."""
LONGEST_WAIT = 30.0
"""Seconds that somebody waits while others press for the same group."""

_Address = tuple[int, int]
"""A chat, and a message in it."""


class Buttons:
    """Answers presses below creations, and presses that nobody understands."""

    def __init__(self, answers: Answers, order: PersonalOrder) -> None:
        self._answers = answers
        self._order = order
        self._shown: OrderedDict[_Address, str] = OrderedDict()

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers; the last one takes what no other button's handler took."""
        return [
            CallbackQueryHandler(self.answer, presses.means(CreationPress)),
            CallbackQueryHandler(self.unknown),
        ]

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Put another creation into the message."""
        query, message, press = presses.pressed(update, CreationPress)
        chat, address = message.chat, (message.chat.id, message.message_id)
        if self._shows(address, press.code):
            creation = await self._owned(press.code, query.from_user, chat)
            async with self._turn_of(creation.person_id, query.from_user):
                if self._shows(address, press.code):  # nobody else was faster
                    with self._answers.admission.accepting(chat.id, creation.person_id):
                        reply = await self._varied(press.action, creation)
                    keyboard = reply.buttons_for(query.from_user, chat)
                    await self._answers.deliver(reply, self._show(context.bot, address, reply, keyboard))
        await presses.release(query)

    async def unknown(self, _update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Refuse data that is forged or of an older version."""
        raise ExplainedError(texts.OLD_BUTTON)

    async def _owned(self, code: str, presser: User, chat: Chat) -> Creation:
        creation = await self._answers.store.creation(code)
        if creation is None:
            raise ExplainedError(texts.FORGOTTEN)
        if not can_press(creation.person_id, presser, chat):
            raise ExplainedError(texts.NOT_YOURS)
        return creation

    @asynccontextmanager
    async def _turn_of(self, owner: int, presser: User) -> AsyncIterator[None]:
        """Wait until nobody else presses for a group, or one turn would be written twice; ExplainedError.

        The presser's own updates are handled one after the other anyway.
        """
        if owner == presser.id:
            yield
            return
        lock = self._order.lock_of(owner)
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await lock.acquire()
        except TimeoutError:
            raise ExplainedError(texts.PASSED_OVER) from None
        try:
            yield
        finally:
            lock.release()

    async def _varied(self, action: Action, creation: Creation) -> Reply:
        if action == "continue":
            return await self._answers.longer(creation)
        if action == "sonnet":
            if creation.genre is not Genre.POEM:
                raise ExplainedError(texts.OLD_BUTTON)
            if creation.voice:
                raise ExplainedError(texts.NO_SONNETS_IN_VOICES)
            return await self._answers.sonnet_of(creation)
        temperature = _temperature(action, creation.temperature)
        person, genre, prompt, voice = creation.person_id, creation.genre, creation.prompt, creation.voice
        return await self._answers.next_reply(
            person, genre, prompt, temperature=temperature, count=creation.count, voice=voice
        )

    async def _show(self, bot: Bot, address: _Address, reply: Reply, keyboard: InlineKeyboardMarkup | None) -> None:
        """Put a reply into a message, which may be too old for Telegram to say what it holds; ExplainedError."""
        self._shown.pop(address, None)  # if the edit times out, nobody knows what the message shows
        try:
            await bot.edit_message_text(reply.html, *address, parse_mode="HTML", reply_markup=keyboard)
        except BadRequest as error:
            if not presses.is_gone(error):
                raise
            raise ExplainedError(texts.MESSAGE_GONE) from error
        self._shown[address] = reply.creation.code
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)

    def _shows(self, address: _Address, code: str) -> bool:
        """Tell whether a message still shows a creation; yes, if nothing else is known."""
        return self._shown.get(address, code) == code


def _temperature(action: Action, before: float) -> float:
    if action == "another":
        return before
    step = moods.wilder(before) if action == "wilder" else moods.tamer(before)
    if step is None:
        raise ExplainedError(texts.WILDEST if action == "wilder" else texts.TAMEST)
    return step
