"""Poems and sonnets: `/poem`, plain text, `/sonnet`, `/again`, and the buttons below every
creation.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from bot.answering import answer, show
from bot.asks import Ask, Pressed, Said, line_in, voice_in
from bot.capacity import CHATTER, work_for
from bot.chat import Button, Explained, InDoubt, LiveMessage, Refused
from bot.commands.voices import example, voice_named
from bot.creations import Creation, Wish, code_in, is_theirs, varied
from bot.taboo import is_taboo
from bot.words import layout, sentences
from model.errors import MangosaurusError
from model.text.forms import Genre

if TYPE_CHECKING:
    from bot.app import Bot

MOST_SHOWN = 4096
"""For so many messages, the bot remembers what they show."""

_shown: WeakKeyDictionary[Bot, OrderedDict[tuple[int, int], tuple[str, float]]] = (
    WeakKeyDictionary()
)
"""(chat, message) → (the code that it shows, when a press of its buttons was last answered)."""


async def plain_line(ask: Said, text: str, bot: Bot) -> None:
    """Continue a line that somebody sends without any command.

    A code alone, or a link to one, opens the creation.
    """
    text = text.strip()
    code = code_in(text)
    is_word = code == text.lower() and code.isalpha()  # a word can look like a code
    if code and (not is_word or await bot.store.creation(code)):
        if code != text.lower() and ask.chat.place == "page":  # a link shows the card
            with contextlib.suppress(Explained):  # without one, the words
                await show_card(ask, code, None, bot)
                return
        await again(ask, text, bot)
        return
    if not (line := line_in(text)):
        raise Explained(sentences.POEM_USAGE)
    await answer(ask, Wish(Genre.POEM, line), bot)


async def poem(ask: Said, rest: str, bot: Bot) -> None:
    """Continue a line, perhaps in a custom voice: `/poem voice:keats A thing of beauty`."""
    name, rest = voice_in(rest)
    voice = await voice_named(name, "verse", bot) if name is not None else None
    if not (line := line_in(rest)):
        raise Explained(
            sentences.VOICE_LINE.format(example(voice)) if voice else sentences.POEM_USAGE
        )
    await answer(ask, Wish(Genre.POEM, line, voice=voice.id if voice else ""), bot)


async def sonnet(ask: Said, rest: str, bot: Bot) -> None:
    """Write fourteen lines. The first is the person's own, if there is one."""
    if voice_in(rest)[0] is not None:
        raise Explained(sentences.NO_SONNETS_IN_VOICES)
    line = line_in(rest).strip()
    if len(line.splitlines()) > 1:
        raise Explained(sentences.ONE_LINE)
    await answer(ask, Wish(Genre.SONNET, line), bot)


async def again(ask: Said, rest: str, bot: Bot) -> None:
    """Show the creation with a code again, letter for letter, whoever asked for it first.

    This takes no turn.
    """
    given = rest.split()
    if len(given) != 1:
        raise Explained(sentences.AGAIN_USAGE)
    code = code_in(given[0])
    creation = await bot.store.creation(code) if code else None
    if creation is None:
        raise Explained(sentences.UNKNOWN_CODE.format(sentences.cut(given[0], 40)))
    with bot.accepting(ask, work_for(creation)):
        await show(creation, ask, bot)


async def vary(ask: Pressed, verb: str, code: str, bot: Bot) -> None:
    """Put another creation into the message, or a sonnet below it.

    The second tap of a double tap comes before the answer to the first, and does nothing.
    """
    creation = await _own(code, ask, bot)
    place = (ask.chat.id, ask.message)
    all_shown = _shown.setdefault(bot, OrderedDict())
    # A press below a group's creation waits for the earlier asks of the group, and of the person
    # who presses.
    async with (
        contextlib.nullcontext()
        if creation.person == ask.person
        else bot.admission.in_order(creation.person)
    ):
        shown, since = all_shown.get(place, (code, 0.0))
        if shown == code and since < ask.arrived:
            all_shown.pop(place, None)  # until the answer has arrived, nobody knows what it shows
            made = await _pressed(verb, creation, ask, bot)
            all_shown[place] = (made.code, time.monotonic())
            if len(all_shown) > MOST_SHOWN:
                all_shown.popitem(last=False)
    await ask.chat.notice()


async def show_card(ask: Said | Pressed, code: str, number: str | None, bot: Bot) -> None:
    """Send the card of a creation, whoever asked for it.

    Of several names, it is the first; buttons show the others.
    """
    from bot.cards import card_of  # and with it all that draws, which an answer does not need

    creation, n = await _kept(code, bot), int(number or 0)
    with bot.accepting(ask, work_for(creation)._replace(cards=1)) as written:
        async with LiveMessage(ask.chat):  # which shows that the bot is typing
            text = await bot.shelf.write(creation)
            written()
            card = await card_of(creation, text, n, f"t.me/{bot.username}" if bot.username else "")
        if card is None:
            raise Explained(sentences.NO_CARD)
        names = enumerate(text.texts) if creation.genre is Genre.DINO else ()
        others = [
            Button.of(name.capitalize(), "card", code, i)
            for i, name in names
            if i != n and not is_taboo(name)
        ]
        rows = [others[first : first + 3] for first in range(0, len(others), 3)]
        await ask.chat.picture(card.png, card.caption, rows, card.name, card.alt)
    await ask.chat.notice()


async def tell_details(ask: Pressed, code: str, bot: Bot) -> None:
    """Say what decides a creation, and which known names are nearest to its names."""
    creation = await _own(code, ask, bot)
    with bot.accepting(ask, work_for(creation) if creation.genre is Genre.DINO else CHATTER):
        text = await bot.shelf.write(creation) if creation.genre is Genre.DINO else None
        await ask.chat.say(
            layout.details(creation, text), layout.looks(creation, text) if text else ()
        )
    await ask.chat.notice()


async def look(ask: Pressed, code: str, number: str, bot: Bot) -> None:
    """Show what the network thought of at each letter of a name."""
    creation = await _own(code, ask, bot)
    if creation.genre is not Genre.DINO or int(number) >= creation.count:
        raise Explained(sentences.OLD_BUTTON)
    with bot.accepting(ask, work_for(creation)):
        text = await bot.shelf.write(creation, looked_at=int(number))
        await ask.chat.say(layout.look(text, int(number)))
    await ask.chat.notice()


async def _own(code: str, ask: Ask, bot: Bot) -> Creation:
    """Return a creation, if the person may press its buttons. Raises Explained if not."""
    creation = await _kept(code, bot)
    if not is_theirs(creation, ask):
        raise Explained(sentences.NOT_YOURS)
    return creation


async def _kept(code: str, bot: Bot) -> Creation:
    if (creation := await bot.store.creation(code)) is None:
        raise Explained(sentences.FORGOTTEN)
    return creation


async def _pressed(verb: str, creation: Creation, ask: Pressed, bot: Bot) -> Creation:
    """Do what a button says, and return the creation that its message shows then."""
    if verb == "sonnet":
        await _make_sonnet(creation, ask, bot)
        return creation
    if verb == "back":
        before = await _kept(creation.before, bot)
        with bot.accepting(ask, work_for(before)):
            await show(before, ask, bot, message=ask.message)
        return before
    wish = varied(creation, verb)
    try:
        return await answer(ask, wish, bot, message=ask.message)
    except Exception as error:
        if creation.genre is Genre.SONNET and not isinstance(error, (Refused, InDoubt)):
            # none is left unfinished
            with contextlib.suppress(MangosaurusError):
                await show(creation, ask, bot, message=ask.message)
        raise


async def _make_sonnet(poem: Creation, ask: Pressed, bot: Bot) -> None:
    """Write a sonnet that begins with the first whole line of a poem, below the poem."""
    if poem.genre is not Genre.POEM:
        raise Explained(sentences.OLD_BUTTON)
    if poem.voice:
        raise Explained(sentences.NO_SONNETS_IN_VOICES)
    with bot.accepting(ask, work_for(poem)):
        line, own_words = layout.first_line(poem, await bot.shelf.write(poem))
    await answer(ask, Wish(Genre.SONNET, line, own_words=own_words, person=poem.person), bot)
