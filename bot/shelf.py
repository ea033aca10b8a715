"""The weights that write: those in use, and the versions of old creations.

What the bot has learned is in its database, which also names the versions in use. Until an admin
chooses another one, the released version serves. Files in checkpoints/ can be chosen, too. Before a
version writes its first text, the database gets a copy of its file, so a code never loses its
weights. Each version that writes has a `Writer` with threads.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from bot.chat import Explained, Failed, StartError
from bot.creations import NETWORKS, Creation, Text, network_of, request_for
from bot.inbox import Note
from bot.learned import Learned, Weights
from bot.speeds import Speeds
from bot.words import sentences
from bot.writer import Watch, Writer
from model.errors import RequestError
from model.files import CHECKPOINTS
from model.text.forms import Genre, Network
from model.weights.checkpoint import Checkpoint, CheckpointError
from model.weights.versions import Versions, parse

logger = logging.getLogger(__name__)

KEPT = 6
"""How many idle writers stay in memory: those that were used last."""
WAY_OUT = f"mangosaurus train makes weights in {CHECKPOINTS}, with --promote"


class Shelf:
    """The versions of every network. A network is "dino", "poem" or the id of a voice; "letters" is
    the voice that comes with the program.
    """

    def __init__(
        self, learned: Learned, folder: Path = CHECKPOINTS, speeds: Speeds | None = None
    ) -> None:
        self._learned = learned
        self._folder = folder
        self._speeds = speeds or Speeds()
        self.serving: dict[str, Checkpoint] = {}
        """The current weights of each network that is in memory."""
        # the most recently used last
        self._writers: OrderedDict[tuple[str, str], Writer] = OrderedDict()
        self._loading = asyncio.Lock()  # one version at a time: each has megabytes

    @property
    def pending(self) -> int:
        """How many texts are being written, or wait to be."""
        return sum(len(writer.pending) for writer in self._writers.values())

    @property
    def stuck(self) -> list[str]:
        """Networks and versions with a thread that is stuck."""
        return [" ".join(key) for key, writer in self._writers.items() if writer.is_stuck]

    async def titles(self) -> dict[str, str]:
        """Return what people call each network."""
        voices = {voice.id: f"voice:{voice.name}" for voice in await self._learned.voices()}
        return {str(network): str(network) for network in NETWORKS} | voices

    async def open(self) -> None:
        """Load the current weights.

        Logs a warning for a missing network. Raises StartError if all are missing.
        """
        missing = []
        for network in NETWORKS:
            try:
                await self.refresh(network)
            except CheckpointError as error:
                missing.append(str(error))
                logger.warning("/%s is not served: %s; %s", network, error, WAY_OUT)
        if not self.serving:
            raise StartError(f"there are no weights to serve ({'; '.join(missing)}); {WAY_OUT}")

    def files(self, network: str) -> Versions:
        """Return the versions of a network in checkpoints/. A person's voice has none there."""
        return Versions(self._folder / network)

    async def versions(self, network: str) -> list[Weights]:
        """Return the versions in the database and in checkpoints/, the newest first."""
        found = {each.version: each for each in await asyncio.to_thread(self._in_files, network)}
        found |= {each.version: each for each in await self._learned.weights(network)}
        return sorted(found.values(), key=lambda each: each.description.created, reverse=True)

    async def load(self, network: str, version: str) -> Checkpoint:
        """Return the weights of a version. If the database has none that can be used, take those of
        a file in checkpoints/, and keep a copy in the database.

        Raises CheckpointError if neither can be used.
        """
        try:
            kept = await self._learned.content(version)
        except CheckpointError as error:
            logger.warning("Weights refused: %s", error)
            kept = None
        files = self.files(network)
        content = kept if kept else await asyncio.to_thread(files.content, version)
        checkpoint = await asyncio.to_thread(parse, content, f"version {version}")
        form = checkpoint.description.form
        if network in tuple(Network) and form != Network(network).form:
            raise CheckpointError(f"version {version} writes {form}, not {Network(network).form}")
        if kept is None:
            await self._learned.keep_weights(network, content)
        return checkpoint

    async def use(
        self,
        network: str,
        version: str,
        expected: str | None = None,
        note: Note | None = None,
    ) -> bool:
        """Use a version from now on if `expected` is still in use. Return whether the version is
        used now.

        Raises CheckpointError if the version cannot be loaded.
        """
        before = await self._learned.in_use(network)
        if expected and (await self.refresh(network)).version != expected:
            return False
        await self.load(network, version)
        if not await self._learned.use(network, version, before, note):
            return False
        await self.refresh(network)
        return True

    async def refresh(self, network: str) -> Checkpoint:
        """Load the version that should be in use, and return it.

        Raises CheckpointError if there is none.
        """
        async with self._loading:
            before = self.serving.get(network)
            version = await self._learned.in_use(network)
            if version is None:
                files = self.files(network)
                version = await asyncio.to_thread(lambda: files.released() or files.current())
            if before and before.version == version:
                return before
            checkpoint = await self._loaded_or_another(network, version)
            self.serving[network] = checkpoint
            logger.info("Serving %s %s", network, checkpoint.version)
            return checkpoint

    async def current(self, network: str) -> Checkpoint:
        """Return the weights of a network that are in use. Raises Failed if the network has none,
        Explained if a voice has none, CheckpointError if the weights of a voice are damaged.
        """
        if network not in self.serving:
            try:
                await self.refresh(network)
            except CheckpointError as error:
                if network in NETWORKS:
                    raise Failed(sentences.NO_NETWORK[network], str(error)) from error
                if await self._learned.voice(network) is None:
                    raise Explained(sentences.VOICE_GONE) from error
                if await self._learned.in_use(network) is None:
                    raise Explained(sentences.VOICE_UNTRAINED) from error
                raise
        return self.serving[network]

    async def write(self, creation: Creation, watch: Watch | None = None) -> Text:
        """Return the text of a creation, written by its version. `watch` sees a sonnet grow.

        Raises Explained if there is no such text, Failed if writing failed. If the caller is
        cancelled, the writing ends.
        """
        voice = await self._learned.voice(creation.voice) if creation.voice else None
        if creation.voice and voice is None:
            raise Explained(sentences.GONE_WITH_VOICE)
        writer = await self._writer(creation)
        try:
            text = await writer.write(request_for(creation), creation.genre, watch)
        except RequestError as error:
            if creation.genre is Genre.DINO:
                raise Explained(sentences.no_new_name(creation.prompt)) from error
            raise Explained(sentences.NO_TEXT[creation.genre if creation.prompt else ""]) from error
        finally:
            if len(self._writers) > KEPT:
                # in the order of their last use
                idle = [key for key, writer in self._writers.items() if not writer.pending]
                await asyncio.gather(*[self._writers.pop(key).close() for key in idle[:-KEPT]])
        if voice and voice.capitals:
            text = replace(text, texts=tuple(name[:1].upper() + name[1:] for name in text.texts))
        return text

    async def close(self) -> None:
        """End the threads. Texts that are not written by now never will be."""
        while self._writers:
            await self._writers.popitem()[1].close()

    def _in_files(self, network: str) -> list[Weights]:
        """Return the versions in checkpoints/. Files that cannot be used are logged."""
        found = []
        files = self.files(network)
        for version in files.list():
            try:
                found.append(Weights(version, files.description(version)))
            except CheckpointError as error:
                logger.warning("Weights refused: %s", error)
        return found

    async def _loaded_or_another(self, network: str, version: str) -> Checkpoint:
        """Load a version. If it is damaged, warn, and load the newest other one that is sound."""
        try:
            return await self.load(network, version)
        except CheckpointError as error:
            logger.warning("Weights refused: %s", error)
            for other in await self.versions(network):
                if other.version != version and not other.is_candidate:
                    with contextlib.suppress(CheckpointError):
                        checkpoint = await self.load(network, other.version)
                        logger.warning("Serving %s %s instead", network, other.version)
                        return checkpoint
            raise

    async def _writer(self, creation: Creation) -> Writer:
        """Return the writer of the version of a creation. Raises Explained."""
        network, version = key = network_of(creation), creation.version
        if key not in self._writers:
            async with self._loading:  # many may ask at once
                if key not in self._writers:
                    weights = self.serving.get(network)
                    try:
                        if weights is None or weights.version != version:
                            weights = await self.load(network, version)
                    except CheckpointError as error:
                        logger.info("Weights cannot be loaded: %s", error)
                        raise Explained(sentences.GONE) from error
                    self._writers[key] = Writer(weights, self._speeds.of(network))
        self._writers.move_to_end(key)
        return self._writers[key]
