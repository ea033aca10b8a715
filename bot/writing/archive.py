"""Weights that served once: loaded when an old creation is asked for again, and kept for as long as they are in use.

The few that were used last stay in memory, each with a `Batching` of its own. Not here: the weights that serve now.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.writing.batching import Batching
from model.checkpoint.encoding import CheckpointError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from model.checkpoint.versions import Versions

logger = logging.getLogger(__name__)

KEPT = 2
"""Old versions in memory that nobody uses at the moment."""

_Key = tuple[str, str]


class MissingError(Exception):
    """A version is not on disk any more, or cannot be read. Internal: whoever asked says it in their own words."""


class Archive:
    """The folders of versions, and the few old ones that are at work."""

    def __init__(self, versions: Mapping[str, Versions], *, queue_limit: int = 256) -> None:
        self._versions = versions
        self._queue_limit = queue_limit
        self._loaded: OrderedDict[_Key, Batching] = OrderedDict()
        self._users: Counter[_Key] = Counter()
        self._loading = asyncio.Lock()

    @property
    def loaded(self) -> int:
        """How many old versions are in memory."""
        return len(self._loaded)

    @asynccontextmanager
    async def serving(self, kind: str, version: str) -> AsyncIterator[Batching]:
        """Lend the batching of a version; MissingError."""
        key = (kind, version)
        self._users[key] += 1
        try:
            async with self._loading:  # one at a time: it is a file of megabytes, and many may ask for the same
                if key not in self._loaded:
                    self._loaded[key] = await self._load(key)
            self._loaded.move_to_end(key)
            yield self._loaded[key]
        finally:
            self._users[key] -= 1
            await self._evict()

    async def stop(self) -> None:
        """Let go of everything."""
        batchings = list(self._loaded.values())
        self._loaded.clear()
        for batching in batchings:
            await batching.stop()

    async def _load(self, key: _Key) -> Batching:
        kind, version = key
        if kind not in self._versions:
            raise MissingError(f"{kind} has no versions")
        try:
            checkpoint = await asyncio.to_thread(self._versions[kind].load, version)
        except CheckpointError as error:
            logger.info("An old version is not there: %s", error)
            raise MissingError(str(error)) from error
        batching = Batching(checkpoint, queue_limit=self._queue_limit)
        await batching.start()
        return batching

    async def _evict(self) -> None:
        """Let go of what was not used for the longest time, as long as there is too much."""
        self._users += Counter()  # forgets those that are not above zero
        idle = [key for key in self._loaded if key not in self._users]
        for key in idle[: max(len(idle) - KEPT, 0)]:
            await self._loaded.pop(key).stop()
