"""The tables of the database. New facts get new tables, never new columns, so that an older database still opens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, String, Table, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

ESCAPED = "\ufdd0"
"""The first character of escaped text: a noncharacter, which Unicode leaves to programs for their own use."""

_UNSTORABLE = re.compile(f"[\0\ud800-\udfff]|^{ESCAPED}")


class Text(TypeDecorator[str]):
    """Any string. Surrogates, which neither database accepts, and NUL, which PostgreSQL rejects, are escaped."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base's signature
        """Return the string as it is stored."""
        return value and escaped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - likewise
        """Return the string that was stored."""
        return value and unescaped(value)


def escaped(text: str) -> str:
    """Return storable text from which `unescaped` restores this one: nearly always the text itself."""
    if not _UNSTORABLE.search(text):
        return text
    return ESCAPED + text.encode("unicode_escape").decode("ascii")


def unescaped(stored: str) -> str:
    """Undo `escaped`. Text that it cannot have made is older than the escape, and stays as it is."""
    if not stored.startswith(ESCAPED):
        return stored
    try:
        text = stored[1:].encode("ascii").decode("unicode_escape")
    except UnicodeError:
        return stored
    return text if escaped(text) == stored else stored


metadata = MetaData()
people = Table(
    "people",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seed", BigInteger, nullable=False),
    Column("dino_turns", Integer, nullable=False, default=0),
    Column("poem_turns", Integer, nullable=False, default=0),
)
creations = Table(
    "creations",
    metadata,
    Column("code", Text, primary_key=True),
    Column("person_id", BigInteger, nullable=False, index=True),
    Column("kind", String, nullable=False),  # the genre
    Column("version", String, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("temperature", Float, nullable=False),
    Column("count", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("created", String, nullable=False),  # ISO 8601, UTC: SQLite has no type that keeps the zone
)
creation_voices = Table(  # of the creations in own voices
    "creation_voices",
    metadata,
    Column("code", Text, primary_key=True),
    Column("voice", String, nullable=False),
)
preferences = Table(
    "preferences",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("mood", String, nullable=False),
    Column("names", Integer, nullable=False),
)
trainings = Table(  # in progress; those of a bot that crashed stay here for its next start
    "trainings",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("network", String, nullable=False),
)
lessons = Table(  # the work folder of a training, and its last words until they are told
    "lessons",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", String, nullable=False),
    Column("last_words", Text, nullable=False, default=""),
)
