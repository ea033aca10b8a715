"""The bots of the bench, each in a process of its own, on the server in this one.

Not here: what they are asked, and what is made of the answers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.telegram_server import Server
from model.checkpoint.encoding import Checkpoint, Description
from model.checkpoint.versions import Versions, save
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel
from model.text.forms import Network
from model.text.vocabulary import Vocabulary
from model.training.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from benchmarks.telegram_server import Inbox

ROOT = Path(__file__).resolve().parents[1]
CHARACTERS = {"dino": "\nabcdefghijklmnopqrstuvwxyz", "poem": "\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz"}
STARTS_WITHIN = 60.0
ENDS_WITHIN = 10.0


class Bot:
    """A bot's process, and what it is asked."""

    def __init__(self, name: str, inbox: Inbox, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.inbox = inbox
        self._process = process

    async def watch(self) -> None:
        """Begin to watch the event loop of a bot that can."""
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")
            await self._process.stdin.drain()

    async def longest_block(self) -> float:
        """End watching; the longest time in seconds that the event loop was late."""
        await self.watch()
        if self._process.stdout is None:
            raise RuntimeError(f"{self.name} cannot be watched")
        return float(await self._process.stdout.readline())

    async def until(self, done: Coroutine[None, None, None], seconds: float) -> None:
        """Wait for something of this bot's; RuntimeError if its process ends before, or if it takes too long."""
        tasks = [asyncio.create_task(done), asyncio.create_task(self._ended())]
        finished, waiting = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if not finished:
            raise RuntimeError(f"{self.name} takes more than {seconds:.0f} s")
        for task in finished:
            task.result()

    async def stop(self) -> None:
        """End the process."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _ended(self) -> None:
        code = await self._process.wait()
        raise RuntimeError(f"{self.name} ended with exit code {code}")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Bot, Bot]]:
    """Start the server and both bots, this one and the echo, and see them poll. The folder is this bot's."""
    server = Server()
    address = f"http://127.0.0.1:{await server.start()}"
    async with AsyncExitStack() as stack:
        stack.callback(server.stop)
        bots: list[Bot] = []
        for name, arguments in (("mangosaurus", [str(folder)]), ("echo", [])):
            token = f"{len(bots) + 1}:{name}-of-the-bench"
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", f"benchmarks.{name}_bot", token, address, *arguments),
                cwd=ROOT,
                env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            bot = Bot(name, server.inbox(token), process)
            stack.push_async_callback(bot.stop)
            bots.append(bot)
        for bot in bots:
            await bot.until(bot.inbox.polled(), STARTS_WITHIN)
        yield bots[0], bots[1]


def prepare(folder: Path) -> list[str]:
    """Put checkpoints into a folder: the project's, or where it has none, random weights of the released shape.

    Returns a description of each.
    """
    return [_prepare(folder / kind, kind) for kind in CHARACTERS]


def _prepare(folder: Path, kind: str) -> str:
    own = ROOT / "checkpoints" / kind
    if own.exists() and Versions(own).list():
        shutil.copytree(own, folder)
        return f"{kind} {Versions(folder).load_current().version}"
    folder.mkdir(parents=True)
    path = folder / "random.safetensors"
    save(path, _random(kind))
    versions = Versions(folder)
    versions.promote(versions.add(path))
    path.unlink()
    return f"{kind} with random weights"


def _random(kind: str) -> Checkpoint:
    recipe = RECIPES[Network(kind)]
    vocabulary = Vocabulary(CHARACTERS[kind])
    architecture = Architecture(recipe.cell, len(vocabulary), recipe.hidden_size, recipe.layers)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(1))
    description = Description(recipe.form, "RANDOM", "0" * 64, 1, 3.0, 1, "2024-01-01T00:00:00+00:00", {})
    known = frozenset({"mangosaurus"}) if kind == "dino" else frozenset[str]()
    return Checkpoint(language_model, vocabulary, description, known)
