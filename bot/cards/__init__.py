"""Pictures to pass on: a dinosaur drawn from its name, and cards of names and verse.

bodies     tables: bodies, heads, legs, plates, colours, plants, and the words that choose
shapes     smooth paths, as SVG
creature   one dinosaur
scene      where it stands, with a person for scale
biography  a line about its life
saying     how its name is said
card       the cards, as SVG
png        SVG to PNG, and the pictures that are kept
"""

from functools import cache, partial
from hashlib import sha256
from importlib import metadata

import fontpkg_eb_garamond

from bot.cards.card import name_card, verse_card, words_of
from bot.cards.png import Drawings
from bot.chat import Picture
from bot.creations import NOBODY, Creation
from bot.words import layout
from bot.writer import Text
from model.files import PROGRAM, ROOT
from model.text.forms import Genre

DECIDING = (
    *(
        (ROOT / folder, "*.py")
        for folder in ("bot/cards", "bot/words", "model/names", "model/text")
    ),
    *((PROGRAM / "data", name) for name in ("*.tsv", "dinos.txt", "fossils.txt")),
    (fontpkg_eb_garamond.ROOT / "files", "*"),
)
"""The files that decide the picture of a text."""


def card_of(
    creation: Creation, text: Text, n: int, username: str, drawings: Drawings
) -> Picture | None:
    """Return the card of verse, or of the name with a number; None if it has none.

    Beside the code, it says where the code can be sent: to the bot with this name.
    """
    if not layout.has_card(creation, text, n):
        return None
    home = f"t.me/{username} · {creation.code}" if username else creation.code
    if creation.genre is Genre.DINO:
        name = text.texts[n].lower()
        words = words_of(name)
        svg = partial(name_card, name, home)
    else:
        name = str(creation.genre)
        own, rest = layout.verse(creation, text)
        words = own + rest
        svg = partial(verse_card, own, rest, home, is_sonnet=creation.genre is Genre.SONNET)
    key = key_of(creation, n, username)
    png = partial(drawings.png, key, svg, keep=creation.person == NOBODY)
    return Picture(key, f"{name}-{creation.code}.png", words, png)


def key_of(creation: Creation, n: int, username: str) -> str:
    """Return what names a picture, before anything is written or drawn."""
    return f"{drawings_version()}.{creation.code}.{n}.{username}.png"


@cache
def drawings_version() -> str:
    """Return what changes whenever the same card may look different."""
    found = sha256(metadata.version("resvg-py").encode())
    for folder, names in DECIDING:
        for path in sorted(folder.glob(names)):
            found.update(path.read_bytes())
    return found.hexdigest()[:12]
