"""Threads that write the texts of one version of the weights, many at once.

A request joins a thread's batch at any token and leaves when it is done. Verse by words needs
tables that take a second to make: another thread makes them with the first request for verse.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from bot.chat import Failed
from bot.creations import Text
from bot.limits import TEXTS
from bot.speeds import Speed
from bot.words import sentences
from model.errors import RequestError
from model.network.exact import Exact
from model.text.forms import Genre
from model.text.tokens import WordVocabulary
from model.text.typesetting import with_names
from model.verse.tables import tables_for
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, VerseRequest

logger = logging.getLogger(__name__)

ROWS = 128
"""How many texts a thread writes at once.

More rows slow down every row; a request that waits slows down none.
"""
ENOUGH = 2.0
"""If every thread has this much work, in poems, another thread begins. A thread with less does not
measure its speed: promises are made to crowds, and then all threads work."""
STUCK_SECONDS = 15.0
"""A thread is stuck if it has written no character for this long while a text has waited as long.
"""
JOIN_SECONDS = 5.0
"""How long `close` waits for a thread. After every character, a thread looks whether it should end.
"""


Watch = Callable[[Text], object]
"""Called on the event loop with an unfinished sonnet, whenever it has another line."""


@dataclass(eq=False)
class _Queue:
    """The requests for one thread."""

    # None wakes the thread at the end
    jobs: "SimpleQueue[_Job | None]" = field(default_factory=SimpleQueue)
    stepped: float = field(default_factory=time.monotonic)  # when the thread last wrote a character


@dataclass(eq=False)
class _Job:
    """A request, its work in poems, what watches it grow, and the future of its text, which any
    thread may set.
    """

    request: Request
    work: float
    watch: Watch | None
    queue: _Queue | None = None  # None while the request is being prepared
    future: Future[Text] = field(default_factory=Future)
    seen: tuple[str, ...] = ("",)  # what `watch` was called with
    begun: float = field(default_factory=time.monotonic)

    def settle(self, outcome: Text | Exception) -> None:
        """Hand over what became of the request, if anybody waits for it."""
        with contextlib.suppress(InvalidStateError):
            if isinstance(outcome, Text):
                self.future.set_result(outcome)
            else:
                self.future.set_exception(outcome)


class Writer:
    """The threads of one version, each with a queue: more than one if there is much to write. They
    measure their `speed`.
    """

    def __init__(self, checkpoint: Checkpoint, speed: Speed) -> None:
        self.checkpoint = checkpoint
        self.speed = speed
        self.pending: set[_Job] = set()
        """The requests that are being prepared, wait or are being written."""
        self.threads = speed.workers  # how many may write
        self._threads: dict[_Queue, Thread] = {}
        self._exact: Exact | None = None
        self._making = Lock()
        self._loop = asyncio.get_running_loop()
        self._is_closed = False

    async def write(self, request: Request, genre: Genre, watch: Watch | None = None) -> Text:
        """Return the text of a request. `watch` sees a sonnet grow.

        Raises RequestError if the request is impossible, Failed if writing failed.
        """
        parts = request.parts if isinstance(request, VerseRequest) else 1
        job = _Job(request, TEXTS[genre] * parts, watch)
        self.pending.add(job)
        try:
            if isinstance(self.checkpoint.vocabulary, WordVocabulary):
                try:
                    await asyncio.to_thread(tables_for, self.checkpoint)
                except RequestError as error:
                    raise Failed(sentences.NOT_PREPARED, f"verse is not served: {error}") from error
            job.queue = self._least_busy()
            job.queue.jobs.put(job)
            return await asyncio.wrap_future(job.future)
        finally:
            self.pending.discard(job)

    @property
    def is_stuck(self) -> bool:
        """Whether a thread is stuck, in the sense of STUCK_SECONDS."""
        latest = time.monotonic() - STUCK_SECONDS
        return any(
            job.begun < latest and job.queue and job.queue.stepped < latest for job in self.pending
        )

    async def close(self) -> None:
        """End the threads. Texts that are not written by now never will be."""
        self._is_closed = True
        for queue in self._threads:
            queue.jobs.put(None)
        await asyncio.gather(
            *[asyncio.to_thread(each.join, JOIN_SECONDS) for each in self._threads.values()]
        )

    def _least_busy(self) -> _Queue:
        """Return the queue with the least work.

        If every queue has enough work and another thread may write, start that thread, and return
        its queue.
        """
        work = {
            queue: sum(job.work for job in self.pending if job.queue is queue)
            for queue in self._threads
        }
        if len(work) < self.threads and min(work.values(), default=ENOUGH) >= ENOUGH:
            queue = _Queue()
            # A daemon, so that a process that ends without close() is not held back.
            self._threads[queue] = Thread(
                target=self._write_until_closed, args=(queue,), name="writing", daemon=True
            )
            self._threads[queue].start()
            return queue
        return min(work, key=work.__getitem__)

    def _write_until_closed(self, queue: _Queue) -> None:
        """Write texts on a thread until the end.

        An error fails all requests at hand; then a fresh decoder begins.
        """
        decoder: Decoder | None = None
        jobs: dict[int, _Job] = {}  # by ticket
        seconds = 0.0  # of work since something was written last
        while (arrivals := self._wait_for_jobs(queue, len(jobs))) is not None:
            queue.stepped = time.monotonic()
            try:
                if decoder is None:
                    with self._making:  # the decoders of all threads share the parameters
                        self._exact = self._exact or Exact(self.checkpoint.language_model)
                    decoder = Decoder(self.checkpoint, self._exact)
                begun = time.monotonic()
                at_hand = sum(job.work for job in (*arrivals, *jobs.values()))
                written = self._step(arrivals, decoder, jobs)
                if at_hand >= ENOUGH:
                    seconds += time.monotonic() - begun
                    if written:
                        self.speed.add(written, seconds)
                        seconds = 0.0
            except Exception as error:
                what = f"writing with the weights {self.checkpoint.version}"
                logger.exception("An error ended %s", what)
                failure = Failed(sentences.NOT_WRITTEN, f"{what} failed: {type(error).__name__}")
                for job in {*arrivals, *jobs.values()}:
                    job.settle(failure)
                decoder, jobs, seconds = None, {}, 0.0

    def _wait_for_jobs(self, queue: _Queue, running: int) -> list[_Job] | None:
        """Return the requests that join, or None at the end. If nothing is being written, wait for
        one.
        """
        arrivals: list[_Job] = []
        with contextlib.suppress(Empty):  # no more requests wait
            while running + len(arrivals) < ROWS and not self._is_closed:
                job = queue.jobs.get(block=not (running or arrivals))
                if job and not job.future.done():
                    arrivals.append(job)
        return None if self._is_closed else arrivals

    def _step(self, arrivals: Sequence[_Job], decoder: Decoder, jobs: dict[int, _Job]) -> float:
        """Let requests join, drop those that nobody awaits, and write a token of every text. Return
        how many poems the texts are that are done now.
        """
        written = 0.0
        for job in arrivals:
            try:
                jobs[decoder.submit(job.request)] = job
            except RequestError as error:
                job.settle(error)
        for ticket, job in list(jobs.items()):
            if job.future.done():
                decoder.cancel(ticket)
                del jobs[ticket]
        for result in decoder.step():
            job = jobs[result.ticket]
            written += 0.0 if result.error else job.work
            job.settle(result.error or self._text(job.request, result.texts))
            del jobs[result.ticket]
        for ticket, job in jobs.items():
            if job.watch and (texts := decoder.texts(ticket)) != job.seen:
                job.seen = texts
                self._loop.call_soon_threadsafe(job.watch, self._text(job.request, texts))
        return written

    def _text(self, request: Request, texts: tuple[str, ...]) -> Text:
        """Return what a request became. Proper names in verse get capitals."""
        has_capitals = any(map(str.isupper, self.checkpoint.vocabulary.characters))
        if not isinstance(request, NameRequest):
            texts = (with_names(texts[0], self.checkpoint.proper_names),)
        return Text(texts, has_capitals)
