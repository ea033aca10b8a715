"""The buttons below a creation: another, wilder, tamer, and for a poem, continue. The message changes in place.

A press makes a new creation, with the next turn of whoever the old one belongs to, and on the weights of today; only
`continue` goes on with the old turn and the old weights. What belongs to somebody else is left alone. A creation of a
group, whose anonymous administrator asked for it, belongs to everybody there.

The second tap of a double tap finds another creation in the message and does nothing. Not here: the data that a button
carries (`presses`), and how a refusal is shown (`failures`).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from telegram.error import BadRequest
from telegram.ext import BaseHandler, CallbackQueryHandler

from bot.conversation import moods, presses, texts
from bot.conversation.answers import Answers, ExplainedError, Reply
from bot.wire.order import can_press
from model.decoding.requests import RequestError
from model.text.forms import Network

if TYPE_CHECKING:
    from telegram import Bot, Chat, Update, User
    from telegram.ext import ContextTypes

    from bot.conversation.presses import Action
    from bot.people.store import Creation

REMEMBERED = 4096
"""Messages of which it is known which creation they show by now."""

_Place = tuple[int, int]


class Buttons:
    """Answers presses below creations, and presses that nobody understands."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._shown: OrderedDict[_Place, str] = OrderedDict()

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return what the application listens with; the last one takes what no other button's handler took."""
        return [
            CallbackQueryHandler(self.answer, presses.is_creation),
            CallbackQueryHandler(self.unknown),
        ]

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Put another creation into the message."""
        query = update.callback_query
        press = presses.read(query.data) if query else None
        if query is None or query.message is None or not isinstance(press, presses.CreationPress):
            raise ExplainedError(texts.OLD_BUTTON)
        place = (query.message.chat.id, query.message.message_id)
        if self._shows(place, press.code):
            creation = await self._owned(press.code, query.from_user, query.message.chat)
            async with self._answers.in_turn(creation.person_id):
                if self._shows(place, press.code):  # and nobody else was faster
                    reply = await self._varied(press.action, creation)
                    await self._answers.deliver(reply, self._show(context.bot, place, reply))
        await presses.release(query)

    async def unknown(self, _update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer data that is forged, or of an older version."""
        raise ExplainedError(texts.OLD_BUTTON)

    async def _owned(self, code: str, presser: User, chat: Chat) -> Creation:
        creation = await self._answers.store.creation(code)
        if creation is None:
            raise ExplainedError(texts.FORGOTTEN)
        if not can_press(creation.person_id, presser, chat):
            raise ExplainedError(texts.NOT_YOURS)
        return creation

    async def _varied(self, action: Action, creation: Creation) -> Reply:
        if action == "continue":
            return await self._answers.longer(creation, creation.person_id)
        try:
            return await self._answers.draft(
                creation.person_id,
                creation.network,
                creation.prompt,
                temperature=_temperature(action, creation.temperature),
                count=creation.count,
            )
        except RequestError as error:
            if creation.network is Network.POEM:
                raise
            raise ExplainedError(texts.no_new_name(creation.prompt)) from error

    async def _show(self, bot: Bot, place: _Place, reply: Reply) -> None:
        self._shown.pop(place, None)  # should the edit time out, nobody knows what the message shows
        await _edit(bot, place, reply)
        self._remember(place, reply.creation.code)

    def _shows(self, place: _Place, code: str) -> bool:
        """Tell whether a message still shows a creation, as far as one knows."""
        return self._shown.get(place, code) == code

    def _remember(self, place: _Place, code: str) -> None:
        self._shown[place] = code
        self._shown.move_to_end(place)
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)


def _temperature(action: Action, before: float) -> float:
    if action == "another":
        return before
    step = moods.wilder(before) if action == "wilder" else moods.tamer(before)
    if step is None:
        raise ExplainedError(texts.WILDEST if action == "wilder" else texts.TAMEST)
    return step


async def _edit(bot: Bot, place: _Place, reply: Reply) -> None:
    """Show a creation in a message, which may be too old for Telegram to tell us what it holds; ExplainedError."""
    chat_id, message_id = place
    try:
        await bot.edit_message_text(reply.html, chat_id, message_id, parse_mode="HTML", api_kwargs=reply.buttons)
    except BadRequest as error:
        if not presses.is_gone(error):
            raise
        raise ExplainedError(texts.MESSAGE_GONE) from error
