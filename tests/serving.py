"""What tests of the bot share: people, tiny untrained weights on disk, and a bot that serves on a Telegram in memory.

Most tests get these from the fixtures in conftest.py; one that starts and stops a bot itself imports them.
"""

from __future__ import annotations

import asyncio
import string
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bot.application import Mangosaurus
from bot.local.buttons import buttons
from bot.local.request import LocalRequest
from bot.local.telegram import Person, Telegram
from bot.training.reporting import TrainingProgress
from model.checkpoint.encoding import Checkpoint, Description
from model.checkpoint.versions import Versions, save
from model.errors import MangosaurusError
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from telegram.ext import ContextTypes

    from bot.local.contents import Json
    from bot.settings import Settings
    from model.text.forms import Form

ALICE, BOB, ADMIN = Person(101, "Alice"), Person(102, "Bob"), Person(900, "Admin")
LETTERS = "\n" + string.ascii_lowercase
VERSE = "\n !'(),-.:;?" + string.ascii_lowercase


def untrained(form: Form, seed: int = 1) -> Checkpoint:
    """Return a tiny network with random weights that ends its lines now and then."""
    vocabulary = Vocabulary(LETTERS if form == "names" else VERSE)
    cell: Literal["rnn", "lstm"] = "rnn" if form == "names" else "lstm"
    architecture = Architecture(cell, len(vocabulary), hidden_size=8, layers=1 if form == "names" else 2)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    language_model.parameters["b_y"][vocabulary.newline] += 1
    description = Description(form, "TEST", "0" * 64, 1, 3.0, seed, "2024-01-01T00:00:00+00:00", {})
    return Checkpoint(language_model, vocabulary, description, frozenset({"mangosaurus"} if form == "names" else ()))


def install(directory: Path, checkpoint: Checkpoint) -> str:
    """Make a checkpoint the current one of a folder of versions, and return its version."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "new.safetensors"
    version = save(path, checkpoint).version
    versions = Versions(directory)
    versions.promote(versions.add(path))
    path.unlink()
    return version


def install_both(directory: Path) -> Path:
    """Put both networks into a checkpoints directory."""
    install(directory / "dino", untrained("names"))
    install(directory / "poem", untrained("verse"))
    return directory


def names_in(reply: str) -> list[str]:
    """Return the names in a reply to `/dino`, without the small print beside and below them."""
    block, _, rest = reply.partition("\n\n")
    return [line.split(" ")[0] for line in block.split("\n")] if rest else [reply.split("\n")[0]]


def uncoded(reply: str) -> str:
    """Return a reply without the code at its end, which is a new one each time."""
    return reply.rpartition(" ")[0]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, for as long as a busy machine may need."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError


class Chat:
    """A running bot, and the people who write to it."""

    def __init__(self, telegram: Telegram, mangosaurus: Mangosaurus, errors: list[BaseException]) -> None:
        self.telegram = telegram
        self.mangosaurus = mangosaurus
        self.errors = errors
        """Exceptions that nobody foresaw, and failures of Telegram."""
        self.notice: str | None = None
        """The notice of the button that was pressed last."""

    async def say(self, text: str, person: Person = ALICE, chat: Json | None = None, **fields: Any) -> list[str]:
        """Write to the bot; returns what it sends until it has handled the message."""
        before = len(self.telegram.sent)
        self.telegram.say(text, person, chat, **fields)
        await self.settled()
        return self.texts()[before:]

    async def post(self, **content: Any) -> list[str]:
        """Let an update of any kind arrive; returns what the bot sends until it has handled it."""
        before = len(self.telegram.sent)
        self.telegram.post(**content)
        await self.settled()
        return self.texts()[before:]

    async def press(self, button: int | str, person: Person = ALICE, message: Json | None = None) -> list[str]:
        """Press a button below a message, the last one with buttons unless given; returns what is sent.

        What the message becomes is in `texts()`, and the button's notice in `notice`.
        """
        with_buttons = [sent for sent in self.telegram.sent if buttons(sent)]
        before = len(self.telegram.sent)
        query_id = self.telegram.press(message or with_buttons[-1], button, person)
        await self.settled()
        self.notice = self.telegram.queries.answers[query_id].get("text")  # a KeyError: the button was not answered
        return self.texts()[before:]

    async def inline(self, text: str, person: Person = ALICE, offset: str = "") -> list[Json]:
        """Type the bot's name and a text; returns the offers, each with the `message` that it would become."""
        query_id = self.telegram.inline(text, person, offset)
        await self.settled()
        results: list[Json] = self.telegram.queries.answers[query_id]["results"]
        return results

    def buttons(self) -> list[str]:
        """Return the labels of the buttons below the bot's last message."""
        return [button["text"] for button in buttons(self.telegram.sent[-1])]

    async def settled(self) -> None:
        """Wait until everything that was sent to the bot is handled."""
        await self.telegram.fetched()
        await self.mangosaurus.handled()

    def texts(self) -> list[str]:
        """Return the text of all that the bot has sent, as it reads now."""
        return [str(message.get("text") or message.get("caption", "")) for message in self.telegram.sent]


async def start(settings: Settings, telegram: Telegram) -> None:
    """Start a bot and stop it at once. What keeps it from serving is raised."""
    async with Mangosaurus(settings, lambda: LocalRequest(telegram)).running():
        pass


@asynccontextmanager
async def serving(settings: Settings, telegram: Telegram) -> AsyncIterator[Chat]:
    """Run a bot, and check at the end that nothing unforeseen happened in it."""
    mangosaurus = Mangosaurus(settings, lambda: LocalRequest(telegram))
    errors: list[BaseException] = []

    async def collect(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        if context.error is not None and not isinstance(context.error, MangosaurusError):
            errors.append(context.error)

    mangosaurus.application.add_error_handler(collect)
    async with mangosaurus.running():
        yield Chat(telegram, mangosaurus, errors)
    assert errors == []


def progress(
    stage: str,
    *,
    fraction: float = 0.5,
    held_out: float | None = None,
    best: float | None = None,
    seconds_left: float | None = None,
    sample: str | None = None,
) -> TrainingProgress:
    """Return a training's progress after 100 steps."""
    return TrainingProgress(
        stage=stage,
        step=100,
        epoch=1,
        training_loss=2.5,
        held_out_loss=held_out,
        best_held_out_loss=best,
        gradient_norm=1.0,
        clipped_gradient_norm=1.0,
        learning_rate=0.01,
        characters_per_second=90_000.0,
        fraction=fraction,
        seconds=25.0,
        seconds_left=seconds_left,
        sample=sample,
    )
