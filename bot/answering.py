"""How a wish becomes an answer. Read this page first.

Something happens at a door (Telegram, the page or the terminal): somebody writes `/poem Shall I
compare thee`, or presses a button. That is an ask (`asks`). A command (`commands`) reads from it
what the person wants: names, a poem or a sonnet. That is a wish. `answer` fulfils the wish in five
steps, each done by one part of the bot:

1. Admit. `capacity` refuses what the bot could not answer in time, and `admission` what is beyond
   a person's limit.
2. Draft. The wish becomes a creation, which is all that decides a text: the version of the network,
   the person's seed and turn (how many texts they have had before), the prompt, the temperature
   (`creations`). `store` notes it under a code.
3. Write. `shelf` lets that version of the network write the text, on threads of its own. If the
   person's first line of a sonnet is too short to scan, the network completes it first.
4. Deliver. `words.layout` sets the text, and `chat` sends it, with buttons below.
5. Record. `store` marks the creation as arrived. Only now is the turn taken.

An answer that surely did not arrive costs the person nothing: its draft is discarded, and their
next ask gets the same turn, and so the same text. If nobody can know whether it arrived, or if the
bot is killed before step 5, the code and the buttons of the message work all the same, because the
creation was noted before it was sent.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bot.capacity import work_for
from bot.chat import InDoubt, LiveMessage, NotSent
from bot.creations import Creation, Wish, buttons_below, network_of
from bot.words import layout, sentences
from model.text.forms import Genre

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import Pressed, Said


async def answer(
    ask: Said | Pressed, wish: Wish, bot: Bot, *, message: int | None = None
) -> Creation:
    """Write somebody's next creation, and send it; or put it into `message`."""
    with bot.accepting(ask, work_for(wish)) as written:
        weights = await bot.shelf.current(network_of(wish))
        creation = await bot.store.draft(
            ask.person, wish, weights.version, bot.bold(wish.genre, weights)
        )
        live = LiveMessage(ask.chat, message, buttons_below(wish.before, ask), bot.capacity)
        try:
            # Until the end, the chat shows that the bot is typing, or a sonnet as it grows, above
            # the old buttons.
            async with live:
                if wish.genre is Genre.SONNET and (rest := await bot.shelf.rest_of_line(creation)):
                    creation = await bot.store.completed(creation, rest)
                text = await bot.shelf.write(
                    creation, lambda lines: live.show(layout.sonnet_begun(creation, lines))
                )
            written()
            buttons = buttons_below(creation, ask, has_card=layout.has_card(creation, text))
            await live.conclude(wish.opening + layout.reply(creation, text), buttons)
        except InDoubt:
            # the answer may have arrived: the creation keeps its code, and takes no turn
            raise
        except Exception:
            if live.message not in (None, message):  # a sonnet that has begun
                with contextlib.suppress(NotSent, InDoubt):
                    await live.conclude(sentences.BROKEN_OFF)
            await bot.store.discard(creation)
            raise
    await bot.store.arrived(creation, takes_turn=wish.seed is None)
    bot.tally.answered(ask)
    return creation


async def show(
    creation: Creation, ask: Said | Pressed, bot: Bot, *, message: int | None = None
) -> None:
    """Write a creation once more, and send it; or put it into `message`. This takes no turn."""
    async with LiveMessage(ask.chat, message) as live:
        text = await bot.shelf.write(creation)
    buttons = buttons_below(creation, ask, has_card=layout.has_card(creation, text))
    await live.conclude(layout.reply(creation, text), buttons)
