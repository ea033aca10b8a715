"""How a wish becomes an answer. Read this page first.

Something happens at a door (Telegram, the page or the terminal): somebody writes `/poem Shall I
compare thee`, or presses a button, which says its line. That is an ask (`asks`). A command
(`commands`) reads from it what the person wants: names, a poem or a sonnet. That is a wish.
`answer` fulfils the wish in three steps:

1. Begin. The wish becomes a creation: the version of the network, the person's seed and turn (how
   many texts they have had before), the prompt and the temperature decide its text (`creations`).
2. Write. `shelf` lets that version of the network write the text, on threads of its own.
3. End. `words.layout` sets the text, with buttons below. A single name becomes the caption of its
   card, if the card can be drawn soon. Then one transaction keeps the creation with its text, takes
   the turn, and ends the ask.

Before a command begins, `limits` refuses what is beyond a person's limit, and what the bot could
not answer in time.

On Telegram, an ask is noted before anything else (`inbox`). The transaction that ends it puts the
answer into the `outbox`, where it stays until it has arrived. So whatever ends the bot, the next
start begins the ask anew, with the same turn and so the same text, or it goes on to send the
answer. The other doors show the answer at once.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.app import Bot
from bot.asks import Said
from bot.cards import card_of
from bot.chat import (
    Answer,
    Buttons,
    Change,
    Document,
    Explained,
    Failed,
    LiveMessage,
    Picture,
)
from bot.creations import Creation, Wish, network_of
from bot.store import Store, record
from bot.taboo import is_taboo
from bot.words import layout, sentences
from bot.words.pieces import NOTHING, Message
from model.text.forms import Genre


async def answer(ask: Said, wish: Wish, bot: Bot) -> None:
    """Write somebody's next creation, and end the ask with it."""
    if is_taboo(wish.poem.prompt if wish.poem else wish.prompt):
        raise Explained(sentences.TABOO)
    weights = await bot.shelf.current(network_of(wish))
    usual = weights.description.temperature
    creation = await bot.store.next_creation(ask.person, wish, weights.version, usual)
    creation = await write(ask, creation, bot)
    await show(ask, creation, bot, wish.opening, partial(record, creation=creation))


async def write(ask: Said, creation: Creation, bot: Bot) -> Creation:
    """Return a creation with its text. Until then, the chat shows that the bot is typing, or a
    sonnet as it grows.
    """
    async with LiveMessage(ask, may_edit=lambda: bot.limits.may_edit(ask.chat)) as live:
        watch = None
        if creation.genre is Genre.SONNET:
            watch = lambda begun: live.show(layout.begun(begun))  # noqa: E731
        written = await bot.shelf.write(creation, watch)
    bot.limits.written(ask)
    return written


async def show(
    ask: Said,
    creation: Creation,
    bot: Bot,
    opening: Message = NOTHING,
    change: Change = None,
) -> None:
    """End an ask with a creation: a single name with its card, and anything else as text alone."""
    message = opening + layout.reply(creation)
    buttons = layout.buttons_below(creation)
    doubt = sentences.SHOW_AGAIN.format(creation.code)
    alone = Answer(message, buttons, doubt=doubt, change=change)
    card = None
    if creation.genre is Genre.DINO and creation.count == 1 and not creation.voice:
        card = card_of(creation, 0, bot.username, bot.drawings)
    below = layout.buttons_below(creation, is_card=True)
    await bot.end(ask, await with_card(ask, card, below, alone, bot) if card else alone)


async def with_card(ask: Said, card: Picture, buttons: Buttons, alone: Answer, bot: Bot) -> Answer:
    """Return an answer with a card, and with buttons below it. If the chat shows no pictures, or
    the card takes too long or fails, return the answer alone.
    """
    if not (ask.chat.shows_pictures and bot.limits.may_draw(card.key)):
        return alone
    try:
        drawn = await draw(ask, card, bot)
    except Failed:
        return alone
    return replace(
        alone, card=drawn, buttons=buttons, words=alone.message, buttons_of_words=alone.buttons
    )


async def draw(ask: Said, card: Picture, bot: Bot) -> Picture:
    """Return a card that is drawn, unless Telegram has it. Raises Failed."""
    if card.key in bot.drawings.file_ids:
        return card
    async with LiveMessage(ask):  # the chat shows that the bot is typing
        made = await card.draw()
    return card._replace(draw=lambda: asyncio.sleep(0, made))


def export_of(person_id: int, store: Store) -> Document:
    """Return the file with all that is kept of a person, the newest creations first."""

    async def make() -> bytes:
        person = await store.person(person_id)
        counts = [sentences.counted(n, "turn") for n in (person.dino_turns, person.poem_turns)]
        counts.append(sentences.counted(person.streak, "day"))
        answered = await store.answered_questions(person_id, datetime.now(UTC).toordinal())
        counts.append(sentences.counted(len(answered), "question"))
        texts = [sentences.EXPORTED_PERSON.format(person, *counts)]
        texts += [layout.exported(each) for each in reversed(await store.creations(person_id))]
        return ("\n\n\n".join(texts) + "\n").encode()

    return Document(f"mangosaurus-{person_id}.txt", make)
