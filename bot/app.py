"""The composition root: builds the parts of a bot, opens its doors, and closes everything in the mirrored order.

async with running(settings, doors) as bot: …
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from bot.admission import Admission, Tally
from bot.commands import handle
from bot.creations import bold_temperatures
from bot.shelf import Shelf
from bot.store import Store
from bot.training.runs import Runs
from model.engine.threads import blas_threads
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType

    from bot.asks import Ask
    from bot.chat import Chat, Offer
    from bot.settings import Settings

logger = logging.getLogger(__name__)

REFUSED, CLOSED, CUT, ABANDONED = 0.5, 0.7, 0.8, 0.85
"""Shares of the seconds for a stop, see `Bot.finish`."""
LAST_WORDS_SECONDS = 0.1
"""Answers that are abandoned may log for so long what they did not do."""
SHOWN = 4096
"""Messages of which is remembered which creation they show."""


class Door(Protocol):
    """Where asks come from. As a context, a door can send; between `open` and `shut` it also takes asks."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    async def open(self, bot: Bot) -> None:
        """Begin to take asks."""

    async def shut(self, seconds: float) -> None:
        """Take no more asks."""

    def close(self, open_until: float, cut_at: float) -> None:
        """Give up at the first time of the loop what still waits to be sent; at the second, what is on its way."""

    def chat(self, chat_id: int) -> Chat | None:
        """Return the chat with an id, if it is one of this door's."""

    def facts(self) -> dict[str, str]:
        """Return what `/status` should say of this door."""


class Shown(OrderedDict[tuple[int, int], str]):
    """The code of the creation that a message shows, by chat and message; the newest are kept."""

    def __setitem__(self, place: tuple[int, int], code: str) -> None:
        super().__setitem__(place, code)
        if len(self) > SHOWN:
            self.popitem(last=False)


@dataclass(eq=False)
class Bot:
    """The parts that answers are made of."""

    store: Store
    shelf: Shelf
    admission: Admission
    runs: Runs
    temperatures: dict[Genre, float]
    """Of a bold mood, by genre."""
    doors: Sequence[Door] = ()
    stop_seconds: float = 8.0
    username: str = ""
    """The name by which Telegram knows the bot."""
    tally: Tally = field(default_factory=Tally)
    typing: dict[int, asyncio.Task[list[Offer]]] = field(default_factory=dict)
    """What is being written for people who type inline."""
    shown: Shown = field(default_factory=Shown)
    albums: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    """Albums that were answered. Their pictures arrive within seconds."""
    _asks: set[asyncio.Task[None]] = field(default_factory=set)

    def ask(self, ask: Ask) -> asyncio.Task[None]:
        """Begin to answer an ask. Those of one person are answered in the order of these calls."""
        task = asyncio.create_task(handle(ask, self))
        self._asks.add(task)
        task.add_done_callback(self._asks.discard)
        return task

    async def idle(self) -> None:
        """Wait until every ask is answered; trainings may go on."""
        while self._asks:
            await asyncio.wait(self._asks)

    async def finish(self) -> None:
        """Answer what can be answered in the seconds for a stop, and refuse the rest in words.

        After the share `REFUSED` of them, texts that are not written are refused; after `CLOSED`, messages that wait
        are given up; after `CUT`, those on their way are interrupted; after `ABANDONED`, nothing is waited for.
        """
        begun = asyncio.get_running_loop().time()
        for door in self.doors:
            door.close(begun + CLOSED * self.stop_seconds, begun + CUT * self.stop_seconds)
        refusing = asyncio.create_task(self._refuse(REFUSED * self.stop_seconds))
        try:
            async with asyncio.timeout(ABANDONED * self.stop_seconds):
                await asyncio.gather(self.runs.stop(), self.idle())
        except TimeoutError:
            unanswered = list(self._asks)
            for task in unanswered:
                task.cancel()
            if unanswered:
                await asyncio.wait(unanswered, timeout=LAST_WORDS_SECONDS)
            logger.error("The bot had to stop before %d asks were answered", len(unanswered))  # noqa: TRY400 - no more is known
        finally:
            refusing.cancel()

    async def _refuse(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.shelf.stop()


@asynccontextmanager
async def running(settings: Settings, doors: Sequence[Door] = ()) -> AsyncIterator[Bot]:
    """Build a bot and serve as long as the block lasts. StartError or StoreError if that cannot begin."""
    chosen = {Genre.DINO: settings.temperature_dino, Genre.POEM: settings.temperature_poem}
    shelf = Shelf(settings.checkpoints)
    bot = Bot(
        Store(settings.database_address),
        shelf,
        Admission(settings.rate_limit),
        Runs(shelf),
        bold_temperatures(chosen),
        doors,
        settings.stop_seconds,
    )
    async with AsyncExitStack() as stack:
        stack.enter_context(blas_threads(1))  # on a busy machine, two take three times as long
        stack.push_async_callback(bot.store.close)
        await bot.store.open()
        stack.push_async_callback(shelf.stop)
        await shelf.open()
        for door in doors:
            await stack.enter_async_context(door)
        stack.push_async_callback(bot.finish)
        await bot.runs.conclude_interrupted(bot)
        for door in doors:
            await door.open(bot)
            stack.push_async_callback(door.shut, settings.stop_seconds / 4)
        preparing = asyncio.create_task(shelf.prepare())
        stack.callback(preparing.cancel)
        yield bot
