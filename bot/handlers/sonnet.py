"""`/sonnet [line]`: fourteen lines that scan and rhyme. The first is the person's own, or else the network's too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.ext import CommandHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.lines import after_command, line_in
from bot.conversation.voices import voice_in
from model.text.forms import Genre

if TYPE_CHECKING:
    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers


class Sonnet:
    """Answers `/sonnet`."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def handler(self) -> CommandHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return the handler of the command."""
        return CommandHandler("sonnet", self.answer, filters.UpdateType.MESSAGE)

    async def answer(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send a sonnet, line by line."""
        if message := update.message:
            await self._answers.answer(update, Genre.SONNET, read_first_line(message.text or ""))


def read_first_line(text: str) -> str:
    """Return the line after the command, word for word, or ""; ExplainedError if there are several, or a voice."""
    if voice_in(after_command(text).lstrip())[0] is not None:
        raise ExplainedError(texts.NO_SONNETS_IN_VOICES)
    line = line_in(text).strip()
    if len(line.splitlines()) > 1:
        raise ExplainedError(texts.ONE_LINE)
    return line
