"""`/forget` and `/export`: what is kept of a person is theirs to delete and to take along.

Whom a question is for stands in its buttons, so that it can be answered after a restart too, though not for ever. Not
here: what is kept (`store`).
"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatType
from telegram.error import BadRequest
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.conversation import presses, texts
from bot.conversation.answers import Answers, ExplainedError
from bot.wire.order import person_id

if TYPE_CHECKING:
    from telegram import CallbackQuery, Update
    from telegram.ext import ContextTypes

VERSION = "1"
PATTERN = re.compile(rf"{VERSION}:forget:(?P<choice>yes|no):(?P<person>-?[0-9]{{1,19}})", re.ASCII)
QUESTION_LASTS = timedelta(hours=1)


class Privacy:
    """Answers `/forget`, its buttons, and `/export`."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return what the application listens with."""
        return [
            CommandHandler("forget", self.ask, filters.UpdateType.MESSAGE),
            CommandHandler("export", self.export, filters.UpdateType.MESSAGE),
            CallbackQueryHandler(self.press, re.compile(rf"{PATTERN.pattern}\Z", re.ASCII)),
        ]

    async def ask(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Ask whether everything shall be deleted."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        if message.from_user is None or message.from_user.id != person:  # nobody could press the button
            raise ExplainedError(texts.FORGET_AS_YOURSELF)
        await message.reply_html(texts.FORGET_QUESTION, reply_markup=question_buttons(person))

    async def press(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Delete everything, or nothing, if it is the right person who presses, and in time."""
        query = update.callback_query
        match = PATTERN.fullmatch(query.data or "") if query else None
        if query is None or match is None:  # the library lets a press without data pass
            raise ExplainedError(texts.OLD_BUTTON)
        if int(match["person"]) != query.from_user.id:
            raise ExplainedError(texts.FORGET_NOT_YOURS)
        if _is_old(query):
            await _conclude(query, texts.FORGET_TOO_OLD)
        elif match["choice"] == "no":
            await _conclude(query, texts.FORGET_KEPT)
        else:
            await self._answers.store.forget(query.from_user.id)
            await _conclude(query, texts.FORGET_DONE)

    async def export(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send all that is kept, as a file, where only its owner sees it."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        if message.chat.type != ChatType.PRIVATE:
            raise ExplainedError(texts.EXPORT_PRIVATELY)
        self._answers.admit(person)
        content = await asyncio.to_thread(as_file, await self._answers.store.export(person))
        await message.reply_document(
            content, filename=f"mangosaurus-{person}.json", caption=texts.EXPORT_CAPTION, parse_mode="HTML"
        )


def as_file(kept: dict[str, Any]) -> bytes:
    """Write JSON, with turns counted from 1, as people read them below each answer, and not from 0, as programs do."""
    creations = [creation | {"turn": creation["turn"] + 1} for creation in kept["creations"]]
    return (json.dumps(kept | {"creations": creations}, ensure_ascii=False, indent=2) + "\n").encode()


def question_buttons(person: int) -> InlineKeyboardMarkup:
    """Return the answers that one person can give."""
    choices = (("yes", texts.FORGET_YES), ("no", texts.FORGET_NO))
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=f"{VERSION}:forget:{choice}:{person}")] for choice, text in choices]
    )


def _is_old(query: CallbackQuery) -> bool:
    """Tell whether the question was asked long ago; Telegram says of very old messages only that they were."""
    asked = query.message.date if query.message else None
    return asked is None or datetime.now(UTC) - asked > QUESTION_LASTS


async def _conclude(query: CallbackQuery, sentence: str) -> None:
    """Put an end in the question's place, once: a second press finds it there."""
    try:
        await query.edit_message_text(sentence, parse_mode="HTML")
    except BadRequest as error:
        if "not modified" not in str(error) and not presses.is_gone(error):
            raise
    await presses.release(query)
