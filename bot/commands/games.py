"""`/me`, `/today` and `/guess`: dinosaurs that are the same for everybody, and real ones among
those of the bot.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from bot.answering import answer
from bot.capacity import Work, work_for
from bot.chat import Button, Explained, LiveMessage
from bot.commands.names import LONGEST_PREFIX
from bot.commands.verse import MOST_SHOWN
from bot.creations import ASIDE, NOTHING, Creation, Wish, new_code
from bot.store import NEW_SEEDS
from bot.taboo import is_taboo
from bot.words import layout, sentences
from model.files import PROGRAM
from model.names.rules import LONGEST, SHORTEST
from model.text.forms import USUAL_TEMPERATURE, Genre
from model.text.sources import DINOSAURS, fossils
from model.writing.requests import generator_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from bot.app import Bot
    from bot.asks import Pressed, Said

FAMOUS = PROGRAM / "data" / "famous.txt"
NETWORK, TEMPERATURE = Genre.DINO.network, USUAL_TEMPERATURE["names"]
NAMES = work_for(Wish(Genre.DINO))
NOBODY = 0
"""Whose creation is a dinosaur of the day."""
INVENTED, DRAWN = 3, 5
"""How many names of a round are made up. More are drawn, as some may be real fossils or taboo."""

_guessed: WeakKeyDictionary[Bot, OrderedDict[tuple[int, int], tuple[int, Markup]]] = (
    WeakKeyDictionary()
)
"""Rounds: (chat, message) → (who pressed first, the answer once the press is counted)."""


async def me(ask: Said, rest: str, bot: Bot) -> None:
    """Send the dinosaur of a first name, or of the one in the person's profile, and its card. This
    takes no turn.

    The name, as the network writes it, and the version decide it alone.
    """
    from bot.cards import card_of  # and with it all that draws, which an answer does not need

    weights = await bot.shelf.current(NETWORK)
    words, fold = rest.split() or ask.name.split(), weights.vocabulary.fold
    if not words:
        raise Explained(sentences.ME_WHO)
    word = next((word for word in words if fold(word).strip()), "")
    name = fold(word).strip()
    if not 1 <= len(name) <= LONGEST_PREFIX or is_taboo(name):
        raise Explained(sentences.ME_NAME.format(LONGEST_PREFIX))
    seed = int(sha256(f"{name} {weights.version}".encode()).hexdigest(), 16) % NEW_SEEDS
    opening = sentences.ME.format(sentences.cut(word, 40)) + "\n\n"
    creation = await answer(
        ask, Wish(Genre.DINO, name, 1, TEMPERATURE, seed=seed, opening=opening), bot
    )
    with bot.accepting(ask, Work(cards=1)):
        if card := await card_of(creation, await bot.shelf.write(creation)):
            await ask.chat.picture(card.png, card.caption, (), card.name, card.alt)


async def today(ask: Said, _rest: str, bot: Bot) -> None:
    """Send the dinosaur of the day, on its card if it can be drawn.

    The date is its seed; all get the same code.
    """
    from bot.cards import card_of

    in_use, versions = await bot.shelf.current(NETWORK), bot.shelf.versions(NETWORK)
    version = await asyncio.to_thread(versions.released) or in_use.version
    seed = int(f"{(day := datetime.now(UTC).date()):%Y%m%d}")
    code = new_code(generator_for(int(version, 16), seed).integers)
    creation = Creation(code, NOBODY, Genre.DINO, version, seed, 0, "", TEMPERATURE)
    with bot.accepting(ask, NAMES._replace(cards=1)) as written:
        async with LiveMessage(ask.chat):  # which shows that the bot is typing
            text, card = await bot.shelf.write(creation), None
            written()
            await bot.store.keep(creation)
            with suppress(Explained):
                card = await card_of(creation, text)
        html = (
            sentences.TODAY.format(f"{day.day} {day:%B %Y}") + "\n\n" + layout.reply(creation, text)
        )
        await (
            ask.chat.picture(card.png, html, (), card.name, card.alt)
            if card
            else ask.chat.say(html)
        )


async def guess(ask: Said | Pressed, _rest: str, bot: Bot) -> None:
    """Send a round: four names as buttons.

    One is real; the version in use has made up the others.
    """
    seed, version = secrets.randbelow(NEW_SEEDS), (await bot.shelf.current(NETWORK)).version
    with bot.accepting(ask, NAMES):
        names, _ = await _round(seed, version, bot)
        buttons = [
            [Button.of(name.capitalize(), "guess", seed, n, version)]
            for n, name in enumerate(names)
        ]
        await ask.chat.say(sentences.GUESS, buttons)
    await ask.chat.notice()


async def press(ask: Pressed, seed: str, number: str, version: str, bot: Bot) -> None:
    """Count a guess, and say which name is real.

    Of several presses below a message, the first one counts.
    """
    rounds, place = _guessed.setdefault(bot, OrderedDict()), (ask.chat.id, ask.message)
    person, html = rounds.setdefault(place, (ask.person, NOTHING))
    if person != ask.person:
        raise Explained(sentences.TOO_LATE)
    try:
        html = html or await _counted(ask, int(seed), int(number), version, bot)
    except BaseException:
        rounds.pop(place, None)
        raise
    rounds[place] = (person, html)
    if len(rounds) > MOST_SHOWN:
        rounds.popitem(last=False)
    await ask.chat.change(ask.message, html, [[Button.of(sentences.ANOTHER_ROUND, "guess")]])
    await ask.chat.notice()


async def _counted(ask: Pressed, seed: int, number: int, version: str, bot: Bot) -> Markup:
    with bot.accepting(ask, NAMES):
        names, real = await _round(seed, version, bot)
        streak = await bot.store.guessed(ask.person, version, is_right=names[number] == real)
        return layout.guessed(names, real, names[number], streak)


async def _round(seed: int, version: str, bot: Bot) -> tuple[list[str], str]:
    """Return the four names of a round in their order, and the real one.

    Seed and version decide them.
    """
    drawn = Creation("", NOBODY, Genre.DINO, version, seed, ASIDE, "", TEMPERATURE, DRAWN)
    random, text = generator_for(seed, ASIDE + 1), await bot.shelf.write(drawn)
    invented = [name for name in _shown(text.texts) if name not in fossils()][:INVENTED]
    real = _shown(little_known()[n] for n in random.integers(len(little_known()), size=DRAWN))[0]
    if len(invented) < INVENTED:
        raise Explained(sentences.NOT_WRITTEN)
    names = [real, *invented]
    return [names[n] for n in random.permutation(len(names))], real


def _shown(names: Iterable[str]) -> list[str]:
    """Return the names that may be shown, with what they mean."""
    return [name for name in names if not is_taboo(f"{name} {layout.gloss(name).striptags()}")]


@cache
def little_known() -> tuple[str, ...]:
    """Return the real dinosaurs that few know. Their length must not give them away."""
    names, famous = (path.read_text(encoding="ascii").split() for path in (DINOSAURS, FAMOUS))
    others = {*famous, *fossils()}
    return tuple(name for name in names if name not in others and SHORTEST <= len(name) <= LONGEST)
