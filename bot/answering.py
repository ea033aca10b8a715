"""How a wish becomes an answer. Read this page first.

Somebody asks (`asks`) for names, a poem or a sonnet: that is a wish. It becomes a creation: network, version of the
weights, seed, turn, prompt and temperature, all that decides a text (`creations`). The creation is drafted and noted
(`store`), written by its version of the network (`shelf`), delivered (`chat`), and marked as arrived, which takes the
person's turn.

Whatever fails before the answer has arrived costs the person nothing: their next request gets the same turn, and so the
same text. If the bot is killed after the answer was sent, its code and its buttons work all the same, as the creation
was noted before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.chat import InDoubt, LiveMessage
from bot.creations import buttons_below
from bot.words import layout

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import Pressed, Said
    from bot.creations import Creation, Wish


async def answer(ask: Said | Pressed, wish: Wish, bot: Bot, *, message: int | None = None) -> Creation:
    """Write somebody's next creation and send it, or put it into a message, which shows what it holds until then."""
    with bot.admission.writing(ask, wish.genre):
        version = wish.poem.version if wish.poem else (await bot.shelf.current(wish.network)).version
        creation = await bot.store.draft(wish.person or ask.person, wish, version, bot.temperatures[wish.genre])
        try:
            async with LiveMessage(ask.chat, message) as live:
                watch = None if message else lambda lines: live.show(layout.sonnet_begun(creation, lines))
                text = await bot.shelf.write(creation, watch)
            await live.conclude(layout.reply(creation, text), buttons_below(creation, ask))
        except InDoubt:  # the response was lost: the answer may have arrived, so it keeps its code and takes no turn
            raise
        except Exception:
            await bot.store.discard(creation)
            raise
    await bot.store.arrived(creation)
    bot.tally.answered(ask)
    return creation
