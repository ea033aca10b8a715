"""Reads what a bot keeps, without a bot: `mangosaurus show`, `card` and `weights`."""

import re
import shlex
from pathlib import Path

from bot.cards import card_of, card_of_name
from bot.cards.png import Drawings
from bot.chat import Explained
from bot.creations import Creation, code_in, network_of
from bot.settings import Settings
from bot.shelf import Shelf
from bot.store import Store
from bot.terminal import saved
from bot.words import layout, sentences
from bot.writer import Text
from model.errors import MangosaurusError
from model.text.forms import Genre
from model.weights.versions import Versions


async def show(settings: Settings, code: str) -> None:
    """Print a creation, what decides it, and the command that writes it again."""
    creation, text = await _written(settings, code_in(code) or code)
    print(layout.shown(creation, text))
    turn = creation.turn + 1  # people count turns from 1
    print(f"\nseed {creation.seed}, turn {turn}, version {creation.version}")
    options = f"--seed {creation.seed} --turn {turn} --temperature {creation.temperature}"
    if creation.genre is Genre.DINO:
        options += f" --count {creation.count}"
    elif creation.length:
        options += f" --parts {creation.parts}"
    if creation.prompt:
        options += f" --prompt {shlex.quote(creation.prompt)}"
    path = Versions(settings.checkpoints / network_of(creation)).path(creation.version)
    if not path.exists():
        path = Path(path.name)
        print(f"mangosaurus weights {creation.version}")
    genre = creation.genre.network.form if creation.voice else creation.genre
    print(f"python -m model sample {genre} --checkpoint {shlex.quote(str(path))} {options}")


async def save_card(settings: Settings, wanted: str) -> None:
    """Save the card of a creation, or of a name, in the current folder."""
    if code := code_in(wanted):
        card = card_of(*await _written(settings, code))
    elif re.fullmatch("[A-Za-z]{1,40}", wanted):
        card = card_of_name(wanted)
    else:
        raise Explained(sentences.CARD_OF_WHAT)
    if card is None:
        raise Explained(sentences.NO_CARD)
    drawings = Drawings(settings.pictures)
    png = await drawings.draw(card.svg())
    await drawings.close()
    print(saved(card.name, png))


async def save_weights(settings: Settings, version: str) -> None:
    """Save a version that the database has in the current folder."""
    async with _store(settings) as store:
        content = await store.content(version)
        if content is None:
            raise MangosaurusError(f"{store.name} has no weights of the version {version}")
        print(saved(f"{version}.safetensors", content))


async def _written(settings: Settings, code: str) -> tuple[Creation, Text]:
    async with _store(settings) as store:
        creation = await store.creation(code)
        if creation is None:
            raise Explained(sentences.UNKNOWN_CODE.format(code))
        shelf = Shelf(store, settings.checkpoints)
        try:
            return creation, await shelf.write(creation)
        finally:
            await shelf.close()


def _store(settings: Settings) -> Store:
    """Return the database, which is not made here. Raises MangosaurusError if there is none."""
    path = settings.database
    if isinstance(path, Path) and not path.exists():
        raise MangosaurusError(
            f"there is no database at {path}; MANGOSAURUS_HOME names the folder of a bot's state"
        )
    return Store(settings.database_address)
