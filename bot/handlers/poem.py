"""`/poem <line>`, and plain text in a private chat: the line, word for word, and verse that continues it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.conversation import moods, texts
from bot.conversation.answers import Answers, ExplainedError
from bot.conversation.typesetting import is_visible
from bot.wire.order import IN_PRIVATE
from model.text.forms import Network

if TYPE_CHECKING:
    from telegram import Update
    from telegram.ext import ContextTypes

LONGEST_LINE = 200
QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»"}
"""Opening quotes, and what closes them. Telephones turn straight quotes into curly ones by themselves."""


class Poem:
    """Answers `/poem` and plain text."""

    def __init__(self, answers: Answers, temperature: float) -> None:
        self._answers = answers
        self._temperature = temperature

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return what the application listens with."""
        # What begins like a command is none of ours, also where Telegram sees none: `/` alone, `/ dino`, `/größe`.
        plain = IN_PRIVATE & filters.TEXT & ~filters.Regex("^/")
        return [
            CommandHandler("poem", self.answer_command, filters.UpdateType.MESSAGE),
            MessageHandler(plain, self.answer_text),
        ]

    async def answer_command(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send verse that continues what stands after the command."""
        message = update.effective_message
        text = message.text or "" if message else ""
        length = message.entities[0].length if message and message.entities else 0
        await self._answer(update, text[length:])

    async def answer_text(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send verse that continues the message."""
        message = update.effective_message
        await self._answer(update, message.text or "" if message else "")

    async def _answer(self, update: Update, text: str) -> None:
        line = read_line(text)
        likes = await self._answers.preferences(update)
        await self._answers.answer(
            update, Network.POEM, line, temperature=moods.temperature(likes.mood, self._temperature)
        )


def read_line(text: str) -> str:
    """Return the line as it was written, or what quotes around it hold, blanks at its ends included; ExplainedError."""
    line = _unquoted(text.strip())
    if not is_visible(line):
        raise ExplainedError(texts.POEM_USAGE)
    if len(line) > LONGEST_LINE:
        raise ExplainedError(texts.line_too_long(len(line), LONGEST_LINE))
    return line


def _unquoted(text: str) -> str:
    """Return what is between quotes that hold the whole text: those of `"a" and "b"` do not."""
    closing = QUOTES.get(text[:1], "")
    inside = text[1:-1]
    if len(text) < 2 or text[-1] not in closing or any(quote in inside for quote in text[0] + closing):
        return text
    return inside
