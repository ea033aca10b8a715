"""The web server of the page: what a browser gets, and what comes through the socket.

The server is aiohttp's: it is made to start and stop within a running program.
"""

import asyncio
import contextlib
import html
import json
import socket
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.app import Bot, Door
from bot.asks import LARGEST_FILE, YOU, File, Said, Sent
from bot.cards.scene import portrait
from bot.chat import StartError
from bot.commands import menu
from bot.page import access
from bot.page.chat import PageChat
from bot.settings import Settings
from bot.tasks import Tasks
from bot.words import page as words
from bot.words.pieces import Message, Piece

LOOPBACK = "127.0.0.1"
PORT = 8765
GOODBYE_SECONDS = 0.2
"""How long the server waits for a browser to say goodbye."""
ASSETS = Path(__file__).with_name("assets")


class Page(Door):
    """The page at a port of this machine; if none is given, at the usual port or any free one.

    Raises StartError.
    """

    def __init__(self, settings: Settings, port: int | None = None) -> None:
        self._socket = _listening_socket(port)
        self.port: int = self._socket.getsockname()[1]
        # the key is kept in the folder of the bot's state
        self._access = access.Access(settings.checkpoints.with_name("page-key"), self.port)
        self.link = f"http://{LOOPBACK}:{self.port}/?token={self._access.token}"
        self._chat = PageChat()
        self._bot: Bot | None = None
        self._tasks = Tasks()  # they go on if a tab is closed
        app = web.Application(middlewares=[access.guard], client_max_size=LARGEST_FILE)
        app.on_response_prepare.append(access.add_headers)
        app.add_routes(
            [
                web.get("/", self._enter),
                web.get("/{asset:page.css|page.js|icon.svg|tracks.svg}", self._asset),
                web.get("/creatures/{name:[a-z]{1,40}}.svg", self._creature),
                web.get("/files/{number:[0-9]{1,9}}", self._file),
                web.post("/files", self._receive),
                web.get("/socket", self._converse),
            ]
        )
        # no log of requests, as an address may hold the token
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=GOODBYE_SECONDS
        )

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        self._socket.close()

    async def open(self, bot: Bot) -> None:
        self._bot = bot
        await self._chat.begin(bot)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()
        print(words.OPEN.format(self.link), end="\n\n", flush=True)

    async def close(self) -> None:
        self._bot = None

    async def _enter(self, request: web.Request) -> web.Response:
        """Show the page, in which nothing is private, or let in whoever has the link."""
        token = request.query.get("token", "")
        if not access.is_same(token, self._access.token):
            filled = {name: html.escape(text) for name, text in words.PAGE.items()}
            page = Template((ASSETS / "page.html").read_text(encoding="utf-8"))
            text = page.substitute(filled, words=html.escape(json.dumps(words.PAGE)))
            return web.Response(text=text, content_type="text/html")
        response = web.Response(status=303, headers={"Location": "/"})
        self._access.let_in(response)
        return response

    async def _asset(self, request: web.Request) -> web.FileResponse:
        headers = {"Cache-Control": "no-cache"}  # but the browser may ask whether it has changed
        return web.FileResponse(ASSETS / request.match_info["asset"], headers=headers)

    async def _creature(self, request: web.Request) -> web.Response:
        """Draw the creature of a name."""
        if not self._access.knows(request):
            raise web.HTTPNotFound
        svg = await asyncio.to_thread(portrait, request.match_info["name"])
        headers = {"Cache-Control": "private, max-age=3600"}  # as drawings may improve
        return web.Response(text=svg, content_type="image/svg+xml", headers=headers)

    async def _file(self, request: web.Request) -> web.Response:
        """Send a file of the chat: a picture to look at, anything else to download."""
        entry = self._chat.entries.get(int(request.match_info["number"]))
        if not self._access.knows(request) or entry is None or entry.content is None:
            raise web.HTTPNotFound
        if entry.alt:
            return web.Response(body=entry.content, content_type="image/png")
        name = quote(entry.name, safe="", errors="replace")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return web.Response(body=entry.content, headers=headers)

    async def _receive(self, request: web.Request) -> web.Response:
        """Take a file, and a line beside it."""
        if not self._access.knows(request):
            raise web.HTTPNotFound
        content = await request.read()
        query = request.query
        name = query.get("name") or "file"
        # a `sleep` of no time returns the content
        file = File(name=name, size=len(content), read=lambda: asyncio.sleep(0, content))
        ask = Sent(
            person=YOU, chat=self._chat, is_admin=True, text=query.get("line", ""), file=file
        )
        await self._hear(ask, key=query.get("key", ""), name=name, content=content)
        return web.Response(status=204)

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        """Show the chat in a tab, and take the lines that are written there."""
        if not self._access.knows(request):
            return web.Response(status=403, text=words.PAGE["stranger"])
        tab = web.WebSocketResponse(heartbeat=15, timeout=GOODBYE_SECONDS, compress=False)
        await tab.prepare(request)
        try:
            await self._chat.enter(tab, commands=menu(is_admin=True))
            async for told in tab:
                await self._take(told.data)
        finally:
            self._chat.tabs.remove(tab)
        return tab

    async def _take(self, data: str | bytes) -> None:
        """Take a line that somebody wrote, or that a button says. Pass over anything else."""
        told = None
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            told = json.loads(data)
        match told:
            case {"line": str(line), "pressed": int(number)}:
                if self._bot:  # None while it stops
                    self._bot.ask(
                        Said(person=YOU, chat=self._chat, is_admin=True, text=line, pressed=number)
                    )
            case {"line": str(line), "key": str(key)}:
                await self._hear(
                    Said(person=YOU, chat=self._chat, is_admin=True, text=line.strip()), key=key
                )

    async def _hear(self, ask: Said, **facts: Any) -> None:
        """Show what somebody says as a message of their own, and ask the bot. While the bot stops,
        do neither: the page gives the line back.
        """
        if bot := self._bot:
            message = Message([Piece(ask.text)])
            entry = await self._chat.add(message, mine=True, waits=True, **facts)
            self._tasks.begin(self._chat.mark_answered(bot.ask(ask), entry))


def _listening_socket(port: int | None) -> socket.socket:
    """Return a socket that listens at a port; if none is given, at the usual port or any free one.

    Raises StartError.
    """
    for at in (PORT, 0) if port is None else (port,):
        try:
            return socket.create_server((LOOPBACK, at))
        except OSError as error:
            # without the address, which Python adds
            reason = str(error.strerror).partition(" (while")[0]
    raise StartError(
        f"the page cannot be served at port {port or PORT}: {reason}; --port chooses another one"
    )
