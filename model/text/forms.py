"""The two forms of text, the networks that write them, and what they can be asked for."""

from enum import StrEnum
from typing import Literal

Form = Literal["names", "verse"]
FORMS: tuple[Form, ...] = ("names", "verse")


class Network(StrEnum):
    """A network, by the name that people ask for."""

    DINO = "dino"
    POEM = "poem"  # reads words
    LETTERS = "letters"  # the same texts, letter by letter

    @property
    def form(self) -> Form:
        return "names" if self is Network.DINO else "verse"


class Genre(StrEnum):
    """A thing that people can ask for. The poem network writes poems and sonnets."""

    DINO = "dino"
    POEM = "poem"
    SONNET = "sonnet"
    LETTERS = "letters"

    @property
    def network(self) -> Network:
        return Network.POEM if self is Genre.SONNET else Network(self)


class Alphabet(StrEnum):
    """The characters that a text keeps: folded to lower case without accents, or its own."""

    FOLDED = "folded"
    OWN = "own"


MAX_TEMPERATURE = 5  # above this, texts are little more than noise
USUAL_TEMPERATURE: dict[Form, float] = {"names": 1.0, "verse": 0.85}
"""The defaults; the model cards say why they were chosen."""
LONGEST_NAME = 40  # characters, unless a known name has more. A network may never end a name.
