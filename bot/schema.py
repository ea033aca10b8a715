"""The tables of the database, and the numbered migrations that bring older tables up to date.

Each migration is a transaction of its own, so a start that is interrupted goes on where it was.
"""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import Connection

_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(1)"}

metadata = sa.MetaData()
people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("dino_turns", sa.Integer, nullable=False, default=0),
    sa.Column("poem_turns", sa.Integer, nullable=False, default=0),
)
creations = sa.Table(
    "creations",
    metadata,
    sa.Column("code", sa.String, primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("genre", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("turn", sa.BigInteger, nullable=False),
    sa.Column("prompt", sa.String, nullable=False),
    sa.Column("temperature", sa.Float, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
    # ISO 8601, UTC: SQLite has no type that keeps the zone
    sa.Column("created", sa.String, nullable=False),
    sa.Column("voice", sa.String, nullable=False, server_default=""),
    sa.Column("arrived", sa.Boolean, nullable=False, server_default=sa.text("TRUE")),
    sa.Column("before", sa.String, nullable=False, server_default=""),
    sa.Column("own_words", sa.Integer),
)
undelivered = sa.Index(
    "ix_creations_undelivered",
    creations.c.created,
    sqlite_where=~creations.c.arrived,
    postgresql_where=~creations.c.arrived,
)
preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("mood", sa.String, nullable=False),
    sa.Column("names", sa.Integer, nullable=False),
)
streaks = sa.Table(
    "streaks",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("streak", sa.Integer, nullable=False),
)
guesses = sa.Table(
    "guesses",
    metadata,
    sa.Column("version", sa.String, primary_key=True),  # which made names up
    sa.Column("rounds", sa.Integer, nullable=False),
    sa.Column("found", sa.Integer, nullable=False),
)
formats = sa.Table("format", metadata, sa.Column("format", sa.Integer, nullable=False))


def _columns(connection: Connection) -> None:
    """Add the columns that 0.1 lacks.

    As the column "kind" has a new name, an earlier bot refuses this database. It would lose what it
    does not know.
    """
    connection.execute(sa.text("ALTER TABLE creations RENAME COLUMN kind TO genre"))
    for column in (
        creations.c.voice,
        creations.c.arrived,
        creations.c.before,
        creations.c.own_words,
    ):
        kind = column.type.compile(connection.dialect)
        default = (
            ""
            if column.nullable
            else f" DEFAULT {'TRUE' if column.name == 'arrived' else chr(39) * 2} NOT NULL"
        )
        connection.execute(
            sa.text(f'ALTER TABLE creations ADD COLUMN "{column.name}" {kind}{default}')
        )


def _index(connection: Connection) -> None:
    """Let the bot find quickly what never arrived."""
    undelivered.create(connection, checkfirst=True)


def _games(connection: Connection) -> None:
    """Make the tables of `/guess`."""
    for table in (streaks, guesses):
        table.create(connection, checkfirst=True)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_columns, lambda _: None, _index, _games)
"""Migration n turns format n - 1 into format n. Format 0 is that of version 0.1, which did not note
it. The second one moved what only versions before a release had written."""
FORMAT = len(MIGRATIONS)


def prepare(connection: Connection) -> int:
    """Make the tables that are missing, and return the format of the database.

    Fails if a later version has written it, if its tables are somebody else's, or if nothing can be
    written.
    """
    connection.execute(sa.text(_ALONE[connection.dialect.name]))
    names = set(sa.inspect(connection).get_table_names())
    found = 0 if {"creations"} <= names else FORMAT
    if "format" in names:
        found = connection.scalar(sa.select(formats.c.format)) or 0
    if found > FORMAT:
        raise OSError(0, "a later version of Mangosaurus has written it; run that version")
    if found == FORMAT:
        for table in metadata.tables.values():
            if table.name in names:
                connection.execute(sa.select(table).limit(0))
        metadata.create_all(connection)
    formats.create(connection, checkfirst=True)
    _note(connection, found)
    return found


def migrate(connection: Connection) -> int:
    """Carry out the next migration, unless another process has; return the format then."""
    connection.execute(sa.text(_ALONE[connection.dialect.name]))
    found = connection.scalar(sa.select(formats.c.format)) or 0
    if found < FORMAT:
        MIGRATIONS[found](connection)
        found += 1
        _note(connection, found)
    return found


def _note(connection: Connection, number: int) -> None:
    connection.execute(formats.delete())
    connection.execute(formats.insert().values(format=number))
