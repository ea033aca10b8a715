"""`/poem <line>`, and plain text in a private chat: the line, word for word, and verse that continues it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegram import MessageEntity
from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.typesetting import is_visible
from bot.wire.order import IN_PRIVATE
from model.text.forms import Network

if TYPE_CHECKING:
    from telegram import Message, Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers

LONGEST_LINE = 200
QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»"}
"""Opening quotes, and what closes them. Phones turn straight quotes into curly ones."""


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
        if message := update.message:
            await self._answers.answer(update, Network.POEM, read_line(_behind_command(message)))


def _behind_command(message: Message) -> str:
    text, entities = message.text or "", message.entities
    is_command = entities and entities[0].type == MessageEntity.BOT_COMMAND and entities[0].offset == 0
    return text[entities[0].length :] if is_command else text


def read_line(text: str) -> str:
    """Return the line as it was written; quotes around it keep the spaces at its ends. ExplainedError."""
    line = _unquoted(text.strip())
    if not is_visible(line):
        raise ExplainedError(texts.POEM_USAGE)
    if len(line) > LONGEST_LINE:
        raise ExplainedError(texts.line_too_long(len(line), LONGEST_LINE))
    return line


def _unquoted(text: str) -> str:
    """Return the text between quotes around the whole: those of `"a" and "b"` are not."""
    closing = QUOTES.get(text[:1], "")
    inside = text[1:-1]
    if len(text) < 2 or text[-1] not in closing or any(quote in inside for quote in text[0] + closing):
        return text
    return inside
