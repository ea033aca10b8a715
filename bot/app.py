"""A bot: its parts, as commands and answers use them, and its doors. `bot.running` builds it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bot.asks import Said
from bot.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from bot.asks import Ask
    from bot.cards.png import Drawings
    from bot.limits import Limits
    from bot.shelf import Shelf
    from bot.store import Store
    from bot.training.runs import Runs

logger = logging.getLogger(__name__)

STOP_SECONDS = 3.0
"""How long a stop waits for texts to be written and messages to be sent."""
REFUSALS = ("busy", "late", "often")
"""Reasons with a counter. If a counter did not begin at 0, Prometheus would miss its first step."""
CANCELLED_SECONDS = 0.1
"""How long asks that are cancelled may take to end."""


class Door:
    """Where asks come from.

    Within its context, a door can send; from `open` to `close`, it also takes asks.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def open(self, bot: Bot) -> None:
        """Begin to take asks."""

    async def close(self) -> None:
        """Take no more asks."""

    def failures(self) -> dict[str, str]:
        """Return what fails at this door, and how, for `/healthz`."""
        return {}

    def figures(self) -> dict[str, float]:
        """Return numbers about this door, with their names, for `/metrics` and `/status`. The name
        of a counter ends in _total.
        """
        return {}


@dataclass(eq=False)
class Tally:
    """Counts answers and errors since the start, for `/status` and `/metrics`."""

    answers: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    """The commands whose last answer failed, and why, for `/healthz`."""
    begun: float = field(default_factory=time.monotonic)
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def answered(self, ask: Ask) -> None:
        self.answers += 1
        self._latencies.append(time.monotonic() - ask.arrived)

    @property
    def latency(self) -> tuple[float, float] | None:
        """The median and the 99th percentile of the newest latencies, in seconds."""
        if not self._latencies:
            return None
        latencies = sorted(self._latencies)
        return latencies[len(latencies) // 2], latencies[(len(latencies) * 99 - 1) // 100]


@dataclass(eq=False)
class Bot:
    """The parts of a running bot. `handle` answers an ask."""

    store: Store
    shelf: Shelf
    limits: Limits
    runs: Runs
    drawings: Drawings
    handle: Callable[[Ask, Bot], Coroutine[Any, Any, None]]
    doors: Sequence[Door] = ()
    admins: frozenset[int] = frozenset()
    username: str = ""
    """The name by which Telegram knows the bot."""
    banned: set[int] = field(default_factory=set)
    """People and groups that get no answer."""
    questions: dict[int, tuple[list[str], str]] = field(default_factory=dict)
    """The names in each question, and which of them is real. Questions are numbered, five for each
    day since the year 1."""
    tally: Tally = field(default_factory=Tally)
    _queues: dict[object, dict[Ask, asyncio.Event]] = field(default_factory=dict)
    """Each person's asks that are not answered yet. Only the first of them may begin."""
    _asks: Tasks = field(default_factory=Tasks)

    def ask(self, ask: Ask) -> asyncio.Task[None]:
        """Begin to answer an ask. One person's asks are answered in the order of these calls."""
        return self._asks.begin(self.handle(ask, self))

    @contextmanager
    def queue(self, ask: Ask) -> Iterator[asyncio.Event]:
        """Queue an ask behind the person's earlier ones. Yield an event that is set once the ask is
        the first.

        Without a queue, `/seed 42` and a `/dino` right behind it would run at the same time. A
        `Typed` ask waits for no other.
        """
        key = ask.person if isinstance(ask, Said) else ask
        queue = self._queues.setdefault(key, {})
        queue[ask] = asyncio.Event()
        next(iter(queue.values())).set()
        try:
            yield queue[ask]
        finally:  # also if the ask is refused while earlier ones wait
            del queue[ask]
            if queue:
                next(iter(queue.values())).set()
            else:
                del self._queues[key]

    def is_answering(self, press: Ask) -> bool:
        """Return whether a press repeats one that still waits for its answer."""
        return press.pressed is not None and any(
            (ask.chat.id, ask.pressed, ask.text) == (press.chat.id, press.pressed, press.text)
            for ask in self._queues.get(press.person, ())
        )

    def figures(self) -> dict[str, float]:
        """Return numbers about the bot by their names and labels, for `/metrics` and `/status`. The
        name of a counter ends in _total.
        """
        refusals = {
            f'refusals_total{{reason="{reason}"}}': self.limits.refusals[reason]
            for reason in REFUSALS
        }
        found = {
            "answers_total": self.tally.answers,
            "errors_total": self.tally.errors.total(),
            **refusals,
            "texts_waiting": self.shelf.pending,
            "cards_waiting": len(self.drawings.going_on),
            "cards_failed_total": self.drawings.failed,
            "training": float(self.runs.running is not None),
            "memory_bytes": memory(),
        }
        if latency := self.tally.latency:
            found['answer_seconds{quantile="0.5"}'] = latency[0]
            found['answer_seconds{quantile="0.99"}'] = latency[1]
        for door in self.doors:
            found |= door.figures()
        return found

    async def idle(self) -> None:
        """Wait until every ask is answered; trainings may go on."""
        await self._asks.ended()

    async def close(self) -> None:
        """Take no more asks, and wait three seconds until texts are written and messages sent.

        An ask that is not answered by then stays noted, if its door keeps notes.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(door.close() for door in self.doors))
                await asyncio.gather(self.runs.close(), self.idle())
        if left := list(self._asks):
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=CANCELLED_SECONDS)
            logger.warning("The bot stopped before %d asks were answered", len(left))


def memory() -> int:
    """Return how many bytes of memory this process uses; 0 where there is no /proc."""
    with contextlib.suppress(OSError):
        # the second number of this file: the pages of memory in use
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0
