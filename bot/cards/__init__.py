"""Pictures to pass on: a dinosaur drawn from its name, and cards of names and verse.

bodies     tables: bodies, heads, legs, plates, colours, plants, and the words that choose them
shapes     smooth paths, as SVG
creature   one dinosaur
scene      a dinosaur in its world, with a person for scale
subject    what the words on a card are about
biography  a line about a dinosaur's life
saying     how a name is said
card       the cards, as SVG
png        SVG to PNG
"""

from functools import partial

from bot.cards.card import name_card, names_card, verse_card
from bot.cards.png import Drawings
from bot.cards.subject import FORMS
from bot.chat import Picture
from bot.creations import Creation
from bot.words import layout
from bot.words.font import drawable
from bot.words.pieces import link_to
from model.text.forms import Genre


def card_of(creation: Creation, n: int, username: str, drawings: Drawings) -> Picture | None:
    """Return the card of a creation, or None if it has no card. The card shows the verse, all names
    if they are in a voice, or else name number `n`.

    At its foot stand a link to the bot, and the code of the creation.
    """
    if layout.why_no_card(creation, n):
        return None
    source = f"{source_of(username)} · {creation.code}"
    name = str(creation.genre)  # in the name of the file
    if creation.genre is not Genre.DINO:
        own, rest = map(drawable, layout.verse(creation))
        card = partial(verse_card, own, rest, source, is_sonnet=creation.genre is Genre.SONNET)
    elif creation.voice:
        names = drawable(str(layout.shown(creation))).split("\n")
        card = partial(names_card, names, source)
    else:
        name = creation.names[n].lower()
        means = str(layout.meaning(name, creation.prompt, creation.word))
        is_person, typed = bool(creation.first_name), creation.first_name or creation.word
        if creation.prompt in FORMS:  # a short word is no `word`, but may be an entry
            typed = typed or creation.prompt.capitalize()
        card = partial(name_card, name, source, means, typed, is_person=is_person)
    key = f"{creation.code} {n}"
    draw = partial(drawings.draw_once, key, card)
    return Picture(key, f"{name}-{creation.code}.png", draw, is_kept=bool(creation.first_name))


def card_of_name(name: str, username: str, drawings: Drawings, word: str = "") -> Picture:
    """Return the card of a name that is no creation, in letters from a to z. It may begin with a
    word.
    """
    means = str(layout.meaning(name, word, word))
    card = partial(name_card, name, source_of(username), means, word)
    key = f"{name} {word}".rstrip()
    return Picture(key, f"{name}.png", partial(drawings.draw_once, key, card), is_kept=True)


def source_of(username: str) -> str:
    """Return what a card names as its source: a link to the bot, if it has a name on Telegram."""
    return link_to(username) if username else "Mangosaurus"
