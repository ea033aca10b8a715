"""What is kept of people: their creations, preferences and trainings."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from model.text.forms import Genre

Mood = Literal["tame", "bold", "wild"]
MOODS: tuple[Mood, ...] = get_args(Mood)

LARGEST_SEED = 2**63 - 1
NEW_SEEDS = 10**9
"""The bot chooses seeds below this, so that people can read them out to each other."""
CODE_CHARACTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l and o, which look like something else."""
CODE_LENGTH = 7
CODE = re.compile(f"[{CODE_CHARACTERS}]{{{CODE_LENGTH}}}")


@dataclass(frozen=True)
class Creation:
    """All that decides one answer. With the same version of the weights, it gives the same text again."""

    code: str
    person_id: int
    genre: Genre
    version: str
    seed: int
    turn: int  # counted from 0
    prompt: str  # a line, word for word, or first letters
    temperature: float
    count: int = 1  # names
    length: int = 0  # how often a poem was continued
    voice: str = ""  # the id of the own voice that it is in
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def network(self) -> str:
        """The network that writes it."""
        return network_of(self.voice) if self.voice else self.genre.network


@dataclass(frozen=True)
class Preferences:
    """What a person likes: how daring texts are, and how many names `/dino` alone gives."""

    mood: Mood = "bold"
    names: int = 1


@dataclass(frozen=True)
class Training:
    """A training in progress, and the message that shows it. `last_words` say how it ended, until they are told."""

    network: str
    chat_id: int
    message_id: int
    key: str = ""
    last_words: str = ""


def network_of(voice: str) -> str:
    """Return the network of an own voice, by its id."""
    return f"voices/{voice}"


def new_seed() -> int:
    """Draw a seed for a new person."""
    return secrets.randbelow(NEW_SEEDS)


def new_code() -> str:
    """Draw a code, which may be taken."""
    return "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
