"""Runs our bot without limits: `python -m benchmarks.mangosaurus_bot TOKEN ADDRESS FOLDER DATABASE`.

The folder holds the checkpoints. The database is a path, or the URL of a PostgreSQL database. Neither people nor
messages are limited, so that the bench finds out what the bot itself can do.

A line on stdin starts a watch of the event loop. The next line ends the watch, and the bot prints the loop's greatest
delay in seconds. The end of stdin ends the bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app import running
from bot.settings import Secret, Settings
from bot.telegram.door import Telegram

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = 0.001


class Watch:
    """Measures how late the event loop is; calls `orphaned` when the bench has ended."""

    def __init__(self, orphaned: Callable[[], object]) -> None:
        self._orphaned = orphaned
        self._longest = 0.0
        self._ticking: asyncio.Task[None] | None = None

    def turn(self) -> None:
        """Begin to watch, or end and print the result."""
        if not sys.stdin.readline():
            asyncio.get_running_loop().remove_reader(sys.stdin)
            self._orphaned()
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


def unlimited(token: str, address: str, folder: Path, database: str) -> Settings:
    """Return settings without limits."""
    is_url = "://" in database
    return Settings(
        Secret(token),
        database=folder / "unused.db" if is_url else Path(database),
        postgresql=Secret(database) if is_url else None,
        checkpoints=folder,
        rate_limit=None,
        message_rate=None,
        api_base_url=address,
    )


async def serve(settings: Settings) -> None:
    """Serve until cancelled."""
    telegram = Telegram(settings)
    async with running(settings, [telegram]):
        await telegram.rejected()


async def main(token: str, address: str, folder: str, database: str) -> None:
    """Serve until SIGTERM, or until the bench has ended."""
    serving = asyncio.create_task(serve(unlimited(token, address, Path(folder), database)))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    loop.add_reader(sys.stdin, Watch(serving.cancel).turn)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
