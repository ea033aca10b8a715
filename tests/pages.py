"""Shared by tests of the page: a visitor with a browser, but without a screen."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.page.server import Page
from bot.running import running
from bot.settings import Settings
from tests.shown import seen, wrote

PATIENCE = 200.0
"""In seconds. It is long, so that a busy machine fails no test."""

Json = dict[str, Any]


class Tab:
    """An open tab. `chat` is the first event that it got; `next` returns later ones."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, chat: Json) -> None:
        self.socket = socket
        self.chat = chat

    async def next(self, event: str, **expected: Any) -> Json:
        """Return the next event of a kind that has these fields.

        Raises EOFError if the socket is closed.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await self.socket.receive()
                if told.type is not aiohttp.WSMsgType.TEXT:
                    raise EOFError
                facts: Json = _seen(told.json())
                if facts["event"] == event and expected.items() <= facts.items():
                    return facts

    async def answer(self) -> Json:
        return await self.next("message", mine=False, grows=False)

    async def say(self, line: Any, **fields: Any) -> None:
        """Say a line, with a key or with the number of the message whose button says it."""
        wrote(line)
        await self.socket.send_json({"line": line} | (fields or {"key": "k"}))

    async def ask(self, line: str) -> Json:
        await self.say(line)
        return await self.answer()

    async def press(self, message: Json, label: str) -> None:
        line = next(
            each["line"] for row in message["buttons"] for each in row if each["label"] == label
        )
        await self.say(line, pressed=message["number"])


class Visitor:
    def __init__(self, client: aiohttp.ClientSession, link: str) -> None:
        self.client = client
        self.origin = link.partition("/?")[0]

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        return await self._request("GET", path, headers)

    async def send(self, file: bytes, facts: Json, **headers: str) -> tuple[int, str, Any]:
        """Send a file as the page does."""
        path = f"/files?{urlencode(facts)}"
        return await self._request("POST", path, {"Origin": self.origin} | headers, file)

    async def _request(
        self, method: str, path: str, headers: dict[str, str], file: bytes | None = None
    ) -> tuple[int, str, Any]:
        address = path if path.startswith("http") else self.origin + path
        data = file and io.BytesIO(file)
        async with self.client.request(
            method, address, headers=headers, data=data, allow_redirects=False
        ) as response:
            return response.status, await response.text(errors="replace"), response.headers

    @asynccontextmanager
    async def tab(self, **headers: str) -> AsyncIterator[Tab]:
        """Open a tab. Raises WSServerHandshakeError if it is refused."""
        headers = {"Origin": self.origin} | headers
        async with self.client.ws_connect(f"{self.origin}/socket", headers=headers) as socket:
            yield Tab(socket, _seen(await socket.receive_json(timeout=PATIENCE)))


@asynccontextmanager
async def browser(link: str, cookies: dict[str, str] | None = None) -> AsyncIterator[Visitor]:
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address, too
    async with aiohttp.ClientSession(cookie_jar=jar, cookies=cookies) as client:
        yield Visitor(client, link)


@asynccontextmanager
async def visit(page: Page) -> AsyncIterator[Visitor]:
    async with browser(page.link) as visitor:
        assert (await visitor.get(page.link))[0] == 303
        yield visitor


@asynccontextmanager
async def page_served(settings: Settings, port: int = 0) -> AsyncIterator[Page]:
    page = Page(settings, port)
    async with running(settings, [page]):
        yield page


def text_of(message: Json) -> str:
    return "".join(text for text, _ in message["pieces"])


def _seen(facts: Json) -> Json:
    """Return what a tab is told, and check that it shows no markup."""
    for message in [facts, *facts.get("messages", ())]:
        labels = [each["label"] for row in message.get("buttons", ()) for each in row]
        seen("\n".join([text_of({"pieces": []} | message), str(message.get("text", "")), *labels]))
    return facts
