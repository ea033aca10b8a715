"""Cards: pictures of creations to pass on, as SVG."""

import re
from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import NamedTuple, TypeAlias

from bot.cards.biography import biography, true_facts
from bot.cards.creature import INK, Creature
from bot.cards.saying import pronunciation
from bot.cards.scene import HEIGHT as SCENE
from bot.cards.scene import world
from bot.cards.shapes import blade, fill, mixed, svg
from bot.cards.subject import NAMED, subject_of
from bot.words import sentences
from bot.words.font import letters, width
from model.text.sources import real_names

WIDTH, HEIGHT = 1080, 1350
PAPER, GREY, PERSON = "#fcf6ea", mixed(INK, "#fcf6ea", 0.4), "#9c4a2f"
_MARGIN = 70
_LOWEST = 1242
"""How far down the last line below a picture may stand."""
_HEAD, _FOOT, _MEASURE = 180, HEIGHT - 240, WIDTH - 200
"""The highest and the lowest place of verse on a page, and how wide it may be."""
_CAPITAL = 0.65
"""The height of capitals. Lengths on a page are in ems; an em is the size of the type."""
_INITIAL = re.compile(r"([“’«„¿¡(\[]?)(\d{1,2}(?!\d)|[^\W\d_])(?![\u0300-\u036f])")
"""A mark, if there is one, and the letter or the number that becomes an initial."""
_FRAME = "".join(
    f'<rect x="{side}" y="{side}" width="{WIDTH - 2 * side}" height="{HEIGHT - 2 * side}"'
    f' fill="none" stroke="{GREY}" stroke-width="{line}"/>'
    for side, line in ((30, 3), (40, 1))
) + "".join(
    fill(blade((x, y), (x + dx, y + dy), 11, 0.9), mixed(GREY, PAPER, 0.35))
    for x, y in ((404, 1186), (466, 1208), (528, 1186), (590, 1208), (652, 1186))
    for dx, dy in ((20, -17), (30, 0), (20, 17))
)
"""The frame of a page, and the footprints below its text."""
Card: TypeAlias = tuple[str, str]
"""A card as SVG, and its words."""


class _Row(NamedTuple):
    """A row of verse. The first `own` letters are a person's, or none if that is 0 or less."""

    text: str
    own: int
    size: float
    x: float
    y: float


def name_card(
    name: str, source: str, means: str, typed: str = "", *, is_person: bool = False
) -> Card:
    """Return the card of a name. The card says whose the name is ("Olga is") if a person was
    typed, how it is said, what it means, one thing about the creature's life, and whether it is
    real.
    """
    name = name.lower()
    creature = Creature(name, NAMED if is_person else subject_of(name, typed))
    whose = str(sentences.IS.format(typed)).rstrip() if is_person else ""
    means = means.replace("'", "’")
    life, below = biography(creature, typed), sentences.INVENTED
    if name in real_names():
        life, below = (  # no line breaks between a number and its unit
            re.sub(r"(?<=\d) (?=to|m)| (?=\d+ million)", "\u00a0", true_facts(name)),
            sentences.FOUND,
        )
    texts = (  # a text, the letters of its lines, its size, colour and style, and the space above
        (whose, 60, 50, GREY, "italic", 0),
        (name.capitalize(), 60, 124, INK, "normal", -31),
        (pronunciation(name), 90, 46, mixed(creature.paints["mark"], INK, 0.25), "italic", 25),
        (means, 58, 36, GREY, "normal", 14),
        (life, 44, 52, INK, "normal", 34),
    )
    rows, high = list[tuple[str, int, int, str, str]](), 0
    for text, wide, large, colour, style, above in texts:
        high += above
        for row in _in_lines(text, wide):
            high += large + 9
            rows.append((row, high, large, colour, style))
    fit = min(1, (_LOWEST - SCENE) / high)
    drawn = ""
    for row, down, large, colour, style in rows:
        size = min(large * fit, (WIDTH - 2 * _MARGIN) / width(row))
        drawn += _text(escape(row), WIDTH / 2, SCENE + down * fit, size, colour, style)
    words = filter(None, (*(text for text, *_ in texts), below))
    return _card(world(creature), drawn, below, source), "\n".join(words)


def verse_card(prompt: str, rest: str, source: str, *, is_sonnet: bool) -> Card:
    """Return a card with verse as a page of an edition: a person's words in colour, then the
    network's.

    An initial stands beside two rows, or rises from a row that is alone.
    """
    # with curly quotes, and blanks of one kind
    text = re.sub(r'(?<![^\s(—])"', "“", prompt + rest).replace('"', "”").replace("'", "’")
    text = re.sub(r"[^\S\n]", " ", text)
    own, at = len(prompt), len(text) - len(text.lstrip())
    found = _INITIAL.match(text, at)
    rows = _rows(text, own, found.end() if found else at, is_sonnet)
    if found:
        mark, letter = found.groups()
        letter = letter.upper() if letter.upper() in letters() else letter
        left, low, right = (number / 1000 for number in letters()[letter[-1]][1:])
        size = rows[0].size
        # the rows that make room for the initial: a third one, if it has a tail
        beside = [row for row in rows[: 3 if low < -0.1 else 2] if row.size == size]
        # it stands on the second row, or on the first one if that is alone
        base = beside[:2][-1].y
        large = base / _CAPITAL + size if base else 2.1 * size
        gap = 0.4 if text.startswith(" ", found.end()) else 0.15
        inset = (width(letter[:-1]) + right - left) * large + gap * size
        for i, row in enumerate(beside):
            rows[i] = row._replace(x=row.x + inset)
        rows.insert(0, _Row(letter, own - at, large, -left * large, base))
        rows.insert(0, _Row(mark, own - at, size, -(width(mark) + 0.1) * size, 0))
    title = sentences.A_SONNET if is_sonnet else sentences.A_POEM
    below = sentences.SHARED if prompt else sentences.WRITTEN
    return _page(title, rows, 58, below, source), prompt + rest


def names_card(names: Sequence[str], source: str) -> Card:
    """Return a card with names, one below the other."""
    widest = max(map(width, names))
    rows = [_Row(name, 0, 1.0, (widest - width(name)) / 2, 1.5 * i) for i, name in enumerate(names)]
    return _page(sentences.NAMES, rows, 130, sentences.WRITTEN, source), "\n".join(names)


def _rows(text: str, own: int, at: int, is_sonnet: bool) -> list[_Row]:
    """Return the lines of a text from its character `at` on, broken into rows. The first line is
    large, unless it is one of a sonnet's fourteen.
    """
    lines = text[at:].split("\n")
    # a first line that is none of the fourteen has a blank line below it
    is_plain = is_sonnet and "" not in lines[1:2]
    step = 1.8 if len(lines) < 9 else 1.5
    most = min(40, 16 + len(lines[0]) // 6)  # letters of a large row
    # a large line becomes, with its initial, as wide as the lines below
    widest = max(map(width, _balanced(lines[0], most)), default=0)
    large = max([15, *map(width, lines[1:])]) / (widest + 1.6)
    rows: list[_Row] = []
    y = 0.0
    for number, line in enumerate(lines):
        is_large = not rows and not is_plain
        size = max(1.15, min(1.8, large)) if is_large else 1.0
        if rows and rows[-1].size > size:
            y = rows[-1].y + 2.35  # a large row is above: stay below the tail of its Q or Ç
        # the couplet is indented
        x = 1.2 if is_sonnet and number > len(lines) - 3 else 0.0
        for piece in (_balanced(line, most) if is_large else wrap(line, 54)) or [""]:
            at = text.index(piece, at)
            rows.append(_Row(piece, own - at, size, x, y))
            at += len(piece)
            y += (1.16 * size if is_large else step) if piece else 0.7
            x = 0.0 if is_large else 1.5
    return rows


def _page(title: str, rows: Sequence[_Row], largest: float, below: str, source: str) -> str:
    """Return a page with a title and rows, in type as large as fits, and at most `largest`."""
    wide = max(1, *(row.x + width(row.text) * row.size for row in rows))
    top = min(row.y - _CAPITAL * row.size for row in rows)
    high = max(row.y for row in rows) - top
    em = min(largest, _MEASURE / wide, (_FOOT - _HEAD) / high)
    # the text stands a little above the middle
    left, first = (WIDTH - wide * em) / 2, _HEAD + 0.45 * (_FOOT - _HEAD - high * em) - top * em
    drawn = _FRAME + _text(f'<tspan letter-spacing="5">{title}</tspan>', WIDTH / 2, 112, 27, GREY)
    for words, own, size, x, y in rows:
        mine, rest = escape(words[: max(own, 0)]), escape(words[max(own, 0) :])
        marked = f'<tspan fill="{PERSON}">{mine}</tspan>{rest}'
        drawn += _text(marked, left + x * em, first + y * em, size * em, INK, anchor="start")
    return _card("", drawn, below, source)


def _in_lines(text: str, width: int) -> list[str]:
    """Return a text in lines: its sentences, if these are at most three lines, none of them too
    long or very short; otherwise, lines of about the same length.
    """
    parts = re.split(r"(?<=[.?!”]) (?=[A-Z“])", text)
    if len(parts) < 4 and all(7 < len(part) <= width for part in parts):
        return parts
    return _balanced(text, width)


def _balanced(text: str, width: int) -> list[str]:
    """Return a text in as few lines as the width allows, about equally long."""
    rows, longest = len(wrap(text, width)), max((12, *map(len, text.split())))
    found = (lines for w in range(longest, width) if len(lines := wrap(text, w)) == rows)
    return next(found, wrap(text, width))


def _card(picture: str, drawn: str, below: str, source: str) -> str:
    """Return a card with a picture above the paper; if the picture is "", with paper alone."""
    top = SCENE if picture else 0
    foot = _text(escape(below), _MARGIN, HEIGHT - 56, 26, GREY, "italic", "start")
    foot += _text(escape(source), WIDTH - _MARGIN, HEIGHT - 56, 26, GREY, anchor="end")
    paper = fill(f"M0 {top}H{WIDTH}V{HEIGHT}H0Z", PAPER)
    return svg(picture + paper + drawn + foot, 0, 0, WIDTH, HEIGHT)


def _text(
    text: str,
    x: float,
    y: float,
    size: float,
    colour: str,
    style: str = "normal",
    anchor: str = "middle",
) -> str:
    """Return a text in SVG. It may contain marks of SVG."""
    look = f'font-family="EB Garamond" font-size="{size:.1f}" font-style="{style}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {look}>{text}</text>'
