"""A creation: all that decides one answer.

Its version of the weights writes the same text from it, now and later.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal, get_args

from markupsafe import Markup

from bot.asks import Ask
from bot.chat import Button, Buttons, Explained
from bot.taboo import is_taboo
from bot.words import sentences
from model.text.forms import MAX_TEMPERATURE, Genre
from model.writing import requests

Mood = Literal["tame", "bold", "wild"]
MOODS: tuple[Mood, ...] = get_args(Mood)

SHARES: dict[Mood, float] = {"tame": 0.7, "bold": 1.0, "wild": 1.3}
"""Each mood's temperature, as a multiple of the bold one's."""
TEMPERATURES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""What "wilder" and "tamer" choose from.

A reader sees the difference of two neighbours; the last is nearly noise.
"""
MOST_CONTINUED = 3
"""How often a poem can be continued. A longer one would not fit into one message."""
ASIDE = 2**63
"""Turns from this number on belong to nobody's sequence: no count of requests gets that far."""

NOTHING = Markup()
CODE_CHARACTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l and o, which look like something else."""
CODE_LENGTH = 10
CODE = re.compile(f"[{CODE_CHARACTERS}]{{7}}(?:[{CODE_CHARACTERS}]{{3}})?")
"""Codes have ten characters; those that version 0.1 drew have seven."""
_CODE_ALONE = re.compile(rf"(?:#|https?://\S+[#=/]|t\.me/\S+=)?({CODE.pattern})", re.IGNORECASE)


@dataclass(frozen=True)
class Creation:
    """What is kept of an answer. `turn` counts from 0; `length` is how often a poem was continued.

    `voice` is the id of a custom voice. `before` is the code of the creation that the message
    showed before. The first `own_words` characters of the prompt are the person's; None means all
    of them.
    """

    code: str
    person: int
    genre: Genre
    version: str
    seed: int
    turn: int
    prompt: str
    temperature: float
    count: int = 1
    length: int = 0
    voice: str = ""
    before: str = ""
    own_words: int | None = None
    created: datetime = field(default_factory=partial(datetime.now, UTC))

    @property
    def parts(self) -> int:
        """How many parts the text has: 1, and 1 more for each time that it was continued."""
        return self.length + 1


@dataclass(frozen=True)
class Person:
    """Where somebody's sequence stands, what they like, and how many of their guesses were right in
    a row.
    """

    id: int
    seed: int
    dino_turns: int = 0
    poem_turns: int = 0
    mood: Mood = "bold"
    names: int = 1
    streak: int = 0


@dataclass(frozen=True)
class Wish:
    """What an ask wishes for. Without a count or a temperature, the person's settings decide.

    `poem` is the poem to continue. `before` is the creation that the message shows now. The answer
    takes a turn of `person`; None is the asker. With a `seed`, it is the first answer under that,
    and takes no turn. `opening` stands above the answer, once.
    """

    genre: Genre
    prompt: str = ""
    count: int | None = None
    temperature: float | None = None
    voice: str = ""
    before: Creation | None = None
    own_words: int | None = None
    poem: Creation | None = None
    person: int | None = None
    seed: int | None = None
    opening: Markup = NOTHING

    @property
    def parts(self) -> int:
        return self.poem.parts + 1 if self.poem else 1

    def creation(self, person: Person, code: str, version: str, bold: float) -> Creation:
        """Return the creation of somebody's next turn, or a longer poem.

        `bold` is the temperature of the bold mood.
        """
        before = self.before.code if self.before else ""
        if self.poem:
            length, now = self.poem.length + 1, datetime.now(UTC)
            return replace(self.poem, code=code, length=length, before=before, created=now)
        seed = person.seed
        turn = person.dino_turns if self.genre is Genre.DINO else person.poem_turns
        if self.seed is not None:
            seed, turn = self.seed, 0
        temperature = self.temperature
        if temperature is None:
            temperature = min(round(bold * SHARES[person.mood], 3), MAX_TEMPERATURE)
        count = (self.count or person.names) if self.genre is Genre.DINO else 1
        made = Creation(
            code, person.id, self.genre, version, seed, turn, self.prompt, temperature, count
        )
        return replace(made, voice=self.voice, before=before, own_words=self.own_words)

    def __post_init__(self) -> None:
        """Raise Explained for a prompt that the bot should not play with."""
        if is_taboo(self.poem.prompt if self.poem else self.prompt):
            raise Explained(sentences.TABOO)


def network_of(wanted: Wish | Creation) -> str:
    """Return the network that writes a text: "dino", "poem" or "voices/…"."""
    return f"voices/{wanted.voice}" if wanted.voice else str(wanted.genre.network)


def new_code(below: Callable[[int], int] = secrets.randbelow) -> str:
    """Draw a code that spells no taboo word, with `below(n)` for each number below n.

    It may be taken already.
    """
    while is_taboo(
        code := "".join(CODE_CHARACTERS[below(len(CODE_CHARACTERS))] for _ in range(CODE_LENGTH))
    ):
        pass
    return code


def code_in(text: str) -> str:
    """Return the code if a text is a code, perhaps with a #, or a link that ends in a code; else
    "".
    """
    found = _CODE_ALONE.fullmatch(text)
    return found[1].lower() if found else ""


def varied(creation: Creation, verb: str) -> Wish:
    """Return the wish of a button below a creation.

    Raises Explained if the button can do nothing there.
    """
    match verb:
        case "continue":
            if creation.length >= MOST_CONTINUED or creation.genre is not Genre.POEM:
                raise Explained(sentences.LONGEST_POEM)
            return Wish(
                Genre.POEM,
                voice=creation.voice,
                before=creation,
                poem=creation,
                person=creation.person,
            )
        case "another":
            temperature = creation.temperature
        case "wilder":
            temperature = next((step for step in TEMPERATURES if step > creation.temperature), 0.0)
            if not temperature:
                raise Explained(sentences.WILDEST)
        case _:
            temperature = next(
                (step for step in reversed(TEMPERATURES) if step < creation.temperature), 0.0
            )
            if not temperature:
                raise Explained(sentences.TAMEST)
    wish = Wish(creation.genre, creation.prompt, creation.count, temperature, creation.voice)
    return replace(wish, before=creation, own_words=creation.own_words, person=creation.person)


def is_theirs(creation: Creation, ask: Ask) -> bool:
    """Return whether somebody may press the buttons of a creation: theirs, or one of the group
    where they ask.
    """
    return creation.person in (ask.person, ask.chat.id)


def buttons_below(creation: Creation | None, ask: Ask, *, has_card: bool = True) -> Buttons:
    """Return the buttons below a creation: none if it is None, and the card alone if it is somebody
    else's.

    Every button keeps its place. One that can do nothing more says so when it is pressed.
    """
    if creation is None:
        return ()
    if not is_theirs(creation, ask):
        return [[Button.of(sentences.BUTTONS["card"], "card", creation.code)]] if has_card else ()
    is_poem = creation.genre is Genre.POEM
    rows = [["another", "wilder", "tamer", *["continue"] * is_poem]]
    rows += [[*["sonnet"] * (is_poem and not creation.voice), "details", *["card"] * has_card]]
    rows[1] += ["back"] if creation.before else []  # comes and goes, so it is the last
    return [
        [Button.of(sentences.BUTTONS[verb], verb, creation.code) for verb in row] for row in rows
    ]


def request_for(creation: Creation) -> requests.Request:
    """Return the decoder's request for a creation, the same now and later."""
    generator = requests.generator_for(creation.seed, creation.turn)
    sampling = requests.Sampling(creation.temperature)
    if creation.genre is Genre.SONNET:
        return requests.SonnetRequest(generator, creation.prompt, sampling)
    if creation.genre is Genre.DINO:
        return requests.NameRequest(generator, creation.count, creation.prompt, sampling)
    # as the same numbers are drawn, a longer poem begins with the whole shorter one
    return requests.VerseRequest(generator, creation.prompt, sampling, creation.parts)


def line_request_for(creation: Creation) -> requests.LineRequest:
    """Return the request for the rest of a sonnet's first line."""
    generator = requests.generator_for(creation.seed, creation.turn)
    sampling = requests.Sampling(creation.temperature)
    return requests.line_request(generator, creation.prompt, sampling)
