"""Poems and sonnets, and what can be asked of any creation by its code: `/poem`, plain text,
`/sonnet`, `/again`, `/another`, `/wilder`, `/continue` and `/card`.
"""

from dataclasses import replace
from typing import NamedTuple

from bot.answering import answer, send_card
from bot.app import Bot
from bot.asks import Said, line_in, voice_in
from bot.cards import card_of
from bot.chat import Explained, Failed, LiveMessage
from bot.commands.voices import voice_of_form
from bot.creations import MOST_CONTINUED, Creation, Wish, code_in, wilder
from bot.words import layout, sentences
from bot.words.pieces import NOTHING
from model.text.forms import Genre


class SonnetAsked(NamedTuple):
    """A wish for a sonnet. If there is a poem, the sonnet begins with its first line."""

    wish: Wish
    poem: Creation | None = None


class NameOnCard(NamedTuple):
    """A creation, and the number of the name that its card shows."""

    creation: Creation
    n: int

    @property
    def key(self) -> str:
        """The key of the card, by which it is drawn once for all who wait for it."""
        return f"{self.creation.code} {self.n}"


async def line(_ask: Said, text: str, _bot: Bot) -> Wish:
    """Return the wish for a poem that goes on from a line, which is a message without a command."""
    return _poem_from(text)


async def poem(_ask: Said, rest: str, bot: Bot) -> Wish:
    """Return the wish for a poem, perhaps in a custom voice: `/poem voice:keats O thou`."""
    name, rest = voice_in(rest)
    voice = (await voice_of_form(name, "verse", bot)).id if name is not None else ""
    return _poem_from(rest, voice)


def _poem_from(text: str, voice: str = "") -> Wish:
    if not (begun := line_in(text)):
        raise Explained(sentences.POEM_USAGE)
    return Wish(Genre.POEM, begun, voice=voice)


async def sonnet_in(ask: Said, rest: str, bot: Bot) -> SonnetAsked:
    """Return what somebody wants of a sonnet: they write its first line, or send the code of a
    poem.
    """
    if voice_in(rest)[0] is not None:
        raise Explained(sentences.NO_SONNET)
    if code_in(rest.strip()):
        creation = await creation_in(ask, rest, bot)
        if creation.genre is not Genre.POEM or creation.voice:
            raise Explained(sentences.NO_SONNET)
        return SonnetAsked(Wish(Genre.SONNET), creation)
    begun = line_in(rest).strip()
    if len(begun.splitlines()) > 1:
        raise Explained(sentences.ONE_LINE)
    return SonnetAsked(Wish(Genre.SONNET, begun))


async def sonnet(ask: Said, asked: SonnetAsked, bot: Bot) -> None:
    """Write fourteen lines."""
    wish = asked.wish
    if asked.poem:
        begun, own_words = layout.first_line(asked.poem, await bot.shelf.write(asked.poem))
        wish = replace(wish, prompt=begun, own_words=own_words)
    await answer(ask, wish, bot)


async def another(ask: Said, rest: str, bot: Bot) -> Wish:
    """Return the wish for another text like a creation. The text takes the next turn of whoever
    asks.
    """
    creation = await creation_in(ask, rest, bot)
    return _another(creation, creation.temperature)


async def wilder_one(ask: Said, rest: str, bot: Bot) -> Wish:
    """Return the wish for another text at the next higher temperature."""
    creation = await creation_in(ask, rest, bot)
    return _another(creation, wilder(creation.temperature) or creation.temperature)


def _another(creation: Creation, temperature: float) -> Wish:
    """Return the wish for another text. Another dinosaur of a first name begins with that name."""
    whose = creation.first_name
    opening = sentences.IS.format(whose) if whose else NOTHING
    return Wish(
        creation.genre,
        creation.prompt,
        creation.count,
        temperature,
        creation.voice,
        creation.own_words,
        creation.word,
        opening=opening,
    )


async def longer(ask: Said, rest: str, bot: Bot) -> Wish:
    """Return the wish for a poem that is longer by a part."""
    creation = await creation_in(ask, rest, bot)
    if creation.genre is not Genre.POEM or creation.length >= MOST_CONTINUED:
        raise Explained(sentences.LONGEST_POEM)
    return Wish(Genre.POEM, voice=creation.voice, poem=creation)


async def name_on_card(ask: Said, rest: str, bot: Bot) -> NameOnCard:
    """Return what a card should show: `/card CODE [number]`, or else the first name."""
    code, _, number = rest.strip().partition(" ")
    creation = await creation_in(ask, code, bot)
    return NameOnCard(creation, int(number) if number in map(str, range(creation.count)) else 0)


async def card(ask: Said, asked: NameOnCard, bot: Bot) -> None:
    """Send the card of a creation, whoever asked for it. If the card cannot be drawn or sent, send
    its words, and say why.
    """
    creation, n = asked
    async with LiveMessage(ask.chat):  # the chat shows that the bot is typing
        text = await bot.shelf.write(creation)
    bot.limits.written(ask)
    picture = card_of(creation, text, n, bot.username, bot.drawings)
    if picture is None:
        raise Explained(layout.why_no_card(creation, text, n))
    if creation.genre is Genre.DINO and not creation.voice:
        text = replace(text, texts=text.texts[n : n + 1])
    buttons = layout.buttons_below(creation, text, is_card=True)
    try:
        await send_card(ask, picture, layout.caption(creation, text), buttons)
    except (Explained, Failed) as error:
        words = layout.reply(creation, text)
        await ask.chat.say(words + "\n\n" + error.sentence, buttons)


async def creation_in(ask: Said, rest: str, bot: Bot) -> Creation:
    """Return the creation with the code that somebody gives. Raises Explained."""
    given = rest.split()
    if len(given) != 1:
        raise Explained(sentences.CODE_USAGE.format(ask.command[0]))
    code = code_in(given[0])
    creation = await bot.store.creation(code) if code else None
    if creation is None:
        raise Explained(sentences.UNKNOWN_CODE.format(sentences.cut(given[0], 40)))
    return creation
