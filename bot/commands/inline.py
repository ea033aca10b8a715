"""Inline mode, in any chat: `@bot mango` offers names that begin with Mango, `@bot shall i compare
thee` offers verse.

Offers depend on the person's seed but stand outside their sequence: typing takes no turn, and the
same words give the same offers again. Offers are not kept, so the message that is sent has neither
a code nor buttons.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.asks import LONGEST_LINE, Typed, is_visible
from bot.capacity import OFFERS
from bot.chat import Offer
from bot.commands.names import LONGEST_PREFIX, like
from bot.creations import ASIDE, Creation, Person, Wish, network_of
from bot.taboo import is_taboo
from bot.words import layout, sentences
from model.text.forms import Genre

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.writer import Text

logger = logging.getLogger(__name__)

NAMES, VERSES = 5, 2
ENDS = (".", ",", ";", ":", "!", "?")
"""Marks that make a single word a line of verse, and not the beginning of a name."""

_typing: dict[tuple[Bot, int], asyncio.Task[list[Offer]]] = {}
"""For each person who types, the offers that are being written."""


async def typed(ask: Typed, bot: Bot) -> None:
    """Offer something to send.

    Each letter is an ask; a person's newest ask cancels the ask before.
    """
    key = (bot, ask.person)
    if before := _typing.get(key):
        before.cancel()
    if is_taboo(ask.text):
        await ask.chat.offer([Offer(sentences.plain(sentences.TABOO), "", sentences.TABOO)])
        return
    with bot.accepting(ask, OFFERS):
        task = _typing[key] = asyncio.create_task(_offers(ask, bot))
        try:
            await asyncio.wait({task})
            if not task.cancelled():
                await ask.chat.offer(task.result())
        finally:
            task.cancel()
            if _typing.get(key) is task:
                del _typing[key]


async def _offers(ask: Typed, bot: Bot) -> list[Offer]:
    """Write five names, or two verses.

    One word without a mark at its end is the beginning of a name.
    """
    person, line = await bot.store.person(ask.person), ask.text.strip()
    if len(line) <= LONGEST_PREFIX and not any(map(str.isspace, line)) and not line.endswith(ENDS):
        checkpoint = await bot.shelf.current(Genre.DINO.network)
        prefix = checkpoint.vocabulary.fold(line)
        prefix = like(prefix, checkpoint)[0] or prefix
        if prefix or not line:
            creation, text = await _aside(Wish(Genre.DINO, prefix, NAMES), 0, person, bot)
            each = zip(text.texts, text.neighbours, strict=True)
            return [
                _offer(creation, replace(text, texts=(name,), neighbours=(near,)))
                for name, near in each
            ]
    if len(line) > LONGEST_LINE or not is_visible(line):
        return []
    verses = await asyncio.gather(
        *(_aside(Wish(Genre.POEM, line), number, person, bot) for number in range(VERSES))
    )
    return [_offer(creation, text) for creation, text in verses]


async def _aside(wish: Wish, number: int, person: Person, bot: Bot) -> tuple[Creation, Text]:
    """Write a creation outside the sequence of its person, without a code."""
    weights = await bot.shelf.current(network_of(wish))
    creation = wish.creation(person, "", weights.version, bot.bold(wish.genre, weights))
    creation = replace(creation, turn=ASIDE + number)
    return creation, await bot.shelf.write(creation)


def _offer(creation: Creation, text: Text) -> Offer:
    return Offer(*layout.offer(creation, text), layout.reply(creation, text))
