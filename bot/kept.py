"""Commands that read what a bot keeps, without a bot: `mangosaurus show`, `card` and `weights`."""

import re
import shlex
from pathlib import Path

from bot.cards import card_of, card_of_name
from bot.cards.png import Drawings
from bot.chat import Explained
from bot.creations import Creation, Text, code_in
from bot.database import existing
from bot.settings import Settings
from bot.shelf import Shelf
from bot.store import Store
from bot.taboo import is_taboo
from bot.terminal import save
from bot.words import layout, sentences
from model.errors import MangosaurusError
from model.text.forms import Genre


async def show(settings: Settings, code: str) -> None:
    """Print a creation, what decides it, and the commands that write it again."""
    creation, text = await _creation_and_text(settings, code_in(code) or code)
    print(layout.shown(creation, text))
    turn = creation.turn + 1  # people count turns from 1
    print(f"\nseed {creation.seed}, turn {turn}, version {creation.version}")
    options = f"--seed {creation.seed} --turn {turn} --temperature {creation.temperature}"
    if creation.genre is Genre.DINO:
        options += f" --count {creation.count}"
    elif creation.length:
        options += f" --parts {creation.parts}"
    if creation.prompt:
        options += f" --prompt {shlex.quote(creation.prompt)}{' --word' if creation.word else ''}"
    genre = creation.genre.network.form if creation.voice else creation.genre
    print(f"mangosaurus weights {creation.version}")
    print(f"mangosaurus sample {genre} --checkpoint {creation.version}.safetensors {options}")


async def card(settings: Settings, code_or_name: str) -> None:
    """Save the card of a creation, or of a name."""
    drawings = Drawings()
    if code := code_in(code_or_name):
        creation, text = await _creation_and_text(settings, code)
        picture = card_of(creation, text, 0, "", drawings)
        if picture is None:
            raise Explained(layout.why_no_card(creation, text))
    elif is_taboo(code_or_name):
        raise Explained(sentences.TABOO)
    elif re.fullmatch("[A-Za-z]{1,40}", code_or_name):
        picture = card_of_name(code_or_name.lower(), "", drawings)
    else:
        raise Explained(sentences.CARD_OF_WHAT)
    png, _ = await picture.draw()
    await drawings.close()
    print(save(settings.saved / picture.name, png))


async def weights(settings: Settings, version: str) -> None:
    """Save weights from the database as a file in the current folder."""
    async with Store(existing(settings.database_address)) as store:
        content = await store.content(version)
        if content is None:
            raise MangosaurusError(f"{store.name} has no weights of the version {version}")
        print(save(Path.cwd() / f"{version}.safetensors", content))


async def _creation_and_text(settings: Settings, code: str) -> tuple[Creation, Text]:
    """Return the creation with a code, and its text. Raises Explained."""
    async with Store(existing(settings.database_address)) as store:
        creation = await store.creation(code)
        if creation is None:
            raise Explained(sentences.UNKNOWN_CODE.format(code))
        shelf = Shelf(store, settings.checkpoints)
        try:
            return creation, await shelf.write(creation)
        finally:
            await shelf.close()
