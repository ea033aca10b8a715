"""The composition root: it builds the parts of a bot, opens its doors, and closes everything in the
opposite order.

async with running(settings, doors) as bot: …
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from bot import taboo
from bot.admission import Admission
from bot.asks import Ask, clean
from bot.capacity import Capacity, Work
from bot.chat import Door
from bot.health import STARTING, Tally
from bot.routing import handle
from bot.settings import Settings
from bot.shelf import Shelf
from bot.store import Store
from bot.training.runs import Runs
from model.text.forms import SONNET_TEMPERATURE, Genre
from model.threads import blas_threads
from model.weights.checkpoint import Checkpoint

logger = logging.getLogger(__name__)

CLOSED, REFUSED, GIVEN_UP, CUT, ABANDONED = 0.25, 0.5, 0.7, 0.8, 0.85
"""When the phases of a stop begin, as shares of `stop_seconds`. `Bot.close` describes them."""
SWITCH_SECONDS = 0.001
"""How long a thread that computes keeps the event loop waiting, each time.

Python's own 5 ms add up to 0.1 s.
"""
LAST_WORDS_SECONDS = 0.1
"""How long answers that are given up may take to say so in the log."""


@dataclass(eq=False)
class Bot:
    """A running bot: the parts that commands and answers use."""

    store: Store
    shelf: Shelf
    admission: Admission
    runs: Runs
    temperatures: dict[Genre, float]
    """The temperatures that the operator has set for a bold mood."""
    doors: Sequence[Door] = ()
    stop_seconds: float = 8.0
    username: str = ""
    """The name by which Telegram knows the bot."""
    tally: Tally = field(default_factory=Tally)
    capacity: Capacity = field(default_factory=Capacity)
    _asks: set[asyncio.Task[None]] = field(default_factory=set)

    @contextmanager
    def accepting(self, ask: Ask, work: Work) -> Iterator[Callable[[], None]]:
        """Promise a person an answer in time, and charge them for it; see `Capacity.promised`.

        Raises Refused.
        """
        with self.capacity.promised(ask.chat, work) as written:
            self.admission.charge(ask, work)
            yield written

    def bold(self, genre: Genre, weights: Checkpoint) -> float:
        """Return the temperature of a bold mood: the operator's, or that of the weights.

        Sonnets have their own.
        """
        usual = SONNET_TEMPERATURE if genre is Genre.SONNET else weights.description.temperature
        return self.temperatures.get(genre, usual)

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

    async def close(self) -> None:
        """Answer what can be answered in the seconds for a stop, and refuse the rest in words.

        A stop has phases, each after a share of these seconds. At `CLOSED`, no door takes asks any
        more. From `REFUSED` on, texts that are not written yet are refused. From `GIVEN_UP` on,
        messages that wait are given up. From `CUT` on, messages on their way are interrupted. From
        `ABANDONED` on, the bot waits for nothing.
        """
        begun = asyncio.get_running_loop().time()
        refusing = asyncio.create_task(self._refuse(REFUSED * self.stop_seconds))
        try:
            async with asyncio.timeout(ABANDONED * self.stop_seconds):
                await asyncio.gather(
                    *(door.close(CLOSED * self.stop_seconds) for door in self.doors)
                )
                for door in self.doors:
                    door.deadline(
                        begun + GIVEN_UP * self.stop_seconds, begun + CUT * self.stop_seconds
                    )
                await asyncio.gather(self.runs.close(), self.idle())
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
        await self.shelf.close()


@asynccontextmanager
async def running(
    settings: Settings, doors: Sequence[Door] = (), note: Callable[[str], object] = lambda _: None
) -> AsyncIterator[Bot]:
    """Build a bot, and serve as long as the block lasts. Raises StartError or StoreError if it
    cannot start.

    `note` is told if an upgrade of the database makes the start long, and when it is over.
    """
    chosen = {Genre.DINO: settings.temperature_dino, Genre.POEM: settings.temperature_poem}
    shelf = Shelf(settings.checkpoints)
    temperatures = {
        genre: temperature for genre, temperature in chosen.items() if temperature is not None
    }
    store, admission = Store(settings.database_address), Admission(settings.rate_limit)
    bot = Bot(store, shelf, admission, Runs(shelf), temperatures, doors, settings.stop_seconds)
    # a fault in the operator's list must show now, not in an answer
    await asyncio.to_thread(taboo.lists)
    async with AsyncExitStack() as stack:
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_SECONDS)
        # on a busy machine, two threads take three times as long
        stack.enter_context(blas_threads(1))
        stack.push_async_callback(bot.store.close)
        await bot.store.open(note)
        note(STARTING)
        stack.push_async_callback(shelf.close)
        await shelf.open()
        for door in doors:
            await stack.enter_async_context(door)
        stack.push_async_callback(bot.close)
        await bot.runs.conclude_interrupted(bot)
        for door in doors:
            await door.open(bot)
        for later in (shelf.prepare(), store.tidy()):
            stack.callback(asyncio.create_task(later).cancel)
        yield bot
