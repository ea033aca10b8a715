"""Many awaiting handlers, one decoding thread: requests join the batch at any character and leave when they are done.

Each network has a `Writer`. The event loop queues requests and awaits their texts; the thread computes, and sleeps
while there is nothing to write. They share one `Condition`, held for bookkeeping only, never while a network runs.

Sonnets need tables, which take a second to make. Other threads make them: when the bot starts, before other weights
serve, or with the first request for a sonnet.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

from bot.writing.desk import Desk, Job, settle
from model.errors import MangosaurusError, RequestError
from model.sonnets.tables import tables_for

if TYPE_CHECKING:
    from bot.writing.desk import Text, Watch
    from model.checkpoint.encoding import Checkpoint
    from model.writing.requests import Request

logger = logging.getLogger(__name__)

ROWS = 128
"""Requests decoded at once. More rows slow down every row; a request that waits costs nobody anything."""
MOST_SONNETS = 16
"""Sonnets that are written or wait. At a second for each, the last one is finished within half a minute."""
JOIN_SECONDS = 5.0
"""How long `stop` waits for the thread, which looks up after every character."""


class Busy(MangosaurusError):  # noqa: N818 - a state of the queue, and `except Busy` says it
    """The queue is full and nothing was begun; the same request may be sent again a little later."""


class UnpreparedError(MangosaurusError):
    """The tables for sonnets cannot be made. The sentence says why."""


class WritingError(MangosaurusError):
    """A request gets no text because something of ours failed."""


class Stopped(WritingError):  # noqa: N818 - a state of the writer
    """A request gets no text because the writer was stopped."""


class Writer:
    """The queue in front of one network, and the thread that decodes it.

    `ROWS` requests are written at once and `queue_limit` more may wait; one more is `Busy` at once, and so is a sonnet
    beyond `MOST_SONNETS`.
    """

    def __init__(self, checkpoint: Checkpoint, *, queue_limit: int = 256) -> None:
        self.checkpoint = checkpoint
        """The weights that new requests are written with."""
        self._limit = ROWS + queue_limit
        self._pending: set[Job] = set()  # those being prepared, in the queue or on the desk
        self._preparing = asyncio.Lock()
        self._prepared: Checkpoint | None = None
        self._queue: deque[Job] = deque()
        self._changed = threading.Condition()
        self._stopped = True
        self._thread: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """How many requests wait or are being written."""
        return len(self._pending)

    async def start(self) -> None:
        """Start the thread."""
        if self._thread is not None:
            raise RuntimeError("this Writer was started before and not stopped")
        self._stopped = False
        # A daemon, so that a process that ends without stop() is not held back.
        self._thread = threading.Thread(target=self._decode, name="decoding", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Fail the pending requests with `Stopped` at once, and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        for job in self._pending:
            settle(job.future, Stopped("the writer was stopped"))
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, JOIN_SECONDS)
            self._thread = None

    async def prepare(self, checkpoint: Checkpoint | None = None) -> None:
        """Make the tables for sonnets by these weights, or by those that serve. UnpreparedError if that fails."""
        checkpoint = checkpoint or self.checkpoint
        async with self._preparing:
            if self._prepared is checkpoint or checkpoint.description.form != "verse":
                return
            try:
                await asyncio.to_thread(tables_for, checkpoint)
            except RequestError as error:
                raise UnpreparedError(str(error)) from error
            self._prepared = checkpoint

    async def write(self, request: Request, watch: Watch | None = None) -> Text:
        """Return the text of a request. Cancelling frees its place in the queue or in the batch.

        Raises `Busy`, `RequestError` (the request asks for the impossible), `UnpreparedError` or `WritingError` (our
        failure).
        """
        if self._stopped:
            raise Stopped("the writer is not running")
        job = Job(request, asyncio.get_running_loop().create_future(), watch)
        self._refuse_crowd(job)
        self._pending.add(job)
        try:
            if job.is_sonnet:
                await self.prepare()
            with self._changed:
                self._queue.append(job)
                self._changed.notify()
            return await job.future
        finally:
            self._pending.discard(job)
            with self._changed:
                if job in self._queue:  # cancelled or stopped early
                    self._queue.remove(job)

    def _refuse_crowd(self, job: Job) -> None:
        if len(self._pending) >= self._limit:
            raise Busy(f"{len(self._pending)} requests are waiting already")
        if job.is_sonnet and sum(other.is_sonnet for other in self._pending) >= MOST_SONNETS:
            raise Busy(f"{MOST_SONNETS} sonnets are waiting already")

    def swap(self, checkpoint: Checkpoint) -> None:
        """Write new requests with other weights, once the texts in progress have ended on the old ones."""
        self.checkpoint = checkpoint

    def _decode(self) -> None:
        """Live as the decoding thread. A crash fails the requests on the desk; the next ones get a fresh desk."""
        desk: Desk | None = None
        while (arrivals := self._arrivals(desk)) is not None:
            checkpoint, jobs = arrivals
            try:
                if desk is None or desk.checkpoint is not checkpoint:
                    desk = Desk(checkpoint)
                for job in jobs:
                    desk.seat(job)
                desk.step()
            except Exception:
                failed = {*jobs, *(desk.jobs.values() if desk else ())}
                logger.exception("Writing with weights %s failed %d requests", checkpoint.version, len(failed))
                for job in failed:
                    settle(job.future, WritingError("the decoder crashed"))
                desk = None

    def _arrivals(self, desk: Desk | None) -> tuple[Checkpoint, list[Job]] | None:
        """Wait until there is something to write; returns the weights and the requests that join, or None at the end.

        After a swap nobody joins until the texts in progress are finished.
        """
        running = len(desk.jobs) if desk else 0
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._queue or running)
            if self._stopped:
                return None
            newest = self.checkpoint
            checkpoint = desk.checkpoint if desk and running else newest
            joining = min(ROWS - running, len(self._queue)) if checkpoint is newest else 0
            return checkpoint, [self._queue.popleft() for _ in range(joining)]
