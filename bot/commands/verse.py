"""Poems and sonnets, and what can be asked of any creation by its code: `/poem`, plain text,
`/sonnet`, `/again`, `/another`, `/wilder`, `/continue` and `/card`.
"""

from dataclasses import replace

from bot.answering import answer, send_card
from bot.app import Bot
from bot.asks import Said, line_in, voice_in
from bot.cards import card_of
from bot.chat import Explained, LiveMessage
from bot.commands.voices import voice_of_form
from bot.creations import MOST_CONTINUED, NOBODY, Creation, Wish, code_in, wilder
from bot.limits import TEXTS, Work, work_for
from bot.words import layout, sentences
from bot.words.pieces import NOTHING
from model.text.forms import Genre

POEM = Work(TEXTS[Genre.POEM], cost=1.0)
SONNET = Work(TEXTS[Genre.SONNET], cost=TEXTS[Genre.SONNET])


async def plain_line(ask: Said, text: str, bot: Bot, voice: str = "") -> None:
    """Continue a line. A message without a command is such a line."""
    if not (line := line_in(text)):
        raise Explained(sentences.POEM_USAGE)
    await answer(ask, Wish(Genre.POEM, line, voice=voice), bot)


async def poem(ask: Said, rest: str, bot: Bot) -> None:
    """Continue a line, perhaps in a custom voice: `/poem voice:keats A thing of beauty`."""
    name, rest = voice_in(rest)
    voice = (await voice_of_form(name, "verse", bot)).id if name is not None else ""
    await plain_line(ask, rest, bot, voice)


async def sonnet(ask: Said, rest: str, bot: Bot) -> None:
    """Write fourteen lines. The person writes the first one, or sends the code of a poem, whose
    first line is used.
    """
    if voice_in(rest)[0] is not None:
        raise Explained(sentences.NO_SONNET)
    if code_in(rest.strip()):
        creation = await creation_in(ask, rest, bot)
        if creation.genre is not Genre.POEM or creation.voice:
            raise Explained(sentences.NO_SONNET)
        line, own_words = layout.first_line(creation, await bot.shelf.write(creation))
        await answer(ask, Wish(Genre.SONNET, line, own_words=own_words), bot)
        return
    line = line_in(rest).strip()
    if len(line.splitlines()) > 1:
        raise Explained(sentences.ONE_LINE)
    await answer(ask, Wish(Genre.SONNET, line), bot)


async def again(ask: Said, rest: str, bot: Bot) -> tuple[Creation, Work]:
    """Return the creation to show again, and the work. Anybody may ask; the text is the same,
    letter for letter, and takes no turn.
    """
    creation = await creation_in(ask, rest, bot)
    return creation, work_for(creation)


async def another(ask: Said, rest: str, bot: Bot) -> tuple[Wish, Work]:
    """Return the wish for another text like a creation, and the work. The text takes the next turn
    of whoever asks. `/wilder` raises the temperature. Another dinosaur of a first name begins with
    that name.
    """
    creation = await creation_in(ask, rest, bot)
    temperature = creation.temperature
    if ask.command[0] == "wilder":
        temperature = wilder(temperature) or temperature
    opening = NOTHING
    if creation.person == NOBODY:
        opening = sentences.IS.format(creation.word or creation.prompt.capitalize())
    wish = Wish(
        creation.genre,
        creation.prompt,
        creation.count,
        temperature,
        creation.voice,
        creation.own_words,
        creation.word,
        opening=opening,
    )
    return wish, work_for(creation)


async def make_longer(ask: Said, rest: str, bot: Bot) -> tuple[Wish, Work]:
    """Return the wish for a poem that is longer by a part, and the work."""
    creation = await creation_in(ask, rest, bot)
    if creation.genre is not Genre.POEM or creation.length >= MOST_CONTINUED:
        raise Explained(sentences.LONGEST_POEM)
    wish = Wish(Genre.POEM, voice=creation.voice, poem=creation)
    return wish, work_for(wish)


async def name_on_card(ask: Said, rest: str, bot: Bot) -> tuple[tuple[Creation, int], Work]:
    """Return a creation with the number of the name that its card shows, and the work: `/card CODE
    [number]`. Without a number, the card shows the first name.
    """
    code, _, number = rest.strip().partition(" ")
    creation = await creation_in(ask, code, bot)
    n = int(number) if number in map(str, range(creation.count)) else 0
    return (creation, n), work_for(creation, f"{creation.code} {n}")


async def card(ask: Said, found: tuple[Creation, int], bot: Bot) -> None:
    """Send the card of a creation, whoever asked for it. If the card cannot be drawn or sent, send
    its words, and say why.
    """
    creation, n = found
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
    except Explained as error:
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
