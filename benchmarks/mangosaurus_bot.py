"""The bot as it is served, but by a bench: `python -m benchmarks.mangosaurus_bot TOKEN ADDRESS FOLDER`.

The folder holds the checkpoints, and gets the database. Nothing limits people's rates, the bot's, or the queue.

A line on stdin starts to watch the event loop, or ends it: the answer is the longest time, in seconds, that it was late
for a task that was due. The end of stdin ends the bot. Not here: what is asked and measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.application import Mangosaurus
from bot.settings import Secret, Settings
from bot.wire.transport import AiohttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = 0.001


class Watch:
    """Sees how late the event loop gets to what is due; `alone` is called when nobody is left to tell."""

    def __init__(self, alone: Callable[[], object]) -> None:
        self._alone = alone
        self._longest = 0.0
        self._ticking: asyncio.Task[None] | None = None

    def turn(self) -> None:
        """Begin, or end and print what was seen."""
        if not sys.stdin.readline():  # whoever measures is gone
            asyncio.get_running_loop().remove_reader(sys.stdin)
            self._alone()
        elif self._ticking is None:
            self._longest = 0.0
            self._ticking = asyncio.create_task(self._tick())
        else:
            self._ticking.cancel()
            self._ticking = None
            print(self._longest, flush=True)

    async def _tick(self) -> None:
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            self._longest = max(self._longest, time.perf_counter() - due)


async def serve(token: str, address: str, folder: Path) -> None:
    """Serve until cancelled."""
    settings = Settings(
        Secret(token),
        database=folder / "bench.db",
        checkpoints=folder,
        rate_limit=None,
        message_rate=None,
        queue_limit=10_000,
        api_base_url=address,
    )
    async with Mangosaurus(settings, AiohttpRequest).running() as mangosaurus:
        await mangosaurus.rejected()


async def until_told(serving: asyncio.Task[None]) -> None:
    """Let it serve until SIGTERM, or until whoever measures is gone."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    loop.add_reader(sys.stdin, Watch(serving.cancel).turn)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def main(token: str, address: str, folder: str) -> None:
    """Serve until the process is told to stop, or stdin ends."""
    await until_told(asyncio.create_task(serve(token, address, Path(folder))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
