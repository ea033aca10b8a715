"""SVG to PNG, by resvg, with text in EB Garamond; and the pictures that are kept.

Processes draw, because resvg holds Python's lock for 0.13 s, and the event loop would stand still.
They start with the first card, and stay. Each reads SVGs and writes PNGs, with their lengths in
front, until its input ends: no process outlives the bot.
"""

import asyncio
import contextlib
import logging
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

from bot.chat import Explained
from bot.limits import Speed
from bot.tasks import end_child, start_child
from bot.words import sentences
from model.files import write_whole
from model.threads import available_cores

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
SOON_SECONDS = 3.0
"""If a card would be begun later, the answer is words, and a button asks for the card."""
CARD_SECONDS = 0.5
"""The seconds that a process needs for a card, until this machine is measured. With a core of its
own, it needs 0.15 s."""
SURE_SECONDS = 2.0
"""CARD_SECONDS weighs as much as so many seconds of measured drawing."""
PROCESSES = max(1, available_cores() - 1)
MOST_BYTES = 200_000_000
"""How large all kept pictures may be together."""


class Drawings:
    """Draws cards, and keeps those that belong to nobody as files in a folder.

    `fault` says why the last card could not be drawn; it is empty if that was drawn.
    """

    def __init__(self, folder: Path) -> None:
        self.fault = ""
        self.speed = Speed(PROCESSES / CARD_SECONDS, PROCESSES, SURE_SECONDS)
        self._folder = folder
        self._going_on: dict[str, asyncio.Task[bytes]] = {}  # by key
        self._idle: list[Process] = []
        self._turns = asyncio.Semaphore(PROCESSES)

    def is_soon(self, key: str) -> bool:
        """Return whether a picture is there, or could be in a few seconds, as far as one knows."""
        wait = len(self._going_on) / self.speed.a_second()
        return self.has(key) or (wait < SOON_SECONDS and not self.fault)

    def has(self, key: str) -> bool:
        """Return whether a picture is kept, or is being drawn."""
        return key in self._going_on or (self._folder / key).exists()

    async def png(self, key: str, svg: Callable[[], str], *, keep: bool) -> bytes:
        """Return a picture that is kept, or draw it: once, however many want it. Raises
        Explained.
        """
        if key not in self._going_on:
            self._going_on[key] = asyncio.create_task(self._found_or_drawn(key, svg, keep))
            self._going_on[key].add_done_callback(lambda _: self._going_on.pop(key))
        return await asyncio.shield(self._going_on[key])

    async def draw(self, svg: str) -> bytes:
        """Draw an SVG. Raises Explained."""
        self.speed.count(1)
        try:
            async with self._turns, asyncio.timeout(LONGEST_SECONDS):
                self._idle = [each for each in self._idle if each.returncode is None]
                if self._idle:
                    process = self._idle.pop()
                else:
                    process = await start_child("-P", "-c", PROGRAM, variables={}, stderr=PIPE)
                png = await _answer(process, svg.encode())
                self._idle.append(process)
        except OSError as error:
            self.fault = str(error) or "it took too long"
            logger.warning("A card could not be drawn: %s", self.fault)
            raise Explained(sentences.NOT_DRAWN) from error
        finally:
            self.speed.count(-1)
        self.fault = ""
        return png

    async def close(self) -> None:
        """End the processes, and what they draw."""
        for task in self._going_on.values():
            task.cancel()
        await asyncio.gather(*self._going_on.values(), return_exceptions=True)
        while self._idle:
            await end_child(self._idle.pop())

    async def _found_or_drawn(self, key: str, svg: Callable[[], str], keep: bool) -> bytes:
        with contextlib.suppress(OSError):
            return await asyncio.to_thread((self._folder / key).read_bytes)
        png = await self.draw(await asyncio.to_thread(svg))
        if keep:
            await asyncio.to_thread(self._keep, key, png)
        return png

    def _keep(self, key: str, png: bytes) -> None:
        """Keep a picture. The oldest ones leave."""
        left = MOST_BYTES
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._folder / key, png)
            found = [(path.stat(), path) for path in self._folder.glob("[!.]*")]
            for facts, path in sorted(found, key=lambda each: each[0].st_mtime, reverse=True):
                left -= facts.st_size
                if left < 0:
                    path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("A picture is not kept: %s", error)


async def _answer(process: Process, svg: bytes) -> bytes:
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
            status = await process.wait()  # before it is killed, or else nobody learns it
            raise OSError(f"its process ended: {complaint or status}") from error
    except BaseException:
        await end_child(process)
        raise
