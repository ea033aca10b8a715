"""`/poem <line>`, and plain text in a private chat: the line, word for word, and verse that continues it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.typesetting import is_visible
from bot.wire.order import IN_PRIVATE
from model.text.forms import Network

if TYPE_CHECKING:
    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers

LONGEST_LINE = 200
_COMMAND = re.compile(r"/\S*")
_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”|„([^„“”]*)[“”]|«([^«»]*)»')
"""A whole text in one pair of quotes; phones turn straight ones into curly ones."""


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
            await self._answers.answer(update, Network.POEM, read_line(message.text or ""))


def read_line(text: str) -> str:
    """Return the line behind the command, as it was written. Quotes keep the spaces at its ends. ExplainedError."""
    line = _COMMAND.sub("", text, count=1) if text.startswith("/") else text
    quoted = _QUOTED.fullmatch(line.strip())
    line = quoted[quoted.lastindex or 0] if quoted else line.strip()
    if not is_visible(line):
        raise ExplainedError(texts.POEM_USAGE)
    if len(line) > LONGEST_LINE:
        raise ExplainedError(texts.line_too_long(len(line), LONGEST_LINE))
    return line
