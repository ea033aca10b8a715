"""Where requests become texts: a decoder, who awaits each text, and who watches it.

Everything here belongs to the decoding thread, but the futures, which belong to the event loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.writing.nearest import Neighbourhood
from model.errors import RequestError
from model.writing.decoder import Decoder
from model.writing.requests import Request, SonnetRequest, VerseRequest
from model.writing.verse import seam

if TYPE_CHECKING:
    import asyncio

    from bot.writing.nearest import Neighbour
    from model.checkpoint.encoding import Checkpoint


@dataclass(frozen=True)
class Text:
    """What a request became, and the version of the weights that wrote it."""

    texts: tuple[str, ...]  # names, or one verse, or one sonnet without the person's line
    version: str
    neighbours: tuple[Neighbour | None, ...] = ()  # of each name, the known one nearest to it
    between: str = ""  # what belongs between the prompt and the verse
    has_capitals: bool = False  # whether the network writes them itself


Watch = Callable[[tuple[str, ...]], object]
"""Takes the finished lines of a sonnet, on the event loop, each time that there is one more."""


@dataclass(eq=False)
class Job:
    """A request, and who gets its text."""

    request: Request
    future: asyncio.Future[Text]
    watch: Watch | None = None
    lines: int = 0  # that the watcher has

    @property
    def is_sonnet(self) -> bool:
        """Tell whether the text is a sonnet."""
        return isinstance(self.request, SonnetRequest)

    def show(self, lines: tuple[str, ...]) -> None:
        """Let the watcher have the lines, if there are more than before."""
        if self.watch and len(lines) > self.lines:
            self.lines = len(lines)
            _call(self.future, self.watch, lines)


class Desk:
    """One version at work: a Decoder and the requests on it. The decoding thread owns it alone."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.jobs: dict[int, Job] = {}  # by ticket
        self._decoder = Decoder(checkpoint)
        self._neighbourhood = Neighbourhood(checkpoint.known_names)
        self._has_capitals = any(map(str.isupper, checkpoint.vocabulary.characters))

    def seat(self, job: Job) -> None:
        """Let a request join at the next character."""
        try:
            self.jobs[self._decoder.submit(job.request)] = job
        except RequestError as error:
            settle(job.future, error)

    def step(self) -> None:
        """Drop abandoned requests, and write one character of every other text."""
        for ticket in [ticket for ticket, job in self.jobs.items() if job.future.done()]:
            self._decoder.cancel(ticket)
            del self.jobs[ticket]
        for result in self._decoder.step():
            job = self.jobs[result.ticket]
            settle(job.future, result.error or self._text(job.request, result.texts))
            del self.jobs[result.ticket]
        for ticket, job in self.jobs.items():
            if job.watch:
                job.show(self._decoder.lines(ticket))

    def _text(self, request: Request, texts: tuple[str, ...]) -> Text:
        version, has_capitals = self.checkpoint.version, self._has_capitals
        if isinstance(request, SonnetRequest):
            return Text(texts, version)
        if isinstance(request, VerseRequest):
            between = seam(request.prompt, self.checkpoint.vocabulary)
            return Text(texts, version, between=between, has_capitals=has_capitals)
        return Text(texts, version, tuple(self._neighbourhood.nearest(texts)), has_capitals=has_capitals)


def settle(future: asyncio.Future[Text], outcome: Text | Exception) -> None:
    """Hand over what became of a request, from any thread."""
    _call(future, _set, future, outcome)


def _call(future: asyncio.Future[Text], function: Callable[..., object], *arguments: object) -> None:
    """Call a function on the event loop of a future, from any thread. Nobody waits on a loop that is closed."""
    with contextlib.suppress(RuntimeError):
        future.get_loop().call_soon_threadsafe(function, *arguments)


def _set(future: asyncio.Future[Text], outcome: Text | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Text):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
