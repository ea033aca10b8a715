"""Finds the known parts of a name, whose roots are mostly Greek and Latin.

If roots of data/roots.tsv and linking vowels make up a whole name, its parts are the fewest that
do. Otherwise its parts are the longest root that begins it and the longest that ends it, with
something unknown between or beside them. If two readings are equally good, a name has no parts:
nothing is guessed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from model.files import PROGRAM, read_table
from model.text.forms import LONGEST_NAME

LINKS = ("o", "i")  # one of these vowels may stand behind a root that ends in a consonant
SHORTEST_ELIDED = 3  # a root may lose its o if at least this many letters are left
SHORTEST_LATER = 3  # two letters are a root only at the beginning of a name, as in Eoraptor
SHORTEST_ALONE = (
    4  # beside something unknown, fewer letters may be there by chance, as -pus is in Galeamopus
)
_VOWELS = tuple("aeiouy")


@dataclass(frozen=True)
class Root:
    """A root: its forms in names, the word that it comes from, with its language, and what that
    word means.

    A form with "-" before it stands only at the end of a name, a form with "-" behind it only
    before something else. A form such as "acro-", of four letters or more, loses its final o before
    a vowel.
    """

    forms: tuple[str, ...]
    source: str
    meaning: str


@cache
def roots() -> tuple[Root, ...]:
    """Read the table, once. Raises TableError."""
    rows = read_table(PROGRAM / "data" / "roots.tsv", ("forms", "source", "meaning"))
    return tuple(Root(tuple(forms.split()), source, meaning) for forms, source, meaning in rows)


@dataclass(frozen=True)
class Part:
    """A root in a name, where it starts, and its letters with the vowel that links it to the next
    root.
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
    ways = [way for way in _ways(name, 0) if len(way) > 1]
    if not ways:
        return _outer_parts(name)
    fewest = min(map(len, ways))
    shortest = [way for way in ways if len(way) == fewest]
    readings = {tuple(part.root for part in way) for way in shortest}
    return shortest[0] if len(readings) == 1 else ()


def ends_of(names: Iterable[str]) -> Counter[Root]:
    """Return how many of the names end with each root."""
    return Counter(
        part.root for name in names for part in parts_of(name)[-1:] if part.end == len(name)
    )


def is_whole(name: str) -> bool:
    """Return whether two roots or more, and links, make up a name."""
    return len(name) <= LONGEST_NAME and any(len(way) > 1 for way in _ways(name, 0))


def _ways(name: str, start: int) -> Iterator[tuple[Part, ...]]:
    """Yield every way to make up the rest of a name from roots and links."""
    for part in _parts_at(name, start):
        if part.end == len(name):
            yield (part,)
        else:
            yield from ((part, *others) for others in _ways(name, part.end))


def _outer_parts(name: str) -> tuple[Part, ...]:
    """Return the longest root that begins a name and the longest that ends it; only the longer one
    if they overlap.
    """
    begins = [part for part in _parts_at(name, 0) if SHORTEST_ALONE <= part.end < len(name)]
    # Only after all letters of a root may something unknown follow.
    begins = [
        part
        for part in begins
        if part.letters[-1] in _VOWELS or f"{part.letters}-" in part.root.forms
    ]
    starts = range(1, len(name) - SHORTEST_ALONE + 1)
    ends = [part for start in starts for part in _parts_at(name, start) if part.end == len(name)]
    outer = (*begins[-1:], *ends[:1])
    if len(outer) < 2 or outer[0].end <= outer[1].start:
        return outer
    longest = max(len(part.letters) for part in outer)
    longer = tuple(part for part in outer if len(part.letters) == longest)
    return longer if len(longer) == 1 else ()


def _parts_at(name: str, start: int) -> Iterator[Part]:
    """Yield the roots that may stand at this position of a name, without and with a link."""
    table = _by_form()
    for end in range(start + (SHORTEST_LATER if start else 2), len(name) + 1):
        form, rest = name[start:end], name[end:]
        if root := table.get(form) or table.get(f"{form}-" if rest else f"-{form}"):
            yield Part(start, form, root)
            if form[-1] not in _VOWELS and rest[:1] in LINKS and len(rest) > 1:
                yield Part(start, form + rest[0], root)
        if (
            len(form) >= SHORTEST_ELIDED
            and rest[:1] in _VOWELS
            and (root := table.get(f"{form}o-"))
        ):
            yield Part(start, form, root)


@cache
def _by_form() -> dict[str, Root]:
    return {form: root for root in roots() for form in root.forms}
