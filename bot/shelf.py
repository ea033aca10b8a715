"""The weights that write: current versions, versions of old creations, and custom voices.

Each version in use has a `Writer`, whose threads write its texts.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.chat import Explained, StartError
from bot.creations import Creation, line_request_for, network_of, request_for
from bot.locks import locked
from bot.voices import RemovedError, Voices
from bot.words import sentences
from bot.writer import Text, Watch, Writer, prepare
from model.errors import RequestError
from model.files import HOME
from model.text.forms import Genre, Network
from model.text.typesetting import typeset
from model.weights.checkpoint import Checkpoint, CheckpointError
from model.weights.versions import Versions

logger = logging.getLogger(__name__)

KEPT = 6
"""How many idle writers stay in memory: those that were used last."""
WAY_OUT = (
    f"is CHECKPOINTS right? python -m model train makes weights in {HOME / 'checkpoints'}, with"
    " --promote"
)


class Shelf:
    """The versions of every network, in a folder of checkpoints."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.voices = Voices(directory / "voices")
        self._current: dict[str, Checkpoint] = {}
        # the most recently used last
        self._writers: OrderedDict[tuple[str, str], Writer] = OrderedDict()
        self._loading = asyncio.Lock()  # one file at a time: each has megabytes
        self._is_closed = False

    @property
    def pending(self) -> int:
        """How many texts are being written, or wait to be."""
        return sum(len(writer.pending) for writer in self._writers.values())

    @property
    def stuck(self) -> list[str]:
        """Networks and versions whose thread is stuck."""
        return [" ".join(key) for key, writer in self._writers.items() if writer.is_stuck]

    @property
    def serving(self) -> dict[str, Checkpoint]:
        """The current weights of each network that is in memory."""
        return dict(self._current)

    def versions(self, network: str) -> Versions:
        """Return the folder of a network: "dino", "poem" or "voices/<id>". Raises RemovedError."""
        if network in tuple(Network):
            return Versions(self.directory / network)
        return Versions(self.voices.folder(network.removeprefix("voices/")))

    def titles(self) -> dict[str, str]:
        """Return what people call each network."""
        voices = {voice.network: f"voice:{voice.name}" for voice in self.voices.all()}
        return {str(network): str(network) for network in Network} | voices

    async def open(self) -> None:
        """Load the current weights, and delete what a crash left of voices that were being made or
        removed.

        Logs a warning for a missing network; raises StartError if all are missing.
        """
        await asyncio.to_thread(self.voices.sweep)
        missing = []
        for network in Network:
            try:
                await self.refresh(network)
            except CheckpointError as error:
                missing.append(str(error))
                logger.warning("/%s is not served: %s; %s", network, error, WAY_OUT)
        if not self._current:
            raise StartError(f"there are no weights to serve ({'; '.join(missing)}); {WAY_OUT}")

    async def prepare(self) -> None:
        """Make what sonnets need, before anybody asks for one."""
        if Network.POEM in self._current:
            with contextlib.suppress(Explained):
                await prepare(self._current[Network.POEM])

    async def refresh(self, network: str) -> Checkpoint:
        """Load the version that the folder's pointer names, use it, and return it.

        Raises CheckpointError, or RemovedError if a voice is gone.
        """
        async with self._loading:
            before = self._current.get(network)
            checkpoint = await asyncio.to_thread(self._read_current, network, before)
            if checkpoint is not before:
                if before is not None:
                    with contextlib.suppress(Explained):  # each ask for a sonnet will say so
                        await prepare(checkpoint)
                self._current[network] = checkpoint
                logger.info("Serving %s %s", network, checkpoint.version)
            return checkpoint

    @asynccontextmanager
    async def changing(self, network: str) -> AsyncIterator[Versions]:
        """Hold the lock of a network's folder while the block changes its pointer; then use the
        version that it names.

        Raises RemovedError, or CheckpointError if that version cannot be loaded.
        """
        versions = await asyncio.to_thread(self.versions, network)
        await asyncio.to_thread(versions.directory.mkdir, parents=True, exist_ok=True)
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, locked(versions.directory))
            yield versions
            await self.refresh(network)

    async def current(self, network: str) -> Checkpoint:
        """Return the weights of a network that are in use. Raises Explained if it has none."""
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
        """Return the text of a creation, written by its version. `watch` sees a sonnet grow.

        Raises Explained if there is no text. A caller that is cancelled frees the place of its
        request.
        """
        writer = await self._writer(creation)
        try:
            text = await writer.write(request_for(creation), creation.genre, watch)
        except RequestError as error:  # it may quote the person, so the log does not quote it
            logger.info("A request for a %s came to nothing", creation.genre)
            if creation.genre is Genre.DINO:
                raise Explained(sentences.no_new_name(creation.count, creation.prompt)) from error
            raise Explained(sentences.NO_TEXT[creation.genre if creation.prompt else ""]) from error
        finally:
            if len(self._writers) > KEPT:
                idle = [key for key, writer in self._writers.items() if not writer.pending]
                await asyncio.gather(*[self._writers.pop(key).close() for key in idle[:-KEPT]])
        if (
            creation.voice
            and (voice := await asyncio.to_thread(self.voices.get, creation.voice))
            and voice.capitals
        ):
            text = replace(text, texts=tuple(name[:1].upper() + name[1:] for name in text.texts))
        return text

    async def rest_of_line(self, creation: Creation) -> str:
        """Return what the first line of a sonnet lacks to scan; "" if it is long enough, or nothing
        fits.
        """
        try:
            rest = await (await self._writer(creation)).write(
                line_request_for(creation), Genre.POEM
            )
        except RequestError:
            return ""
        return typeset(rest.texts[0], after=creation.prompt)

    async def unload(self, network: str) -> None:
        """Drop the weights of a removed voice from memory, except a version that is
        still writing.
        """
        self._current.pop(network, None)
        for key in [
            key for key, writer in self._writers.items() if key[0] == network and not writer.pending
        ]:
            await self._writers.pop(key).close()

    async def close(self) -> None:
        """Refuse what is not written yet, and end the threads."""
        self._is_closed = True
        while self._writers:
            await self._writers.popitem()[1].close()

    def _read_current(self, network: str, before: Checkpoint | None) -> Checkpoint:
        folder = self.versions(network)
        if not folder.list():
            raise CheckpointError(f"{folder.directory} holds none")
        if before and folder.current() == before.version:
            return before
        checkpoint = folder.load_current()
        form = checkpoint.description.form
        if network in tuple(Network) and form != Network(network).form:
            raise CheckpointError(
                f"{folder.directory}: its weights write {form}, not {Network(network).form}"
            )
        return checkpoint

    async def _writer(self, creation: Creation) -> Writer:
        network, version = key = network_of(creation), creation.version
        if key not in self._writers:
            weights = self._current.get(network)
            if not weights or weights.version != version:
                weights = await self._loaded(key)
            if self._is_closed:
                raise Explained(sentences.STOPPING)
            if key not in self._writers:  # another ask may have been faster
                self._writers[key] = Writer(weights)
        self._writers.move_to_end(key)
        return self._writers[key]

    async def _loaded(self, key: tuple[str, str]) -> Checkpoint:
        """Load a version that is not the current one.

        Many may ask for the same file at once, which is read once.
        """
        network, version = key
        async with self._loading:
            if key in self._writers:
                return self._writers[key].checkpoint
            try:
                return await asyncio.to_thread(lambda: self.versions(network).load(version))
            except RemovedError:
                raise Explained(sentences.GONE_WITH_VOICE) from None
            except CheckpointError as error:
                logger.info("Weights cannot be loaded: %s", error)
                raise Explained(sentences.GONE) from error
