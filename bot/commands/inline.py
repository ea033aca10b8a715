"""Inline mode, in any chat: `@bot mango` offers names that begin with Mango.

Offers depend on the person's seed but stand outside their sequence: typing takes no turn, and the
same words give the same offers again. Offers are not kept, so the message that is sent has neither
a code nor buttons.
"""

from dataclasses import replace

from bot.app import Bot
from bot.asks import Typed
from bot.chat import Offer
from bot.commands.names import LONGEST_PREFIX, like
from bot.creations import ASIDE, Wish
from bot.taboo import is_taboo
from bot.words import layout, sentences
from model.text.forms import Genre

NAMES = 5


async def typed(ask: Typed, text: str, bot: Bot) -> None:
    """Offer five names that begin with a word; nothing for anything else."""
    if is_taboo(text):
        await ask.chat.offer([Offer(str(sentences.TABOO), "", sentences.TABOO)])
        return
    word = text.strip()
    checkpoint = await bot.shelf.current(Genre.DINO.network)
    prefix = checkpoint.vocabulary.fold(word)
    if len(word) > LONGEST_PREFIX or any(map(str.isspace, word)) or (word and not prefix):
        await ask.chat.offer([])
        return
    wish = Wish(Genre.DINO, like(prefix, checkpoint)[0] or prefix, NAMES)
    person = await bot.store.person(ask.person)
    usual = checkpoint.description.temperature
    creation = replace(wish.creation(person, "", checkpoint.version, usual), turn=ASIDE)
    written = await bot.shelf.write(creation)
    offers = []
    for name in written.texts:
        message = layout.shown(creation, replace(written, texts=(name,)))
        title, _, note = str(message).partition(": ")
        offers.append(Offer(title, note or sentences.NEW, message))
    await ask.chat.offer(offers)
