"""The operator's settings: read once, from the environment and `.env`, into one frozen `Settings`.

The real environment wins over `.env`, and a key without a value counts as not set. An error names the key and the
value, except where the value may be a secret.
"""

from __future__ import annotations

import difflib
import math
import re
import stat
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.people.limits import Rate
from model.decoding.limits import MAX_TEMPERATURE
from model.errors import MangosaurusError
from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
USUAL_RATE = Rate(10, 60)
TELEGRAMS_RATE = 30
"""Messages a second that Telegram accepts from a bot."""
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


@dataclass(frozen=True)
class Webhook:
    """A server for Telegram to call: its public https address, where it listens, and the secret of every request."""

    url: str
    listen: Address
    secret: Secret


@dataclass(frozen=True)
class Settings:
    """The choices of one run. Without a token, the bot chats in the terminal."""

    token: Secret | None = None
    admin_ids: frozenset[int] = frozenset()
    database: Path = ROOT / "mangosaurus.db"
    postgresql: Secret | None = None  # the URL of a database to use instead of the file
    checkpoints: Path = ROOT / "checkpoints"
    temperature_dino: float | None = None  # None: the usual one
    temperature_poem: float | None = None
    queue_limit: int = 256
    rate_limit: Rate | None = USUAL_RATE  # for each person; None: no limit
    message_rate: int | None = TELEGRAMS_RATE  # a second, to everybody together; None: no limit, nor one for groups
    stop_seconds: int = 8
    webhook_url: str | None = None  # None: polling
    webhook_listen: Address = Address("127.0.0.1", 8443)
    webhook_secret: Secret | None = None
    api_base_url: str | None = None  # None: Telegram's own
    log_level: str | None = None  # None: INFO with a token, WARNING in the terminal

    @property
    def database_address(self) -> Path | str:
        """The file, or the URL of the PostgreSQL database."""
        return self.postgresql.reveal() if self.postgresql else self.database

    @property
    def webhook(self) -> Webhook | None:
        """The webhook; None for polling."""
        if self.webhook_url and self.webhook_secret:
            return Webhook(self.webhook_url, self.webhook_listen, self.webhook_secret)
        return None


def read_settings(environment: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Return the settings of an environment and of a file below it; SettingsError."""
    given = {key: value.strip() for key, value in environment.items() if key in _KEYS}
    values = {key: value for key, value in _file_values(env_file).items() if key in _KEYS} | given
    fields = {field: parse(key, values[key]) for key, (field, parse) in _KEYS.items() if values.get(key)}
    if isinstance(fields.get("database"), Secret):
        fields["postgresql"] = fields.pop("database")
    settings = Settings(**fields)  # type: ignore[arg-type]  # each parser returns what its field holds
    if settings.webhook_url and not settings.webhook_secret:
        raise SettingsError("WEBHOOK_SECRET is not set; WEBHOOK_URL needs it, or anybody could pose as Telegram")
    return settings


def warnings_about(env_file: Path) -> list[str]:
    """Return what the operator should mend in the file: names that mean nothing, and permissions that are too wide."""
    if not env_file.exists():
        return []
    warnings = [
        f"{env_file}: {key} is not a setting{_suggestion(key)}" for key in _file_values(env_file).keys() - _KEYS
    ]
    if stat.S_IMODE(env_file.stat().st_mode) & 0o077:
        warnings.append(
            f"{env_file}: other users of this machine may read it, and the token in it: chmod 600 {env_file}"
        )
    return sorted(warnings)


def _suggestion(key: str) -> str:
    similar = difflib.get_close_matches(key.upper(), _KEYS, 1)
    return f"; did you mean {similar[0]}?" if similar else ""


def _file_values(env_file: Path | None) -> dict[str, str]:
    if env_file is None or not env_file.exists():
        return {}
    # python-dotenv is imported where there is a file to read, and told not to interpolate: a `$` is a `$`.
    from dotenv import dotenv_values

    try:
        text = env_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{env_file}: cannot be read: {reason}") from None
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {key: (value or "").strip() for key, value in values.items()}


def _token(key: str, value: str) -> Secret:
    if not _TOKEN.fullmatch(value):
        raise SettingsError(f"{key} is not a bot token; BotFather's look like 123456:ABC-DEF (value not shown)")
    return Secret(value)


def _wrong(key: str, value: str, rule: str) -> SettingsError:
    """Say what is wrong and what would be right, but hide anything like a token or an address with a password."""
    may_hold_a_password = "@" in value and ":" in value
    shown = "a secret (not shown)" if may_hold_a_password or _LIKE_A_TOKEN.search(value) else repr(value)
    return SettingsError(f"{key} is {shown}; {rule}")


def _ids(key: str, value: str) -> frozenset[int]:
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not all(re.fullmatch(r"[0-9]{1,16}", part) and int(part) for part in parts):
        raise _wrong(key, value, "it is a list of Telegram user ids such as 12345678, 87654321")
    return frozenset(map(int, parts))


def _database(key: str, value: str) -> Path | Secret:
    if value.startswith(POSTGRESQL):
        return Secret(value)
    if "://" in value:  # which may hold a password
        raise SettingsError(
            f"{key} is an address; it is a path, or {POSTGRESQL}user:password@host/name (value not shown)"
        )
    return _path(key, value)


def _path(key: str, value: str) -> Path:
    if _LIKE_A_TOKEN.search(value):
        raise _wrong(key, value, "it is a path on this machine")
    if "://" in value:
        raise SettingsError(f"{key} is an address; it is a path on this machine (value not shown)")
    try:
        return ROOT / Path(value).expanduser()
    except RuntimeError:
        raise _wrong(key, value, "there is no such home folder") from None


def _temperature(key: str, value: str) -> float:
    try:
        temperature = float(value)
    except ValueError:
        temperature = math.nan
    if not 0 <= temperature <= MAX_TEMPERATURE:
        raise _wrong(key, value, f"it is a number from 0 to {MAX_TEMPERATURE:g} such as 0.8")
    return temperature


def _count(key: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", value) or not int(value):
        raise _wrong(key, value, "it is a whole number from 1 to 999999 such as 256")
    return int(value)


def _rate(key: str, value: str) -> Rate | None:
    match = re.fullmatch(r"0|([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", value)
    if not match:
        raise _wrong(key, value, "it is answers/seconds for each person such as 10/60, or 0 for no limit")
    return Rate(int(match[1]), int(match[2])) if match[1] else None


def _message_rate(key: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", value):
        raise _wrong(key, value, "it is messages a second such as 30")
    return int(value)


def _stop_seconds(key: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value):
        raise _wrong(key, value, "it is a whole number of seconds from 1 to 9999 such as 8")
    return int(value)


def _url(key: str, value: str) -> str:
    if not _is_url(value, ("http", "https")):
        raise _wrong(key, value, "it is the address of a Bot API server such as http://localhost:8081")
    return value.rstrip("/")


def _webhook_url(key: str, value: str) -> str:
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


def _listen(key: str, value: str) -> Address:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", value)
    if not match or not 0 < int(match[2]) < 65536:
        raise _wrong(key, value, "it is a host and a port such as 127.0.0.1:8443")
    return Address(match[1].strip("[]"), int(match[2]))


def _webhook_secret(key: str, value: str) -> Secret:
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value):
        raise SettingsError(f"{key} is not usable; it is 16 to 256 of the characters A-Z a-z 0-9 _ - (value not shown)")
    return Secret(value)


def _log_level(key: str, value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise _wrong(key, value, f"it is one of {', '.join(LOG_LEVELS)}")
    return value.upper()


_KEYS = {
    "TELEGRAM_TOKEN": ("token", _token),
    "ADMIN_IDS": ("admin_ids", _ids),
    "DATABASE": ("database", _database),
    "CHECKPOINTS": ("checkpoints", _path),
    "TEMPERATURE_DINO": ("temperature_dino", _temperature),
    "TEMPERATURE_POEM": ("temperature_poem", _temperature),
    "QUEUE_LIMIT": ("queue_limit", _count),
    "RATE_LIMIT": ("rate_limit", _rate),
    "MESSAGE_RATE": ("message_rate", _message_rate),
    "STOP_SECONDS": ("stop_seconds", _stop_seconds),
    "WEBHOOK_URL": ("webhook_url", _webhook_url),
    "WEBHOOK_LISTEN": ("webhook_listen", _listen),
    "WEBHOOK_SECRET": ("webhook_secret", _webhook_secret),
    "TELEGRAM_API_URL": ("api_base_url", _url),
    "LOG_LEVEL": ("log_level", _log_level),
}
