"""Many awaiting handlers, one decoding thread: requests join the batch at any character and leave when they are done.

Each network has a `Batching` of its own. The event loop only hands requests over and collects answers; everything that
computes happens on the thread, which sleeps while there is nothing to write. Not here: what a request means and how a
character is drawn (`model.decoder`), and whose turn of whose seed it is (the store).

The two sides share one `Condition`, held for bookkeeping only, never while a network runs:

    event loop   `write`, `swap`, `stop`; owns the futures and the count of requests that were admitted
    thread       `_Desk`s (a Decoder and the requests on it); owns them alone, for a Decoder is not thread-safe

NumPy lets go of the interpreter in its larger loops, so the event loop gets its turns: while 100 verses are written,
its timers are some 15 ms late at most (2 cores). But whenever the two change places both lose some ten microseconds,
and an event loop that never pauses can slow the thread down tenfold. So under load they take longer turns: the thread
begins when those who ask at the same time have all asked, and hands over finished texts several at a time. That gives a
third more names a second, and costs a lone request a millisecond.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.writing.nearest import Neighbourhood
from model.decoding.decoder import Decoder
from model.decoding.requests import Request, RequestError
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.writing.nearest import Neighbour
    from model.checkpoint.encoding import Checkpoint
    from model.decoding.requests import Result

logger = logging.getLogger(__name__)

ROWS = 128
"""Requests decoded at once. More rows cost everybody more time a character; a waiting request costs nobody."""

QUIET, LONGEST_GATHERING = 0.001, 0.05
"""An idle thread begins when nobody came for so many seconds, or after so many."""

HOLDING = 0.1
"""Seconds for which a text waits for others that are finished next, while there is more to write."""

STOPPED = "The bot is not running; please ask again when it is back."
FAILED = "I cannot write this at the moment; please ask again later."

PATIENCE = 5.0
"""Seconds that `stop` waits for the thread, which looks up after every character."""


class Busy(MangosaurusError):  # noqa: N818 - a state of the queue, and `except Busy` says it
    """The queue is full: nothing was begun, and the same request may be sent again a little later."""


class WritingError(MangosaurusError):
    """A request was admitted, or came to a stopped `Batching`, and will get no text: our failure, not the person's."""


@dataclass(frozen=True)
class Written:
    """What one request became, the version of the weights that wrote all of it, and the known name nearest to each."""

    texts: tuple[str, ...]
    version: str
    neighbours: tuple[Neighbour | None, ...]


@dataclass(eq=False)
class _Job:
    """One `write` in progress. The event loop sets `abandoned`; the thread reads it between characters."""

    request: Request
    future: asyncio.Future[Written]
    abandoned: bool = False


_Outcome = tuple[_Job, Written | MangosaurusError]


class _Desk:
    """One Decoder and the jobs on it: it belongs to the decoding thread, and lives as long as its weights are used."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.jobs: dict[int, _Job] = {}
        self._decoder: Decoder | None = None
        self._neighbourhood = Neighbourhood(checkpoint.known_names)

    def seat(self, job: _Job) -> list[_Outcome]:
        """Let a job join at the next character; a refused one comes back at once."""
        try:
            self._decoder = self._decoder or Decoder(self.checkpoint)
            self.jobs[self._decoder.submit(job.request)] = job
        except RequestError as error:
            return [(job, error)]
        except Exception:
            logger.exception("A request could not be begun with weights %s", self.checkpoint.version)
            return [(job, _stumbled())]
        return []

    def step(self) -> list[_Outcome]:
        """Write one more character of every job. After a crash the next job gets a fresh Decoder."""
        if self._decoder is None:
            return []
        try:
            self._dismiss_abandoned(self._decoder)
            answers = self._decoder.step() if self.jobs else []
            results = self._results(answers)
        except Exception:
            version, count = self.checkpoint.version, len(self.jobs)
            logger.exception("Decoding with weights %s crashed; %d requests failed", version, count)
            return self._abort()
        for answer in answers:
            del self.jobs[answer.ticket]
        return results

    def _dismiss_abandoned(self, decoder: Decoder) -> None:
        for ticket in [ticket for ticket, job in self.jobs.items() if job.abandoned]:
            del self.jobs[ticket]
            decoder.cancel(ticket)

    def _results(self, answers: list[Result]) -> list[_Outcome]:
        """Pair answers with their jobs; what is nearest to their texts is found for all of them at once."""
        texts = [text for answer in answers for text in answer.texts]
        neighbours = iter(self._neighbourhood.nearest(texts))
        results: list[_Outcome] = []
        for answer in answers:
            nearest = tuple(itertools.islice(neighbours, len(answer.texts)))
            written = Written(answer.texts, self.checkpoint.version, nearest)
            results.append((self.jobs[answer.ticket], answer.error or written))
        return results

    def _abort(self) -> list[_Outcome]:
        failed: list[_Outcome] = [(job, _stumbled()) for job in self.jobs.values()]
        self.jobs, self._decoder = {}, None
        return failed


class Batching:
    """The queue in front of one network, and the thread that decodes it.

    `ROWS` requests are written at once and `queue_limit` more may wait; one beyond that is `Busy` at once.
    """

    def __init__(self, checkpoint: Checkpoint, *, queue_limit: int = 256) -> None:
        self._checkpoint = checkpoint
        self._limit = ROWS + queue_limit
        self._admitted: set[_Job] = set()
        self._waiting: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed_for = STOPPED
        self._thread: threading.Thread | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """The weights that new requests are served by."""
        return self._checkpoint

    async def start(self) -> None:
        """Begin to serve on the running event loop."""
        if self._thread is not None:
            raise RuntimeError("this Batching was started before and not stopped")
        self._closed_for = ""
        # A daemon, so that a process that ends without stop() is not held back.
        self._thread = threading.Thread(
            target=self._decode, args=(asyncio.get_running_loop(),), name="decoding", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """Fail what is pending with a `WritingError` at once, and end the thread."""
        self._close(STOPPED)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, PATIENCE)
            self._thread = None

    async def write(self, request: Request) -> Written:
        """Return the text of a request. Cancelling frees its place in the queue and in the batch.

        Raises `Busy`, `RequestError` (the request's own fault) or `WritingError` (ours).
        """
        job = _Job(request, asyncio.get_running_loop().create_future())
        self._admit(job)
        try:
            return await job.future
        except asyncio.CancelledError:
            self._abandon(job)
            raise
        finally:
            self._admitted.discard(job)

    def swap(self, checkpoint: Checkpoint) -> None:
        """Serve what has not begun yet with other weights; what has begun ends on the weights it began with."""
        with self._changed:
            self._checkpoint = checkpoint

    def _close(self, reason: str) -> None:
        """Take nothing any more, and tell all who wait why."""
        with self._changed:
            self._closed_for = reason
            self._waiting.clear()
            self._changed.notify()
        for job in self._admitted:
            _settle(job, WritingError(reason))

    def _admit(self, job: _Job) -> None:
        if len(self._admitted) >= self._limit:
            raise Busy(f"{len(self._admitted)} requests are waiting already; please try again in a minute.")
        with self._changed:
            if self._closed_for:
                raise WritingError(self._closed_for)
            self._waiting.append(job)
            self._changed.notify()
        self._admitted.add(job)

    def _abandon(self, job: _Job) -> None:
        job.abandoned = True
        with self._changed, contextlib.suppress(ValueError):
            self._waiting.remove(job)

    def _decode(self, loop: asyncio.AbstractEventLoop) -> None:
        """Live as the decoding thread. Should it fail for lack of memory, say, nobody is left waiting for it."""
        try:
            self._serve(loop)
        except Exception:
            logger.exception("The decoding thread failed; the bot writes nothing until it is started again")
            _deliver(loop, self._close, FAILED)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """Seat who waits, write a character for everybody, deliver who is done, until `stop`."""
        desks: list[_Desk] = []
        finished: list[_Outcome] = []
        delivered = 0.0
        while (arrivals := self._arrivals(desks)) is not None:
            checkpoint, jobs = arrivals
            if not desks or desks[-1].checkpoint is not checkpoint:
                desks.append(_Desk(checkpoint))
            finished += [result for job in jobs for result in desks[-1].seat(job)]
            finished += [result for desk in desks for result in desk.step()]
            desks = [desk for desk in desks if desk.jobs or desk is desks[-1]]
            is_idle, now = not any(desk.jobs for desk in desks), time.monotonic()
            if finished and (is_idle or now - delivered > HOLDING):
                _deliver(loop, _settle_all, finished)
                finished, delivered = [], now

    def _arrivals(self, desks: list[_Desk]) -> tuple[Checkpoint, list[_Job]] | None:
        """Wait until there is something to write; the jobs that may join now, or None at the end."""
        running = sum(len(desk.jobs) for desk in desks)
        with self._changed:
            self._changed.wait_for(lambda: running or self._waiting or self._closed_for)
            if self._closed_for:
                return None
        if not running:
            self._gather()
        with self._changed:
            joining = min(ROWS - running, len(self._waiting))
            return self._checkpoint, [self._waiting.popleft() for _ in range(joining)]

    def _gather(self) -> None:
        """Wait until nobody comes any more, or a whole batch is there, but not for long."""
        until, seen = time.monotonic() + LONGEST_GATHERING, 0
        while seen < len(self._waiting) < ROWS and time.monotonic() < until:
            seen = len(self._waiting)
            time.sleep(QUIET)


def _stumbled() -> WritingError:
    return WritingError("Something went wrong while this was being written; please try again.")


def _deliver(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    """Call back on the event loop, once for a whole step; a loop that is closed has nobody waiting."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback, *arguments)


def _settle_all(results: list[_Outcome]) -> None:
    for job, result in results:
        _settle(job, result)


def _settle(job: _Job, result: Written | MangosaurusError) -> None:
    if job.future.done():
        return
    if isinstance(result, Written):
        job.future.set_result(result)
    else:
        job.future.set_exception(result)
