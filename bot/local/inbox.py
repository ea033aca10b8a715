"""What happened and the bot does not know yet: updates that wait, and the poll that waits for them.

Not here: what makes an update, and who may fetch (`telegram`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from bot.local.contents import Json, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_UPDATES = 100


class Inbox:
    """Updates in order, numbered from 1. An update is forgotten when a later one is asked for."""

    def __init__(self) -> None:
        self._updates: deque[Json] = deque()
        self._update_ids = 0
        self._allowed: list[str] = []
        self._poll: object = None
        self._changed = asyncio.Event()

    def put(self, content: Json) -> None:
        """Add an update, if the bot wants its kind."""
        (kind,) = content
        if self._allowed and kind not in self._allowed:
            return
        self._update_ids += 1
        self._updates.append({"update_id": self._update_ids, **content})
        self.notify()

    async def fetch(self, parameters: Json, ended: Callable[[], bool]) -> list[Json]:
        """Do what getUpdates does, and wait no longer than until `ended`, if someone says `notify`; Refusal."""
        self._allowed = parameters.get("allowed_updates", self._allowed)
        self._confirm(parameters.get("offset", 0))
        poll = self._poll = object()  # which ends an older poll, if one is still waiting
        self.notify()
        try:
            async with asyncio.timeout(parameters.get("timeout", 0)):
                await self._until(lambda: bool(self._updates) or ended() or self._poll is not poll)
        except TimeoutError:
            return []
        if self._poll is not poll:
            raise Refusal(409, "Conflict: terminated by other getUpdates request")
        limit = min(max(parameters.get("limit", MOST_UPDATES), 1), MOST_UPDATES)
        return list(self._updates)[:limit]

    async def emptied(self) -> None:
        """Wait until every update is fetched and the next one asked for."""
        await self._until(lambda: not self._updates)

    def clear(self) -> None:
        """Forget what waits."""
        self._updates.clear()
        self.notify()

    def notify(self) -> None:
        """Let those who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _confirm(self, offset: int) -> None:
        """Forget the updates below an offset; a negative one keeps that many of the last."""
        while self._updates and (self._updates[0]["update_id"] < offset or len(self._updates) > -offset > 0):
            self._updates.popleft()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed.wait()
