"""Requests in, texts out: one version of the weights, many awaiting answers, one decoding thread.

Requests join the batch at any character and leave when they are done. The thread and the event loop share one
`Condition`, held for bookkeeping only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from bot.chat import Explained
from bot.words import sentences
from model.decoding.decoder import Decoder
from model.decoding.drafts import seam
from model.decoding.requests import NameRequest, RequestError, SonnetRequest, VerseRequest
from model.decoding.searches import tables_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from model.checkpoint.encoding import Checkpoint
    from model.decoding.requests import Request

    Watch = Callable[[tuple[str, ...]], object]
    """Takes the finished lines of a sonnet, on the event loop, each time that there is one more."""

logger = logging.getLogger(__name__)

ROWS = 128
"""Requests decoded at once. More rows slow down every row; a request that waits costs nobody anything."""
JOIN_SECONDS = 5.0
"""`stop` waits so long for the thread, which looks up after every character."""


class Neighbour(NamedTuple):
    """The known name nearest to an invented one, and how many letters apart they are (Levenshtein 1966)."""

    name: str
    distance: int


@dataclass(frozen=True)
class Text:
    """What a request became: names, each with its neighbour, or one verse, or one sonnet without the person's line.

    `between` belongs between the prompt and the verse; a network with capitals writes them itself.
    """

    texts: tuple[str, ...]
    neighbours: tuple[Neighbour | None, ...] = ()
    between: str = ""
    has_capitals: bool = False


async def prepare(checkpoint: Checkpoint) -> None:
    """Make the tables for sonnets by these weights. Explained."""
    if checkpoint.description.form == "verse":
        try:
            await asyncio.to_thread(tables_for, checkpoint)
        except RequestError as error:
            logger.warning("/sonnet is not served: %s", error)
            raise Explained(sentences.NOT_PREPARED) from error


@dataclass(eq=False)
class _Job:
    """A request, who gets its text, and who watches it. Futures belong to the event loop, all else to the thread."""

    request: Request
    future: asyncio.Future[Text]
    watch: Watch | None
    lines: int = 0  # that the watcher has

    def settle(self, outcome: Text | Exception) -> None:
        """Hand over what became of the request, from any thread."""
        self._call(self._set, outcome)

    def show(self, lines: tuple[str, ...]) -> None:
        """Let the watcher have the lines, if there are more than before."""
        if self.watch and len(lines) > self.lines:
            self.lines = len(lines)
            self._call(self.watch, lines)

    def _call(self, function: Callable[..., object], argument: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
            self.future.get_loop().call_soon_threadsafe(function, argument)

    def _set(self, outcome: Text | Exception) -> None:
        if not self.future.done():
            self.future.set_result(outcome) if isinstance(outcome, Text) else self.future.set_exception(outcome)


class Writer:
    """The queue in front of one version, and the thread that decodes it."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._known_names = sorted(checkpoint.known_names)
        self._pending: set[_Job] = set()  # those being prepared, in the queue or in the decoder
        self._queue: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._is_stopped = False
        # A daemon, so that a process that ends without stop() is not held back.
        self._thread = threading.Thread(target=self._decode, name="decoding", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """How many requests wait or are being written."""
        return len(self._pending)

    async def write(self, request: Request, watch: Watch | None = None) -> Text:
        """Return the text of a request. RequestError if it asks for the impossible; Explained if we failed."""
        job = _Job(request, asyncio.get_running_loop().create_future(), watch)
        self._pending.add(job)
        try:
            if isinstance(request, SonnetRequest):
                await prepare(self.checkpoint)
            with self._changed:
                if self._is_stopped:
                    raise Explained(sentences.STOPPING)
                self._queue.append(job)
                self._changed.notify()
            return await job.future
        finally:
            self._pending.discard(job)
            with self._changed:
                if job in self._queue:  # cancelled or stopped early
                    self._queue.remove(job)

    async def stop(self) -> None:
        """Refuse the pending requests at once, and end the thread."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        for job in self._pending:
            job.settle(Explained(sentences.STOPPING))
        await asyncio.to_thread(self._thread.join, JOIN_SECONDS)

    def _decode(self) -> None:
        """Live as the decoding thread. A crash fails the requests in the decoder; the next ones get a fresh decoder."""
        decoder: Decoder | None = None
        jobs: dict[int, _Job] = {}  # by ticket
        while (arrivals := self._arrivals(len(jobs))) is not None:
            try:
                decoder = decoder or Decoder(self.checkpoint)
                self._seat(arrivals, decoder, jobs)
                self._step(decoder, jobs)
            except Exception:
                failed = {*arrivals, *jobs.values()}
                logger.exception("Writing with weights %s failed %d requests", self.checkpoint.version, len(failed))
                for job in failed:
                    job.settle(Explained(sentences.NOT_WRITTEN))
                decoder, jobs = None, {}

    def _arrivals(self, running: int) -> list[_Job] | None:
        """Wait until there is something to write; return the requests that join, or None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._queue or running)
            if self._is_stopped:
                return None
            return [self._queue.popleft() for _ in range(min(ROWS - running, len(self._queue)))]

    def _seat(self, arrivals: Sequence[_Job], decoder: Decoder, jobs: dict[int, _Job]) -> None:
        """Let requests join at the next character, and drop those that nobody awaits any more."""
        for job in arrivals:
            try:
                jobs[decoder.submit(job.request)] = job
            except RequestError as error:
                job.settle(error)
        for ticket in [ticket for ticket, job in jobs.items() if job.future.done()]:
            decoder.cancel(ticket)
            del jobs[ticket]

    def _step(self, decoder: Decoder, jobs: dict[int, _Job]) -> None:
        """Write one character of every text."""
        for result in decoder.step():
            job = jobs.pop(result.ticket)
            job.settle(result.error or self._text(job.request, result.texts))
        for ticket, job in jobs.items():
            if job.watch:
                job.show(decoder.lines(ticket))

    def _text(self, request: Request, texts: tuple[str, ...]) -> Text:
        has_capitals = any(map(str.isupper, self.checkpoint.vocabulary.characters))
        match request:
            case VerseRequest():
                between = seam(request.prompt, self.checkpoint.vocabulary)
                return Text(texts, between=between, has_capitals=has_capitals)
            case NameRequest():
                return Text(texts, nearest(texts, self._known_names), has_capitals=has_capitals)
        return Text(texts)


def nearest(names: Sequence[str], known: Sequence[str]) -> tuple[Neighbour | None, ...]:
    """Return the known name nearest to each name, the first of several as near; None if no names are known.

    rapidfuzz makes all comparisons in one call, which releases the interpreter lock: 10 names among 1,700 take 150 µs.
    """
    if not (names and known):
        return (None,) * len(names)
    distances = cdist(names, known, scorer=Levenshtein.distance)
    best = distances.argmin(axis=1)
    return tuple(Neighbour(known[index], int(row[index])) for index, row in zip(best, distances, strict=True))
