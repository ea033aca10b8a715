"""Cards: pictures of creations to pass on, as SVG."""

import re
from collections.abc import Iterator
from html import escape
from textwrap import wrap

from bot.cards.biography import INVENTED, REAL, SHARED, WRITTEN, biography
from bot.cards.creature import INK, Creature
from bot.cards.saying import said
from bot.cards.scene import HEIGHT as SCENE
from bot.cards.scene import world
from bot.cards.shapes import blade, fill, mixed, svg
from bot.words.layout import meaning
from model.text.sources import real_names
from model.text.vocabulary import is_latin

WIDTH, HEIGHT = 1080, 1350
PAPER, GREY, PERSON = "#fcf6ea", mixed(INK, "#fcf6ea", 0.4), "#9c4a2f"
_MARGIN = 70
_LETTER = 0.41
"""How wide a letter of the font is on average, as a share of its size."""
_INITIALS = (
    dict.fromkeys("IJ'’", 1.25) | dict.fromkeys("ACDGHKNOQRTUVXY", 2.4) | dict.fromkeys("MW", 2.9)
)
"""How wide each drop cap is, as a multiple of the size of other letters."""


def words_of(name: str) -> str:
    """Return what the card of a name says: how it is said, what it means, one line about the
    creature's life, and whether it is real.
    """
    return "\n".join(filter(None, (name.capitalize(), *_facts(name))))


def name_card(name: str, code: str) -> str:
    """Return the card of a name."""
    creature = Creature(name.lower())
    spoken, means, life, below = _facts(name)
    size = min(124, (WIDTH - 2 * _MARGIN) / len(name) / 0.44)
    drawn = _text(name.capitalize(), WIDTH / 2, 876, size, INK)
    colour = mixed(creature.paints["mark"], INK, 0.25)
    drawn += _text(escape(spoken), WIDTH / 2, 942, 46, colour, style="italic")
    y = 936
    for text, wide, size, colour, gap in ((means, 58, 36, GREY, 16), (life, 44, 52, INK, 34)):
        y += gap
        for row in _balanced(text, wide):
            y += size + 9
            drawn += _text(escape(row), WIDTH / 2, y, size, colour)
    return _card(world(name), drawn, below, code)


def verse_card(prompt: str, rest: str, code: str, *, is_sonnet: bool) -> str:
    """Return verse as a printed page: a person's words, then the network's."""
    lines, own = (prompt + rest).replace("'", "’").split("\n"), len(prompt)
    has_initial = is_sonnet and is_latin(lines[0][:1])
    longest = max(1.0, *map(_length, lines)) + 3 * has_initial
    size = min(52, (WIDTH - 2.6 * _MARGIN) / longest / _LETTER)
    step = min(size * 1.55, 1040 / len(lines))
    x, y = (WIDTH - longest * size * _LETTER) / 2, (HEIGHT - step * len(lines)) / 2 + size * 0.4
    drawn = ""
    for i, line in enumerate(lines):
        start = int(has_initial and i == 0)
        beside = size * _INITIALS.get(lines[0][:1], 1.8) if has_initial and i < 2 else 0
        if start:
            drawn += _text(
                escape(line[:1]), x, y + step, size * 2.9, PERSON if own else INK, "start"
            )
        mine = max(start, min(own, len(line)))
        rest = line[mine:].lstrip() if mine == start else line[mine:]
        words = f'<tspan fill="{PERSON}">{escape(line[start:mine].lstrip())}</tspan>{escape(rest)}'
        drawn += _text(words, x + beside, y + step * i, size, INK, "start")
        own -= len(line) + 1
    frame = f'x="36" y="36" width="{WIDTH - 72}" height="{HEIGHT - 72}" fill="none" stroke="{GREY}"'
    foot = (
        blade((540, 1232), (540 + u, 1232 - v), 20, 0.9) for u, v in ((-34, 34), (0, 52), (34, 34))
    )
    drawn += f"<rect {frame}/>{''.join(fill(toe, GREY, 0.5) for toe in foot)}"
    return _card("", drawn, SHARED if prompt else WRITTEN, code)


def _facts(name: str) -> tuple[str, str, str, str]:
    life = biography(Creature(name.lower()))
    below = REAL if name.lower() in real_names() else INVENTED
    return said(name), str(meaning(name)), life, below


def _length(line: str) -> float:
    """Return how many letters of average width are as long as a line."""
    wide = {"m": 1.9, "w": 1.8, "M": 2.2, "W": 2.4}
    return sum(
        wide.get(letter, 1.6 if letter.isupper() else 1.3 if letter > "\u02ff" else 0.95)
        for letter in line
    )


def _balanced(text: str, width: int) -> Iterator[str]:
    """Break text between its sentences if that makes up to three lines of at most such a width;
    else into as few lines as it needs, about equally long.
    """
    sentences = re.split(r"(?<=[.?!”]) (?=[A-Z“])", text)
    if len(sentences) < 4 and max(map(len, sentences)) <= width:
        return iter(sentences)
    rows = len(wrap(text, width))
    return iter(
        next(
            (lines for w in range(12, width) if len(lines := wrap(text, w)) == rows),
            wrap(text, width),
        )
    )


def _card(picture: str, drawn: str, below: str, code: str) -> str:
    """Return a card with a picture above the paper, or with paper alone."""
    top = SCENE if picture else 0
    foot = _text(escape(below), _MARGIN, HEIGHT - 56, 26, GREY, "start", "italic")
    foot += _text(escape(code), WIDTH - _MARGIN, HEIGHT - 56, 26, GREY, "end")
    paper = fill(f"M0 {top}H{WIDTH}V{HEIGHT}H0Z", PAPER)
    return svg(picture + paper + drawn + foot, 0, 0, WIDTH, HEIGHT)


def _text(
    text: str,
    x: float,
    y: float,
    size: float,
    colour: str,
    anchor: str = "middle",
    style: str = "normal",
) -> str:
    """Set a text in SVG, which may have marks of its own."""
    look = f'font-family="EB Garamond" font-size="{size:.1f}" font-style="{style}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {look}>{text}</text>'
