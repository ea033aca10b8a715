"""Logging to stderr, without the secrets: the token, the database's password, the webhook's secret.

Libraries put secrets into addresses, exceptions and reprs. So secrets are removed at the one place
that every record passes, and not where a record is made.
"""

import contextlib
import logging
import sys
from urllib.parse import parse_qs, quote, unquote, urlsplit

from bot.settings import Secret

HIDDEN = "***"
SHORTEST_PART = 8
"""Characters.

A shorter key or password could be an innocent word, so it is hidden only within its token or URL.
"""


class Redaction(logging.Filter):
    """Rewrites records in place: secrets become asterisks in the message, its arguments and the
    traceback.
    """

    def __init__(self, *secrets: Secret | None) -> None:
        super().__init__()
        spellings = {
            spelling for secret in secrets if secret for spelling in _spellings(secret.reveal())
        }
        self._hidden = sorted(spellings, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        if self._hidden:
            record.msg, record.args = self.redact(_message(record)), ()
            if record.exc_info and not record.exc_text:
                # Formatters print this text instead of the exception once it is there.
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = record.exc_text and self.redact(record.exc_text)
            record.stack_info = record.stack_info and self.redact(record.stack_info)
        return True

    def redact(self, text: str) -> str:
        for spelling in self._hidden:
            text = text.replace(spelling, HIDDEN)
        return text


def configure_logging(level: str, *secrets: Secret | None) -> Redaction:
    """Send all logs to stderr, and return the redaction.

    At DEBUG, requests are logged, but not what people write.
    """
    redaction = Redaction(*secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(redaction)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_is_our_fault)
    for name, loudest in {"httpx": "DEBUG", "httpcore": "DEBUG", "telegram": "INFO"}.items():
        logging.getLogger(name).setLevel(
            loudest if level == "DEBUG" else max(logging.root.level, logging.WARNING)
        )
    return redaction


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Log a request that was no HTTP in one line, as aiohttp's traceback would quote it."""
    if (
        not record.exc_info
        or not record.exc_info[0]
        or record.exc_info[0].__module__ != "aiohttp.http_exceptions"
    ):
        return True
    logging.getLogger(record.name).info("A request was no HTTP (%s)", record.exc_info[0].__name__)
    return False


def _spellings(secret: str) -> set[str]:
    """Return what to look for: a secret and its secret parts, each as it is, and as it looks in an
    address.
    """
    texts = [secret, *(part for part in _parts(secret) if len(part) >= SHORTEST_PART)]
    return {
        spelling
        for text in texts
        for spelling in (text, unquote(text), quote(unquote(text), safe=""))
    }


def _parts(secret: str) -> list[str]:
    """Return the passwords in a URL, or the key of a token."""
    if "://" not in secret:
        return [secret.partition(":")[2]]
    with contextlib.suppress(ValueError):
        url = urlsplit(secret)
        return [url.password or "", *parse_qs(url.query).get("password", [])]
    return []


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # If arguments do not fit, logging itself would print them on stderr, unredacted.
        return f"{record.msg} {record.args}"
