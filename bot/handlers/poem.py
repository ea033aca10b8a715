"""`/poem [voice:name] <line>`, and plain text in a private chat: the line, word for word, and verse that continues it.

Plain text is never in an own voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.lines import after_command, line_in
from bot.conversation.voices import chosen, voice_in
from bot.wire.order import IN_PRIVATE
from model.text.forms import Genre

if TYPE_CHECKING:
    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers


class Poem:
    """Answers `/poem` and plain text."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers of the command and of plain text."""
        # A text that begins like a command is no line, even if Telegram sees no command: `/` alone, `/ dino`, `/größe`.
        plain = IN_PRIVATE & filters.TEXT & ~filters.Regex("^/")
        return [
            CommandHandler("poem", self.answer, filters.UpdateType.MESSAGE),
            MessageHandler(plain, self.answer),
        ]

    async def answer(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send verse that continues the message, or what follows the command in it."""
        if (message := update.message) is None:
            return
        text = message.text or ""
        name, line = voice_in(after_command(text).lstrip()) if text.startswith("/") else (None, text)
        if name is None:
            await self._answers.answer(update, Genre.POEM, read_line(text))
            return
        voice = await chosen(self._answers.voices, name, Genre.POEM.network.form)
        if not (line := line_in(f"/poem {line}")):
            raise ExplainedError(texts.voice_line_missing(voice.name))
        await self._answers.answer(update, Genre.POEM, line, voice=voice.id)


def read_line(text: str) -> str:
    """Return the line after the command, word for word; ExplainedError if it is missing."""
    if line := line_in(text):
        return line
    raise ExplainedError(texts.POEM_USAGE)
