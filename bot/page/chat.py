"""The chat of one person on the page: the newest messages, and the tabs that show them.

The page gets pieces of text and no markup, so nothing that a person or a network writes can become
markup. After a restart, people find their last creations: each has its place at once, and gets its
text when it is written again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

from aiohttp import WSCloseCode
from aiohttp.web import WebSocketResponse
from markupsafe import Markup

from bot.app import Bot
from bot.asks import Said
from bot.chat import Buttons, Chat, Explained, Gone
from bot.creations import Creation, buttons_below
from bot.database import StoreError
from bot.words import layout, sentences
from bot.words.page import HELLO, WELCOME_BACK
from bot.words.pieces import Piece, pieces_of
from model.text.forms import Genre

logger = logging.getLogger(__name__)

KEPT, KEPT_BYTES = 500, 10_000_000
"""How many messages a chat keeps, and how many bytes they may have, files included.

The newest stay.
"""
SHOWN, READ = 20, 100
"""After a restart, a chat shows so many of so many newest creations: of a changed message, the last
one alone."""
QUOTED = 80
"""Characters of a message that a reply shows."""
MOST_TABS = 16
"""How many tabs a person may have open.

A hidden tab closes its connection, so nobody needs more.
"""
SEND_SECONDS = 5.0
"""A tab that has not taken an event by then is closed."""


@dataclass
class Message:
    """A message as the page keeps it. By the `key`, a tab knows what it sent itself.

    A file without a name is a picture, the curve of a training; one with an `alt` is a card.
    """

    id: int
    mine: bool
    at: float
    pieces: list[Piece]
    buttons: Buttons = ()
    edited: bool = False
    is_growing: bool = False
    is_start: bool = False
    reply: str = ""
    file: tuple[str, bytes] | None = None
    alt: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        self.size = 4 * sum(len(piece.text) for piece in self.pieces) + len(
            self.file[1] if self.file else b""
        )

    def drawn(self) -> dict[str, Any]:
        """Return what the page shows: a piece is a text, its styles, and what a click on it does,
        if anything.
        """
        plain = ("id", "mine", "at", "edited", "is_growing", "is_start", "reply", "key")
        facts: dict[str, Any] = {name: getattr(self, name) for name in plain}
        facts["pieces"] = [
            {"text": piece.text, "styles": piece.styles} | _click(piece) for piece in self.pieces
        ]
        facts["rows"] = [[button.label for button in row] for row in self.buttons]
        if self.file:
            facts["file"] = {"name": self.file[0], "size": len(self.file[1]), "alt": self.alt}
        return facts


def _click(piece: Piece) -> dict[str, str]:
    """Return what a click does: a command and a code are sent, an example is put into the line."""
    if "creation" in piece.styles:
        return {"send": f"/again {piece.text}"}
    if "code" in piece.styles and piece.text.startswith("/"):
        return {"write": piece.text}
    return {"send": piece.text} if "command" in piece.styles else {}


class PageChat(Chat):
    """A person's chat. Its id is the person's."""

    edit_seconds = 0.1
    place = "page"

    def __init__(self, person: int) -> None:
        self.id = person
        self.messages: dict[int, Message] = {}
        self.tabs: list[WebSocketResponse] = []
        self.recalling: asyncio.Task[None] | None = None
        self._pressed: tuple[int, int] | None = None
        self._numbers = count(1)

    def at_button(self, message: int, button: int) -> Self:
        """Return a copy of this chat that releases a button with its next notice."""
        pressed = copy(self)
        pressed._pressed = (message, button)
        return pressed

    @property
    def size(self) -> int:
        return sum(message.size for message in self.messages.values())

    def heard(
        self, text: str, quoted: Message | None, file: tuple[str, bytes] | None, key: str
    ) -> Message:
        """Keep what the person says, or sends, as a message of their own."""
        words = (
            ("".join(piece.text for piece in quoted.pieces) or (quoted.file or ("",))[0]).split()
            if quoted
            else ()
        )
        quote = " ".join(words)[:QUOTED]
        return self._keep(True, time.time(), [Piece(text)], reply=quote, file=file, key=key)

    async def greet(self) -> None:
        """Say hello, on the page's start screen."""
        await self._add(False, time.time(), pieces_of(HELLO), is_start=True)

    async def make_room(self, bot: Bot) -> dict[int, Creation]:
        """Give each of the person's last creations a place, below the line that they gave.

        Return them by place.
        """
        kept: list[Creation] = []
        with contextlib.suppress(StoreError):
            kept = await bot.store.creations(self.id, newest=READ)
        places = {}
        for creation in kept[-SHOWN:]:
            at = creation.created.timestamp()
            if creation.genre is not Genre.DINO and (line := creation.prompt[: creation.own_words]):
                await self._add(True, at, [Piece(line)])
            places[await self._add(False, at, [Piece("…")], is_growing=True)] = creation
        if places:
            await self.say(WELCOME_BACK)
        return places

    async def fill(
        self, places: dict[int, Creation], ask: Said, bot: Bot, one_by_one: asyncio.Lock
    ) -> None:
        """Write each creation again, the newest first, and put it into its place, if that is still
        there.

        All chats share the lock `one_by_one`, so that new asks hardly wait.
        """
        for place, creation in reversed(places.items()):
            async with one_by_one:
                try:
                    text = await bot.shelf.write(creation)
                    buttons = buttons_below(creation, ask, has_card=layout.has_card(creation, text))
                    html = layout.reply(creation, text)
                except Explained as error:
                    html, buttons = error.sentence, ()
                except Exception:
                    logger.exception("A creation could not be shown again")
                    html, buttons = sentences.NOT_WRITTEN, ()
            with contextlib.suppress(Gone):
                await self.change(place, html, buttons)

    async def clear(self, kept: int) -> None:
        for number in self.messages.keys() - {kept}:
            del self.messages[number]
        await self.tell(
            "forgotten", {"messages": [message.drawn() for message in self.messages.values()]}
        )

    async def say(self, html: Markup, buttons: Buttons = (), *, unfinished: bool = False) -> int:
        return await self._add(
            False, time.time(), pieces_of(html), buttons=buttons, is_growing=unfinished
        )

    async def change(
        self, message: int, html: Markup | None, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        kept = self.messages.get(message)
        if kept is None:
            raise Gone("the page has no such message any more")
        kept.buttons = buttons
        if html is not None:
            kept.pieces = pieces_of(html)
            kept.edited = kept.edited or not kept.is_growing
            kept.is_growing = unfinished
        await self.tell("message", kept.drawn())

    async def notice(self, text: str = "", *, alert: bool = False) -> None:
        await self.tell("pressed", {"at": self._pressed, "text": text, "alert": alert})

    async def picture(
        self, png: bytes, html: Markup, buttons: Buttons = (), name: str = "", alt: str = ""
    ) -> int:
        return await self._add(
            False, time.time(), pieces_of(html), buttons=buttons, file=(name, png), alt=alt
        )

    async def document(self, name: str, content: bytes, html: Markup) -> int:
        return await self._add(False, time.time(), pieces_of(html), file=(name, content))

    async def typing(self) -> None:
        await self.tell("typing", {})

    async def enter(self, tab: WebSocketResponse, facts: dict[str, Any]) -> None:
        """Show the chat in a tab.

        What happens from now on follows it. The oldest of too many tabs is closed.
        """
        self.tabs.append(tab)
        shown = facts | {"messages": [message.drawn() for message in self.messages.values()]}
        await self.tell("chat", shown, [tab])
        for oldest in self.tabs[:-MOST_TABS]:
            await self.leave(oldest)

    async def leave(self, tab: WebSocketResponse) -> None:
        """Close a tab, even if it takes nothing more. It will come back by itself."""
        if tab in self.tabs:
            self.tabs.remove(tab)
        with contextlib.suppress(ConnectionError):
            await tab.close(code=WSCloseCode.GOING_AWAY, drain=False)

    async def tell(
        self, event: str, facts: dict[str, Any], tabs: Sequence[WebSocketResponse] | None = None
    ) -> None:
        """Send an event to these tabs, or to all. A tab that takes nothing more is closed."""
        chosen = list(self.tabs if tabs is None else tabs)
        await asyncio.gather(*(self._tell(tab, {"event": event} | facts) for tab in chosen))

    async def _tell(self, tab: WebSocketResponse, facts: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await tab.send_json(facts)
        except (TimeoutError, ConnectionError):
            await self.leave(tab)

    async def _add(self, mine: bool, at: float, shown: list[Piece], **facts: Any) -> int:
        message = self._keep(mine, at, shown, **facts)
        await self.tell("message", message.drawn())
        return message.id

    def _keep(self, mine: bool, at: float, shown: list[Piece], **facts: Any) -> Message:
        message = Message(next(self._numbers), mine, at, shown, **facts)
        self.messages[message.id] = message
        while len(self.messages) > KEPT or (self.size > KEPT_BYTES and len(self.messages) > 1):
            del self.messages[next(iter(self.messages))]
        return message
