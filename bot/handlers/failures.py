"""What went wrong, and what the person reads of it. No exception ends the bot, and no traceback reaches a chat."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from telegram import Update
from telegram.error import BadRequest, Forbidden, TelegramError, TimedOut

from bot.conversation import texts
from bot.conversation.answers import ExplainedError, LimitedError
from bot.people.store import StoreError
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from telegram.ext import ContextTypes

logger = logging.getLogger(__name__)

UNWELCOME = ("not enough rights", "have no rights", "chat_write_forbidden", "topic_closed", "chat not found")
"""How Telegram says that a bot may not write in a chat, where it does not say Forbidden."""


async def on_error(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say what happened to whoever sent the update, and to the log if nobody foresaw it."""
    error = context.error
    _log_lost_memory(error)
    if isinstance(error, TelegramError) and (not isinstance(error, BadRequest) or _is_unwelcome(error)):
        _log_lost_reply(error)
        if isinstance(update, Update) and update.callback_query:
            await _say(update, texts.MAY_NOT_WRITE if _is_unwelcome(error) else texts.NOT_SHOWN)
    elif isinstance(error, StoreError):
        await _say(update, texts.NO_MEMORY)
    elif isinstance(error, LimitedError) and error.said:
        await _hush(update)
    elif isinstance(error, ExplainedError):
        await _say(update, str(error))
    elif isinstance(error, MangosaurusError):
        await _say(update, texts.failure(str(error)))
    else:
        error_id = secrets.token_hex(4)
        logger.error("Error %s", error_id, exc_info=error)
        await _say(update, texts.apology(error_id))


def _log_lost_memory(error: Exception | None) -> None:
    """Log that the database failed, in one line, whatever the person is told."""
    for reason in filter(None, (error, error and error.__cause__)):
        if isinstance(reason, StoreError):
            logger.error("%s", reason)


def _is_unwelcome(error: TelegramError) -> bool:
    """Tell whether we may not write where we were asked, which Telegram says in several ways."""
    return isinstance(error, Forbidden) or any(reason in str(error).lower() for reason in UNWELCOME)


def _log_lost_reply(error: TelegramError) -> None:
    """Log that Telegram did not take a message, or did not say that it did: another one would fare no better."""
    level = logging.INFO if _is_unwelcome(error) else logging.WARNING
    how = "may not have been" if isinstance(error, TimedOut) else "was not"
    logger.log(level, "An answer %s sent: %s: %s", how, type(error).__name__, error)


async def _say(update: object, text: str) -> None:
    """Answer a message with a message, and a button with a notice; what is typed inline gets nothing to choose."""
    if not isinstance(update, Update):
        return
    try:
        if update.message:
            await update.message.reply_html(text)
        elif update.callback_query:
            await update.callback_query.answer(texts.notice(text), show_alert=True)
        elif update.inline_query:
            await update.inline_query.answer([], cache_time=1, is_personal=True)
    except TelegramError as error:
        _log_lost_reply(error)


async def _hush(update: object) -> None:
    """Say nothing more to somebody who was told already; but a button must not go on waiting."""
    if isinstance(update, Update) and update.message is None:
        await _say(update, "")
