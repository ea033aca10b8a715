"""Logging to stderr, without the secrets: the token, and the database's password.

Libraries put secrets into addresses, exceptions and reprs. So secrets are hidden in the formatted
text, which has all parts of a record.
"""

import logging
import re
import sys
from urllib.parse import quote, unquote

from bot.settings import Secret

PART = re.compile(r"(?::|password=)([^:/@&]{8,})(?:[@&]|$)")
"""The key of a token, or the password of an address, of at least 8 characters. A shorter one could
be an innocent word, so it is hidden only within the whole secret.
"""


class Redaction(logging.Formatter):
    """Formats records, with asterisks in place of each `Secret` that it is given."""

    def __init__(self, *secrets: object) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        revealed = [secret.reveal() for secret in secrets if isinstance(secret, Secret)]
        texts = [part for text in revealed for part in (text, *PART.findall(text))]
        spellings = {
            spelling
            for text in texts
            for spelling in (text, unquote(text), quote(unquote(text), safe=""))
        }
        self._hidden = sorted(spellings, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))

    def redact(self, text: str) -> str:
        for spelling in self._hidden:
            text = text.replace(spelling, "***")
        return text


def configure_logging(level: str, *secrets: object) -> Redaction:
    """Send all logs to stderr, and return the redaction.

    At DEBUG, requests are logged, but not what people write.
    """
    redaction = Redaction(*secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(redaction)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.raiseExceptions = False  # a record that cannot be formatted would be printed as it is
    logging.getLogger("aiohttp.server").addFilter(_is_our_fault)
    for name, loudest in {"httpx": "DEBUG", "httpcore": "DEBUG", "telegram": "INFO"}.items():
        logging.getLogger(name).setLevel(
            loudest if level == "DEBUG" else max(logging.root.level, logging.WARNING)
        )
    return redaction


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Return whether an error of aiohttp is ours. A request that is no HTTP is logged in one line
    instead, as aiohttp's traceback would quote it.
    """
    kind = record.exc_info and record.exc_info[0]
    if not kind or kind.__module__ != "aiohttp.http_exceptions":
        return True
    logging.getLogger(record.name).info("A request was no HTTP (%s)", kind.__name__)
    return False
