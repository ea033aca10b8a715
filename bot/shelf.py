"""The weights that write: by network and version, the current ones, those of old creations and those of custom voices.

Each version in use has a `Writer`. Sonnets need tables that take a second to make: another thread makes them before a
version becomes the current one, or with the first request for a sonnet.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bot.chat import Explained
from bot.creations import request_for
from bot.locks import locked
from bot.voices import RemovedError, Voices
from bot.words import sentences
from bot.writer import Text, Writer, prepare
from model.checkpoint.encoding import CheckpointError
from model.checkpoint.versions import Versions
from model.decoding.requests import RequestError
from model.errors import MangosaurusError
from model.text.forms import Genre, Network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from markupsafe import Markup

    from bot.creations import Creation
    from bot.writer import Watch
    from model.checkpoint.encoding import Checkpoint

logger = logging.getLogger(__name__)

KEPT = 4
"""Versions in memory that are not current and that nobody uses at the moment."""


class StartError(MangosaurusError):
    """The bot cannot serve at all: the sentence says why, and what to do."""


class Shelf:
    """The versions of every network, in a folder of checkpoints."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.voices = Voices(directory / "voices")
        self._current: dict[str, Checkpoint] = {}
        self._writers: OrderedDict[tuple[str, str], Writer] = OrderedDict()  # the most recently used last
        self._loading = asyncio.Lock()  # one at a time: a file has megabytes, and many may ask for the same one
        self._is_stopped = False

    @property
    def pending(self) -> int:
        """How many texts are written or wait for that."""
        return sum(writer.pending for writer in self._writers.values())

    @property
    def serving(self) -> dict[str, Checkpoint]:
        """The current weights of each network that is in memory."""
        return dict(self._current)

    def versions(self, network: str) -> Versions:
        """Return the folder of a network: "dino", "poem" or "voices/<id>". RemovedError."""
        if network in tuple(Network):
            return Versions(self.directory / network)
        return Versions(self.voices.folder(network.removeprefix("voices/")))

    def title(self, network: str) -> str | None:
        """Return what people call a network, or None if there is no such network any more."""
        if network in tuple(Network):
            return network
        voice = self.voices.get(network.removeprefix("voices/"))
        return voice.name if voice else None

    async def open(self) -> None:
        """Load the current weights. A missing network is a warning; StartError if there is none at all."""
        missing = {}
        for network in Network:
            try:
                await self._load_current(network)
            except CheckpointError as error:
                missing[network] = str(error)
        for network, reason in missing.items():
            logger.warning("/%s is not served: %s; %s", network, reason, self._way_out([network]))
        if not self._current:
            raise StartError(f"there are no weights to serve ({'; '.join(missing.values())}); {self._way_out(missing)}")

    async def prepare(self) -> None:
        """Make what sonnets need, before anybody asks for one."""
        if Network.POEM in self._current:
            with contextlib.suppress(Explained):
                await prepare(self._current[Network.POEM])

    async def refresh(self, network: str) -> Checkpoint:
        """Write with the version that the folder's pointer names from now on, and return it. CheckpointError."""
        async with self._loading:
            return await self._load_current(network)

    @asynccontextmanager
    async def changing(self, network: str) -> AsyncIterator[Versions]:
        """Hold the lock of a network's folder while its pointer is changed; at the end, write with what it names then.

        RemovedError; CheckpointError if that cannot be loaded.
        """
        versions = await asyncio.to_thread(self.versions, network)
        await asyncio.to_thread(versions.directory.mkdir, parents=True, exist_ok=True)
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, locked(versions.directory))
            yield versions
            await self.refresh(network)

    async def current(self, network: str) -> Checkpoint:
        """Return the weights that a network writes with. Explained, if it has none."""
        if network not in self._current:
            try:
                await self.refresh(network)
            except RemovedError:
                raise Explained(sentences.VOICE_GONE) from None
            except CheckpointError as error:
                if network in tuple(Network):
                    raise Explained(sentences.NO_NETWORK[network]) from error
                if not await asyncio.to_thread(lambda: self.versions(network).list()):
                    raise Explained(sentences.VOICE_UNTRAINED) from error
                logger.warning("%s cannot be served: %s", network, error)
                raise Explained(sentences.VOICE_DAMAGED) from error
        return self._current[network]

    async def write(self, creation: Creation, watch: Watch | None = None) -> Text:
        """Return the text of a creation, written by its version. Explained, if there is none.

        Cancelling frees the request's place.
        """
        writer = await self._writer(creation)
        try:
            return await writer.write(request_for(creation), watch)
        except RequestError as error:  # which may quote the person, so the log does not quote it
            logger.info("A request for a %s came to nothing", creation.genre)
            raise Explained(_nothing_written(creation)) from error
        finally:
            await self._evict()

    async def forget(self, network: str) -> None:
        """Let go of the weights of a voice that was removed, but of a version that is writing."""
        self._current.pop(network, None)
        for key in [key for key, writer in self._writers.items() if key[0] == network and not writer.pending]:
            await self._writers.pop(key).stop()

    async def stop(self) -> None:
        """Refuse what is not written yet, and end the threads."""
        self._is_stopped = True
        while self._writers:
            await self._writers.popitem()[1].stop()

    async def _load_current(self, network: str) -> Checkpoint:
        before = self._current.get(network)
        checkpoint = await asyncio.to_thread(self._read_current, network, before)
        if checkpoint is not before:
            if before is not None:
                with contextlib.suppress(Explained):  # then each request for a sonnet says so
                    await prepare(checkpoint)
            self._current[network] = checkpoint
            logger.info("Serving %s %s", network, checkpoint.version)
        return checkpoint

    def _read_current(self, network: str, before: Checkpoint | None) -> Checkpoint:
        folder = self.versions(network)
        if not folder.list():
            raise CheckpointError(f"{folder.directory} holds none")
        if before and folder.serving() == before.version:
            return before
        checkpoint = folder.load_current()
        form = checkpoint.description.form
        if network in tuple(Network) and form != Network(network).form:
            raise CheckpointError(f"{folder.directory}: its weights write {form}, not {Network(network).form}")
        return checkpoint

    async def _writer(self, creation: Creation) -> Writer:
        key = (creation.network, creation.version)
        async with self._loading:
            if self._is_stopped:
                raise Explained(sentences.STOPPING)
            if key not in self._writers:
                current = self._current.get(creation.network)
                if current is None or current.version != creation.version:
                    current = await asyncio.to_thread(self._old, creation)
                self._writers[key] = Writer(current)
            self._writers.move_to_end(key)
            return self._writers[key]

    def _old(self, creation: Creation) -> Checkpoint:
        try:
            return self.versions(creation.network).load(creation.version)
        except RemovedError:
            raise Explained(sentences.GONE_WITH_VOICE.format(creation.before or creation.code)) from None
        except CheckpointError as error:
            logger.info("Weights cannot be loaded: %s", error)
            raise Explained(sentences.GONE.format(creation.before or creation.code)) from error

    async def _evict(self) -> None:
        """Stop the idle writers of versions that are not current, but for the few that were used last."""
        kept = {(network, self._current[network].version) for network in Network if network in self._current}
        while (
            len(idle := [key for key, writer in self._writers.items() if not writer.pending and key not in kept]) > KEPT
        ):
            await self._writers.pop(idle[0]).stop()

    def _way_out(self, networks: Iterable[str]) -> str:
        """Say how to get weights. Those that are trained by hand go to the project's own folder and nowhere else."""
        from bot.settings import Settings

        if self.directory == Settings.checkpoints:
            return "train some: " + " and ".join(f"python -m model train {network} --promote" for network in networks)
        return f"is CHECKPOINTS right? The project's own weights are in {Settings.checkpoints}"


def _nothing_written(creation: Creation) -> Markup:
    if creation.genre is Genre.DINO:
        prefix = creation.prompt
        return sentences.NO_NEW_NAME_WITH.format(prefix) if prefix else sentences.NO_NEW_NAME
    return sentences.NO_SONNET if creation.genre is Genre.SONNET else sentences.NO_VERSE
