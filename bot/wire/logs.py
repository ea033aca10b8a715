"""Logging to stderr, with the token taken out of every record.

Libraries put the token into addresses, exceptions and reprs. So it is removed where all records pass, not where they
are made.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from bot.settings import Secret

HIDDEN = "***"
UNCONFIRMED, FETCHED_TOO_LATE = "Error while calling `get_updates` one more time", "Updater stopped unexpectedly"
"""The beginnings of python-telegram-bot's messages about a stop."""
SHORTEST_KEY = 8
"""A shorter secret half of a token could be an innocent word, and is hidden together with the first half only."""


class Redaction(logging.Filter):
    """Rewrites records in place: the token becomes asterisks in the message, its arguments and the traceback."""

    def __init__(self, token: Secret | None) -> None:
        super().__init__()
        self._hidden = () if token is None else _spellings(token.reveal())

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, without the token."""
        if self._hidden:
            record.msg, record.args = self.redact(_message(record)), ()
            if record.exc_info and not record.exc_text:
                # Formatters print this text instead of the exception once it is there.
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = record.exc_text and self.redact(record.exc_text)
            record.stack_info = record.stack_info and self.redact(record.stack_info)
        return True

    def redact(self, text: str) -> str:
        """Return the text without the token."""
        for spelling in self._hidden:
            text = text.replace(spelling, HIDDEN)
        return text


class _SaidElsewhere(logging.Filter):
    """Drops or shortens the library's reports of what is no news.

    A rejected token is the process's last line anyway, and only the bot itself cancels tasks. Updates that arrive
    during a stop are fetched again at the next start. A stop without a network needs no traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and type(record.exc_info[1]).__name__ in ("InvalidToken", "CancelledError"):
            return False
        if record.name != "telegram.ext.Updater":
            return True
        if str(record.msg).startswith(UNCONFIRMED):
            record.msg = "Telegram could not be told which updates were handled; some may come again"
            record.exc_info = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return not str(record.msg).startswith(FETCHED_TOO_LATE)


def configure_logging(level: str, token: Secret | None) -> Redaction:
    """Send all logs of the process to stderr, httpx's line for every request only at DEBUG; return the redaction."""
    redaction = Redaction(token)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(_SaidElsewhere())
    handler.addFilter(redaction)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG if level == "DEBUG" else logging.WARNING)
    return redaction


def _spellings(token: str) -> tuple[str, ...]:
    """Return what to look for, longest first: the token, its form in an address, and its secret half."""
    key = token.partition(":")[2]
    return (token, quote(token, safe=""), *([key] if len(key) >= SHORTEST_KEY else []))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # If arguments do not fit, logging itself would print them on stderr, unredacted.
        return f"{record.msg} {record.args}"
