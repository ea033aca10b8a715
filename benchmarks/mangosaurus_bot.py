"""The bot as it is served, but by a bench: `python -m benchmarks.mangosaurus_bot TOKEN ADDRESS FOLDER`.

The folder holds the checkpoints, and gets the database. Nothing limits people's rates, the bot's, or the queue.

A line on stdin starts to watch the event loop, or ends it: the answer is the longest time, in seconds, that it was late
for a task that was due. Not here: what is asked and measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path

from bot.application import Mangosaurus
from bot.settings import Secret, Settings
from bot.transport import AiohttpRequest

TICK = 0.001


class Watch:
    """Sees how late the event loop gets to what is due."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._ticking: asyncio.Task[None] | None = None

    def turn(self) -> None:
        """Begin, or end and print what was seen."""
        if not sys.stdin.readline():  # whoever measures is gone
            asyncio.get_running_loop().remove_reader(sys.stdin)
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
    asyncio.get_running_loop().add_reader(sys.stdin, Watch().turn)
    async with Mangosaurus(settings, AiohttpRequest).running() as mangosaurus:
        await mangosaurus.rejected()


async def until_told(serving: asyncio.Task[None]) -> None:
    """Let it serve until SIGTERM."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def main(token: str, address: str, folder: str) -> None:
    """Serve until the process is told to stop."""
    await until_told(asyncio.create_task(serve(token, address, Path(folder))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
