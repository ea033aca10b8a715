"""Whether the bot is well, seen from outside: /healthz, /metrics, and what systemd is told.

A bot is well unless something makes answers fail: polling has succeeded lately, the database can be
written, the writing threads get on, and no command failed when it was last asked for. A process on
standby is well too; a bot that is starting is not.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from importlib import metadata
from typing import Self

from aiohttp import web

from bot.app import Bot, Door, memory
from bot.creations import NETWORKS
from bot.database import StoreError
from bot.settings import Address
from bot.tasks import Tasks
from model.errors import MangosaurusError

PART_SECONDS = 4.0
"""How long the database may take to answer. Prometheus waits for 10."""
STANDBY, SERVING = "on standby: another process serves", "serving"


class Health:
    """Whether one process and its doors are well.

    If there is an address, `/healthz` and `/metrics` are answered there while the block lasts.
    """

    def __init__(self, listen: Address | None = None, doors: Sequence[Door] = ()) -> None:
        self.listen = listen
        self._doors = doors
        self._state = ""  # the bot starts
        self.note(self._state)
        self._runner: web.AppRunner | None = None
        self._tasks = Tasks()

    async def __aenter__(self) -> Self:
        if microseconds := os.environ.get("WATCHDOG_USEC"):
            self._tasks.begin(self._watch(int(microseconds) / 2e6))
        if self.listen is None:
            return self
        app = web.Application()
        app.add_routes([web.get("/healthz", self._healthz), web.get("/metrics", self._metrics)])
        # a request that takes longer than ten seconds to arrive is cut
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=10, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self.listen).start()
        except OSError as error:
            raise MangosaurusError(
                f"cannot listen at HEALTH_LISTEN: {error.strerror}; let it name a free port here"
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.cancel()
        if self._runner:
            await self._runner.cleanup()

    def note(self, state: str, bot: Bot | None = None, why: str = "") -> None:
        """Note what the process does from now on, and tell systemd that the process is ready, also
        on standby.

        If the database keeps the process from serving, `why` says how.
        """
        if state and state != self._state:
            tell_systemd(f"READY=1\nSTATUS={state}")
        self._state = state
        self._bot = bot
        self._why = why

    async def _watch(self, seconds: float) -> None:
        """Tell systemd again and again that the event loop turns and no writing thread is stuck.

        Nothing else counts: a new start would not mend Telegram, the database or the disk.
        """
        while True:
            if self._bot is None or not self._bot.shelf.stuck:
                tell_systemd("WATCHDOG=1")
            await asyncio.sleep(seconds)

    async def failures(self) -> dict[str, str]:
        """Return what fails, and how: nothing, if all is well."""
        bot = self._bot
        found = {part: how for door in self._doors for part, how in door.failures().items()}
        if self._why and not self._state:
            found["database"] = self._why
        if not self._state and not found:
            return {"bot": "it is not serving"}
        if bot is None:
            return found
        try:
            async with asyncio.timeout(PART_SECONDS):
                await bot.store.check()
        except (TimeoutError, StoreError) as error:
            found["database"] = str(error) or "it does not answer"
        if bot.drawings.fault:
            found["cards"] = f"they cannot be drawn: {bot.drawings.fault}"
        if stuck := bot.shelf.stuck:
            found["writing"] = f"no progress with {', '.join(stuck)}"
        if missing := [network for network in NETWORKS if network not in bot.shelf.serving]:
            found["writing"] = f"no weights of {', '.join(missing)}"
        if faults := bot.tally.faults:
            found["answers"] = "; ".join(f"{what} failed: {why}" for what, why in faults.items())
        return found

    async def _healthz(self, _request: web.Request) -> web.Response:
        failures = await self.failures()
        if not failures:
            return web.Response(text=f"well: {self._state}\n")
        text = "".join(f"{part}: {how}\n" for part, how in failures.items())
        return web.Response(status=503, text=text)

    async def _metrics(self, _request: web.Request) -> web.Response:
        failing = {f'failing{{part="{part}"}}': 1.0 for part in await self.failures()}
        lines = dict[str, None]()  # a dictionary keeps the order, and each line once
        for name, number in (failing | self._numbers()).items():
            metric = name.partition("{")[0]
            kind = "counter" if metric.endswith("_total") else "gauge"
            lines[f"# TYPE mangosaurus_{metric} {kind}\n"] = None
            lines[f"mangosaurus_{name} {number:.10g}\n"] = None
        return web.Response(
            body="".join(lines).encode(), headers={"Content-Type": "text/plain; version=0.0.4"}
        )

    def _numbers(self) -> dict[str, float]:
        """Return the metrics by their names and labels."""
        version = metadata.version("mangosaurus")
        found = {f'serving{{version="{version}"}}': float(self._bot is not None)}
        return found | (self._bot.figures() if self._bot else {"memory_bytes": memory()})


def tell_systemd(state: str) -> None:
    """Tell systemd what this process does, where systemd wants to know (`Type=notify`)."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        # an address that begins with @ is in the abstract namespace, which begins with NUL
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            sender.sendto(
                state.encode(), f"\0{address[1:]}" if address.startswith("@") else address
            )
