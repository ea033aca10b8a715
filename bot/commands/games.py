"""`/me`, one dinosaur for all people with the same first name, and `/today`, a round that is the
same for everybody: five times one real dinosaur among three invented ones.
"""

import asyncio
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from bot.answering import say_with_card, show
from bot.app import Bot
from bot.asks import LONGEST_LINE, Said
from bot.cards import card_of_name
from bot.cards.biography import true_facts
from bot.cards.bodies import REAL
from bot.chat import Button, Buttons, Explained, Failed
from bot.commands.names import LONGEST_PREFIX, as_typed, latin
from bot.commands.people import check_private
from bot.creations import ASIDE, NOBODY, Creation, new_code
from bot.limits import CHATTER
from bot.store import NEW_SEEDS, QUESTIONS
from bot.taboo import is_taboo
from bot.words import layout, sentences
from bot.words.pieces import NOTHING, Message
from model.files import PROGRAM
from model.names.rules import LONGEST, SHORTEST
from model.text.forms import USUAL_TEMPERATURE, Genre
from model.text.sources import fossils
from model.writing.requests import generator_for

FAMOUS = PROGRAM / "data" / "famous.txt"
NETWORK, TEMPERATURE = Genre.DINO.network, USUAL_TEMPERATURE["names"]
INVENTED, DRAWN = 3, 5
"""How many names of a question are made up. More are drawn, as some may be real or taboo."""
PRESSED = CHATTER._replace(cost=0.1)
"""A round costs as much as a text: half for its beginning, and this for each of five presses."""
TITLES = {"dr", "lady", "lord", "madam", "miss", "mr", "mrs", "ms", "prof", "professor", "sir"}


class Press(NamedTuple):
    """A button of a round, as its line says it: `/today DAY QUESTION CHOICE`."""

    day: int
    question: int
    choice: int


async def dinosaur_of(ask: Said, rest: str, bot: Bot) -> Creation:
    """Return the dinosaur of a first name, or else of the name in the person's profile.

    Only the name (in the network's letters) and the version decide the dinosaur.
    """
    weights = await bot.shelf.current(NETWORK)
    given = rest or ask.name
    if not given.strip():
        raise Explained(sentences.ME_WHO)
    words = [word for word in given.split() if any(map(str.isalpha, word))]  # no emoji
    names = {word: weights.vocabulary.fold(latin(word)).strip() for word in words}
    typed, name = next(
        (pair for pair in names.items() if pair[1] and pair[1] not in TITLES), ("", "")
    )
    # a longer name is refused below, because a search for taboo words in it would take long
    if len(name) <= LONGEST_PREFIX and (is_taboo(given[:LONGEST_LINE]) or is_taboo(name)):
        raise Explained(sentences.TABOO)
    if not 1 <= len(name) <= LONGEST_PREFIX:
        raise Explained(sentences.ME_NAME.format(sentences.cut(given.strip(), 40), LONGEST_PREFIX))
    word = as_typed(typed).replace(" ", "")
    number = int(sha256(f"{name} {weights.version}".encode()).hexdigest(), 16)
    return Creation(
        # the same code for everybody
        new_code(generator_for(int(weights.version, 16), number).integers),
        NOBODY,
        Genre.DINO,
        weights.version,
        number % NEW_SEEDS,
        0,
        name,
        TEMPERATURE,
        own_words=len(name),
        word=word[:1].upper() + word[1:],
    )


async def me(ask: Said, creation: Creation, bot: Bot) -> None:
    """Send the dinosaur of a first name. This takes no turn."""
    await bot.store.keep(creation)
    await show(ask, creation, bot)


async def press_in(ask: Said, rest: str, bot: Bot) -> Press | None:
    """Return the button that was pressed, or None for any other text, which asks for the round.
    Raises Explained if the question was answered before, or the round is over.
    """
    check_private(ask, "today")
    words = rest.split()
    if len(words) != 3 or not all(word.isdecimal() and len(word) < 8 for word in words):
        return None
    press = Press(*map(int, words))
    now = datetime.now(UTC)
    is_on = press.day == now.toordinal() or (press.day == now.toordinal() - 1 and now.hour == 0)
    if not is_on or press.question >= QUESTIONS or press.choice > INVENTED:
        raise Explained(sentences.ROUND_OVER)
    await _check_first(ask, press, bot)
    return press


async def today(ask: Said, press: Press | None, bot: Bot) -> None:
    """Answer a press, or else show the round of the day."""
    if press:
        await _answer_press(ask, press, bot)
        return
    day = datetime.now(UTC).toordinal()
    found = await bot.store.answered_questions(ask.person, day)
    opening = NOTHING if found else sentences.ROUND.format(_spoken(day)) + "\n\n"
    message, buttons = await _what_is_next(ask, day, found, bot)
    await ask.chat.say(opening + message, buttons)


async def _answer_press(ask: Said, press: Press, bot: Bot) -> None:
    """Say whether it was the real dinosaur, with its card, and go on with the round."""
    await _check_first(ask, press, bot)  # once more: two buttons may be pressed at once
    day, question, choice = press
    names, real = await _question(day, question, bot)
    found = await bot.store.press(ask.person, day, question, is_found=names[choice] == real)
    verdict = layout.verdict(names, real, true_facts(real), is_found=found[question])
    message, buttons = await _what_is_next(ask, day, found, bot)
    card = card_of_name(real, bot.username, bot.drawings)
    buttons_alone = [*buttons, [Button("card", f"/name {real}")]]
    await say_with_card(ask, card, verdict + "\n\n" + message, buttons, bot, buttons_alone)


async def _check_first(ask: Said, press: Press, bot: Bot) -> None:
    """Raise Explained if somebody has answered this question before."""
    found = await bot.store.answered_questions(ask.person, press.day)
    # an ask that came before a stop may have noted this press itself
    if press.question in found and not (ask.chat.note and ask.chat.note.is_left):
        raise Explained(sentences.ANSWERED[found[press.question]])


async def _what_is_next(
    ask: Said, day: int, found: dict[int, bool], bot: Bot
) -> tuple[Message, Buttons]:
    """Return the next question of a round, or the result of the round."""
    for question in range(QUESTIONS):
        if question not in found:
            names, _ = await _question(day, question, bot)
            buttons = [
                [Button(name.capitalize(), f"/today {day} {question} {n}")]
                for n, name in enumerate(names)
            ]
            return sentences.QUESTION.format(question + 1, QUESTIONS), buttons
    person = await bot.store.person(ask.person)
    result = layout.result(_spoken(day), found, person.streak)
    share = Button(sentences.SHARE, opens="today", words=str(result))
    return result + layout.results(await bot.store.results(day - 1)), [[share]]


def _spoken(day: int) -> str:
    """Return a day as people say it: 3 December."""
    return date.fromordinal(day).strftime("%d %B").lstrip("0")


async def _question(day: int, question: int, bot: Bot) -> tuple[list[str], str]:
    """Return the four names of a question in their order, and the real one.

    The names are the same for everybody: the released version invents the other three, even if
    another version is in use.
    """
    number = day * QUESTIONS + question
    if number in bot.questions:
        return bot.questions[number]
    released = await asyncio.to_thread(bot.shelf.files(NETWORK).released)
    version = released or (await bot.shelf.current(NETWORK)).version
    drawn = Creation("", NOBODY, Genre.DINO, version, number, ASIDE, "", TEMPERATURE, DRAWN)
    written = (await bot.shelf.write(drawn)).texts
    invented = [name for name in written if name not in fossils() and not is_taboo(name)]
    if len(invented) < INVENTED:
        raise Failed(sentences.NOT_WRITTEN, f"too few invented names for question {number}")
    # in turn, so that a real one comes again only after all the others
    turn, place = divmod(number, len(little_known()))
    real = little_known()[generator_for(turn, ASIDE + 1).permutation(len(little_known()))[place]]
    names = [real, *invented[:INVENTED]]
    # in an order that tells nothing
    names = [names[n] for n in generator_for(number, ASIDE + 2).permutation(len(names))]
    bot.questions[number] = names, real
    return names, real


@cache
def little_known() -> tuple[str, ...]:
    """Return the real dinosaurs that few people know, none longer or shorter than invented ones."""
    famous = FAMOUS.read_text(encoding="ascii").split()
    return tuple(
        name
        for name in REAL
        if name not in famous and SHORTEST <= len(name) <= LONGEST and not is_taboo(name)
    )
