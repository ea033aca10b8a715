"""The tables of the database, and the numbered steps that bring older tables up to date."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import Connection

# lets one program at a time prepare the tables
_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(1)"}

metadata = sa.MetaData()
people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("dino_turns", sa.Integer, nullable=False),
    sa.Column("poem_turns", sa.Integer, nullable=False),
    # about rounds; days are counted from 1 January of the year 1
    sa.Column("streak", sa.Integer, nullable=False),
    sa.Column("played", sa.Integer, nullable=False),  # the last day with a whole round, or 0
)
creations = sa.Table(
    "creations",
    metadata,
    sa.Column("code", sa.String, primary_key=True),
    sa.Column("person", sa.BigInteger, nullable=False, index=True),
    sa.Column("genre", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("turn", sa.BigInteger, nullable=False),
    sa.Column("prompt", sa.String, nullable=False),
    sa.Column("temperature", sa.Float, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("voice", sa.String, nullable=False),
    sa.Column("own_words", sa.Integer, nullable=False),
    sa.Column("word", sa.String, nullable=False),
    # ISO 8601, UTC: SQLite has no type that keeps the zone
    sa.Column("created", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("has_capitals", sa.Boolean, nullable=False),
)
voices = sa.Table(
    "voices",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("form", sa.String, nullable=False),
    sa.Column("capitals", sa.Boolean, nullable=False),
    sa.Column("text", sa.String, nullable=False),
)
weights = sa.Table(
    "weights",
    metadata,
    sa.Column("network", sa.String, primary_key=True),  # "dino", "poem", or the id of a voice
    sa.Column("version", sa.String, primary_key=True),
    sa.Column("description", sa.JSON, nullable=False),
    sa.Column("candidate_since", sa.String),  # only for weights that did not win
    # its sha256 begins with the version
    sa.Column("content", sa.LargeBinary, nullable=False),
)
in_use = sa.Table(
    "in_use",
    metadata,
    sa.Column("network", sa.String, primary_key=True),
    sa.Column("version", sa.String, nullable=False),
)
asks = sa.Table(
    "asks",
    metadata,
    sa.Column("bot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("update", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person", sa.BigInteger, nullable=False),
    sa.Column("chat", sa.BigInteger, nullable=False),
    sa.Column("message", sa.BigInteger, nullable=False),
    sa.Column("date", sa.Float, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("topic", sa.BigInteger),
    sa.Column("is_press", sa.Boolean, nullable=False),
    sa.Column("is_sent", sa.Boolean, nullable=False),
    sa.Column("file", sa.JSON),
    sa.Column("begun", sa.Integer, nullable=False),
    sa.Column("shown", sa.BigInteger),
)
answers = sa.Table(
    "answers",  # each has the key of the ask that it ended
    metadata,
    sa.Column("bot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("update", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person", sa.BigInteger, nullable=False),
    sa.Column("chat", sa.BigInteger, nullable=False),
    sa.Column("topic", sa.BigInteger),
    sa.Column("replies_to", sa.BigInteger),
    sa.Column("edits", sa.BigInteger),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("is_refusal", sa.Boolean, nullable=False),
    sa.Column("is_word", sa.Boolean, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("token", sa.String),  # of the attempt that sends it
)
polled = sa.Table(
    "polled",
    metadata,
    sa.Column("bot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("update", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
bans = sa.Table(
    "bans",
    metadata,
    sa.Column("person", sa.BigInteger, primary_key=True, autoincrement=False),
)
presses = sa.Table(
    "presses",  # in the rounds of today and yesterday
    metadata,
    sa.Column("person", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("question", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("is_found", sa.Boolean, nullable=False),
)
results = sa.Table(
    "results",  # for each day: how many people have found 0, 1, … of its real dinosaurs
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("found", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("people", sa.Integer, nullable=False),
)
numbers = sa.Table("schema_number", metadata, sa.Column("number", sa.Integer, nullable=False))

KEPT = (people, creations, voices, weights, in_use, bans, presses, results)
"""The tables that a backup has. Of the others, `asks`, `answers` and `polled` are about one bot on
Telegram, and `numbers` is made anew."""


def _keep_texts(connection: Connection) -> None:
    """Make the tables of creations, asks and answers anew. Older creations have no texts."""
    for table in (creations, asks):
        table.drop(connection)
    for table in (creations, asks, answers):
        table.create(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_keep_texts,)
"""The first step turns tables of number 1 into those of number 2. `metadata` has the tables that
the last step leaves."""


def prepare(connection: Connection) -> bool:
    """Make the tables, or bring older ones up to date. Return whether they are new.

    Raises OSError, and changes nothing, if another program or a later version made the tables.
    """
    connection.execute(sa.text(_ALONE[connection.dialect.name]))
    found = number_in(connection)
    if found is None:
        # SQLAlchemy's own check leaves a statement open, which locks SQLite's log
        metadata.create_all(connection, checkfirst=False)
        connection.execute(numbers.insert().values(number=number()))
        return True
    for step in MIGRATIONS[found - 1 :]:
        step(connection)
    connection.execute(numbers.update().values(number=number()))
    return False


def number() -> int:
    """Return the number of the tables that this program makes."""
    return 1 + len(MIGRATIONS)


def number_in(connection: Connection) -> int | None:
    """Return the number of the tables; None if there are no tables.

    Raises OSError if another program or a later version made them.
    """
    names = sa.inspect(connection).get_table_names()
    if not names:
        return None
    if numbers.name not in names:
        raise OSError(0, "another program or another version of Mangosaurus made its tables")
    found = connection.scalar(sa.select(numbers.c.number)) or 0
    if not 1 <= found <= number():
        raise OSError(0, "another version of Mangosaurus made its tables; run that version")
    return found
