"""The people of the page: each has a chat of their own, and any number of tabs that show it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from bot.local.bubbles import bubble, file_names, message_id
from bot.local.register import new_id
from bot.local.telegram import Person

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from bot.local.contents import Json
    from bot.local.register import Register
    from bot.local.telegram import Telegram

KEPT = 500
"""Messages of each chat that the page can show again."""
MOST_UNREAD = 1000
"""Events that may wait for a tab. One that is further behind starts over."""
MOST_VISITORS = 1000
"""Chats that are kept. Beyond that, those without an open tab are forgotten, the oldest first."""
MOST_TABS = 20
"""Of one person; the oldest gives way."""
HEARTBEAT = 15.0
"""Seconds of silence after which a tab is told that nothing has happened, or a proxy would hang up."""


class Visitor:
    """A person, the newest messages of their chat, and the tabs that are open."""

    def __init__(self, person: Person, *, is_admin: bool) -> None:
        self.person = person
        self.is_admin = is_admin
        self.greeted = False
        self.messages: dict[str, Json] = {}
        self.presses: dict[str, Json] = {}  # buttons that wait for an answer, by the query's id
        self.asking = ""  # the newest inline query
        self._tabs: dict[asyncio.Queue[str | None], None] = {}  # in the order in which they came

    @property
    def is_here(self) -> bool:
        """Whether a tab is open."""
        return bool(self._tabs)

    def show(self, message: Json) -> None:
        """Show a message, which may be known already and have changed."""
        self.messages[message_id(message)] = message
        while len(self.messages) > KEPT:
            del self.messages[next(iter(self.messages))]
        self.tell("message", bubble(message))

    def file_name(self, file_id: str) -> str | None:
        """Return the name of a file of this chat, which is empty for a picture; None if there is no such file."""
        names = (file_names(message).get(file_id) for message in self.messages.values())
        return next((name for name in names if name is not None), None)

    def tell(self, event: str, content: Any) -> None:
        """Send an event to every tab."""
        written = encoded(event, content)
        for tab in list(self._tabs):
            if tab.qsize() < MOST_UNREAD:
                tab.put_nowait(written)
            else:
                self._hang_up(tab)

    async def events(self, facts: Json) -> AsyncGenerator[str, None]:
        """Serve one tab: first the facts and the whole chat, then all that happens, until it is told to leave."""
        tab: asyncio.Queue[str | None] = asyncio.Queue()
        self._tabs[tab] = None
        for oldest in list(self._tabs)[:-MOST_TABS]:
            self._hang_up(oldest)
        try:
            yield encoded("chat", facts | {"messages": [bubble(message) for message in self.messages.values()]})
            while (event := await _next(tab)) is not None:
                yield event
        finally:
            self._tabs.pop(tab, None)

    def leave(self) -> None:
        """End what the tabs read; each will try to come back."""
        for tab in list(self._tabs):
            self._hang_up(tab)

    def _hang_up(self, tab: asyncio.Queue[str | None]) -> None:
        self._tabs.pop(tab, None)
        while not tab.empty():
            tab.get_nowait()
        tab.put_nowait(None)


class Visitors:
    """Everybody whose chat is kept. `admins` are those of the register; without one, nobody who comes is."""

    def __init__(self, telegram: Telegram, register: Register | None) -> None:
        self.admins = {person_id: Person(person_id, "You") for person_id in (register.ids if register else ())}
        self._telegram = telegram
        self._register = register
        self._known: dict[int, Visitor] = {}
        for admin in self.admins.values():
            telegram.meet(admin)

    def __iter__(self) -> Iterator[Visitor]:
        return iter(self._known.values())

    def find(self, person_id: int | None) -> Visitor | None:
        """Return the visitor with this id, if they were here."""
        return None if person_id is None else self._known.get(person_id)

    def met(self, person_id: int) -> Visitor:
        """Return the visitor with this id, who may be back after a restart."""
        return self._known.get(person_id) or self._meet(self.admins.get(person_id, Person(person_id)))

    def admitted(self, known: int | None, *, at_home: bool) -> Visitor:
        """Return who somebody is who has the link: on this machine an admin, as long as there are some."""
        if known in self.admins:
            return self.met(known)
        own = self._register.next_id() if self._register and at_home else None
        return self.met(own or known or new_id())

    def _meet(self, person: Person) -> Visitor:
        absent = [visitor.person for visitor in self if not (visitor.is_here or visitor.is_admin)]
        for gone in absent[: max(len(self._known) + 1 - MOST_VISITORS, 0)]:
            del self._known[gone.id]
            self._telegram.forget(gone)
        visitor = self._known[person.id] = Visitor(person, is_admin=person.id in self.admins)
        if self._register and visitor.is_admin:
            self._register.remember(person.id)
        return visitor


def encoded(event: str, content: Any) -> str:
    """Write a server-sent event. JSON in ASCII has no line ends, and takes any text."""
    return f"event: {event}\ndata: {json.dumps(content)}\n\n"


async def _next(tab: asyncio.Queue[str | None]) -> str | None:
    try:
        return await asyncio.wait_for(tab.get(), HEARTBEAT)
    except TimeoutError:
        return ": still here\n\n"
