"""Inline mode, in any chat: `@bot mango` offers names that begin with Mango.

Offers depend on the person's seed but stand outside their sequence: typing takes no turn, and the
same words give the same offers again. Offers are not kept, so the message that is sent has neither
a code nor buttons.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.capacity import OFFERS
from bot.chat import Offer
from bot.commands.names import LONGEST_PREFIX, like
from bot.creations import ASIDE, Creation, Wish
from bot.taboo import is_taboo
from bot.words import layout, sentences
from model.text.forms import Genre

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import Typed
    from bot.writer import Text

logger = logging.getLogger(__name__)

NAMES = 5

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
    """Write five names that begin with a word; nothing for anything else.

    They stand outside the sequence of the person, and have no code.
    """
    word, checkpoint = ask.text.strip(), await bot.shelf.current(Genre.DINO.network)
    prefix = checkpoint.vocabulary.fold(word)
    if len(word) > LONGEST_PREFIX or any(map(str.isspace, word)) or (word and not prefix):
        return []
    wish = Wish(Genre.DINO, like(prefix, checkpoint)[0] or prefix, NAMES)
    bold = bot.bold(Genre.DINO, checkpoint)
    person = await bot.store.person(ask.person)
    creation = replace(wish.creation(person, "", checkpoint.version, bold), turn=ASIDE)
    text = await bot.shelf.write(creation)
    return [
        _offer(creation, replace(text, texts=(name,), neighbours=(near,)))
        for name, near in zip(text.texts, text.neighbours, strict=True)
    ]


def _offer(creation: Creation, text: Text) -> Offer:
    return Offer(*layout.offer(creation, text), layout.reply(creation, text))
