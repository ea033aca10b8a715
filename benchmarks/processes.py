"""Starts the bots of a bench in processes of their own, and a Bot API server in this process."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from benchmarks.telegram_server import Inbox, Server
from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

LIMIT = 600.0
"""A bench gives up waiting after this many seconds."""
ENDS_WITHIN = 15.0
OURS = ("-m", "bot")
UNLIMITED = {"RATE_LIMIT": "0"}
UNPACED = (
    "-c",
    "import runpy; from bot.telegram import pacing;"
    " pacing.RATE = 999_999; runpy.run_module('bot', run_name='__main__', alter_sys=True)",
)
"""Settings and a program that let a bench find out what the bot itself can do."""


class Bot:
    """The process of a bot, and the inbox that it reads."""

    def __init__(self, name: str, inbox: Inbox, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.inbox = inbox
        self.process = process

    async def until(self, done: Coroutine[None, None, None]) -> None:
        """Wait for an event of this bot. RuntimeError if its process ends first, or after LIMIT."""
        tasks = [asyncio.create_task(done), asyncio.create_task(self._ended())]
        finished, waiting = await asyncio.wait(
            tasks, timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED
        )
        for task in waiting:
            task.cancel()
        if not finished:
            raise RuntimeError(f"{self.name} takes more than {LIMIT:.0f} s")
        for task in finished:
            task.result()

    async def at_once(self, texts: list[str]) -> float:
        """Ask everything at once. Return the seconds from handing out the first update to the last
        answer.
        """
        asked = [self.inbox.ask(text) for text in texts]
        await self.until(self.inbox.answered())
        return max(one.answers[0][0] for one in asked) - min(one.handed_out or 0.0 for one in asked)

    async def stop(self) -> float:
        """End the process, and return how many seconds that took."""
        begun = time.perf_counter()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        return time.perf_counter() - begun

    async def _ended(self) -> None:
        code = await self.process.wait()
        raise RuntimeError(f"{self.name} ended with exit code {code}")


class Bench:
    """A server, and the bots that were started against it in a folder of their own."""

    def __init__(self, server: Server, address: str, folder: str, stack: AsyncExitStack) -> None:
        self._server, self._address, self._folder, self._stack = server, address, folder, stack

    async def start(
        self,
        name: str,
        settings: dict[str, str],
        program: tuple[str, ...] = OURS,
        token: str = "",
    ) -> Bot:
        """Start a bot, and return at once. Bots with the same token share an inbox."""
        token = token or f"{len(self._server.inboxes) + 1}:a-bot-of-the-bench"
        environment = {
            "TELEGRAM_TOKEN": token,
            "TELEGRAM_API_URL": self._address,
            "MANGOSAURUS_HOME": self._folder,
            "LOG_LEVEL": "ERROR",
            "NO_PROXY": "*",
            "no_proxy": "*",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *program,
            cwd=ROOT,
            env=os.environ | environment | settings,
            stdin=asyncio.subprocess.PIPE,
        )
        bot = Bot(name, self._server.inbox(token), process)
        self._stack.push_async_callback(bot.stop)
        return bot


@asynccontextmanager
async def bench(*, is_strict: bool = False, latency: float = 0.0) -> AsyncIterator[Bench]:
    """Start a server; at the end, stop all bots that were started against it."""
    server = Server(is_strict=is_strict, latency=latency)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.callback(server.stop)
        yield Bench(server, f"http://127.0.0.1:{await server.start()}", folder, stack)


def is_right(asked: str, answer: str) -> bool:
    """Return whether a message answers a command, and does not refuse it."""
    command, _, line = asked.partition(" ")
    if command == "/dino":
        # One drawn name in 20,000 has a word that is not shown.
        return re.match(r"<b>[A-Za-z]+</b>|<i>I'd rather keep", answer) is not None
    if command == "/me":
        return " is <b>" in answer
    if command == "/today":
        return answer.startswith(("<b>Right", "<b>No", "<b>The round"))
    if command == "/help":
        return "/dino" in answer
    return answer.startswith(f"<b>{line}") and len(answer) > len(line) + 100
