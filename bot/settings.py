"""The operator's settings: read once, from the environment and `.env`, into one frozen `Settings`.

The real environment wins over `.env`, and a key without a value counts as not set. An error names
the key and the value, except where the value may be a secret.
"""

import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from model.errors import EX_CONFIG, MangosaurusError
from model.files import HOME

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
PRIVATE = re.compile("[0-9]{5,}:|:.*[@?]")
"""A value like this may hold a token, or an address with a password."""
SECRETS = ("TELEGRAM_TOKEN", "DATABASE")
"""The settings that no child process gets."""


class SettingsError(MangosaurusError):
    """A setting that makes no sense: the sentence names the key, the value and what it should look
    like.
    """

    exit_code = EX_CONFIG


@dataclass(frozen=True, repr=False)
class Secret:
    """A text that only `reveal` returns; `repr` and `str` hide it."""

    _text: str

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


class Rate(NamedTuple):
    """At most `most` things in `seconds` seconds. All of them may come at once."""

    most: int
    seconds: float


class Address(NamedTuple):
    """A host name or an IP address, and a port."""

    host: str
    port: int


USUAL_RATE = Rate(10, 60)


@dataclass(frozen=True)
class Settings:
    """The operator's choices. Without a token, the bot chats in the terminal and on the page."""

    token: Secret | None = None
    admin_ids: frozenset[int] = frozenset()
    database: Path | Secret = HOME / "mangosaurus.db"  # a file, or the URL of a server
    rate_limit: Rate | None = USUAL_RATE  # for each person; None: no limit
    api_base_url: str = "https://api.telegram.org"
    health_listen: Address | None = None  # None: nowhere
    log_level: str | None = None  # None: INFO with a token, WARNING in the terminal
    checkpoints: Path = HOME / "checkpoints"  # no key sets this or the next two
    saved: Path = HOME / "saved"
    speeds: Path = HOME / "speeds.json"

    @property
    def database_address(self) -> Path | str:
        return self.database.reveal() if isinstance(self.database, Secret) else self.database


def read_settings(environment: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Return the settings of an environment, or else of a file. Raises SettingsError."""
    texts = _file_values(env_file) | {key: value.strip() for key, value in environment.items()}
    values = {
        key.field: _value(name, key, texts[name]) for name, key in KEYS.items() if texts.get(name)
    }
    return Settings(**values)  # type: ignore[arg-type]  # each parser returns what its field holds


def warnings_about(env_file: Path) -> list[str]:
    """Return what the operator should mend: names that mean nothing, and a file that others may
    read.
    """
    unknown = sorted(_file_values(env_file).keys() - KEYS.keys())
    found = [f"{env_file}: {name} is not a setting; --help names them all" for name in unknown]
    if os.name == "posix" and env_file.exists() and stat.S_IMODE(env_file.stat().st_mode) & 0o077:
        found.append(
            f"{env_file}: other users of this machine may read it, and the token in it: chmod 600"
            f" {env_file}"
        )
    return found


def _file_values(env_file: Path | None) -> dict[str, str]:
    """Return all names in a file with their values. Raises SettingsError."""
    if env_file is None or not env_file.exists():
        return {}
    # Imported only if there is a file. Unlike dotenv_values, the parser leaves a `$` as it is, and
    # logs no line that it cannot read.
    from dotenv.parser import parse_stream

    try:
        text = env_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{env_file}: cannot be read: {reason}") from None
    found = {}
    for line in parse_stream(StringIO(text)):
        if line.error:
            # the parser counts the blank lines above to the line
            blank = line.original.string.removesuffix(line.original.string.lstrip())
            number = line.original.line + len(blank.splitlines())
            raise SettingsError(f"{env_file}, line {number}: this is not NAME=value, nor a comment")
        if line.key:
            found[line.key] = (line.value or "").strip()
    return found


class Key(NamedTuple):
    """How a setting is written. `parse` returns the value of a text, or raises a ValueError."""

    field: str
    rule: str
    parse: Callable[[str], object]


def _value(name: str, key: Key, text: str) -> object:
    """Return the value that a text gives a setting. Raises SettingsError."""
    try:
        return key.parse(text)
    except (ValueError, RuntimeError):
        is_private = name == "TELEGRAM_TOKEN" or PRIVATE.search(text)
        shown = "not usable (value not shown)" if is_private else repr(text)
        raise SettingsError(f"{name} is {shown}; it is {key.rule}") from None


def _matching(pattern: str, make: Callable[..., object]) -> Callable[[str], object]:
    """Return a parser that calls `make` with the groups of a pattern, or with the whole text if the
    pattern has no groups.
    """

    def parse(text: str) -> object:
        if not (found := re.fullmatch(pattern, text)):
            raise ValueError
        return make(*(found.groups() or [text]))

    return parse


def _token_in(text: str) -> object:
    """Return the token in a file: a secret of Docker, or a credential of systemd."""
    if PRIVATE.search(text):  # somebody has given the token itself
        raise ValueError
    try:
        content = (HOME / Path(text).expanduser()).read_text(encoding="utf-8")
        return KEYS["TELEGRAM_TOKEN"].parse(content.strip())
    except OSError as error:
        raise SettingsError(
            f"TELEGRAM_TOKEN_FILE is {text!r}, which cannot be read: {error.strerror}"
        ) from None
    except ValueError:
        raise SettingsError(
            f"TELEGRAM_TOKEN_FILE is {text!r}, and what that file holds is no token; put into it"
            f" {KEYS['TELEGRAM_TOKEN'].rule}, and nothing else"
        ) from None


def _database(text: str) -> Path | Secret:
    """Return the path of a SQLite file, or PostgreSQL's URL, which may have a password."""
    if re.match(r"postgres(ql)?(\+psycopg)?://", text):
        if not find_spec("psycopg"):
            raise SettingsError(
                "DATABASE is PostgreSQL's, and its driver is missing; install"
                f" mangosaurus[postgresql] in {sys.prefix}, as you installed mangosaurus: with pip,"
                " pipx or uv"
            )
        return Secret(text)
    if "://" in text or PRIVATE.search(text):
        raise ValueError
    return HOME / Path(text).expanduser()  # RuntimeError, if `~somebody` is nobody


def _url(text: str) -> str:
    """Return an address of HTTP, without a slash at its end. Raises ValueError."""
    address = urlsplit(text)
    is_sound = address.scheme in ("http", "https") and address.hostname and address.port != 0
    if not is_sound or address.query or address.fragment or any(map(str.isspace, text)):
        raise ValueError
    return text.rstrip("/")


def _address(host: str, port: str) -> Address:
    """Return a host and a port. Raises ValueError."""
    if not 0 < int(port) < 65536:
        raise ValueError
    return Address(host.strip("[]"), int(port))


KEYS = {
    "TELEGRAM_TOKEN": Key(
        "token", "what @BotFather gives: 123456:ABC-DEF", _matching("[0-9]+:[A-Za-z0-9_-]+", Secret)
    ),
    "TELEGRAM_TOKEN_FILE": Key(
        "token", "the path of a file with the token alone, which then counts", _token_in
    ),
    "ADMIN_IDS": Key(
        "admin_ids",
        "a list of Telegram user ids such as 12345678, 87654321",
        _matching(
            r"(?:[1-9][0-9]{0,15}\s*(?:,\s*|$))+",
            lambda text: frozenset(map(int, re.findall("[0-9]+", text))),
        ),
    ),
    "DATABASE": Key(
        "database",
        "a path on this machine, or postgresql+psycopg://user:password@host/name",
        _database,
    ),
    "RATE_LIMIT": Key(
        "rate_limit",
        "answers/seconds for each person such as 10/60, or 0 for no limit",
        _matching(
            "0|([1-9][0-9]{0,5})/([1-9][0-9]{0,5})",
            lambda most, seconds: Rate(int(most), int(seconds)) if most else None,
        ),
    ),
    "TELEGRAM_API_URL": Key(
        "api_base_url", "the address of a Bot API server such as http://localhost:8081", _url
    ),
    "HEALTH_LISTEN": Key(
        "health_listen",
        "a host and a port such as 127.0.0.1:8080",
        _matching(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", _address),
    ),
    "LOG_LEVEL": Key(
        "log_level",
        f"one of {', '.join(LOG_LEVELS)}",
        _matching(f"(?ai:{'|'.join(LOG_LEVELS)})", str.upper),
    ),
}
"""Every setting, in the order of .env.example."""
