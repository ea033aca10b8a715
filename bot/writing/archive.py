"""Weights that are loaded when they are asked for: old versions, and own voices. The last few stay in memory."""

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
    from model.checkpoint.encoding import Checkpoint
    from model.checkpoint.versions import Versions
    from model.writing.requests import Request

logger = logging.getLogger(__name__)

KEPT = 4
"""Versions in memory that nobody uses at the moment."""

_Key = tuple[str, str]
"""A network and a version."""


class MissingError(Exception):
    """A version is not on disk any more, or cannot be read."""


class UntrainedError(MissingError):
    """A network has no weights yet."""


class UnknownError(MissingError):
    """There is no such network, or not any more."""


class Archive:
    """The folders of versions, and a writer for each of the few versions in memory."""

    def __init__(self, versions: Mapping[str, Versions], *, queue_limit: int = 256) -> None:
        self._versions = versions
        self._queue_limit = queue_limit
        self._writers: OrderedDict[_Key, Writer] = OrderedDict()  # the most recently used last
        self._loading = asyncio.Lock()  # one at a time: a file has megabytes, and many may ask for the same one

    @property
    def loaded(self) -> int:
        """How many versions are in memory."""
        return len(self._writers)

    @property
    def pending(self) -> int:
        """How many requests wait or are being written."""
        return sum(writer.pending for writer in self._writers.values())

    async def write(self, network: str, version: str, request: Request) -> Text:
        """Return the text of a request to a version; MissingError, or what `Writer.write` raises."""
        key = (network, version)
        async with self._loading:
            folder = await self._folder(network)
            if key not in self._writers:
                await self._keep(network, await _loaded(folder, version))
            writer = self._used(key)
        try:
            return await writer.write(request)
        finally:
            await self._evict()

    async def current(self, network: str) -> Checkpoint:
        """Return the weights that a network writes with: if the current ones are damaged, the last good ones.

        MissingError: UnknownError for a voice that was removed, UntrainedError for one that is still to be trained.
        """
        async with self._loading:
            folder = await self._folder(network)
            try:
                version = await asyncio.to_thread(folder.serving)
            except CheckpointError:
                version = ""
            if (network, version) not in self._writers:
                checkpoint = await _loaded(folder, None)
                version = checkpoint.version
                if (network, version) not in self._writers:
                    await self._keep(network, checkpoint)
            writer = self._used((network, version))
        await self._evict()
        return writer.checkpoint

    async def release(self, network: str) -> None:
        """Let go of a network's weights, but of those that are writing."""
        keys = [key for key, writer in self._writers.items() if key[0] == network and not writer.pending]
        for writer in [self._writers.pop(key) for key in keys]:
            await writer.stop()

    async def stop(self) -> None:
        """Stop every writer."""
        while self._writers:
            _, writer = self._writers.popitem()
            await writer.stop()

    async def _folder(self, network: str) -> Versions:
        try:
            return await asyncio.to_thread(self._versions.__getitem__, network)
        except KeyError:
            raise UnknownError(f"there is no network {network}") from None

    async def _keep(self, network: str, checkpoint: Checkpoint) -> None:
        writer = Writer(checkpoint, queue_limit=self._queue_limit)
        await writer.start()
        self._writers[network, checkpoint.version] = writer

    def _used(self, key: _Key) -> Writer:
        self._writers.move_to_end(key)
        return self._writers[key]

    async def _evict(self) -> None:
        """Stop the idle writers but for the few that were used last."""
        while len(idle := [key for key, writer in self._writers.items() if not writer.pending]) > KEPT:
            await self._writers.pop(idle[0]).stop()


async def _loaded(folder: Versions, version: str | None) -> Checkpoint:
    """Load a version, or the current one; MissingError."""
    try:
        if not await asyncio.to_thread(folder.list):
            raise UntrainedError(f"{folder.directory} holds no weights")
        return (
            await asyncio.to_thread(folder.load, version) if version else await asyncio.to_thread(folder.load_current)
        )
    except CheckpointError as error:
        logger.info("Weights cannot be loaded: %s", error)
        raise MissingError(str(error)) from error
