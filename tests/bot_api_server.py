"""An HTTP server on 127.0.0.1 for tests of the client: it answers as a test tells it, even as no
server should.

The Bot API itself is in `tests.telegram`.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

MESSAGE = {
    "message_id": 7,
    "date": int(time.time()),
    "chat": {"id": 1, "type": "private"},
    "text": "sent",
}


@dataclass(frozen=True)
class HttpRequest:
    method: str
    path: str
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The parameters of a method, all of them text."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class HttpServer:
    """`answer` returns the status and the body for a request; with status 0, only the body is
    written.

    `requests` holds all requests that came.
    """

    def __init__(self) -> None:
        self.answer: Callable[[HttpRequest], Awaitable[tuple[int, bytes]]] = never
        self.requests: list[HttpRequest] = []
        self.address = ""
        self._visits: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        assert visit
        self._visits.add(visit)
        try:
            while True:
                request = await read_request(reader)
                self.requests.append(request)
                status, body = await self.answer(request)
                writer.write(response(body, status) if status else body)
                await writer.drain()
                if not status:
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client is gone, as some tests want it, or the test is over
        finally:
            writer.close()

    async def close(self) -> None:
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits)


def ok(result: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"ok": True, "result": result}).encode()


async def never(_request: HttpRequest) -> tuple[int, bytes]:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def http_server() -> AsyncIterator[HttpServer]:
    http = HttpServer()
    listening = await asyncio.start_server(http.serve, "127.0.0.1", 0)
    http.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield http
    finally:
        listening.close()
        await http.close()


async def read_request(reader: asyncio.StreamReader) -> HttpRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    method, path, _ = head.split(" ", 2)
    length = re.search("^content-length: ([0-9]+)", head, re.IGNORECASE | re.MULTILINE)
    return HttpRequest(method, path, await reader.readexactly(int(length[1]) if length else 0))


def response(body: bytes, status: int = 200) -> bytes:
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
