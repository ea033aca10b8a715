"""Commands that read what a bot keeps, without a bot: `mangosaurus show`, `card`, `weights` and
`check`.
"""

import asyncio
import re
import shlex
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryFile

from bot import schema
from bot.cards import card_of, card_of_name
from bot.cards.png import Drawings
from bot.chat import Explained
from bot.creations import Creation, code_in
from bot.database import existing
from bot.logs import Redaction
from bot.settings import Settings, warnings_about
from bot.shelf import Shelf
from bot.store import Store
from bot.taboo import is_taboo
from bot.terminal import saved
from bot.words import layout, sentences, tables
from bot.writer import Text
from model.errors import MangosaurusError, exit_code_of
from model.files import HOME
from model.text.forms import Genre, Network
from model.weights.versions import Versions, parse


async def show(settings: Settings, code: str) -> None:
    """Print a creation, what decides it, and the commands that write it again."""
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
    genre = creation.genre.network.form if creation.voice else creation.genre
    print(f"mangosaurus weights {creation.version}")
    print(f"mangosaurus sample {genre} --checkpoint {creation.version}.safetensors {options}")


async def card(settings: Settings, wanted: str) -> None:
    """Save the card of a creation, or of a name."""
    drawings = Drawings()
    if code := code_in(wanted):
        creation, text = await _written(settings, code)
        card = card_of(creation, text, 0, "", drawings)
        if card is None:
            raise Explained(layout.no_card(creation, text))
    elif is_taboo(wanted):
        raise Explained(sentences.TABOO)
    elif re.fullmatch("[A-Za-z]{1,40}", wanted):
        card = card_of_name(wanted.lower(), "", drawings)
    else:
        raise Explained(sentences.CARD_OF_WHAT)
    png, _ = await card.draw()
    await drawings.close()
    print(saved(settings.saved / card.name, png))


async def weights(settings: Settings, version: str) -> None:
    """Save a version that the database has in the current folder."""
    async with Store(existing(settings.database_address)) as store:
        content = await store.content(version)
        if content is None:
            raise MangosaurusError(f"{store.name} has no weights of the version {version}")
        print(saved(Path.cwd() / f"{version}.safetensors", content))


async def check(settings: Settings, _: str) -> int:
    """Say what each part of a bot is worth, before it starts or beside it. No file is made.

    Return 0 if all is well, or else the exit code that the bot would have.
    """
    store = Store(settings.database_address)
    redaction = Redaction(settings.token, settings.database)
    code = 0
    for part in (_settings, _token, _database, _folder, _weights):
        try:
            found = await part(settings, store)
        except (MangosaurusError, OSError) as error:
            code = max(code, exit_code_of(error))
            found = f"FAILS: {error}"
        print(redaction.redact(f"{part.__name__[1:]:9} {found}"), flush=True)
    await store.close()
    return code


async def _settings(_: Settings, _store: Store) -> str:
    if warnings := warnings_about(HOME / ".env"):
        raise MangosaurusError("; ".join(warnings))
    return f"well: from the environment and, if it is there, {HOME / '.env'}"


async def _token(settings: Settings, _: Store) -> str:
    if settings.token is None:
        return "none: the bot chats in the terminal and on a page"
    from bot.telegram.door import username  # which no other command needs

    return f"well: @{await username(settings.token, settings.api_base_url)}"


async def _folder(_: Settings, _store: Store) -> str:
    there = next(folder for folder in (HOME, *HOME.parents) if folder.is_dir())
    with TemporaryFile(dir=there) as file:
        file.write(bytes(1_000_000))
    state = "well" if there == HOME else "new"
    return f"{state}: {HOME} can be written; {tables.size(disk_usage(there).free)} are free"


async def _database(_: Settings, store: Store) -> str:
    number = await _number(store)
    if number is None:
        return f"new: the bot will make {store.name}"
    await store.check()
    return f"well: {store.name} can be read and written; its tables have the number {number}"


async def _weights(settings: Settings, store: Store) -> str:
    number = await _number(store)
    found = []
    for network in Network:
        files = Versions(settings.checkpoints / network)
        chosen = await store.in_use(network) if number else None
        version = chosen or files.released() or files.current()
        content = await store.content(version) if number else None
        parse(content or files.content(version), f"version {version}")
        found.append(f"{network} {version}")
    return f"well: {', '.join(found)}"


async def _number(store: Store) -> int | None:
    """Return the number of a database's tables; None if it is not there, or has no tables."""
    if store.is_file and not await asyncio.to_thread(Path(store.name).exists):
        return None
    return await store.run(schema.number_in)


async def _written(settings: Settings, code: str) -> tuple[Creation, Text]:
    async with Store(existing(settings.database_address)) as store:
        creation = await store.creation(code)
        if creation is None:
            raise Explained(sentences.UNKNOWN_CODE.format(code))
        shelf = Shelf(store, settings.checkpoints)
        try:
            return creation, await shelf.write(creation)
        finally:
            await shelf.close()
