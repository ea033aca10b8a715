"""A bot that trains, an admin's chat with it, a fake training process that reports what a test
tells it to, and custom voices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pytest

from bot.app import Bot
from bot.asks import File
from bot.running import running
from bot.settings import Settings
from bot.training.child import NEW
from bot.voices import Voice
from model.text.forms import Form
from model.weights.checkpoint import Checkpoint
from model.weights.versions import save
from tests.fake_chat import FakeChat
from tests.serving import ADMIN, until, untrained, use

BEGINNINGS = (
    *("Pika", "Bulba", "Char", "Squir", "Élan", "Flab"),
    *("Méo", "Rai", "Zu", "Gengo", "Arti", "Dra"),
)
ENDS = (
    *("chu", "saur", "mander", "tle", "bébé", "with"),
    *("wth", "zard", "goo", "nite", "dos", "kazam"),
)
NAMES = [f"{beginning}{end}" for beginning in BEGINNINGS for end in ENDS]
LIST = "\n".join(NAMES)
MANY = "\n".join(map("".join, product(BEGINNINGS, "aeiou", ENDS, "aeiou")))
"""So many names that a training on them goes on for as long as a test needs it."""
PROGRESS: dict[str, Any] = {
    "event": "progress",
    "stage": "tune",
    "fraction": 0.5,
    "training_loss": 2.5,
    "held_out_loss": 2.25,
    "best_held_out_loss": 2.125,
    "characters_per_second": 9e4,
    "seconds_left": 75.0,
}


def file_of(content: str | bytes, name: str = "names.txt", size: int | None = None) -> File:
    data = content.encode() if isinstance(content, str) else content

    async def read() -> bytes:
        return data

    return File(name=name, size=len(data) if size is None else size, read=read)


def content_of(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint's file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "new.safetensors"
        save(path, checkpoint)
        return path.read_bytes()


async def teach(bot: Bot, name: str, form: Form, checkpoint: Checkpoint) -> Voice:
    """Let a bot have a voice with these weights."""
    voice = await bot.store.voice_named(name) or await bot.store.add_voice(name, form, LIST)
    version = await bot.store.keep_weights(voice.id, content_of(checkpoint))
    await use(bot.shelf, voice.id, version)
    return voice


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[FakeChat]:
    """Start a bot, and return the admin's chat with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.store.NEW_SEEDS", 1)  # so that every run of a test reads the same texts
        async with running(settings) as bot:
            yield FakeChat(bot, ADMIN, is_admin=True)


class Script:
    """Stands in for the training process: it tells what the test says, and ends when the test says
    so."""

    def __init__(self) -> None:
        self.folders: list[Path] = []
        self.arguments: list[str] = []
        self.stops = 0
        self._told: asyncio.Queue[dict[str, Any]]

    @property
    def folder(self) -> Path:
        return self.folders[-1]

    async def start(self, folder: Path, *arguments: str) -> Self:
        self._told = asyncio.Queue()
        self._failure = ""
        self.arguments = [*arguments]
        self.folders.append(folder)
        return self

    def tell(self, event: str, **rest: Any) -> None:
        self._told.put_nowait({"event": event, **rest})

    def progress(self, fraction: float = 0.25, **rest: Any) -> None:
        self.tell(**PROGRESS | {"fraction": fraction} | rest)

    def trained(
        self, new: float = 1.5, old: float | None = 2.0, margin: float = 0.1, seed: int = 7
    ) -> str:
        """Let the training and the comparison end; return the version of the new weights."""
        made = save(self.folder / NEW, untrained("names", seed))
        self.tell("finished", held_out_loss=new, early=bool(self.stops))
        if old is not None:
            self.tell("compared", old_loss=old, new_loss=new, margin=margin)
        self.ends()
        return made.version

    def ends(self, failure: str = "") -> None:
        self._failure = failure
        self.tell("ends")

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        while (event := await self._told.get()) != {"event": "ends"}:
            yield event

    def failure(self) -> str:
        return self._failure

    def stop(self) -> None:
        self.stops += 1

    async def kill(self) -> None:
        self.ends(self._failure)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """A script in place of the training process. Tests name this fixture before that of the
    chat."""
    script = Script()
    monkeypatch.setattr("bot.training.runs.Child.start", script.start)
    return script


async def begun(chat: FakeChat, script: Script, command: str = "/retrain dino") -> Any:
    """Begin a run, and return its message, once its child listens."""
    count = len(script.folders)
    shown = await chat.ask(command)
    await until(lambda: len(script.folders) > count)
    return shown


async def verdict(chat: FakeChat) -> Any:
    """Return the newest message, once the run has ended."""
    await chat.bot.runs.ended()
    return chat.messages[-1]


@pytest.fixture
async def admin(own_settings: Settings) -> AsyncIterator[FakeChat]:
    async with started(own_settings) as chat:
        yield chat
        assert not chat.bot.tally.errors


@pytest.fixture
async def pokemon(admin: FakeChat) -> Voice:
    known = ("Pikachu", "Flabébé", "Élan")
    weights = untrained("names", 1, "PFÉIKACHUpikachulbén", known)
    return await teach(admin.bot, "pokemon", "names", weights)


@pytest.fixture
async def keats(admin: FakeChat) -> Voice:
    return await teach(admin.bot, "keats", "verse", untrained("verse", 1, " ,ATthingofbeautyé"))
