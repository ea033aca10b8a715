"""What went wrong, in words: one sentence for the person, the rest for the log. No exception ends the bot."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from telegram import Update
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from bot.conversation import texts
from bot.conversation.admission import ExplainedError, RefusedError
from bot.people.store import StoreError
from bot.wire.request import NothingSentError
from bot.writing.writer import Stopped, UnpreparedError, WritingError
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from telegram.ext import ContextTypes

    from bot.conversation.tally import Tally

logger = logging.getLogger(__name__)

UNWELCOME = ("not enough rights", "have no rights", "chat_write_forbidden", "topic_closed", "chat not found")
"""How Telegram says that a bot may not write in a chat, if it does not say Forbidden."""
SENTENCES: dict[type[Exception], str] = {
    Stopped: texts.STOPPING,
    UnpreparedError: texts.NOT_PREPARED,
    WritingError: texts.NOT_WRITTEN,
    StoreError: texts.NO_MEMORY,
    MangosaurusError: texts.NOT_POSSIBLE,
}
"""For errors of ours: the first that fits."""


class Failures:
    """Handles what the other rooms raise."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    async def on_error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Tell the log and the person what happened. Nothing is raised here, as nobody would handle it."""
        if not isinstance(context.error, ExplainedError):  # that one is an answer
            self._tally.errors[type(context.error).__name__] += 1
        try:
            sentence = _sentence(context.error, update)
            if sentence is not None and isinstance(update, Update):
                await _say(update, sentence)
        except TelegramError as error:
            _log_unsent(error)
        except Exception:
            logger.exception("An error could not be explained")


def _sentence(error: Exception | None, update: object) -> str | None:
    """Log an error; returns what the person should read, if anything."""
    is_press = isinstance(update, Update) and update.callback_query is not None
    if isinstance(error, ExplainedError):
        was_said = isinstance(error, RefusedError) and error.said and not is_press
        return None if was_said else str(error)
    if isinstance(error, TelegramError) and (not isinstance(error, BadRequest) or _is_unwelcome(error)):
        _log_unsent(error)
        # A message would fare no better than the one before, but a notice may.
        return (texts.MAY_NOT_WRITE if _is_unwelcome(error) else texts.NOT_SHOWN) if is_press else None
    for kind, sentence in SENTENCES.items():
        if isinstance(error, kind):
            logger.log(logging.ERROR if kind is StoreError else logging.INFO, "%s: %s", type(error).__name__, error)
            return sentence
    error_id = secrets.token_hex(4)
    logger.error("Error %s", error_id, exc_info=error)
    return texts.apology(error_id)


def _is_unwelcome(error: TelegramError) -> bool:
    """Tell whether the bot may not write where it was asked; Telegram has several ways to say it."""
    return isinstance(error, Forbidden) or any(reason in str(error).lower() for reason in UNWELCOME)


def _log_unsent(error: TelegramError) -> None:
    if isinstance(error, NothingSentError):  # the pacing has logged it
        return
    in_doubt = isinstance(error, NetworkError) and not isinstance(error, BadRequest)
    how = "may not have been" if in_doubt else "was not"
    level = logging.INFO if _is_unwelcome(error) else logging.WARNING
    logger.log(level, "A reply %s sent: %s: %s", how, type(error).__name__, error)


async def _say(update: Update, sentence: str) -> None:
    """Reply to a message, show a notice over a button, and offer nothing to what is typed inline."""
    if update.message:
        await update.message.reply_html(sentence)
    elif update.callback_query:
        await update.callback_query.answer(texts.notice(sentence), show_alert=True)
    elif update.inline_query:
        await update.inline_query.answer([], cache_time=1, is_personal=True)
