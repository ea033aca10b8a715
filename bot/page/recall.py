"""What somebody finds who comes back after a restart: their last creations.

Each gets its place in the chat at once, and its text when it is written again: the newest first, and one at a time for
all people together, so that whoever asks for something new hardly waits.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from bot.chat import Explained, Gone
from bot.creations import buttons_below
from bot.store import StoreError
from bot.words import layout, page, sentences
from model.text.forms import Genre

if TYPE_CHECKING:
    import asyncio

    from bot.app import Bot
    from bot.asks import Said
    from bot.creations import Creation
    from bot.page.chat import PageChat

logger = logging.getLogger(__name__)

SHOWN, READ = 20, 100
"""How many creations are shown, of how many: they change in place, and only the last of each is shown."""


async def make_room(chat: PageChat, bot: Bot) -> dict[int, Creation]:
    """Give each of somebody's last creations a place in their chat, and return them by their places."""
    kept: list[Creation] = []
    with contextlib.suppress(StoreError):
        kept = await bot.store.creations(chat.id, newest=READ)
    changed = {creation.before for creation in kept}
    shown = [creation for creation in kept if creation.code not in changed][-SHOWN:]
    places = {await chat.keep_place(creation.created, _line(creation)): creation for creation in shown}
    if places:
        await chat.say(page.WELCOME_BACK)
    return places


async def fill(places: dict[int, Creation], ask: Said, bot: Bot, turns: asyncio.Lock) -> None:
    """Put each creation into its place, unless the chat was emptied meanwhile."""
    for place, creation in reversed(places.items()):
        async with turns:
            try:
                text = await bot.shelf.write(creation)
                html, buttons = layout.reply(creation, text), buttons_below(creation, ask)
            except Explained as error:
                html, buttons = error.sentence, ()
            except Exception:
                logger.exception("A creation could not be shown again")
                html, buttons = sentences.NOT_WRITTEN, ()
        with contextlib.suppress(Gone):
            await ask.chat.change(place, html, buttons)


def _line(creation: Creation) -> str:
    """Return the words that a person gave for verse; for names nothing, as what they said is not kept."""
    return "" if creation.genre is Genre.DINO else creation.prompt[: creation.own_words]
