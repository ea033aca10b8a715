"""The Greek and Latin roots of names, and the parts of a name that is certain to be made of them.

The roots are in data/roots.tsv. A name is taken apart only if roots and linking vowels make up all of it, and only one
way to do so is the shortest. So most invented names have no parts here, and no part is guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from model.files import PROGRAM, read_table

LINKS = ("", "o", "i")
"""What may stand between two roots. A root that ends in a vowel needs no link."""
SHORTEST_ELIDED = 3
"""A root may lose its o if at least this many letters are left."""
_VOWELS = "aeiouy"


@dataclass(frozen=True)
class Root:
    """A root: its forms in names, the word that it comes from, with its language, and what that word means.

    A form with "-" before it stands only at the end of a name, a form with "-" behind it only at the beginning. A
    beginning that has four letters or more and ends in an o loses the o before a vowel.
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
    """A root of a name, and the form that it has there."""

    form: str
    root: Root


def parts_of(name: str) -> tuple[Part, ...]:
    """Return the two or more parts of a name in lower case; empty if it is not certain what they are.

    Of several ways to take a name apart, the way with the fewest parts is right: ceratops is one part, not cerat and
    ops. If two ways have the fewest parts, nothing is certain.
    """
    by_roots = {tuple(part.root for part in way): way for way in _ways(name, is_first=True) if len(way) > 1}
    ways = sorted(by_roots.values(), key=len)
    if not ways or (len(ways) > 1 and len(ways[1]) == len(ways[0])):
        return ()
    return ways[0]


def explained(name: str) -> str:
    """Return the parts of a name with their meanings, such as "onych-, claw + -odon, tooth"; or "" if not certain."""
    parts = parts_of(name.lower())
    last = len(parts) - 1
    marked = (f"{'-' * (n > 0)}{part.form}{'-' * (n < last)}, {part.root.meaning}" for n, part in enumerate(parts))
    return " + ".join(marked)


def _ways(rest: str, *, is_first: bool) -> Iterator[tuple[Part, ...]]:
    """Yield every way to make up the rest of a name from roots and links."""
    for end in range(2, len(rest) + 1):
        for root in _roots_written(rest[:end], rest[end : end + 1], is_first=is_first):
            part = Part(rest[:end], root)
            if end == len(rest):
                yield (part,)
                continue
            for link in LINKS if rest[end - 1] not in _VOWELS else ("",):
                if rest.startswith(link, end):
                    yield from ((part, *others) for others in _ways(rest[end + len(link) :], is_first=False))


def _roots_written(form: str, following: str, *, is_first: bool) -> Iterator[Root]:
    """Yield the roots that a form stands for at this position of a name, before the letter that follows."""
    table = _by_form()
    yield from table.get(form, ())
    if is_first and following:
        yield from table.get(f"{form}-", ())
    if is_first and len(form) >= SHORTEST_ELIDED and following and following in _VOWELS:
        yield from table.get(f"{form}o-", ())
    if not following and not is_first:
        yield from table.get(f"-{form}", ())


@cache
def _by_form() -> dict[str, list[Root]]:
    table: dict[str, list[Root]] = {}
    for root in roots():
        for form in root.forms:
            table.setdefault(form, []).append(root)
    return table
