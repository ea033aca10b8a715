"""A creation: all that decides one answer.

From a creation, its version of the weights writes the same text, now and later.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from bot.taboo import is_taboo
from bot.words.pieces import NOTHING, Message
from model.text.forms import Genre, Network
from model.writing import requests

TEMPERATURES = (0.3, 0.4, 0.55, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""What "wilder" chooses from.

A reader sees the difference between two neighbours; the last one gives nearly noise.
"""
MOST_CONTINUED = 3
"""How often a poem can be continued. A longer one would not fit into one message."""
NETWORKS = (Network.DINO, Network.POEM)
"""The networks that everybody can ask for without naming a voice."""
NOBODY = 0
"""The person of a creation that is the same for everybody."""
ASIDE = 2**63
"""Texts outside every sequence have turns from here on. No sequence gets so far."""

CODE_CHARACTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l and o, which look like one another."""
CODE_LENGTH = 10
CODE = re.compile(rf"(?=[a-z]*[0-9])[{CODE_CHARACTERS}]{{{CODE_LENGTH}}}")
"""A code has a digit, so that no word is a code."""
_CODE_ALONE = re.compile(
    rf"(?:#|code\s+|https?://\S+[#=/]|t\.me/\S+=)?({CODE.pattern})", re.IGNORECASE
)


@dataclass(frozen=True)
class Creation:
    """What is kept of an answer. `turn` counts from 0; `length` is how often a poem was continued.

    `voice` is the id of a custom voice. The first `own_words` characters of the prompt are the
    person's. `word` is the word that names begin with, as the person typed it; the prompt has its
    letters. Without a word, the network completes the prompt.
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
    own_words: int = 0
    word: str = ""
    created: datetime = field(default_factory=partial(datetime.now, UTC))

    @property
    def parts(self) -> int:
        """How many parts the text has: 1, and 1 more for each time that it was continued."""
        return self.length + 1

    @property
    def first_name(self) -> str:
        """The first name whose dinosaur this is, the same for everybody; "" for all others."""
        return "" if self.person != NOBODY else self.word or self.prompt.capitalize()


@dataclass(frozen=True)
class Text:
    """What a request became: names, or all of a poem or sonnet that stands behind a person's words.

    `has_capitals` says that the network writes capitals by itself.
    """

    texts: tuple[str, ...]
    has_capitals: bool = False


@dataclass(frozen=True)
class Person:
    """Where somebody's sequence stands. `streak` is how many days in a row they have finished a
    round, and `played` the last of these days, counted from the year 1.
    """

    id: int
    seed: int
    dino_turns: int = 0
    poem_turns: int = 0
    streak: int = 0
    played: int = 0


@dataclass(frozen=True)
class Wish:
    """What an ask wishes for. If `temperature` is None, the usual temperature of the weights is
    used.

    `poem` is the poem to continue. If `own_words` is None, the whole prompt is the person's.
    `opening` stands above the answer, once.
    """

    genre: Genre
    prompt: str = ""
    count: int = 1
    temperature: float | None = None
    voice: str = ""
    own_words: int | None = None
    word: str = ""
    poem: Creation | None = None
    opening: Message = NOTHING

    @property
    def parts(self) -> int:
        return self.poem.parts + 1 if self.poem else 1

    def creation(self, person: Person, code: str, version: str, temperature: float) -> Creation:
        """Return a creation for somebody's next turn, or their longer copy of `poem`.

        `temperature` is the usual temperature of the weights.
        """
        if self.poem:
            return replace(
                self.poem,
                code=code,
                person=person.id,
                length=self.poem.length + 1,
                created=datetime.now(UTC),
            )
        turn = person.dino_turns if self.genre is Genre.DINO else person.poem_turns
        return Creation(
            code,
            person.id,
            self.genre,
            version,
            person.seed,
            turn,
            self.prompt,
            temperature if self.temperature is None else self.temperature,
            self.count,
            voice=self.voice,
            own_words=len(self.prompt) if self.own_words is None else self.own_words,
            word=self.word,
        )


def network_of(wanted: Wish | Creation) -> str:
    """Return the network that writes a text: "dino", "poem", or the id of a voice."""
    return wanted.voice or str(wanted.genre.network)


def new_code(below: Callable[[int], int] = secrets.randbelow) -> str:
    """Draw a code that spells no taboo word. `below(n)` draws a number below n.

    The code may be taken already.
    """
    while True:
        code = "".join(CODE_CHARACTERS[below(len(CODE_CHARACTERS))] for _ in range(CODE_LENGTH))
        if CODE.fullmatch(code) and not is_taboo(code):
            return code


def code_in(text: str) -> str:
    """Return the code in a text that has nothing else but a # or the word "code" before it, or a
    link that ends in it. Return "" for any other text.
    """
    found = _CODE_ALONE.fullmatch(text)
    return found[1].lower() if found else ""


def wilder(temperature: float) -> float | None:
    """Return the next higher temperature, or None after the highest."""
    return next((step for step in TEMPERATURES if step > temperature), None)


def request_for(creation: Creation) -> requests.Request:
    """Return the decoder's request for a creation, the same now and later."""
    generator = requests.generator_for(creation.seed, creation.turn)
    sampling = requests.Sampling(creation.temperature)
    if creation.genre is Genre.SONNET:
        return requests.SonnetRequest(generator, creation.prompt, sampling)
    if creation.genre is Genre.DINO:
        return requests.NameRequest(
            generator, creation.count, creation.prompt, sampling, is_word=bool(creation.word)
        )
    # as the same numbers are drawn, a longer poem begins with the whole shorter one
    return requests.VerseRequest(generator, creation.prompt, sampling, creation.parts)
