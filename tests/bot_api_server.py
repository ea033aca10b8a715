"""An HTTP server on 127.0.0.1 for tests of the transport: it does what a test tells it to, also what no server should.

Not here: the Bot API, which `bot.local.telegram` knows.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

TOKEN = "123456:AAtest-token_of-no-bot"
MESSAGE = {"message_id": 7, "date": 1700000000, "chat": {"id": 1, "type": "private"}, "text": "sent"}


class HttpServer:
    """`answer` decides what a request gets; `requests` holds those that came, `peers` the connections, `most` how many
    requests there were at once."""

    def __init__(self) -> None:
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = sent
        self.requests: list[web.Request] = []
        self.bodies: list[Any] = []
        self.peers: set[Any] = set()
        self.most = 0
        self.address = ""
        self._now = 0

    @property
    def bot_address(self) -> str:
        """What a Bot takes as its base_url."""
        return f"{self.address}/bot"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note a request, and answer it."""
        self.requests.append(request)
        self.peers.add(request.transport and request.transport.get_extra_info("peername"))
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            if request.content_type == "application/json":
                self.bodies.append(await request.json())
            return await self.answer(request)
        finally:
            self._now -= 1


async def sent(_request: web.Request) -> web.StreamResponse:
    """Answer as to a sendMessage."""
    return web.json_response({"ok": True, "result": MESSAGE})


@asynccontextmanager
async def http_server(encryption: ssl.SSLContext | None = None) -> AsyncIterator[HttpServer]:
    """Serve as long as the block lasts."""
    server = HttpServer()
    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=encryption).start()
        server.address = f"{'https' if encryption else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(
    behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Serve connections with a function, and hand out the address."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client is gone, as some tests want it
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def read_request(reader: asyncio.StreamReader) -> str:
    """Read a whole request, and return its head."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")]
    await reader.readexactly(int(length[0]) if length else 0)
    return head


def whole(result: Any) -> bytes:
    """Return a Bot API answer as it crosses the wire."""
    body = json.dumps({"ok": True, "result": result}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
