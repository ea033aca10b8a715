"""`/me`, `/today` and `/guess`: dinosaurs that are the same for everybody, and real ones among
those of the bot.
"""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from bot.app import Bot
from bot.asks import Said
from bot.cards import card_of
from bot.chat import Button, Explained, LiveMessage
from bot.commands.names import LONGEST_PREFIX
from bot.commands.verse import send_card, work_with_card
from bot.creations import ASIDE, NOBODY, Creation, Wish, new_code
from bot.limits import Work, work_for
from bot.store import NEW_SEEDS
from bot.taboo import is_taboo
from bot.words import layout, sentences
from bot.words.pieces import Message
from model.files import PROGRAM
from model.names.rules import LONGEST, SHORTEST
from model.text.forms import USUAL_TEMPERATURE, Genre
from model.text.sources import DINOSAURS, fossils
from model.weights.versions import VERSION_NAME
from model.writing.requests import generator_for

FAMOUS = PROGRAM / "data" / "famous.txt"
NETWORK, TEMPERATURE = Genre.DINO.network, USUAL_TEMPERATURE["names"]
NAMES = work_for(Wish(Genre.DINO))
INVENTED, DRAWN = 3, 5
"""How many names of a round are made up. More are drawn, as some may be real fossils or taboo."""


async def me(ask: Said, found: tuple[Creation, Message], bot: Bot) -> None:
    """Send the dinosaur of a first name on its card. This takes no turn."""
    await _send(ask, *found, bot, rows=1)


async def today(ask: Said, _rest: str, bot: Bot) -> None:
    """Send the dinosaur of the day, whose seed is the date, on its card."""
    released = await asyncio.to_thread(bot.shelf.files(NETWORK).released)
    version = released or (await bot.shelf.current(NETWORK)).version
    day = datetime.now(UTC).date()
    creation = _of_everybody(int(f"{day:%Y%m%d}"), version)
    opening = sentences.TODAY.format(f"{day.day} {day:%B %Y}")
    await _send(ask, creation, opening, bot, rows=0)


async def named(ask: Said, rest: str, bot: Bot) -> tuple[tuple[Creation, Message], Work]:
    """Find the dinosaur of a first name, or of the one in the person's profile, and what stands
    above it.

    The name, as the network writes it, and the version decide it alone.
    """
    weights = await bot.shelf.current(NETWORK)
    fold = weights.vocabulary.fold
    words = rest.split() or ask.name.split()
    if not words:
        raise Explained(sentences.ME_WHO)
    word = next((word for word in words if fold(word).strip()), "")
    name = fold(word).strip()
    if not 1 <= len(name) <= LONGEST_PREFIX or is_taboo(name):
        raise Explained(sentences.ME_NAME.format(LONGEST_PREFIX))
    number = int(sha256(f"{name} {weights.version}".encode()).hexdigest(), 16)
    creation = _of_everybody(number, weights.version, name)
    opening = sentences.ME.format(sentences.cut(word, 40))
    return (creation, opening), await work_with_card(creation, 0, bot)


def _of_everybody(number: int, version: str, prompt: str = "") -> Creation:
    """Return the creation that a number decides. It belongs to nobody; all get the same code."""
    code = new_code(generator_for(int(version, 16), number).integers)
    return Creation(
        code,
        NOBODY,
        Genre.DINO,
        version,
        number % NEW_SEEDS,
        0,
        prompt,
        TEMPERATURE,
        own_words=len(prompt),
    )


async def _send(ask: Said, creation: Creation, opening: Message, bot: Bot, *, rows: int) -> None:
    """Send a creation that belongs to nobody as the caption of its card. `rows` says how many rows
    of its buttons it has.
    """
    async with LiveMessage(ask.chat):  # which shows that the bot is typing
        text = await bot.shelf.write(creation)
        await bot.store.keep(creation)
    bot.limits.written(ask)
    message = opening + "\n\n" + layout.reply(creation, text)
    buttons = layout.buttons_below(creation, text)[:rows]
    if card := card_of(creation, text, 0, bot.username, bot.drawings):
        await send_card(ask, creation, card, message, message, buttons, bot)
    else:
        await ask.chat.say(message, buttons)


async def guess(ask: Said, _rest: str, bot: Bot) -> None:
    """Send a round: four names as buttons, of which one is real. The version in use has made up the
    others.
    """
    seed = secrets.randbelow(NEW_SEEDS)
    version = (await bot.shelf.current(NETWORK)).version
    names, _ = await _round(seed, version, bot)
    buttons = [
        [Button(name.capitalize(), f"/guessed {seed} {n} {version}")]
        for n, name in enumerate(names)
    ]
    await ask.chat.say(sentences.GUESS, buttons)


async def guessed(ask: Said, rest: str, bot: Bot) -> None:
    """Say whether a guess is right: `/guessed SEED NUMBER VERSION`."""
    words = rest.split()
    if not (
        len(words) == 3
        and all(word.isdecimal() and len(word) < 10 for word in words[:2])
        and int(words[1]) <= INVENTED
        and VERSION_NAME.fullmatch(words[2])
    ):
        raise Explained(sentences.GUESS_USAGE)
    names, real = await _round(int(words[0]), words[2], bot)
    verdict = layout.guessed(names, real, names[int(words[1])])
    await ask.chat.say(verdict, [[Button(sentences.ANOTHER_ROUND, "/guess")]])


async def _round(seed: int, version: str, bot: Bot) -> tuple[list[str], str]:
    """Return the four names of a round in their order, and the real one.

    Seed and version decide them.
    """
    drawn = Creation("", NOBODY, Genre.DINO, version, seed, ASIDE, "", TEMPERATURE, DRAWN)
    random, text = generator_for(seed, ASIDE + 1), await bot.shelf.write(drawn)
    invented = [name for name in _presentable(text.texts) if name not in fossils()][:INVENTED]
    some = random.integers(len(little_known()), size=DRAWN)
    real = _presentable(little_known()[n] for n in some)[0]
    if len(invented) < INVENTED:
        raise Explained(sentences.NOT_WRITTEN)
    names = [real, *invented]
    return [names[n] for n in random.permutation(len(names))], real


def _presentable(names: Iterable[str]) -> list[str]:
    """Return the names that may be shown, with what they mean."""
    return [name for name in names if not is_taboo(f"{name} {layout.meaning(name)}")]


@cache
def little_known() -> tuple[str, ...]:
    """Return the real dinosaurs that few know. Their length must not give them away."""
    names, famous = (path.read_text(encoding="ascii").split() for path in (DINOSAURS, FAMOUS))
    others = {*famous, *fossils()}
    return tuple(name for name in names if name not in others and SHORTEST <= len(name) <= LONGEST)
