"""The composition root: it builds the parts of a bot, opens its doors, and closes everything in the opposite order.

async with running(settings, doors) as bot: …
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bot.admission import Admission, Tally
from bot.asks import clean
from bot.commands import handle
from bot.creations import USUAL
from bot.shelf import Shelf
from bot.store import Store
from bot.training.runs import Runs
from model.engine.threads import blas_threads
from model.text import taboo
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.asks import Ask, File
    from bot.chat import Chat, Offer
    from bot.settings import Settings

logger = logging.getLogger(__name__)

SHUT, REFUSED, CLOSED, CUT, ABANDONED = 0.25, 0.5, 0.7, 0.8, 0.85
"""When the phases of a stop begin, as shares of `stop_seconds`. `Bot.finish` describes them."""
LAST_WORDS_SECONDS = 0.1
"""How long abandoned answers may take to log what they did not do."""


class Door:
    """Where asks come from. Within its context, a door can send; from `open` to `shut`, it also takes asks."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def open(self, bot: Bot) -> None:
        """Begin to take asks."""

    async def shut(self, seconds: float) -> None:
        """Take no more asks. The door may not have opened yet."""

    def close(self, open_until: float, cut_at: float) -> None:
        """Give up messages that wait at `open_until`; interrupt those on their way at `cut_at`: times of the loop."""

    def chat(self, chat_id: int) -> Chat | None:
        """Return the chat with an id, or None if this door has no such chat."""
        raise NotImplementedError

    def facts(self) -> dict[str, str]:
        """Return what `/status` should say about this door."""
        return {}

    def failures(self) -> dict[str, str]:
        """Return what fails at this door, and how, for `/healthz`."""
        return {}

    def figures(self) -> dict[str, float]:
        """Return what `/metrics` should say about this door; names of counters end in _total."""
        return {}


@dataclass(eq=False)
class Bot:
    """A running bot: the parts that commands and answers use."""

    store: Store
    shelf: Shelf
    admission: Admission
    runs: Runs
    temperatures: dict[Genre, float]
    """The temperature of a bold mood, by genre."""
    doors: Sequence[Door] = ()
    stop_seconds: float = 8.0
    username: str = ""
    """The name by which Telegram knows the bot."""
    tally: Tally = field(default_factory=Tally)
    typing: dict[int, asyncio.Task[list[Offer]]] = field(default_factory=dict)
    """For each person who types inline, the offers that are being written."""
    shown: OrderedDict[tuple[int, int], tuple[str, float]] = field(default_factory=OrderedDict)
    """For each chat and message, the code of what it shows, and when a press of its buttons was answered last."""
    files: OrderedDict[tuple[int, int], tuple[str, File]] = field(default_factory=OrderedDict)
    """For each chat and message that offers to learn a text file, the name of the voice, and the file."""
    albums: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    """Albums that were answered already. The pictures of one album arrive within seconds."""
    _asks: set[asyncio.Task[None]] = field(default_factory=set)

    def ask(self, ask: Ask) -> asyncio.Task[None]:
        """Begin to answer an ask. One person's asks are answered in the order of these calls."""
        task = asyncio.create_task(handle(clean(ask), self))
        self._asks.add(task)
        task.add_done_callback(self._asks.discard)
        return task

    async def idle(self) -> None:
        """Wait until every ask is answered; trainings may go on."""
        while self._asks:
            await asyncio.wait(self._asks)

    async def finish(self) -> None:
        """Answer what can be answered in the seconds for a stop, and refuse the rest in words.

        A stop has phases, each after a share of these seconds. At `SHUT`, no door takes asks any more. From `REFUSED`
        on, texts that are not written yet are refused. From `CLOSED` on, messages that wait are given up. From `CUT`
        on, messages on their way are interrupted. From `ABANDONED` on, the bot waits for nothing.
        """
        begun = asyncio.get_running_loop().time()
        refusing = asyncio.create_task(self._refuse(REFUSED * self.stop_seconds))
        try:
            async with asyncio.timeout(ABANDONED * self.stop_seconds):
                await asyncio.gather(*(door.shut(SHUT * self.stop_seconds) for door in self.doors))
                for door in self.doors:
                    door.close(begun + CLOSED * self.stop_seconds, begun + CUT * self.stop_seconds)
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
    """Build a bot, and serve as long as the block lasts. Raises StartError or StoreError if it cannot start."""
    chosen = {Genre.DINO: settings.temperature_dino, Genre.POEM: settings.temperature_poem}
    shelf = Shelf(settings.checkpoints)
    temperatures = USUAL | {genre: temperature for genre, temperature in chosen.items() if temperature is not None}
    store, admission = Store(settings.database_address), Admission(settings.rate_limit)
    bot = Bot(store, shelf, admission, Runs(shelf), temperatures, doors, settings.stop_seconds)
    await asyncio.to_thread(taboo.lists)  # a fault in the operator's list ends the start, and no answer
    async with AsyncExitStack() as stack:
        stack.enter_context(blas_threads(1))  # on a busy machine, two threads take three times as long
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
        preparing = asyncio.create_task(shelf.prepare())
        stack.callback(preparing.cancel)
        yield bot
