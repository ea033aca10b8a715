"""Commands that read what a bot keeps, without a bot: `mangosaurus show`, `card`, `weights` and
`check`.
"""

import contextlib
import re
import shlex
from collections import Counter
from pathlib import Path

from bot.cards import card_of, card_of_name
from bot.cards.png import Drawings
from bot.chat import Explained
from bot.creations import Creation, code_in
from bot.database import existing
from bot.settings import Settings
from bot.shelf import Shelf
from bot.store import Store
from bot.taboo import is_taboo
from bot.terminal import save
from bot.words import layout, sentences
from model.errors import MangosaurusError
from model.text.forms import Genre
from model.weights.checkpoint import CheckpointError


async def show(settings: Settings, code: str) -> None:
    """Print a creation, what decides it, and the commands that write it again."""
    creation = await _creation(settings, code_in(code) or code)
    print(layout.shown(creation))
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
        creation = await _creation(settings, code)
        picture = card_of(creation, 0, "", drawings)
        if picture is None:
            raise Explained(layout.why_no_card(creation))
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
    """Save weights as a file in the current folder."""
    async with Store(existing(settings.database_address)) as store:
        shelf = Shelf(store, settings.checkpoints)
        for network in await shelf.titles():
            with contextlib.suppress(CheckpointError):
                content = await shelf.content(network, version)
                print(save(Path.cwd() / f"{version}.safetensors", content))
                return
        raise MangosaurusError(
            f"there are no weights of the version {version}, in {store.name} or in checkpoints/"
        )


async def check(settings: Settings, number: str) -> None:
    """Write some of the newest creations anew, and say how many have the text that is kept."""
    if not (number.isdecimal() and len(number) < 7):
        raise MangosaurusError("say how many creations to check, such as 100")
    counts = Counter[str]()
    async with Store(existing(settings.database_address)) as store:
        shelf = Shelf(store, settings.checkpoints)
        try:
            for kept in await store.newest(int(number)):
                if not await shelf.can_continue(kept):
                    counts["have no weights here"] += 1
                elif await shelf.write(kept) == kept:
                    counts["have the same text"] += 1
                else:
                    counts["have another text"] += 1
                    print(f"{kept.code} has another text")
        finally:
            await shelf.close()
    print(", ".join(f"{count} {what}" for what, count in counts.items()) or "no creations")
    if counts["have another text"]:
        raise MangosaurusError("some weights do not write what they wrote")


async def _creation(settings: Settings, code: str) -> Creation:
    """Return the creation with a code. Raises Explained."""
    async with Store(existing(settings.database_address)) as store:
        creation = await store.creation(code)
    if creation is None:
        raise Explained(sentences.UNKNOWN_CODE.format(code))
    return creation
