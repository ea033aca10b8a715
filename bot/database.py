"""One database, from its URL: a SQLite file that only its owner can read, or a PostgreSQL server.

A thread of its own carries out one transaction after the other, so the event loop never waits for a
disk or a server. Transactions that wait for the thread are committed together, because a commit can
take 10 ms.
"""

import asyncio
import contextlib
import errno
import logging
import math
import os
import re
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, Executable, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from bot import schema
from model.errors import EX_CONFIG, MangosaurusError, exit_code_of

logger = logging.getLogger(__name__)

SQLITE = "sqlite"
POSTGRESQL = "postgresql+psycopg"
BUSY_SECONDS = 5.0
"""How long SQLite waits while another program writes."""
PATIENCE_SECONDS = 10.0
"""How long a caller waits for a transaction, and for the transactions before it."""
AWAY_SECONDS = 6.0
"""How long transactions wait for a server that is away, for example while it restarts."""
AGAIN_SECONDS = 0.2
"""The pause between two tries to reach a server."""
CLOSING_SECONDS = 1.0
"""How long `close` waits for the transactions that have begun."""
PATHS = "check what DATABASE and MANGOSAURUS_HOME name"
"""What an error suggests if a path is wrong."""
ELSEWHERE = (
    "let DATABASE name another file, or stop the bot, and move it away with the files -wal and -shm"
    " beside it"
)
"""What an error suggests if a file is not ours."""
READONLY = "attempt to write a readonly database"
"""SQLite says this of a file, and of a folder, that it cannot write."""
DAMAGED = "database disk image is malformed"
WAYS_OUT = {
    DAMAGED: "stop the bot, move it away with the files -wal and -shm beside it, and restore a"
    " backup",
    "disk I/O error": "if its disk is full, make room there",
    "database or disk is full": "make room on its disk",
    os.strerror(errno.ENOSPC): "make room on its disk",
}
"""The way out for each reason that SQLite or the system gives for an error. That way out comes
before any other."""
OPTIONS = {
    "connect_timeout": "5",  # seconds
    "keepalives_idle": "4",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "6000",  # milliseconds
    "target_session_attrs": "read-write",
    "application_name": "mangosaurus",
    "options": (
        "-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"
        " -c tcp_user_timeout=7000 -c synchronous_commit=on"
    ),
}
"""Options of a PostgreSQL connection, unless its URL sets them.

If the server or the bot's machine vanishes, the other side notices within 7 seconds. What is
committed survives a crash of the server.
"""

Result = TypeVar("Result")
Job: TypeAlias = tuple[Callable[[Connection], Any], Future[Any]]
"""What a transaction does, and the future of its result."""


class StoreError(MangosaurusError):
    """The database cannot be used: the sentence names it, the reason and, where the bot starts, the
    way out.
    """

    def __init__(self, name: str, reason: str, way_out: str = "", exit_code: int = 1) -> None:
        way_out = WAYS_OUT.get(reason, way_out)
        super().__init__(
            f"{name}: this database cannot be used: {reason}{way_out and f'; {way_out}'}"
        )
        self.exit_code = exit_code


def url_of(database: str | Path) -> URL:
    """Return the URL of a database that is given as PostgreSQL's URL or as the path of a SQLite
    file.

    Raises StoreError for a URL that cannot be used. The error quotes nothing of the URL, because a
    password may be anywhere in it.
    """
    if isinstance(database, Path) or "://" not in database:
        return URL.create(SQLITE, database=str(database))
    try:
        url = make_url(database).set(drivername=POSTGRESQL)
    except (ArgumentError, ValueError):
        raise StoreError("DATABASE", "its URL cannot be read", exit_code=EX_CONFIG) from None
    if "@" in f"{url.host}{url.database}":
        raise StoreError(
            "DATABASE",
            "its URL cannot be read; a password has %40 for @ and %2F for /",
            exit_code=EX_CONFIG,
        )
    return url


def existing(database: str | Path) -> str | Path:
    """Return the address that is given. Raises MangosaurusError if it names a missing file."""
    if isinstance(database, Path) and not database.exists():
        raise MangosaurusError(
            f"there is no database at {database}; MANGOSAURUS_HOME names the folder of a bot's"
            " state"
        )
    return database


def name_of(url: URL) -> str:
    """Return what messages call a database: the path of its file, or its server and its name."""
    if url.drivername == SQLITE:
        return str(url.database)
    return f"PostgreSQL at {url.host or url.query.get('host')}/{url.database or ''}"


class Database:
    """A database, and the thread that uses it.

    If the database is patient, transactions wait a few seconds for a server that goes away.
    """

    def __init__(self, database: str | Path, *, is_patient: bool = True) -> None:
        self.url = url_of(database)
        self.name = name_of(self.url)
        self.is_file = self.url.drivername == SQLITE
        options: dict[str, Any] = {"timeout": BUSY_SECONDS}
        if not self.is_file:
            options = {name: OPTIONS[name] for name in OPTIONS.keys() - self.url.query.keys()}
        self._engine = create_engine(
            self.url,
            connect_args=options,
            pool_pre_ping=not self.is_file,
            hide_parameters=True,  # what people write is private, also in the text of an error
        )
        event.listen(self._engine, "connect", self._set_up)
        self._thread = ThreadPoolExecutor(1, "database")
        self._jobs: deque[Job] = deque()
        self._is_patient = is_patient
        # so long ago that no transaction waits for a server before its first answer
        self._away_since: float | None = -math.inf
        self._claims: list[sqlite3.Connection] = []
        self.is_damaged = False
        """Whether damage was met since the start. It stays true, even if other pages can be
        read."""

    async def __aenter__(self) -> Self:
        """Make the file if it is missing, prepare the tables, and make the file private.

        A new database is logged: its path may be a wrong one.

        Raises StoreError. A database that was there before is then left as it was.
        """
        way_out = "check that the server runs, and that DATABASE is right"
        try:
            if self.is_file:
                way_out = ELSEWHERE
                with self._explained(PATHS):
                    is_empty = _make_file(self.name)
                if is_empty:
                    with contextlib.suppress(StoreError):  # another process sets the mode
                        # in this mode, which the file keeps, readers and a writer do not wait for
                        # each other
                        await self.scalar(text("PRAGMA journal_mode=WAL"))
            if await self.run(schema.prepare, way_out):
                logger.info("%s: this database is new, and knows nobody yet", self.name)
            if self.is_file:
                _let_only_owner_read(self.name)
        except StoreError:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def run(
        self,
        work: Callable[[Connection], Result],
        way_out: str = "",
        patience: float | None = None,
    ) -> Result:
        """Carry out one transaction, and return what `work` returns.

        `work` may run more than once. The work of several callers is committed together. If one
        fails, nothing is committed, and each runs again alone. If a server goes away for a moment,
        all run again, even if the server has committed them.

        Raises StoreError. A database that did not answer in time may have carried out the
        transaction nevertheless.
        """
        result: Future[Result] = Future()
        self._jobs.append((work, result))
        with self._explained(way_out):
            try:
                await self._on_thread(patience or PATIENCE_SECONDS, self._carry_out_waiting)
                return result.result()
            finally:
                result.cancel()  # if the caller gives up, the thread leaves the job out

    async def execute(self, change: Executable) -> None:
        """Carry out one statement that returns nothing. Raises StoreError."""
        await self.run(lambda connection: connection.execute(change))

    async def scalar(self, wanted: Executable) -> Any:
        """Return one value, or None. Raises StoreError."""
        return await self.run(lambda connection: connection.scalar(wanted))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run the block in a transaction on a connection of its own, on this thread. Raises
        StoreError.
        """
        try:
            with self._explained(), self._engine.begin() as connection:
                yield connection
        finally:
            self._engine.dispose()

    def claim(self) -> bool:
        """Lock a file beside a SQLite database until `disconnect` or the end of the process. Return
        False if another process has locked it.
        """
        file = f"{os.path.realpath(self.name)}-telegram"
        with self._explained(PATHS):
            _make_file(file)
        connection = sqlite3.connect(file, 0, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=MEMORY")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            return False
        self._claims.append(connection)
        return True

    async def empty_log(self) -> None:
        """Empty SQLite's write-ahead log, so that deleted rows are gone from the disk.

        If another connection uses the database, this gives up; the bot tries again after ten
        minutes.
        """

        def work(connection: Connection) -> bool:
            connection.execute(text("PRAGMA busy_timeout = 0"))
            try:
                # the first number of the answer is 1 if another connection was in the way
                return bool(connection.scalar(text("PRAGMA wal_checkpoint(TRUNCATE)")))
            finally:
                connection.execute(text(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS:.0f}"))

        if self.is_file and await self.run(work):
            logger.warning(
                "%s: somebody uses this database, so its log keeps what was deleted for a while",
                self.name,
            )

    async def close(self) -> None:
        self._is_patient = False
        with contextlib.suppress(RuntimeError):  # it is closed already
            await self.disconnect()
            self._thread.shutdown(wait=False)

    async def disconnect(self) -> None:
        """End the connection and the claims. The next transaction has a new connection."""
        for claim in self._claims:
            claim.close()
        try:
            await self._on_thread(CLOSING_SECONDS, self._engine.dispose)
        except TimeoutError:  # then end it once the transaction that still runs is over
            self._thread.submit(self._engine.dispose)

    def _carry_out_waiting(self) -> None:
        """Carry out, on the thread, the jobs that wait. Leave out jobs whose caller gave up."""
        jobs = [self._jobs.popleft() for _ in range(len(self._jobs))]
        wanted = [(work, future) for work, future in jobs if future.set_running_or_notify_cancel()]
        if wanted:
            self._carry_out(wanted)

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        """Carry out jobs in one transaction. If one fails, carry out each job alone."""
        try:
            with self._engine.begin() as connection:
                results = [work(connection) for work, _ in jobs]
        except Exception as error:
            if self._wait_to_try_again(error):
                self._carry_out(jobs)
            elif len(jobs) > 1 and not _is_away(error):
                for job in jobs:
                    self._carry_out([job])
            else:
                for _, future in jobs:
                    future.set_exception(error)
            return
        self._away_since = None
        for (_, future), result in zip(jobs, results, strict=True):
            future.set_result(result)

    def _wait_to_try_again(self, error: Exception) -> bool:
        """Return whether to try again after an error, and wait a moment before that.

        While a server is away, the bot tries again for AWAY_SECONDS.
        """
        if not (self._is_patient and _is_away(error)):
            return False
        self._away_since = self._away_since or time.monotonic()
        time.sleep(AGAIN_SECONDS)
        return time.monotonic() < self._away_since + AWAY_SECONDS

    async def _on_thread(self, patience: float, function: Callable[[], None]) -> None:
        """Call a function on the thread. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            await asyncio.get_running_loop().run_in_executor(self._thread, function)

    @contextmanager
    def _explained(self, way_out: str = "") -> Iterator[None]:
        """Turn a failure into a StoreError, without the driver's traceback, which quotes rows."""
        try:
            yield
        except TimeoutError:
            raise StoreError(self.name, "it does not answer", way_out) from None
        except OSError as error:
            reason = error.strerror or str(error)
            if isinstance(error, PermissionError):
                # an owner is not found if the file is missing, if the owner has no name, or on
                # Windows
                with contextlib.suppress(OSError, KeyError, NotImplementedError):
                    owner = Path(error.filename).owner()
                    way_out = f"{error.filename} belongs to {owner}; chown it to the bot's user"
            raise StoreError(self.name, reason, way_out, exit_code_of(error)) from None
        except DBAPIError as error:
            # The driver's reason in one line, without the hints, the statement and the data that
            # may follow it.
            reason = re.split(r" with text |\n(?:\t|DETAIL|LINE)", str(error.orig), maxsplit=1)[0]
            # an OperationalError, such as that of a full disk, may go away; damage stays
            code = 1 if isinstance(error, OperationalError) and reason != READONLY else EX_CONFIG
            self.is_damaged |= reason == DAMAGED
            raise StoreError(self.name, " ".join(reason.split()), way_out, code) from None

    def _set_up(self, connection: Any, _record: object) -> None:
        """Let SQLite commit without waiting for the disk. If the bot is killed, nothing is lost; if
        the power fails, the newest changes are lost.

        If the disk is busy, a commit that waits for it can take 0.1 to 0.4 s, and everybody waits
        behind it.
        """
        if self.is_file:
            self._opened = Path(self.name).stat()  # `check` notices if the file is replaced
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA secure_delete=ON")  # overwrite what is deleted


def put(
    connection: Connection,
    table: Table,
    key: dict[str, Any],
    new: dict[str, Any],
    changes: dict[str, Any],
) -> bool:
    """Insert a row with `key` and `new`. If there is a row with that key, make `changes` to it.
    Return whether anything was written.
    """
    dialect = sqlite if connection.dialect.name == SQLITE else postgresql
    insert = dialect.insert(table).values(key | new)
    if changes:
        insert = insert.on_conflict_do_update(index_elements=list(key), set_=changes)
    else:
        insert = insert.on_conflict_do_nothing()
    return bool(connection.execute(insert.execution_options(preserve_rowcount=True)).rowcount)


def _is_away(error: Exception) -> bool:
    """Return whether a connection to a server broke or cannot be made. Such an error has no
    SQLSTATE.
    """
    return isinstance(error, OperationalError) and (
        error.connection_invalidated or getattr(error.orig, "sqlstate", "") is None
    )


def _let_only_owner_read(file: str) -> None:
    """Let only the owner of a SQLite database read it, and the files beside it."""
    for path in (file, *(f"{os.path.realpath(file)}{end}" for end in ("-wal", "-shm"))):
        with contextlib.suppress(OSError):  # it belongs to another user, or is not there
            Path(path).chmod(0o600)


def _make_file(file: str) -> bool:
    """Make a file that only its owner can read, unless it is there. Return whether it is empty.

    SQLite deletes a log that lies beside an empty file. The log may have the newest changes of a
    database that was moved away without it. So StoreError is raised if a log lies beside an empty
    or missing file.
    """
    path = Path(os.path.realpath(file))
    path.parent.mkdir(parents=True, exist_ok=True)
    # look for the log first, as another process makes a database before its log
    if Path(f"{path}-wal").exists() and not (path.exists() and path.stat().st_size):
        raise StoreError(
            file,
            "it would be new, but the log of another one lies beside it",
            f"stop the bot, and move {path.name}, {path.name}-wal and {path.name}-shm together",
            EX_CONFIG,
        )
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return path.stat().st_size == 0
