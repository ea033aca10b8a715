"""The two forms of text, and the networks that write them."""

from enum import StrEnum
from typing import Literal

Form = Literal["names", "verse"]
FORMS: tuple[Form, ...] = ("names", "verse")


class Network(StrEnum):
    """A network, by the name that people ask for."""

    DINO = "dino"
    POEM = "poem"

    @property
    def form(self) -> Form:
        """The form that this network writes."""
        return "names" if self is Network.DINO else "verse"
