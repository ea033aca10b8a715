"""Runs our bot without limits: `python -m benchmarks.mangosaurus_bot TOKEN ADDRESS FOLDER
DATABASE`.

The folder holds the checkpoints. The database is a path, or the URL of a PostgreSQL database.
Neither people nor messages are limited, so that the bench finds out what the bot itself can do.

An empty line on stdin starts a watch of the event loop. The next one ends the watch, and the bot
prints the loop's greatest delay in seconds. A line with a network and a version lets that version
write, and then the bot prints it. The end of stdin ends the bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
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

    from bot.app import Bot

TICK = 0.001


class Watch:
    """Measures how late the event loop is, and changes weights; calls `orphaned` when the bench has
    ended.
    """

    def __init__(self, orphaned: Callable[[], object]) -> None:
        self.bot: Bot | None = None
        self._orphaned = orphaned
        self._changing: asyncio.Task[None] | None = None
        self._longest = 0.0
        self._ticking: asyncio.Task[None] | None = None

    def read(self) -> None:
        """Do what the lines say that have come: begin to watch, end and print the result, or change
        weights.
        """
        if not (lines := os.read(sys.stdin.fileno(), 4096)):
            asyncio.get_running_loop().remove_reader(sys.stdin)
            self._orphaned()
        for line in lines.decode().splitlines():
            if words := line.split():
                self._changing = asyncio.create_task(self._change(*words))
            else:
                self._turn()

    def _turn(self) -> None:
        if self._ticking is None:
            self._longest = 0.0
            self._ticking = asyncio.create_task(self._tick())
        else:
            self._ticking.cancel()
            self._ticking = None
            print(self._longest, flush=True)

    async def _change(self, network: str, version: str) -> None:
        if self.bot is None:
            raise RuntimeError("the bot has not started")
        async with self.bot.shelf.changing(network) as versions:
            await asyncio.to_thread(versions.promote, version)
        print(version, flush=True)

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


async def serve(settings: Settings, watch: Watch) -> None:
    """Serve until cancelled."""
    telegram = Telegram(settings)
    async with running(settings, [telegram]) as watch.bot:
        await telegram.rejected()


async def main(token: str, address: str, folder: str, database: str) -> None:
    """Serve until SIGTERM, or until the bench has ended."""
    watch = Watch(lambda: serving.cancel())
    serving = asyncio.create_task(serve(unlimited(token, address, Path(folder), database), watch))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    loop.add_reader(sys.stdin, watch.read)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
