"""SVG to PNG, by resvg, with text in EB Garamond.

Processes draw, because resvg holds Python's lock for 0.13 s, and the event loop would stand still.
They start when cards need them, and stay. Each reads SVGs and writes PNGs, with their lengths in
front, until its input ends. So no process outlives the bot.
"""

import asyncio
import logging
import math
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable

from bot.cards.card import Card
from bot.chat import Failed
from bot.speeds import CARDS, Speeds
from bot.tasks import end_child, start_child
from bot.words import sentences

logger = logging.getLogger(__name__)

PROGRAM = """
import os, sys, fontpkg_eb_garamond, resvg_py
if hasattr(os, "nice"):
    os.nice(5)
fonts = [str(path) for path in (fontpkg_eb_garamond.ROOT / "files").iterdir()]
while head := sys.stdin.buffer.read(4):
    svg = sys.stdin.buffer.read(int.from_bytes(head, "big")).decode()
    png = resvg_py.svg_to_bytes(svg_string=svg, font_files=fonts, skip_system_fonts=True)
    sys.stdout.buffer.write(len(png).to_bytes(4, "big") + png)
    sys.stdout.buffer.flush()
"""
LONGEST_SECONDS = 10.0
AGAIN_SECONDS = 60.0
"""After a card that could not be drawn, answers are words for this long."""


class Drawings:
    """Draws cards. `fault` says why the last card could not be drawn, and is "" if it was drawn.
    `failed` counts those that could not.
    """

    def __init__(self, speeds: Speeds | None = None) -> None:
        self.speed = (speeds or Speeds()).of(CARDS)
        self.fault = ""
        self.failed = 0
        self._failed_at = -math.inf
        self.file_ids: dict[str, str] = {}
        """The keys of cards that belong to nobody and were sent on Telegram, with Telegram's ids of
        them."""
        self.going_on: dict[str, asyncio.Task[tuple[bytes, str]]] = {}  # by key
        self._idle: list[Process] = []
        self._turns = asyncio.Semaphore(self.speed.workers)

    @property
    def has_failed_lately(self) -> bool:
        return asyncio.get_running_loop().time() < self._failed_at + AGAIN_SECONDS

    async def draw_once(self, key: str, card: Callable[[], Card]) -> tuple[bytes, str]:
        """Return the PNG and the words of a card, which is drawn once for all who wait for it.
        Raises Failed.
        """
        if key not in self.going_on:
            self.going_on[key] = asyncio.create_task(self._draw_card(card))
            self.going_on[key].add_done_callback(lambda _: self.going_on.pop(key))
        return await asyncio.shield(self.going_on[key])

    async def draw(self, svg: str) -> bytes:
        """Return an SVG as PNG. Raises Failed."""
        try:
            async with self._turns, asyncio.timeout(LONGEST_SECONDS):
                begun = asyncio.get_running_loop().time()
                self._idle = [each for each in self._idle if each.returncode is None]
                if self._idle:
                    process = self._idle.pop()
                else:
                    process = await start_child("-P", "-c", PROGRAM, variables={}, stderr=PIPE)
                png = await _png_of(process, svg.encode())
                self._idle.append(process)
                self.speed.add(1, asyncio.get_running_loop().time() - begun)
        except OSError as error:
            # a TimeoutError, too, is an OSError, but without a text
            self.fault = str(error) or "it took too long"
            self.failed += 1
            self._failed_at = asyncio.get_running_loop().time()
            logger.warning("A card could not be drawn: %s", self.fault)
            raise Failed(sentences.NOT_DRAWN, f"a card could not be drawn: {self.fault}") from error
        self.fault, self._failed_at = "", -math.inf
        return png

    async def close(self) -> None:
        """End the processes, and what they draw."""
        for task in self.going_on.values():
            task.cancel()
        await asyncio.gather(*self.going_on.values(), return_exceptions=True)
        while self._idle:
            await end_child(self._idle.pop())

    async def _draw_card(self, card: Callable[[], Card]) -> tuple[bytes, str]:
        svg, words = await asyncio.to_thread(card)
        return await self.draw(svg), words


async def _png_of(process: Process, svg: bytes) -> bytes:
    """Give a process an SVG, and return its PNG. End the process if it fails, or if the caller is
    cancelled.

    Raises OSError.
    """
    if not (process.stdin and process.stdout and process.stderr):
        raise OSError("it has no pipes")
    try:
        try:
            process.stdin.write(len(svg).to_bytes(4, "big") + svg)
            size = await process.stdout.readexactly(4)
            return await process.stdout.readexactly(int.from_bytes(size, "big"))
        except EOFError as error:
            complaint = (await process.stderr.read())[-200:].decode(errors="replace")
            status = await process.wait()  # now, as killing the process changes the status
            raise OSError(f"its process ended: {complaint or status}") from error
    except BaseException:
        await end_child(process)
        raise
