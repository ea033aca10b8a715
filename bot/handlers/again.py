"""`/again CODE`, and the link `t.me/<bot>?start=CODE`: a creation once more, byte for byte, for anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegram.ext import BaseHandler, CommandHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.people.records import CODE
from bot.wire.order import person_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers


class Again:
    """Answers `/again`, and `/start` with a code, which Telegram sends for a link."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers. They come before the one that greets everybody who sends `/start` alone."""
        return [
            CommandHandler("again", self.answer, filters.UpdateType.MESSAGE),
            CommandHandler("start", self.answer, filters.UpdateType.MESSAGE, has_args=True),
        ]

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send the creation as it was sent the first time."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        code = read_code(context.args or [])
        creation = await self._answers.store.creation(code)
        if creation is None:
            raise ExplainedError(texts.unknown_code(code))
        with self._answers.admission.accepting(message.chat_id, person):
            async with self._answers.typing(message):
                reply = await self._answers.again(creation)
        await message.reply_html(reply.html, reply_markup=reply.buttons_for(message.from_user, message.chat))


def read_code(words: Sequence[str]) -> str:
    """Read one code, in capitals or not; ExplainedError."""
    if len(words) != 1:
        raise ExplainedError(texts.AGAIN_USAGE)
    code = words[0].lower()
    if not CODE.fullmatch(code):
        raise ExplainedError(texts.unknown_code(words[0]))
    return code
