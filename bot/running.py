"""Builds the parts of a bot, opens its doors, and closes everything in the opposite order.

async with running(settings, doors) as bot: …
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from bot import taboo
from bot.app import Bot, Door
from bot.cards.png import Drawings
from bot.limits import Limits
from bot.routing import handle
from bot.settings import Settings
from bot.shelf import Shelf
from bot.speeds import Speeds
from bot.store import Store
from bot.training.runs import Runs, delete_leftovers
from model.threads import blas_threads

SWITCH_SECONDS = 0.001
"""How long a thread that computes keeps the event loop waiting, each time. Python's usual 5 ms add
up to 0.1 s."""


@asynccontextmanager
async def running(settings: Settings, doors: Sequence[Door] = ()) -> AsyncIterator[Bot]:
    """Build a bot, and serve as long as the block lasts. Raises StartError or StoreError if it
    cannot start.
    """
    store = Store(settings.database_address)
    speeds = Speeds(settings.speeds)
    shelf = Shelf(store, settings.checkpoints, speeds)
    drawings = Drawings(speeds)
    limits = Limits(settings.rate_limit, speeds, drawings)
    bot = Bot(store, shelf, limits, Runs(store, shelf), drawings, handle, doors, settings.admin_ids)
    # a fault in the operator's list must show now, not in an answer
    await asyncio.to_thread(taboo.lists)
    await asyncio.to_thread(delete_leftovers)
    async with AsyncExitStack() as stack:  # its callbacks run from the last to the first
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_SECONDS)
        # on a busy machine, two threads of BLAS take three times as long as one
        stack.enter_context(blas_threads(1))
        stack.callback(speeds.save)
        await stack.enter_async_context(store)
        stack.push_async_callback(shelf.close)
        stack.push_async_callback(drawings.close)
        bot.banned = await store.banned()
        await shelf.open()
        for door in doors:
            await stack.enter_async_context(door)
        stack.push_async_callback(bot.close)
        for door in doors:
            await door.open(bot)
        stack.callback(asyncio.create_task(store.keep_tidy()).cancel)
        stack.callback(asyncio.create_task(speeds.keep()).cancel)
        yield bot
