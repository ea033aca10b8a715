"""The operator's settings: read once, from the environment and `.env`, into one frozen `Settings`.

The real environment wins over `.env`, and a key without a value counts as not set.
"""

from __future__ import annotations

import difflib
import stat
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from bot import values
from bot.values import Address, Rate, Secret, SettingsError
from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

USUAL_RATE = Rate(10, 60)
USUAL_LISTEN = Address("127.0.0.1", 8443)
TELEGRAMS_RATE = 30
"""Messages a second that Telegram accepts from a bot."""


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
    webhook_listen: Address = USUAL_LISTEN
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
    texts = {key: text for key, text in _file_values(env_file).items() if key in _KEYS} | given
    fields = {field: parse(key, texts[key]) for key, (field, parse) in _KEYS.items() if texts.get(key)}
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
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {key: (value or "").strip() for key, value in found.items()}


_KEYS = {
    "TELEGRAM_TOKEN": ("token", values.token),
    "ADMIN_IDS": ("admin_ids", values.ids),
    "DATABASE": ("database", values.database),
    "CHECKPOINTS": ("checkpoints", values.path),
    "TEMPERATURE_DINO": ("temperature_dino", values.temperature),
    "TEMPERATURE_POEM": ("temperature_poem", values.temperature),
    "QUEUE_LIMIT": ("queue_limit", values.count),
    "RATE_LIMIT": ("rate_limit", values.rate),
    "MESSAGE_RATE": ("message_rate", values.message_rate),
    "STOP_SECONDS": ("stop_seconds", values.stop_seconds),
    "WEBHOOK_URL": ("webhook_url", values.webhook_url),
    "WEBHOOK_LISTEN": ("webhook_listen", values.listen),
    "WEBHOOK_SECRET": ("webhook_secret", values.webhook_secret),
    "TELEGRAM_API_URL": ("api_base_url", values.url),
    "LOG_LEVEL": ("log_level", values.log_level),
}
