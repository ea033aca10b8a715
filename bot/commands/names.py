"""New names, of dinosaurs or in a custom voice: `/dino [voice:name] [how many] [first letters]`,
and what is offered to somebody who types inline.
"""

import re
import unicodedata
from dataclasses import replace
from typing import NamedTuple

from anyascii import anyascii

from bot.answering import answer, say_with_card
from bot.app import Bot
from bot.asks import Said, Typed, voice_in
from bot.cards import card_of_name
from bot.cards.biography import true_facts
from bot.cards.bodies import REAL
from bot.chat import Button, Explained, Offer
from bot.commands.voices import voice_of_form
from bot.creations import ASIDE, Wish, network_of
from bot.limits import Work
from bot.taboo import is_taboo
from bot.words import layout, sentences
from bot.words.pieces import NOTHING, Message, Piece
from model.files import PROGRAM, read_table
from model.names.roots import parts_of
from model.text.forms import Genre
from model.text.sources import fossils
from model.weights.checkpoint import Checkpoint

MOST = 10
OFFERED = 5
LONGEST_PREFIX, LONGEST_NAME = 20, 40
SHORTEST_WORD = 4
"""Fewer letters are the beginning of a name, as are letters with a hyphen or dots behind them."""
LONG_END = 6
"""A typed word may end with so long a root only if it is meant as a name."""
INNER = "'’-"
"""These may stand in a word."""
_BEGUN = re.compile(r"(?:-|\.{2,}|…)\s*\Z")
_EMOJI = re.compile(r":(\w+):")
SHORTEST_BEGINNING, LONGEST_WHOLE = 3, 8
"""Names like a real one share its first letters, at least 3. They may share all of a real one that
has up to 8 letters."""
FIRST_NAMES = dict(read_table(PROGRAM / "data" / "first_names.tsv", ("name", "latin")))
"""The usual Latin spelling of names that `anyascii` would spell otherwise."""


NAME_CARD = Work(cost=1.0)


class NameCard(NamedTuple):
    """The card of a name that is no creation. The name may begin with a word."""

    name: str
    word: str = ""


async def names_or_card(_ask: Said, rest: str, bot: Bot) -> Wish | NameCard:
    """Return the wish for new names, or the card of a real dinosaur, if somebody names one. A
    number and first letters come in any order.

    A word with a digit in it is meant as a number, so `1e9` is too many, and not a name that begins
    with E.
    """
    real = "".join(rest.lower().split())
    if real in REAL or real == "mangosaurus":
        return NameCard(real)
    name, rest = voice_in(rest, anywhere=True)
    voice = (await voice_of_form(name, "names", bot)).id if name is not None else ""
    words = rest.split()
    numbers = [word for word in words if any(map(str.isdigit, word))]
    letters = " ".join(word for word in words if word not in numbers)
    wish = Wish(Genre.DINO, count=_count(" ".join(numbers)) if numbers else 1, voice=voice)
    if letters:
        wish = named(wish, letters, await bot.shelf.current(network_of(wish)))
    return wish


async def dino(ask: Said, asked: Wish | NameCard, bot: Bot) -> None:
    """Send new names, or the card of a real dinosaur with facts."""
    if isinstance(asked, NameCard):
        await send_name_card(ask, asked, bot)
    else:
        await answer(ask, asked, bot)


async def wish_inline(_ask: Typed, text: str, bot: Bot) -> Wish:
    """Return the wish for five names that begin with a word: `@bot mango`, in any chat."""
    if is_taboo(text):
        raise Explained(sentences.TABOO)
    wish = Wish(Genre.DINO, count=OFFERED)
    return named(wish, text, await bot.shelf.current(network_of(wish))) if text.strip() else wish


async def offer(ask: Typed, wish: Wish, bot: Bot) -> None:
    """Offer names to somebody who types inline.

    Offers depend on the person's seed but stand outside the person's sequence: typing takes no
    turn, and the same words give the same offers again. Offers are not kept: the message that is
    sent has a link to the card of its name.
    """
    checkpoint = await bot.shelf.current(network_of(wish))
    person = await bot.store.person(ask.person)
    usual = checkpoint.description.temperature
    creation = replace(wish.creation(person, "", checkpoint.version, usual), turn=ASIDE)
    written = await bot.shelf.write(creation)
    offers = []
    for name in written.texts:
        if not is_taboo(name):
            of_name = name, wish.prompt, wish.word
            link = Message([Piece(f"/{layout.link_of_name(*of_name)}", "opening")])
            note = str(layout.meaning(*of_name)) or sentences.NEW
            offers.append(Offer(name.capitalize(), note, layout.explained(*of_name) + "\n" + link))
    await ask.chat.offer(offers)


async def name_card_in(_ask: Said, text: str, _bot: Bot) -> NameCard:
    """Return the card that somebody wants: `/name mangosaurus` or, behind a word, `/name
    pizzadon-pizza`, as links in sent offers say it.
    """
    name, _, word = text.strip().lower().replace("-", " ").partition(" ")
    is_plain = name.isascii() and name.isalpha() and len(name) <= LONGEST_NAME
    if not is_plain or not name.startswith(word) or is_taboo(name):
        raise Explained(sentences.CARD_OF_WHAT)
    return NameCard(name, word)


async def send_name_card(ask: Said, asked: NameCard, bot: Bot) -> None:
    """Send the card of a name with what it means; of a real dinosaur, with facts."""
    name, word = asked
    card = card_of_name(name, bot.username, bot.drawings, word)
    message = layout.explained(name, word, word)
    buttons = [[Button(sentences.A_DINOSAUR, "/dino")]]
    if name in REAL:
        message += "\n" + true_facts(name)
        buttons = [[Button(sentences.LIKE_IT, f"/dino 1 {name}")]]
    if name == "mangosaurus":
        message = sentences.ITSELF
    await say_with_card(ask, card, message, buttons, bot, buttons)


def named(wish: Wish, text: str, checkpoint: Checkpoint) -> Wish:
    """Return a wish for names with what somebody typed: a word, the beginning of a name, which the
    network completes, or a real name, whose like they want. A custom voice completes everything.
    Of an invented Pizzasaurus, the word is pizza.
    """
    prefix = _prefix(text, checkpoint, wish.voice)
    if wish.voice:
        return replace(wish, prompt=prefix)
    word = as_typed(text)
    beginning, opening = beginning_like(prefix, checkpoint)
    if not beginning and (shorter := _without_end(prefix, LONG_END)):
        prefix = word = shorter
    if len(prefix) < SHORTEST_WORD or beginning not in ("", prefix) or _BEGUN.search(text):
        word = ""
    return replace(wish, prompt=beginning or prefix, word=word, opening=opening)


def as_typed(text: str) -> str:
    """Return the words of a text without digits, marks and emoji; of emoji alone, their names."""
    categories = ((each, unicodedata.category(each)[0]) for each in text)
    kept = "".join(each if is_in in "LM" or each in INNER else " " for each, is_in in categories)
    if not any(map(str.isalpha, kept)):
        kept = " ".join(_EMOJI.findall(anyascii(text))).replace("_", " ")
    return " ".join(filter(None, (word.strip(INNER) for word in kept.split())))


def latin(word: str) -> str:
    """Return words in Latin letters: Ольга is Olga. Emoji, digits and marks are left out, unless
    there is nothing else than emoji.
    """
    letters = unicodedata.normalize("NFC", as_typed(word)).lower()
    letters = "".join(each for each in letters if each != " " and each not in INNER)
    return "".join(filter(str.isalpha, anyascii(FIRST_NAMES.get(letters, letters))))


def beginning_like(name: str, checkpoint: Checkpoint) -> tuple[str, Message]:
    """Return the beginning of names like a real one, and a sentence that says what the real one is.
    Both are empty if the name is that of no extinct animal.

    For mangosaurus, the beginning is "mango", as the real name ends with a known part. If a name
    ends with none, the beginning is its first half, or the whole of a short one.
    """
    is_dinosaur = name in checkpoint.known_names
    what = fossils().get(name) or (sentences.DINOSAUR if is_dinosaur else "")
    if not what:
        return "", NOTHING
    half = name[: (len(name) + 1) // 2] if len(name) > LONGEST_WHOLE else name
    beginning = _without_end(name) or half
    opening = sentences.REAL.format(name.capitalize(), what, beginning.capitalize())
    return beginning, opening + "\n\n"


def _without_end(name: str, shortest: int = 1) -> str:
    """Return a name without the known part that ends it, if that has at least so many letters;
    otherwise "".
    """
    for part in parts_of(name)[-1:]:  # none, if no part is known
        is_end = part.end == len(name) and len(part.letters) >= shortest
        if is_end and part.start >= SHORTEST_BEGINNING:
            return name[: part.start]
    return ""


def _count(word: str) -> int:
    """Return the number that a word writes, in digits of any script: ٣ is 3. Raises Explained."""
    if not (word.isdecimal() and len(word) < 10 and 1 <= int(word) <= MOST):
        raise Explained(sentences.HOW_MANY.format(MOST))
    return int(word)


def _prefix(word: str, checkpoint: Checkpoint, voice: str = "") -> str:
    """Return first letters as the network writes them. For dinosaurs, they may be of any script."""
    prefix = checkpoint.vocabulary.fold(word if voice else latin(word)).strip()
    if not 1 <= len(prefix) <= LONGEST_PREFIX:
        refusal = sentences.VOICE_LETTERS if voice else sentences.FIRST_LETTERS
        raise Explained(refusal.format(sentences.cut(word, 40), LONGEST_PREFIX))
    if is_taboo(prefix):
        raise Explained(sentences.TABOO)
    return prefix
