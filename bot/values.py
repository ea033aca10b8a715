"""How settings are written: functions from a key and a text to the value, or to a SettingsError.

An error names the key and the value, except where the value may be a secret.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.people.limits import Rate
from model.errors import MangosaurusError
from model.files import ROOT
from model.text.forms import MAX_TEMPERATURE

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
POSTGRESQL = "postgresql+psycopg://"

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_LIKE_A_TOKEN = re.compile(r"[0-9]{5,}:[A-Za-z0-9_-]{8,}")


class SettingsError(MangosaurusError):
    """A setting that makes no sense: the sentence names the key, the value and what it should look like."""


class Secret:
    """Text that does not show itself: only `reveal` returns it, neither `repr` nor `str` do."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True)
class Address:
    """A host name or an IP address, and a port."""

    host: str
    port: int


def token(key: str, value: str) -> Secret:
    """Read the token of a bot."""
    if not _TOKEN.fullmatch(value):
        raise SettingsError(f"{key} is not a bot token; BotFather's look like 123456:ABC-DEF (value not shown)")
    return Secret(value)


def _wrong(key: str, value: str, rule: str) -> SettingsError:
    """Say what is wrong and what would be right, but hide anything like a token or an address with a password."""
    may_hold_a_password = "@" in value and ":" in value
    shown = "a secret (not shown)" if may_hold_a_password or _LIKE_A_TOKEN.search(value) else repr(value)
    return SettingsError(f"{key} is {shown}; {rule}")


def ids(key: str, value: str) -> frozenset[int]:
    """Read the user ids of Telegram."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not all(re.fullmatch(r"[0-9]{1,16}", part) and int(part) for part in parts):
        raise _wrong(key, value, "it is a list of Telegram user ids such as 12345678, 87654321")
    return frozenset(map(int, parts))


def database(key: str, value: str) -> Path | Secret:
    """Read a path, or the URL of a PostgreSQL database, which may hold a password."""
    if value.startswith(POSTGRESQL):
        return Secret(value)
    if "://" in value:  # which may hold a password
        raise SettingsError(
            f"{key} is an address; it is a path, or {POSTGRESQL}user:password@host/name (value not shown)"
        )
    return path(key, value)


def path(key: str, value: str) -> Path:
    """Read a path, relative to the project."""
    if _LIKE_A_TOKEN.search(value):
        raise _wrong(key, value, "it is a path on this machine")
    if "://" in value:
        raise SettingsError(f"{key} is an address; it is a path on this machine (value not shown)")
    try:
        return ROOT / Path(value).expanduser()
    except RuntimeError:
        raise _wrong(key, value, "there is no such home folder") from None


def temperature(key: str, value: str) -> float:
    """Read a temperature."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number <= MAX_TEMPERATURE:
        raise _wrong(key, value, f"it is a number from 0 to {MAX_TEMPERATURE:g} such as 0.8")
    return number


def count(key: str, value: str) -> int:
    """Read a number of things."""
    if not re.fullmatch(r"[0-9]{1,6}", value) or not int(value):
        raise _wrong(key, value, "it is a whole number from 1 to 999999 such as 256")
    return int(value)


def rate(key: str, value: str) -> Rate | None:
    """Read a rate; None for no limit."""
    match = re.fullmatch(r"0|([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", value)
    if not match:
        raise _wrong(key, value, "it is answers/seconds for each person such as 10/60, or 0 for no limit")
    return Rate(int(match[1]), int(match[2])) if match[1] else None


def message_rate(key: str, value: str) -> int:
    """Read a number of messages a second."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}", value):
        raise _wrong(key, value, "it is messages a second such as 30")
    return int(value)


def stop_seconds(key: str, value: str) -> int:
    """Read a number of seconds."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value):
        raise _wrong(key, value, "it is a whole number of seconds from 1 to 9999 such as 8")
    return int(value)


def url(key: str, value: str) -> str:
    """Read the address of a Bot API server."""
    if not _is_url(value, ("http", "https")):
        raise _wrong(key, value, "it is the address of a Bot API server such as http://localhost:8081")
    return value.rstrip("/")


def webhook_url(key: str, value: str) -> str:
    """Read an address that Telegram can call."""
    if not _is_url(value, ("https",)):
        raise _wrong(key, value, "it is the public https address that Telegram sends updates to")
    return value


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        address = urlsplit(value)
        sound = address.scheme in schemes and address.hostname and address.port != 0
    except ValueError:
        return False
    return bool(sound) and not (address.query or address.fragment or any(map(str.isspace, value)))


def listen(key: str, value: str) -> Address:
    """Read an address to listen at."""
    match = re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", value)
    if not match or not 0 < int(match[2]) < 65536:
        raise _wrong(key, value, "it is a host and a port such as 127.0.0.1:8443")
    return Address(match[1].strip("[]"), int(match[2]))


def webhook_secret(key: str, value: str) -> Secret:
    """Read a secret in the characters that Telegram allows."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value):
        raise SettingsError(f"{key} is not usable; it is 16 to 256 of the characters A-Z a-z 0-9 _ - (value not shown)")
    return Secret(value)


def log_level(key: str, value: str) -> str:
    """Read the name of a level, in capitals or not."""
    if value.upper() not in LOG_LEVELS:
        raise _wrong(key, value, f"it is one of {', '.join(LOG_LEVELS)}")
    return value.upper()
