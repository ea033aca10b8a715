"""Poems and sonnets: `/poem`, plain text, `/sonnet`, `/again`, and the buttons below every creation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answering import answer
from bot.asks import PLAIN, line_in, voice_in
from bot.chat import Explained, LiveMessage
from bot.commands import button, command
from bot.commands.voices import example, voice_named
from bot.creations import CODE, Wish, buttons_below, can_press, varied
from bot.words import layout, sentences
from model.text.forms import Genre

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import Pressed, Said


@command(PLAIN, writes=True)
async def plain(ask: Said, text: str, bot: Bot) -> None:
    """Continue a line that somebody sends without any command."""
    if not (line := line_in(text)):
        raise Explained(sentences.POEM_USAGE)
    await answer(ask, Wish(Genre.POEM, line), bot)


@command("poem", writes=True)
async def poem(ask: Said, rest: str, bot: Bot) -> None:
    """Continue a line, perhaps in a custom voice: `/poem voice:keats A thing of beauty`."""
    name, rest = voice_in(rest)
    voice = await voice_named(name, "verse", bot) if name is not None else None
    if not (line := line_in(rest)):
        raise Explained(sentences.VOICE_LINE.format(example(voice)) if voice else sentences.POEM_USAGE)
    await answer(ask, Wish(Genre.POEM, line, voice=voice.id if voice else ""), bot)


@command("sonnet", writes=True)
async def sonnet(ask: Said, rest: str, bot: Bot) -> None:
    """Write fourteen lines. The first is the person's own, if there is one."""
    if voice_in(rest)[0] is not None:
        raise Explained(sentences.NO_SONNETS_IN_VOICES)
    line = line_in(rest).strip()
    if len(line.splitlines()) > 1:
        raise Explained(sentences.ONE_LINE)
    await answer(ask, Wish(Genre.SONNET, line), bot)


@command("again", writes=True)
async def again(ask: Said, rest: str, bot: Bot) -> None:
    """Show the creation with a code again, letter for letter, whoever asked for it first. This takes no turn."""
    given = rest.split()
    if len(given) != 1:
        raise Explained(sentences.AGAIN_USAGE)
    code = given[0].lower()
    creation = await bot.store.creation(code) if CODE.fullmatch(code) else None
    if creation is None:
        raise Explained(sentences.UNKNOWN_CODE.format(sentences.cut(given[0], 40)))
    with bot.admission.writing(ask):
        async with LiveMessage(ask.chat) as live:
            text = await bot.shelf.write(creation)
        await live.conclude(layout.reply(creation, text), buttons_below(creation, ask))


@button(f"(another|wilder|tamer|continue|sonnet):({CODE.pattern})", writes=True)
async def vary(ask: Pressed, verb: str, code: str, bot: Bot) -> None:
    """Put another creation into the message. The second tap of a double tap finds that done, and does nothing."""
    creation = await bot.store.creation(code)
    if creation is None:
        raise Explained(sentences.FORGOTTEN)
    if not can_press(creation, ask):
        raise Explained(sentences.NOT_YOURS)
    place = (ask.chat.id, ask.message)
    async with bot.admission.in_order(creation.person, unless=ask.person):
        if bot.shown.get(place, code) == code:
            bot.shown.pop(place, None)  # until the answer has arrived, nobody knows what it shows
            bot.shown[place] = (await answer(ask, varied(creation, verb), bot, message=ask.message)).code
    await ask.chat.notice()
