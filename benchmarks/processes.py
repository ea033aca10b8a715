"""Starts the bots of the bench in processes of their own, and a Bot API server in this process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from benchmarks.telegram_server import Server
from model.files import ROOT
from model.text.forms import Network
from model.weights.versions import Versions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
    from pathlib import Path

    from benchmarks.telegram_server import Inbox

STARTS_WITHIN = 60.0
ENDS_WITHIN = 15.0


class Bot:
    """The process of a bot, and the inbox that it reads."""

    def __init__(self, name: str, inbox: Inbox, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.inbox = inbox
        self._process = process

    async def watch(self, line: str = "") -> None:
        """Let the bot watch its event loop, if it can."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n".encode())
            await self._process.stdin.drain()

    async def longest_block(self) -> float:
        """End the watch. Return the greatest delay of the event loop in seconds."""
        await self.watch()
        return float(await self._line())

    async def use(self, network: str, version: str) -> None:
        """Let a version write from now on; return when it does."""
        await self.watch(f"{network} {version}")
        await self._line()

    async def _line(self) -> bytes:
        if self._process.stdout is None:
            raise RuntimeError(f"{self.name} cannot be watched")
        return await self._process.stdout.readline()

    async def until(self, done: Coroutine[None, None, None], seconds: float) -> None:
        """Wait for an event of this bot; RuntimeError if its process ends before, or if it takes
        too long.
        """
        tasks = [asyncio.create_task(done), asyncio.create_task(self._ended())]
        finished, waiting = await asyncio.wait(
            tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in waiting:
            task.cancel()
        if not finished:
            raise RuntimeError(f"{self.name} takes more than {seconds:.0f} s")
        for task in finished:
            task.result()

    def kill(self) -> None:
        """Kill the process at once."""
        self._process.kill()

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


class Bench:
    """The server, and the bots that were started against it."""

    def __init__(self, server: Server, address: str, stack: AsyncExitStack) -> None:
        self._server, self._address, self._stack = server, address, stack
        self._count = 0

    async def start(self, name: str, module: str, *arguments: str) -> Bot:
        """Start `python -m module TOKEN ADDRESS ...` and wait until it asks for updates."""
        self._count += 1
        token = f"{self._count}:{name}-of-the-bench"
        bot = await self._started(name, token, ("-m", module, token, self._address, *arguments), {})
        await bot.until(bot.inbox.polled(), STARTS_WITHIN)
        return bot

    async def start_real(
        self, name: str, token: str, settings: Mapping[str, str], tree: Path = ROOT
    ) -> Bot:
        """Start `python -m bot` with a token and settings, and return at once; in another tree,
        with its own Python.
        """
        environment = {"TELEGRAM_TOKEN": token, "TELEGRAM_API_URL": self._address, **settings}
        return await self._started(name, token, ("-m", "bot"), environment, tree)

    async def _started(
        self,
        name: str,
        token: str,
        arguments: Sequence[str],
        settings: Mapping[str, str],
        tree: Path = ROOT,
    ) -> Bot:
        process = await asyncio.create_subprocess_exec(
            sys.executable if tree == ROOT else tree / ".venv/bin/python",
            *arguments,
            cwd=tree,
            env={**os.environ, "NO_PROXY": "*", "no_proxy": "*", **settings},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        bot = Bot(name, self._server.inbox(token), process)
        self._stack.push_async_callback(bot.stop)
        return bot


@asynccontextmanager
async def bench(*, is_strict: bool = False) -> AsyncIterator[Bench]:
    """Start a server; at the end, stop all bots that were started against it."""
    server = Server(is_strict=is_strict)
    address = f"http://127.0.0.1:{await server.start()}"
    async with AsyncExitStack() as stack:
        stack.callback(server.stop)
        yield Bench(server, address, stack)


def prepare(folder: Path, tree: Path = ROOT) -> list[str]:
    """Copy a tree's released checkpoints into a folder. Return a description of each."""
    for network in Network:
        shutil.copytree(tree / "checkpoints" / network, folder / network)
    return [f"{network} {Versions(folder / network).current()}" for network in Network]
