"""Pictures to pass on: a dinosaur drawn from its name, and cards of names and verse.

bodies     tables: bodies, heads, legs, plates, colours, plants, and the words that choose
shapes     smooth paths, as SVG
creature   one dinosaur
scene      where it stands, with a person for scale
saying     how its name is said
card       the cards, as SVG
png        SVG to PNG
"""

import asyncio
import logging
from typing import NamedTuple

from bot.cards.card import name_card, verse_card
from bot.cards.png import png_of
from bot.chat import Explained
from bot.creations import Creation
from bot.words import layout, sentences
from bot.words.pieces import Message, Piece
from bot.writer import Text
from model.text.forms import Genre

logger = logging.getLogger(__name__)


class Card(NamedTuple):
    """A card: its picture, the name of its file, what stands below it, and its words."""

    png: bytes
    name: str
    caption: Message
    alt: str


async def card_of(creation: Creation, text: Text, n: int = 0, home: str = "") -> Card | None:
    """Return the card of verse, or of the name with a number; None if it has none. Raises
    Explained.

    `home` is where the code can be sent; it stands beside the code.
    """
    if not layout.has_card(creation, text, n):
        return None
    if creation.genre is Genre.DINO:
        return await card_of_name(text.texts[n], creation.code, home)
    own, rest = layout.verse(creation, text)
    svg = verse_card(
        own, rest, _address(home, creation.code), is_sonnet=creation.genre is Genre.SONNET
    )
    return await _card(svg, str(creation.genre), creation.code, own + rest)


async def card_of_name(name: str, code: str = "", home: str = "") -> Card:
    """Return the card of a name in letters from a to z. Raises Explained."""
    svg, words = await asyncio.to_thread(name_card, name, _address(home, code))
    return await _card(svg, name.lower(), code, words)


def _address(home: str, code: str) -> str:
    return " · ".join(filter(None, (home, code)))


async def _card(svg: str, name: str, code: str, alt: str) -> Card:
    try:
        png = await png_of(svg)
    except (OSError, TimeoutError) as error:
        logger.warning("A card could not be drawn: %s", error or "it took too long")
        raise Explained(sentences.NOT_DRAWN) from error
    file = f"{name}-{code}.png" if code else f"{name}.png"
    return Card(png, file, Message([Piece(code, "creation")]), alt)
