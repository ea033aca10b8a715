"""Pictures to pass on. There are none yet."""

from typing import NamedTuple

from markupsafe import Markup

from bot.creations import Creation
from bot.writer import Text


class Card(NamedTuple):
    """A card: its picture, the name of its file, what stands below it, and its words."""

    png: bytes
    name: str
    caption: Markup
    alt: str


async def card_of(_creation: Creation, _text: Text, _n: int = 0) -> Card | None:
    """Return a card, or None if there is none."""
    return None
