"""The chat on the page: its newest messages, and the tabs that show them.

A tab gets pieces of text and no markup, so nothing that a person or a network writes can become
markup. After a restart, the chat shows what the bot made last: each creation has its place at once,
and gets its text when it is written again.
"""

import asyncio
import contextlib
import time
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from aiohttp.web import WebSocketResponse

from bot.app import Bot
from bot.asks import YOU
from bot.chat import Buttons, Chat, Explained, Failed, Gone, Picture
from bot.commands import FIRST
from bot.creations import Creation
from bot.words import layout, sentences
from bot.words.pieces import Message, Piece

KEPT = 500
"""How many messages the chat keeps, the newest ones."""
SHOWN = 20
"""How many creations the chat shows after a restart."""


@dataclass
class Entry:
    """A message as the page keeps it.

    `key` is a tab's own name for a line that was written there, and `waits` is true until that line
    is answered. A file with an `alt` is a card; any other file is for download.
    """

    number: int
    pieces: Message
    buttons: Buttons = ()
    at: float = field(default_factory=time.time)
    mine: bool = False
    key: str = ""
    waits: bool = False
    grows: bool = False
    is_start: bool = False
    name: str = ""
    content: bytes | None = None
    alt: str = ""

    def facts(self) -> dict[str, Any]:
        """Return the entry as a tab gets it: with the size of a file, but without its content."""
        return asdict(self) | {"content": None, "size": len(self.content or b"")}


class PageChat(Chat):
    """The chat of whoever runs the bot."""

    id = YOU
    place = "page"
    edit_seconds = 0.1

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.tabs: list[WebSocketResponse] = []
        self._numbers = count(1)
        self._places = dict[int, Creation]()

    async def begin(self, bot: Bot) -> None:
        """Keep a place for each of the last creations. If there are none, say hello."""
        for creation in await bot.store.creations(self.id, newest=SHOWN):
            place = await self.add(
                Message([Piece("…")]), at=creation.created.timestamp(), grows=True
            )
            self._places[place.number] = creation
        if not self._places:
            await self.clear()

    async def fill(self, bot: Bot) -> None:
        """Write the last creations into their places, the newest first."""
        while self._places:
            number, creation = self._places.popitem()
            buttons: Buttons = ()
            try:
                text = await bot.shelf.write(creation)
                message = layout.reply(creation, text)
                buttons = layout.buttons_below(creation, text)
            except (Explained, Failed) as error:
                message = error.sentence
            with contextlib.suppress(Gone):
                await self.change(number, message, buttons)

    async def add(self, message: Message, buttons: Buttons = (), **facts: Any) -> Entry:
        """Keep a message, and show it."""
        entry = Entry(next(self._numbers), message, buttons, **facts)
        self.entries[entry.number] = entry
        if len(self.entries) > KEPT:
            del self.entries[min(self.entries)]
        await self.tell("message", **entry.facts())
        return entry

    async def mark_answered(self, task: asyncio.Task[None], entry: Entry) -> None:
        """Wait until an ask is answered or refused, and mark the line that asked as answered.
        `/forget` may have deleted that line by then.
        """
        await asyncio.wait([task])
        if not task.cancelled():
            entry.waits = False
            await self.tell("answered", key=entry.key)

    async def say(
        self, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> int:
        return (await self.add(message, buttons, grows=unfinished)).number

    async def change(
        self, number: int, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        entry = self.entries.get(number)
        if entry is None:
            raise Gone("the page has no such message any more")
        entry.pieces = message
        entry.buttons = buttons
        entry.grows = unfinished
        await self.tell("message", **entry.facts())

    async def picture(self, picture: Picture, message: Message, buttons: Buttons = ()) -> None:
        png, words = await picture.draw()
        await self.add(message, buttons, name=picture.name, content=png, alt=words)

    async def document(
        self, name: str, content: bytes, message: Message, buttons: Buttons = ()
    ) -> None:
        await self.add(message, buttons, name=name, content=content)

    async def typing(self) -> None:
        await self.tell("typing")

    async def clear(self) -> None:
        """Delete all messages here, and say hello."""
        self.entries.clear()
        await self.tell("cleared")
        await self.add(sentences.START[True], FIRST, is_start=True)

    async def enter(self, tab: WebSocketResponse, **facts: Any) -> None:
        """Show the chat in a tab. From now on, the tab also gets each event."""
        self.tabs.append(tab)
        messages = [entry.facts() for entry in self.entries.values()]
        await tab.send_json({"event": "chat", "messages": messages} | facts)

    async def tell(self, event: str, **facts: Any) -> None:
        """Send an event to all tabs. A tab that is just closing is passed over."""
        for tab in list(self.tabs):
            with contextlib.suppress(ConnectionError):
                await tab.send_json({"event": event} | facts)
