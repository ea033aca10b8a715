"""Shared by tests of the bot: tiny untrained weights on disk, and a bot that serves with them in a
chat in memory."""

import asyncio
import itertools
import math
import socket
import string
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from bot.creations import Creation, Text
from bot.limits import TEXTS
from bot.running import running
from bot.settings import Settings
from bot.shelf import Shelf, Watch
from bot.speeds import Speed
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.forms import Form, Genre
from model.text.tokens import WordVocabulary
from model.text.vocabulary import Vocabulary
from model.verse.prosody import prosody
from model.weights.checkpoint import Checkpoint, Description
from model.weights.versions import Versions, save
from model.writing.requests import NameRequest, Request, SonnetRequest
from tests.fake_chat import FakeChat, Shown

ALICE, BOB, ADMIN, GROUP = 101, 102, 900, -5
LETTERS = "\n" + string.ascii_lowercase
VERSE = "\n !'(),-.:;?" + string.ascii_lowercase
MARKS = ",;:.?!"


def untrained(
    form: Form,
    seed: int = 1,
    characters: str = "",
    known: tuple[str, ...] = ("mangosaurus",),
    year: int = 2024,
) -> Checkpoint:
    """Return a tiny network of letters with random weights that ends its lines now and then."""
    names = form == "names"
    vocabulary = Vocabulary("".join(sorted({"\n", *(characters or (LETTERS if names else VERSE))})))
    kind: Literal["rnn", "lstm"] = "rnn" if names else "lstm"
    architecture = Architecture(kind, len(vocabulary), hidden_size=8, layers=1 if names else 2)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    language_model.parameters["b_y"][vocabulary.newline] += 1
    description = Description(
        form,
        "TEST",
        "0" * 64,
        1,
        3.0,
        seed,
        f"{year}-01-01T00:00:00+00:00",
        {},
        longest_line=0 if names else 40,
        rows=12,
    )
    return Checkpoint(language_model, vocabulary, description, frozenset(known if names else ()))


@cache
def untrained_poet(seed: int = 1) -> Checkpoint:
    """Return a tiny network of words with random weights. It writes poems and sonnets of
    Shakespeare's words, quickly, and without sense."""
    return poet_of(sorted(prosody().dictionary.of_poems)[::2], seed)


def poet_of(words: Iterable[str], seed: int = 1) -> Checkpoint:
    """Return a tiny network with random weights that reads these words and MARKS."""
    vocabulary = WordVocabulary.of(VERSE, (*MARKS, *words))
    architecture = Architecture("lstm", len(vocabulary), hidden_size=8, embedding=8)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    description = replace(untrained("verse", seed).description, longest_line=0, rows=4)
    return Checkpoint(language_model, vocabulary, description, frozenset())


def install(directory: Path, checkpoint: Checkpoint) -> str:
    """Make a checkpoint the current one of a folder of versions, and return its version."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "new.safetensors"
    version = save(path, checkpoint).version
    versions = Versions(directory)
    versions.promote(versions.add(path))
    path.unlink()
    return version


def install_both(directory: Path, seed: int = 1) -> Path:
    """Install both networks, and the voice that reads letters."""
    install(directory / "dino", untrained("names", seed))
    install(directory / "poem", untrained_poet(seed))
    install(directory / "letters", untrained("verse", seed))
    return directory


@asynccontextmanager
async def serving(settings: Settings, **changes: Any) -> AsyncIterator[FakeChat]:
    """Run a bot, and return Alice's chat with it. At the end, the bot must have met no error.

    A test that makes something fail looks at `chat.bot.tally.errors`, and clears them. Everybody
    begins with seed 0, so that every run of a test reads the same texts.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.store.NEW_SEEDS", 1)
        async with running(replace(settings, **changes)) as bot:
            yield FakeChat(bot, ALICE)
            await bot.idle()
            assert not bot.tally.errors


async def use(shelf: Shelf, network: str, version: str, expected: str = "") -> None:
    """Use a version from now on."""
    await shelf._learned.run(await shelf.choosing(network, version, expected))
    await shelf.refresh(network)


class Slow:
    """Lets every text wait until `go_on` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[Creation] = []
        self.go_on = asyncio.Event()
        write = Shelf.write

        async def wait(shelf: Shelf, creation: Creation, watch: Watch | None = None) -> Creation:
            self.begun.append(creation)
            await self.go_on.wait()
            return await write(shelf, creation, watch)

        monkeypatch.setattr(Shelf, "write", wait)


class FakeWriter:
    """Stands in for a Writer on a fake clock: it writes one text after the other, and sleeps for as
    long as that would take. It measures its speed, as a Writer does."""

    poems_a_second = math.inf
    is_stuck = False

    def __init__(self, _checkpoint: Checkpoint, speed: Speed) -> None:
        self._speed = speed
        self.pending: set[object] = set()
        self._free_at = 0.0

    async def write(self, request: Request, *_: object) -> Text:
        self.pending.add(request)
        # work is counted in poems
        work, text = TEXTS[Genre.POEM], "\no mango" * 13
        if isinstance(request, SonnetRequest):
            work = TEXTS[Genre.SONNET]
        elif isinstance(request, NameRequest):
            work, text = TEXTS[Genre.DINO], "mangosaurus"
        now = asyncio.get_running_loop().time
        self._free_at = max(now(), self._free_at) + work / self.poems_a_second
        if self._free_at > now():
            await asyncio.sleep(self._free_at - now())
            self._speed.add(work, work / self.poems_a_second)
        self.pending.discard(request)
        return Text((text,))

    async def close(self) -> None: ...


SPEED = 1.5
"""Poems a second."""


@pytest.fixture
def slow_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    monkeypatch.setattr(FakeWriter, "poems_a_second", SPEED)
    monkeypatch.setattr("bot.speeds.POEMS_A_SECOND", SPEED)
    monkeypatch.setattr("bot.speeds.THREADS", 1)  # on a machine of any size


def free_port() -> int:
    """Return a port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is true. A test that waits in vain ends by `bounds`."""
    for _ in itertools.count():
        if condition():
            return
        await asyncio.sleep(0.001)


async def turn_of(chat: FakeChat, message: Shown) -> int:
    """Return the turn of a creation, counted from 1."""
    creation = await chat.bot.store.creation(message.code)
    assert creation is not None
    return creation.turn + 1
