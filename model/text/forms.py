"""The two forms of text, and the networks that write them."""

from enum import StrEnum
from typing import Literal

Form = Literal["names", "verse"]
FORMS: tuple[Form, ...] = ("names", "verse")


class Network(StrEnum):
    """The name of a network, as people ask for it."""

    DINO = "dino"
    POEM = "poem"

    @property
    def form(self) -> Form:
        """What it writes."""
        return "names" if self is Network.DINO else "verse"
