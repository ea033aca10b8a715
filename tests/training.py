"""A bot that trains, an admin's chat that outlives it, a child that tells what a test wants, and
custom voices."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any, Self, cast

import pytest

from bot.app import Bot
from bot.asks import File
from bot.app import Door as AnyDoor
from bot.running import running
from bot.settings import Settings
from bot.training.folder import NEW, Run, read_run
from bot.voices import Voice, Voices
from model.weights.versions import Versions, save
from tests.fake_chat import FakeChat
from tests.serving import ADMIN, install, until, untrained

BEGINNINGS = (
    "Pika",
    "Bulba",
    "Char",
    "Squir",
    "Élan",
    "Flab",
    "Méo",
    "Rai",
    "Zu",
    "Gengo",
    "Arti",
    "Dra",
)
ENDS = (
    "chu",
    "saur",
    "mander",
    "tle",
    "bébé",
    "with",
    "wth",
    "zard",
    "goo",
    "nite",
    "dos",
    "kazam",
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
}
PROGRESS |= {"held_out_loss": 2.25, "best_held_out_loss": 2.125, "characters_per_second": 9e4}
PROGRESS |= {"seconds_left": 75.0, "seconds": 3.0}


def file_of(content: str | bytes, name: str = "names.txt", size: int | None = None) -> File:
    data = content.encode() if isinstance(content, str) else content

    async def read() -> bytes:
        return data

    return File(name=name, size=len(data) if size is None else size, read=read)


class Door(AnyDoor):
    """The door of one chat. If the bot is started again, the chat stays the same."""

    def __init__(self, chat: FakeChat) -> None:
        self._chat = chat

    async def open(self, bot: Bot) -> None:
        self._chat.bot = bot

    def chat(self, chat_id: int) -> FakeChat | None:
        return self._chat if chat_id == self._chat.id else None

    def facts(self) -> dict[str, str]:
        return {"waiting to be sent": "0 messages"}


@asynccontextmanager
async def started(settings: Settings, chat: FakeChat | None = None) -> AsyncIterator[FakeChat]:
    """Start a bot, and return the admin's chat with it: `chat` goes on, if the bot is started
    again."""
    chat = chat or FakeChat(cast("Any", None), ADMIN, is_admin=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.store.NEW_SEEDS", 1)  # so that every run of a test reads the same texts
        async with running(settings, [Door(chat)]):
            yield chat


def interrupt(checkpoints: Path, run: Run) -> Path:
    """Leave the folder of a run whose bot was killed."""
    folder = checkpoints / f"training-{run.network.replace('/', '-')}"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(asdict(run)))
    (folder / "new.partial.safetensors").write_bytes(b"half of it")
    return folder


class Script:
    """Takes the place of the child: it tells what the test says, and ends when the test says so."""

    def __init__(self) -> None:
        self.folders: list[Path] = []
        self.stops = 0
        self._versions: Versions
        self._told: asyncio.Queue[dict[str, Any] | tuple[int, str] | Exception]
        self._ending = (0, "")

    @property
    def folder(self) -> Path:
        return self.folders[-1]

    async def start(self, folder: Path, weights: Path) -> Self:
        self._told, self._versions = asyncio.Queue(), Versions(weights)
        self.folders.append(folder)
        return self

    async def begun(self, count: int = 1) -> Run:
        """Wait until the bot has started `count` children, and return the run of the last one."""
        await until(lambda: len(self.folders) == count)
        return read_run(self.folder)

    def tell(self, event: str, **rest: Any) -> None:
        self._told.put_nowait({"event": event, **rest})

    def progress(self, fraction: float = 0.25, **rest: Any) -> None:
        self.tell(**PROGRESS | {"fraction": fraction} | rest)

    def trained(
        self,
        new: float = 1.5,
        old: float | None = 2.0,
        margin: float = 0.1,
        seed: int = 7,
    ) -> str:
        """Let the training and the comparison end; return the version of the new weights."""
        made = save(self.folder / NEW, untrained("names", seed))
        self.tell("finished", held_out_loss=new, early=bool(self.stops))
        if old is not None:
            self.tell("comparing", old=self._versions.load_current().version)
            gain = old - new
            better = gain > margin and gain >= 0.002
            self.tell("compared", old_loss=old, new_loss=new, margin=margin, better=better)
            for names in (["oldosaurus", "oldodon"], ["novosaurus", "novodon"]):
                self.tell("texts", texts=names)
        self.ends()
        return made.version

    def ends(self, code: int = 0, last_words: str = "") -> None:
        self._told.put_nowait((code, last_words))

    def fails_with(self, error: Exception) -> None:
        self._told.put_nowait(error)

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        while isinstance(message := await self._told.get(), dict):
            yield message
        if isinstance(message, Exception):
            raise message
        self._ending = message

    async def ended(self) -> tuple[int, str]:
        return self._ending

    def stop(self) -> None:
        self.stops += 1

    def kill(self) -> None:
        self.ends(-signal.SIGKILL)

    async def end(self) -> None: ...


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """A script in place of the child. A test asks for it before it asks for the chat."""
    script = Script()
    monkeypatch.setattr("bot.training.child.Child.start", script.start)
    return script


@pytest.fixture
async def admin(own_settings: Settings) -> AsyncIterator[FakeChat]:
    async with started(own_settings) as chat:
        yield chat
        assert not chat.bot.tally.errors


@pytest.fixture
def voices(own_checkpoints: Path) -> Voices:
    return Voices(own_checkpoints / "voices")


@pytest.fixture
def pokemon(voices: Voices) -> Voice:
    voice = voices.add("pokemon", "names", "Pikachu\n")
    install(
        voices.folder(voice.id),
        untrained("names", 1, "PFÉIKACHUpikachulbén", ("Pikachu", "Flabébé", "Élan")),
    )
    return voice


@pytest.fixture
def keats(voices: Voices) -> Voice:
    voice = voices.add("keats", "verse", "A thing of beauty\n")
    install(voices.folder(voice.id), untrained("verse", 1, " ,ATthingofbeautyé"))
    return voice
