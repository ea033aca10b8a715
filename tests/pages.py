"""What tests of the page share: a bot that serves it on 127.0.0.1, and a visitor without a screen."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from bot.local.home import Place, at_home
from bot.local.hosting import Hosted, hosted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.application import Mangosaurus
    from bot.local.contents import Json
    from bot.local.telegram import Telegram

    from bot.settings import Settings

PATIENCE = 20.0
"""Seconds; a busy machine is no failure."""
ANY_PORT = Place(port=0)


class Page:
    """A page that is being served, and the bot behind it."""

    def __init__(self, hosted: Hosted, telegram: Telegram, mangosaurus: Mangosaurus) -> None:
        self.hosted = hosted
        self.telegram = telegram
        self.mangosaurus = mangosaurus
        self.link = hosted.link
        parts = urlsplit(hosted.link)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.port = parts.port


@asynccontextmanager
async def page_served(settings: Settings, telegram: Telegram, place: Place = ANY_PORT) -> AsyncIterator[Page]:
    async with hosted(telegram, settings, place) as page:
        telegram.listen = page.website.listen
        async with at_home(settings, telegram, page.admins, limited=not page.at_home).running() as mangosaurus:
            yield Page(page, telegram, mangosaurus)


class Tab:
    """The events of one tab, as they come."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self, event: str, **expected: Any) -> Any:
        """Return the content of the next event of a kind that has these fields."""
        async with asyncio.timeout(PATIENCE):
            while True:
                name, content = await self._event()
                if name == event and all(content.get(key) == value for key, value in expected.items()):
                    return content

    async def answer(self) -> Json:
        """Return the next message of the bot."""
        answer: Json = await self.next("message", mine=False)
        return answer

    async def _event(self) -> tuple[str, Any]:
        name = ""
        async for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        raise EOFError


class Visit:
    """Somebody with a browser: a cookie, what they post, and tabs."""

    def __init__(self, origin: str) -> None:
        self.client = httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, timeout=PATIENCE)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        return await self.client.post(path, content=json.dumps(fields))

    async def say(self, text: str, **fields: Any) -> httpx.Response:
        return await self.post("/say", text=text, **fields)

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[tuple[Tab, Json]]:
        """Open a tab; yields it and what it is told first."""
        async with self.client.stream("GET", "/events", timeout=None) as response:
            response.raise_for_status()
            assert response.headers["Content-Type"] == "text/event-stream"
            tab = Tab(response.aiter_lines())
            yield tab, await tab.next("chat")


@asynccontextmanager
async def visit(page: Page) -> AsyncIterator[Visit]:
    """Open the link in a browser of its own."""
    visitor = Visit(page.origin)
    async with visitor.client:
        entered = await visitor.get(page.link)
        assert entered.status_code == 303
        yield visitor


def text_of(message: Json) -> str:
    return "".join(run["text"] for run in message["runs"])
