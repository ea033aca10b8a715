"""How a wish becomes an answer. Read this page first.

Something happens at a door (Telegram, the page or the terminal): somebody writes `/poem Shall I
compare thee`, or presses a button, which says its line. That is an ask (`asks`). A command
(`commands`) reads from it what the person wants: names, a poem or a sonnet. That is a wish.
`answer` fulfils the wish in five steps, each done by one part of the bot:

1. Admit. Before the command begins, `limits` refuses what is beyond a person's limit, and what the
   bot could not answer in time.
2. Draft. The wish becomes a creation, which is all that decides a text: the version of the network,
   the person's seed and turn (how many texts they have had before), the prompt, the temperature
   (`creations`). `store` notes it under a code.
3. Write. `shelf` lets that version of the network write the text, on threads of its own.
4. Deliver. `words.layout` sets the text, and `chat` sends it, with buttons below. A single name
   becomes the caption of its card, if the card can be drawn soon.
5. Record. `store` marks the creation as arrived. Only now is the turn taken.

An answer that surely did not arrive takes no turn: its draft is discarded, and the person's next
ask gets the same turn, and so the same text. If nobody can know whether the answer arrived, or if
the bot is killed before step 5, the code and the buttons of the message work all the same, because
the creation was noted before it was sent.

On Telegram, the ask itself is noted, too (`inbox`), until step 5 strikes it off. So whatever ends
the bot, the next start goes on with the same creation.
"""

import contextlib
import logging
from functools import partial

from bot.app import Bot
from bot.asks import Said
from bot.cards import card_of
from bot.chat import Buttons, Explained, Failed, InDoubt, LiveMessage, NotSent, Picture
from bot.creations import Creation, Text, Wish, network_of
from bot.database import StoreError
from bot.taboo import is_taboo
from bot.words import layout, sentences
from bot.words.pieces import NOTHING, Message
from model.text.forms import Genre

logger = logging.getLogger(__name__)


async def answer(ask: Said, wish: Wish, bot: Bot) -> None:
    """Write somebody's next creation, and send it."""
    if is_taboo(wish.poem.prompt if wish.poem else wish.prompt):
        raise Explained(sentences.TABOO)
    weights = await bot.shelf.current(network_of(wish))
    usual = weights.description.temperature
    note = ask.chat.note
    creation = await bot.store.draft(ask.person, wish, weights.version, usual, note)
    shown = note.shown if note else None  # the message of an earlier try
    live = LiveMessage(ask.chat, shown, may_edit=lambda: bot.limits.may_edit(ask.chat))
    watch = None
    try:
        # Until the end, the chat shows that the bot is typing, or a sonnet as it grows.
        async with live:
            if wish.genre is Genre.SONNET:
                watch = partial(_show_lines, live, creation)
            text = await bot.shelf.write(creation, watch)
        await _deliver(ask, creation, text, live, bot, wish.opening)
    except InDoubt:
        # the answer may have arrived: the creation keeps its code, and takes no turn
        raise
    except Exception:
        if live.number is not None:  # a sonnet that has begun
            with contextlib.suppress(NotSent, InDoubt):
                await live.conclude(sentences.BROKEN_OFF)
        await bot.store.discard(creation)
        raise
    try:
        await bot.store.arrived(creation, note)
    except StoreError as error:  # the person has the answer, and needs no other word
        logger.warning("An answer arrived, but not in the database: %s", error)


def _show_lines(live: LiveMessage, creation: Creation, begun: Text) -> None:
    live.show(layout.begun(creation, begun))


async def show(ask: Said, creation: Creation, bot: Bot) -> None:
    """Write a creation once more, and send it. This takes no turn."""
    async with LiveMessage(ask.chat) as live:  # the chat shows that the bot is typing
        text = await bot.shelf.write(creation)
    await _deliver(ask, creation, text, live, bot)


async def send_card(ask: Said, card: Picture, message: Message, buttons: Buttons) -> None:
    """Send a card with its caption. Raises Failed if it cannot be drawn, Explained if not sent."""
    async with LiveMessage(ask.chat):  # the chat shows that the bot is typing
        await ask.chat.picture(card, message, buttons)


async def say_with_card(
    ask: Said, card: Picture, message: Message, buttons: Buttons, bot: Bot, buttons_alone: Buttons
) -> None:
    """Send a card with a message below it. If the chat shows no pictures, or the card takes too
    long or fails, send the message alone, with `buttons_alone`.
    """
    if ask.chat.shows_pictures and bot.limits.may_draw(card.key):
        with contextlib.suppress(Explained, Failed):
            await send_card(ask, card, message, buttons)
            return  # not reached if the card cannot be drawn or sent
    await ask.chat.say(message, buttons_alone)


async def _deliver(
    ask: Said,
    creation: Creation,
    text: Text,
    live: LiveMessage,
    bot: Bot,
    opening: Message = NOTHING,
) -> None:
    """Send a single name with its card, and anything else as text alone."""
    bot.limits.written(ask)
    message = opening + layout.reply(creation, text)
    buttons = layout.buttons_below(creation, text)
    card = None
    if creation.genre is Genre.DINO and creation.count == 1 and not creation.voice:
        card = card_of(creation, text, 0, bot.username, bot.drawings)
    if card:
        below = layout.buttons_below(creation, text, is_card=True)
        await say_with_card(ask, card, message, below, bot, buttons)
    else:
        await live.conclude(message, buttons)
