"""The weights that write: current versions, versions of old creations, and custom voices.

Each version in use has a `Writer`, which writes many texts at once on a thread. A request joins the batch at any
character and leaves when it is done. Sonnets need tables that take a second to make: another thread makes
them before a version becomes the current one, or with the first request for a sonnet.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from bot.chat import Explained
from bot.creations import line_request_for, network_of, request_for
from bot.locks import locked
from bot.voices import RemovedError, Voices
from bot.words import sentences
from model.checkpoint.encoding import CheckpointError
from model.checkpoint.versions import Versions
from model.errors import MangosaurusError, RequestError
from model.files import HOME
from model.sonnets.tables import tables_for
from model.text.forms import Genre, Network
from model.text.typesetting import typeset, with_names
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, SonnetRequest, VerseRequest
from model.writing.verse import seam

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from bot.creations import Creation
    from model.checkpoint.encoding import Checkpoint
    from model.writing.requests import Request

    Watch = Callable[[tuple[str, ...]], object]
    """Called on the event loop with the finished lines of a sonnet, whenever there is one more."""

logger = logging.getLogger(__name__)

KEPT = 6
"""How many idle writers stay in memory: those that wrote last."""
ROWS = 128
"""How many requests are decoded at once. More rows slow down every row; a request that waits slows down none."""
STUCK_SECONDS = 30.0
"""If a text waits for longer, and its thread has not finished a character in this time, the thread is stuck."""
JOIN_SECONDS = 5.0
"""How long `stop` waits for the decoding thread, which looks after every character whether it should end."""

WAY_OUT = f"is CHECKPOINTS right? python -m model train makes weights in {HOME / 'checkpoints'}, with --promote"


class StartError(MangosaurusError):
    """The bot cannot serve at all: the sentence says why, and what to do."""


class Shelf:
    """The versions of every network, in a folder of checkpoints."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.voices = Voices(directory / "voices")
        self._current: dict[str, Checkpoint] = {}
        self._writers: OrderedDict[tuple[str, str], Writer] = OrderedDict()  # the most recently used last
        self._loading = asyncio.Lock()  # one at a time: a file has megabytes, and many may ask for the same one
        self._is_stopped = False

    @property
    def pending(self) -> int:
        """How many texts are being written, or wait to be."""
        return sum(len(writer.pending) for writer in self._writers.values())

    @property
    def stuck(self) -> list[str]:
        """The networks and versions whose thread does not get on."""
        return [" ".join(key) for key, writer in self._writers.items() if writer.is_stuck]

    @property
    def serving(self) -> dict[str, Checkpoint]:
        return dict(self._current)

    def versions(self, network: str) -> Versions:
        """Return the folder of a network: "dino", "poem" or "voices/<id>". Raises RemovedError."""
        if network in tuple(Network):
            return Versions(self.directory / network)
        return Versions(self.voices.folder(network.removeprefix("voices/")))

    def titles(self) -> dict[str, str]:
        voices = {voice.network: f"voice:{voice.name}" for voice in self.voices.all()}
        return {str(network): str(network) for network in Network} | voices

    async def open(self) -> None:
        """Load the current weights, and delete what a crash left of voices that were being made or removed.

        Logs a warning for a missing network; raises StartError if all are missing.
        """
        await asyncio.to_thread(self.voices.sweep)
        missing = []
        for network in Network:
            try:
                await self.refresh(network)
            except CheckpointError as error:
                missing.append(str(error))
                logger.warning("/%s is not served: %s; %s", network, error, WAY_OUT)
        if not self._current:
            raise StartError(f"there are no weights to serve ({'; '.join(missing)}); {WAY_OUT}")

    async def prepare(self) -> None:
        """Make what sonnets need, before anybody asks for one."""
        if Network.POEM in self._current:
            with contextlib.suppress(Explained):
                await prepare(self._current[Network.POEM])

    async def refresh(self, network: str) -> Checkpoint:
        """Use the version that the pointer names. Raises CheckpointError, or RemovedError if a voice is gone."""
        async with self._loading:
            before = self._current.get(network)
            checkpoint = await asyncio.to_thread(self._read_current, network, before)
            if checkpoint is not before:
                if before is not None:
                    with contextlib.suppress(Explained):  # each ask for a sonnet will say so
                        await prepare(checkpoint)
                self._current[network] = checkpoint
                logger.info("Serving %s %s", network, checkpoint.version)
            return checkpoint

    @asynccontextmanager
    async def changing(self, network: str) -> AsyncIterator[Versions]:
        """Hold the lock of a network's folder while the block changes its pointer; then use the version that it names.

        Raises RemovedError, or CheckpointError if that version cannot be loaded.
        """
        versions = await asyncio.to_thread(self.versions, network)
        await asyncio.to_thread(versions.directory.mkdir, parents=True, exist_ok=True)
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, locked(versions.directory))
            yield versions
            await self.refresh(network)

    async def current(self, network: str) -> Checkpoint:
        """Return the weights of a network that are in use. Raises Explained if it has none."""
        if network not in self._current:
            try:
                await self.refresh(network)
            except RemovedError:
                raise Explained(sentences.VOICE_GONE) from None
            except CheckpointError as error:
                if network in tuple(Network):
                    raise Explained(sentences.NO_NETWORK[network]) from error
                if not await asyncio.to_thread(lambda: self.versions(network).list()):
                    raise Explained(sentences.VOICE_UNTRAINED) from error
                logger.warning("%s cannot be served: %s", network, error)
                raise Explained(sentences.VOICE_DAMAGED) from error
        return self._current[network]

    async def write(self, creation: Creation, watch: Watch | None = None) -> Text:
        """Return the text of a creation. Raises Explained if there is none. Cancelling frees its place."""
        writer = await self._writer(creation)
        try:
            text = await writer.write(request_for(creation), watch)
        except RequestError as error:  # it may quote the person, so the log does not quote it
            logger.info("A request for a %s came to nothing", creation.genre)
            if creation.genre is Genre.DINO:
                raise Explained(sentences.no_new_name(creation.count, creation.prompt)) from error
            raise Explained(sentences.NO_TEXT[creation.genre if creation.prompt else ""]) from error
        finally:
            if len(self._writers) > KEPT:
                idle = [key for key, writer in self._writers.items() if not writer.pending]
                await asyncio.gather(*[self._writers.pop(key).stop() for key in idle[:-KEPT]])
        if creation.voice and (voice := await asyncio.to_thread(self.voices.get, creation.voice)) and voice.capitals:
            text = replace(text, texts=tuple(name[:1].upper() + name[1:] for name in text.texts))
        return text

    async def rest_of_line(self, creation: Creation) -> str:
        """Return what the first line of a sonnet lacks to scan; "" if it is long enough, or nothing fits."""
        try:
            rest = await (await self._writer(creation)).write(line_request_for(creation))
        except RequestError:
            return ""
        return typeset(rest.texts[0], after=creation.prompt)

    async def forget(self, network: str) -> None:
        """Drop the weights of a removed voice from memory, except a version that is still writing."""
        self._current.pop(network, None)
        for key in [key for key, writer in self._writers.items() if key[0] == network and not writer.pending]:
            await self._writers.pop(key).stop()

    async def stop(self) -> None:
        """Refuse what is not written yet, and end the threads."""
        self._is_stopped = True
        while self._writers:
            await self._writers.popitem()[1].stop()

    def _read_current(self, network: str, before: Checkpoint | None) -> Checkpoint:
        folder = self.versions(network)
        if not folder.list():
            raise CheckpointError(f"{folder.directory} holds none")
        if before and folder.current() == before.version:
            return before
        checkpoint = folder.load_current()
        form = checkpoint.description.form
        if network in tuple(Network) and form != Network(network).form:
            raise CheckpointError(f"{folder.directory}: its weights write {form}, not {Network(network).form}")
        return checkpoint

    async def _writer(self, creation: Creation) -> Writer:
        network, version = key = network_of(creation), creation.version
        async with self._loading:
            if self._is_stopped:
                raise Explained(sentences.STOPPING)
            if key not in self._writers:
                current = self._current.get(network)
                if current is None or current.version != version:
                    try:
                        current = await asyncio.to_thread(lambda: self.versions(network).load(version))
                    except RemovedError:
                        raise Explained(sentences.GONE_WITH_VOICE) from None
                    except CheckpointError as error:
                        logger.info("Weights cannot be loaded: %s", error)
                        raise Explained(sentences.GONE) from error
                self._writers[key] = Writer(current)
            self._writers.move_to_end(key)
            return self._writers[key]


class Neighbour(NamedTuple):
    """The known name nearest to an invented one, and how many letters apart they are (Levenshtein 1966)."""

    name: str
    distance: int


@dataclass(frozen=True)
class Text:
    """What a request became: names, each with its neighbour, or one verse, or one sonnet without the person's line.

    `between` stands between the prompt and the verse. `has_capitals` says that the network writes capitals by itself.
    """

    texts: tuple[str, ...]
    neighbours: tuple[Neighbour | None, ...] = ()
    between: str = ""
    has_capitals: bool = False


async def prepare(checkpoint: Checkpoint) -> None:
    """Make the tables that sonnets by these weights need. Raises Explained."""
    if checkpoint.description.form == "verse":
        try:
            await asyncio.to_thread(tables_for, checkpoint)
        except RequestError as error:
            logger.warning("/sonnet is not served: %s", error)
            raise Explained(sentences.NOT_PREPARED) from error


@dataclass(eq=False)
class _Job:
    """A request, what watches its text grow, and the future of the text, which any thread may set."""

    request: Request
    watch: Watch | None
    future: Future[Text] = field(default_factory=Future)
    lines: int = 0  # how many the watcher has
    begun: float = field(default_factory=time.monotonic)

    def settle(self, outcome: Text | Exception) -> None:
        """Hand over what became of the request, if anybody waits for it."""
        with contextlib.suppress(InvalidStateError):
            self.future.set_result(outcome) if isinstance(outcome, Text) else self.future.set_exception(outcome)


class Writer:
    """The queue in front of one version, and the thread that decodes it."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.pending: set[_Job] = set()
        """The requests that are being prepared, wait or are being written."""
        self._known_names = sorted(checkpoint.known_names)
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()  # None wakes the thread at the end
        self._loop = asyncio.get_running_loop()
        self._is_stopped = False
        self._stepped = time.monotonic()  # when the thread last got on
        # A daemon, so that a process that ends without stop() is not held back.
        self._thread = Thread(target=self._decode, name="decoding", daemon=True)
        self._thread.start()

    async def write(self, request: Request, watch: Watch | None = None) -> Text:
        """Return the text of a request. Raises RequestError if it is impossible, Explained if writing failed."""
        is_sonnet = isinstance(request, SonnetRequest)
        job = _Job(request, watch if is_sonnet else None)
        self.pending.add(job)
        try:
            if is_sonnet:
                await prepare(self.checkpoint)
            if self._is_stopped:
                raise Explained(sentences.STOPPING)
            self._queue.put(job)
            return await asyncio.wrap_future(job.future)
        finally:
            self.pending.discard(job)

    @property
    def is_stuck(self) -> bool:
        latest = time.monotonic() - STUCK_SECONDS
        return self._stepped < latest and any(job.begun < latest for job in self.pending)

    async def stop(self) -> None:
        """Refuse the pending requests at once, and end the thread."""
        self._is_stopped = True
        self._queue.put(None)
        for job in self.pending:
            job.settle(Explained(sentences.STOPPING))
        await asyncio.to_thread(self._thread.join, JOIN_SECONDS)

    def _decode(self) -> None:
        """Decode, on a thread, until the end. After an error, its requests have failed, and a fresh decoder begins."""
        decoder: Decoder | None = None
        jobs: dict[int, _Job] = {}  # by ticket
        while (arrivals := self._arrivals(len(jobs))) is not None:
            self._stepped = time.monotonic()
            try:
                decoder = decoder or Decoder(self.checkpoint)
                self._step(arrivals, decoder, jobs)
            except Exception:
                failed = {*arrivals, *jobs.values()}
                logger.exception("Writing with weights %s failed %d requests", self.checkpoint.version, len(failed))
                for job in failed:
                    job.settle(Explained(sentences.NOT_WRITTEN))
                decoder, jobs = None, {}

    def _arrivals(self, running: int) -> list[_Job] | None:
        """Wait until there is something to write; return the requests that join, or None at the end."""
        arrivals: list[_Job] = []
        with contextlib.suppress(Empty):
            while running + len(arrivals) < ROWS and not self._is_stopped:
                job = self._queue.get(block=not (running or arrivals))
                if job and not job.future.done():
                    arrivals.append(job)
        return None if self._is_stopped else arrivals

    def _step(self, arrivals: Sequence[_Job], decoder: Decoder, jobs: dict[int, _Job]) -> None:
        """Let requests join, drop requests that nobody awaits, and write one character of every text."""
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
            job.settle(result.error or self._text(job.request, result.texts))
            del jobs[result.ticket]
        for ticket, job in jobs.items():
            if job.watch and len(lines := decoder.lines(ticket)) > job.lines:
                job.lines = len(lines)
                shown = tuple(with_names(line, self.checkpoint.proper_names) for line in lines)
                self._loop.call_soon_threadsafe(job.watch, shown)

    def _text(self, request: Request, texts: tuple[str, ...]) -> Text:
        characters, proper_names = self.checkpoint.vocabulary, self.checkpoint.proper_names
        has_capitals = any(map(str.isupper, characters.characters))
        match request:
            case NameRequest():
                return Text(texts, nearest(texts, self._known_names), has_capitals=has_capitals)
            case VerseRequest():
                between = seam(request.prompt, characters)
                return Text((with_names(texts[0], proper_names),), between=between, has_capitals=has_capitals)
        return Text((with_names(texts[0], proper_names),))


def nearest(names: Sequence[str], known: Sequence[str]) -> tuple[Neighbour | None, ...]:
    """Return the known name nearest to each name (the first, if several are as near), or None if no names are known.

    rapidfuzz makes all comparisons in one call, which releases the interpreter lock: 10 names among 1,700 take 150 µs.
    """
    if not (names and known):
        return (None,) * len(names)
    distances = cdist(names, known, scorer=Levenshtein.distance)
    best = distances.argmin(axis=1)
    return tuple(Neighbour(known[index], int(row[index])) for index, row in zip(best, distances, strict=True))
