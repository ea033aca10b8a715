"""Weights that served once, loaded when an old creation is asked for again. The last few stay in memory."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from bot.writing.writer import Writer
from model.checkpoint.encoding import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.writing.desk import Text
    from model.checkpoint.versions import Versions
    from model.decoding.requests import Request

logger = logging.getLogger(__name__)

KEPT = 2
"""Old versions in memory that nobody uses at the moment."""


class MissingError(Exception):
    """A version is not on disk any more, or cannot be read."""


class Archive:
    """The folders of versions, and a writer for each of the few old versions in memory."""

    def __init__(self, versions: Mapping[str, Versions], *, queue_limit: int = 256) -> None:
        self._versions = versions
        self._queue_limit = queue_limit
        self._writers: OrderedDict[tuple[str, str], Writer] = OrderedDict()  # the most recently used last
        self._loading = asyncio.Lock()

    @property
    def loaded(self) -> int:
        """How many old versions are in memory."""
        return len(self._writers)

    async def write(self, network: str, version: str, request: Request) -> Text:
        """Return the text of a request to an old version; MissingError, or what `Writer.write` raises."""
        key = (network, version)
        async with self._loading:  # one at a time: a file has megabytes, and many may ask for the same one
            if key not in self._writers:
                self._writers[key] = await self._load(network, version)
        self._writers.move_to_end(key)
        try:
            return await self._writers[key].write(request)
        finally:
            await self._evict()

    async def stop(self) -> None:
        """Stop every writer."""
        while self._writers:
            _, writer = self._writers.popitem()
            await writer.stop()

    async def _load(self, network: str, version: str) -> Writer:
        if network not in self._versions:
            raise MissingError(f"{network} has no versions")
        try:
            checkpoint = await asyncio.to_thread(self._versions[network].load, version)
        except CheckpointError as error:
            logger.info("An old version cannot be loaded: %s", error)
            raise MissingError(str(error)) from error
        writer = Writer(checkpoint, queue_limit=self._queue_limit)
        await writer.start()
        return writer

    async def _evict(self) -> None:
        """Stop the idle writers but for the few that were used last."""
        idle = [key for key, writer in self._writers.items() if not writer.pending]
        for key in idle[: max(len(idle) - KEPT, 0)]:
            await self._writers.pop(key).stop()
