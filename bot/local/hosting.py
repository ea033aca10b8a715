"""The page, served: the socket, the web server in this process, and the link.

The server is aiohttp's: it is made to start and stop within a running program, and tells at once when a browser leaves.
Starlette on uvicorn would be as light, but uvicorn brings click, and where that is installed, httpx imports its command
line and rich at every start of the bot.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from bot.conversation import texts
from bot.local.guard import Guard, is_loopback, names_of
from bot.local.home import LOOPBACK, Place, at_home
from bot.local.passes import Passes, read_key
from bot.local.register import Register
from bot.local.telegram import Telegram
from bot.local.website import Website
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Person
    from bot.settings import Settings

PORT = 8765
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what the operator may ask for
LAST_WORDS = 1
"""Seconds that the server waits for browsers to take what it still has to say."""


class PageError(MangosaurusError):
    """The page cannot be served where it should be."""


@dataclass(frozen=True)
class Hosted:
    """A page that is being served: its link, and whether only this machine can reach it."""

    website: Website
    link: str
    at_home: bool

    @property
    def admins(self) -> tuple[Person, ...]:
        """The people whom the link makes admins."""
        return self.website.admins

    @property
    def announcement(self) -> str:
        """Where the page is, and who can open it."""
        return "\n".join([texts.page_is_open(self.link), *([] if self.at_home else [texts.PAGE_FOR_OTHERS])])


async def serve(settings: Settings, place: Place) -> None:
    """Serve the page alone, until the task is cancelled; PageError."""
    telegram = Telegram()
    async with hosted(telegram, settings, place) as page:
        telegram.listen = page.website.listen
        async with at_home(settings, telegram, page.admins, limited=not page.at_home).running():
            print(page.announcement, flush=True)
            await asyncio.Event().wait()


@asynccontextmanager
async def hosted(telegram: Telegram, settings: Settings, place: Place) -> AsyncIterator[Hosted]:
    """Serve the page of a Telegram as long as the block lasts; PageError."""
    listening = bound(place)
    host, port = listening.getsockname()[:2]
    private = is_loopback(host)
    beside = settings.database.with_name(f"{settings.database.name}-page")
    register = Register(beside.with_name(f"{beside.name}-admins")) if private else None
    website = Website(telegram, Passes(read_key(beside)), f"mangosaurus-{port}", register)
    app = website.application()
    Guard(names_of(place.host) | {host}, any_address=host in ANYWHERE).protect(app)
    # Without a log of requests, as an address may hold the token.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=LAST_WORDS)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    shown = LOOPBACK if host in ANYWHERE else place.host
    link = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/?token={website.token}"
    try:
        yield Hosted(website, link, private)
    finally:
        website.close()
        await runner.cleanup()


def bound(place: Place) -> socket.socket:
    """Return a socket that listens at a place; PageError."""
    try:
        try:
            return _listening(place.host, PORT if place.port is None else place.port)
        except OSError as error:
            if place.port is not None or error.errno != errno.EADDRINUSE:
                raise
            return _listening(place.host, 0)
    except (OSError, UnicodeError) as error:  # the latter of a name that cannot be one
        where = f"{place.host}, port {PORT if place.port is None else place.port}"
        reason = error.strerror if isinstance(error, OSError) else "no such name"
        raise PageError(
            f"the page cannot be served at {where}: {reason}; --host and --port choose another place"
        ) from None


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened
