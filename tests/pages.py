"""What tests of the page share: somebody with a browser, but without a screen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.page.server import Page
from bot.running import running
from bot.settings import Settings
from tests.shown import seen, wrote

PATIENCE = 20.0
"""Seconds; a busy machine is no failure."""

Json = dict[str, Any]


class Tab:
    """An open tab: what it was told first, what it is told, and what it does."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, chat: Json) -> None:
        self.socket = socket
        self.chat = chat

    async def next(self, event: str, **expected: Any) -> Json:
        """Return the next event of a kind that has these fields.

        EOFError where the socket is closed.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await self.socket.receive()
                if told.type is not aiohttp.WSMsgType.TEXT:
                    raise EOFError
                facts: Json = _seen(told.json())
                if facts["event"] == event and all(
                    facts.get(name) == value for name, value in expected.items()
                ):
                    return facts

    async def happened(self, count: int) -> list[Json]:
        told: list[Json] = []
        while len(told) < count:
            facts = _seen(await self.socket.receive_json(timeout=PATIENCE))
            told += [facts] if facts["event"] != "typing" else []
        return told

    async def answer(self) -> Json:
        return await self.next("message", mine=False)

    async def say(self, text: Any, **fields: Any) -> None:
        wrote(text)
        await self.socket.send_json({"do": "say", "text": text, **fields})

    async def ask(self, text: str) -> Json:
        await self.say(text)
        return await self.answer()

    async def press(self, message: Json, button: int) -> None:
        await self.socket.send_json({"do": "press", "message": message["id"], "button": button})

    async def send(self, name: str, content: bytes, text: str = "", **fields: Any) -> None:
        wrote(name, text)
        await self.socket.send_json({"do": "send", "name": name, "text": text, **fields})
        await self.socket.send_bytes(content)


class Visitor:
    def __init__(self, client: aiohttp.ClientSession, link: str) -> None:
        self.client = client
        self.link = link
        self.origin = link.partition("/?")[0]

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        address = path if path.startswith("http") else self.origin + path
        async with self.client.get(address, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text(errors="replace"), response.headers

    @property
    def cookie(self) -> str:
        return next(cookie.value for cookie in self.client.cookie_jar)

    @asynccontextmanager
    async def tab(self, **headers: str) -> AsyncIterator[Tab]:
        """Open a tab. WSServerHandshakeError if it is refused."""
        address, origin = f"{self.origin}/socket", "/".join(self.origin.split("/")[:3])
        async with self.client.ws_connect(address, headers={"Origin": origin} | headers) as socket:
            yield Tab(socket, _seen(await socket.receive_json(timeout=PATIENCE)))


@asynccontextmanager
async def browser(
    link: str, cookies: dict[str, str] | None = None, connector: aiohttp.BaseConnector | None = None
) -> AsyncIterator[Visitor]:
    jar = aiohttp.CookieJar(unsafe=True)  # as the page is at an address without a name
    async with aiohttp.ClientSession(
        cookie_jar=jar, cookies=cookies, connector=connector
    ) as client:
        yield Visitor(client, link)


@asynccontextmanager
async def visit(page: Page) -> AsyncIterator[Visitor]:
    async with browser(page.link) as visitor:
        assert (await visitor.get(page.link))[0] == 303
        yield visitor


@asynccontextmanager
async def page_served(
    settings: Settings, port: int = 0, host: str = "127.0.0.1"
) -> AsyncIterator[Page]:
    page = Page(settings, host, port)
    async with running(settings, [page]):
        yield page


def text_of(message: Json) -> str:
    return "".join(piece["text"] for piece in message["pieces"])


def _seen(facts: Json) -> Json:
    """Return what a tab is told. What it shows is text, and no markup."""
    for message in [facts, *facts.get("messages", ())]:
        words = [
            text_of(message) if "pieces" in message else "",
            str(message.get("text", "")),
            message.get("reply", ""),
        ]
        seen("\n".join([*words, *(label for row in message.get("rows", ()) for label in row)]))
    return facts
