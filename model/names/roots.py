"""Finds the known parts of a name, whose roots are mostly Greek and Latin.

If roots of data/roots.tsv and linking vowels make up a whole name, it has the fewest parts that
are possible. If they do not, its parts are the longest root that begins it and the longest that
ends it. What is left between these is read in the same way, and so on; something unknown may
remain. If two readings are equally good, a name has no parts: nothing is guessed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from model.files import PROGRAM, read_table
from model.text.forms import LONGEST_NAME
from model.text.sources import real_names

LINKS, VOWELS = frozenset("oi"), frozenset("aeiouy")
LATER, ELIDED = "-", "'"
SHORTEST_ELIDED = 3  # a root may lose its o if at least this many letters are left
SHORTEST_LATER = 3  # two letters are a root only at the beginning of a name, as in Eoraptor
# beside something unknown, fewer letters may be there by chance, as -pus is in Galeamopus
SHORTEST_ALONE = 4

T = TypeVar("T")


@dataclass(frozen=True)
class Root:
    """A root: its forms in names, the word that it comes from, with its language, and what that
    word means.

    A form with "-" before it stands only at the end of a name. A form with "-" behind it stands
    only before something else. A form such as "acro-", of four letters or more, loses its final o
    before a vowel.
    """

    forms: tuple[str, ...]
    source: str
    meaning: str


@cache
def roots() -> tuple[Root, ...]:
    """Read data/roots.tsv, once. Raises TableError."""
    rows = read_table(PROGRAM / "data" / "roots.tsv", ("forms", "source", "meaning"))
    return tuple(Root(tuple(forms.split()), source, meaning) for forms, source, meaning in rows)


@dataclass(frozen=True)
class Part:
    """A root in a name: where it starts, and its letters. A vowel that links it to the next root is
    among them.
    """

    start: int
    letters: str
    root: Root

    @property
    def end(self) -> int:
        return self.start + len(self.letters)


def parts_of(name: str) -> tuple[Part, ...]:
    """Return the known parts of a name in lower case, in order; empty if it has none or two
    readings are equally good.

    The way with the fewest parts is right: ceratops is one part, not cerat and ops. A very long
    name has none.
    """
    if len(name) > LONGEST_NAME:
        return ()
    found = [way for way in ways(name, 0, _by_piece(), SHORTEST_LATER) if len(way) > 1]
    if not found:
        return _outer_parts(name, 0, len(name))
    fewest = min(map(len, found))
    shortest = [way for way in found if len(way) == fewest]
    readings = {tuple(root for _, root in way) for way in shortest}
    if len(readings) > 1:
        return ()
    ends = [*(start for start, _ in shortest[0][1:]), len(name)]
    return tuple(
        Part(start, name[start:end], root)
        for (start, root), end in zip(shortest[0], ends, strict=True)
    )


def ends_of(names: Iterable[str]) -> Counter[Root]:
    """Return how many of the names end with each root."""
    return Counter(
        part.root for name in names for part in parts_of(name)[-1:] if part.end == len(name)
    )


def is_whole(name: str) -> bool:
    """Return whether two roots or more, and links, make up a name."""
    found = ways(name, 0, _by_piece(), SHORTEST_LATER)
    return len(name) <= LONGEST_NAME and any(len(way) > 1 for way in found)


def pieces_of(form: str) -> list[str]:
    """Return the pieces that a form may be in names (see `names.composition`)."""
    letters, found = form.strip("-"), []
    if form[0] != "-":
        found.append(letters + LATER)
    if form[-1] != "-" and len(letters) >= SHORTEST_LATER:
        found.append(LATER + letters)
    return found


def linked_pieces_of(form: str) -> list[str]:
    """Return the pieces that a form becomes: with a linking vowel, as saur- becomes sauro-, or
    without its last o before a vowel, as acro- becomes acr'.
    """
    letters = form.strip("-")
    if form[0] != "-" and letters[-1] not in VOWELS:
        return [letters + link + LATER for link in sorted(LINKS, reverse=True)]
    if form.endswith("o-") and len(letters) > SHORTEST_ELIDED:
        return [letters[:-1] + ELIDED]
    return []


def ways(
    name: str, start: int, pieces: Mapping[str, Sequence[T]], between: int, least: int = 2
) -> Iterator[tuple[tuple[int, T], ...]]:
    """Yield every way to make up the rest of a name from roots, each with the place of its start.

    `pieces` has the roots of each piece. The first piece has at least `least` letters, and a piece
    between two others at least `between`.
    """
    for root in pieces.get(LATER + name[start:], ()):
        yield ((start, root),)
    for end in range(start + least, len(name)):
        for mark in _marks_before(name[end]):
            found = pieces.get(name[start:end] + mark, ())
            for others in ways(name, end, pieces, between, between) if found else ():
                yield from (((start, root), *others) for root in found)


def _marks_before(letter: str) -> tuple[str, ...]:
    """Return the marks that a piece may have before this letter."""
    return (LATER, ELIDED) if letter in VOWELS else (LATER,)


def _outer_parts(name: str, start: int, end: int) -> tuple[Part, ...]:
    """Return known parts of a name from `start` to `end`: the longest root that begins these
    letters, the longest that ends them, and so on between the two.
    """
    begun = [
        part
        for stop in range(end, start, -1)
        for part in _parts_at(name, start, stop)
        # A root that lost a letter before a vowel cannot stand before something unknown.
        if stop == end or name[stop - 1] in VOWELS or part.letters + LATER in part.root.forms
    ][:1]
    ended = [part for begin in range(start, end) for part in _parts_at(name, begin, end)][:1]
    start = max([start, *(part.end for part in begun)])
    end = min([end, *(part.start for part in ended)])
    between = _outer_parts(name, start, end) if begun or ended else ()
    return (*begun, *between, *ended)


def _parts_at(name: str, start: int, end: int) -> list[Part]:
    """Return the roots that the letters from `start` to `end` are; none if so few letters may be
    there by chance.

    In an invented name, one letter less is enough, because the letters have no other origin.
    """
    letters, is_inner = name[start:end], start > 0 and end < len(name)
    least = SHORTEST_ALONE + is_inner + (is_inner and letters[-1] in VOWELS)
    if start > 0 and name not in real_names():
        least -= 1
    if len(letters) < least or letters == name or (is_inner and start < 2):
        return []
    marked = [letters + mark for mark in _marks_before(name[end : end + 1])]
    if end == len(name):
        marked = [LATER + letters]
    return [Part(start, letters, root) for piece in marked for root in _by_piece().get(piece, ())]


@cache
def _by_piece() -> dict[str, list[Root]]:
    """Return the roots that each piece can be, those by their own forms first."""
    found: dict[str, list[Root]] = {}
    for read in (pieces_of, linked_pieces_of):
        for root in roots():
            for piece in (piece for form in root.forms for piece in read(form)):
                found.setdefault(piece, []).append(root)
    return found
