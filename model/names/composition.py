"""Names that consist wholly of known roots: which letters may come next, and how often a name is
accepted.

A line of the table is a root. It has the letters that the root may be in names, each with the
probability that a name with them is accepted, unless that is 1:

    acro- acr'
    saur- sauri-=0.8 sauro-=0.4 -saurus=0.3

x- stands before another root, x' before a root that begins with a vowel, -x at the end. Vowels that
link two roots belong to the letters before them. The table is complete: weights go on writing the
same names when roots are added or read otherwise (see `names.roots`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from model.network.layers import Mask

LINKS, VOWELS = frozenset("oi"), frozenset("aeiouy")
SHORTEST_BETWEEN = 5  # between two others, a root with fewer letters is there by chance
SHARE = 0.65  # of the names up to the usual temperature consist wholly of roots
# a whole name is given up when the letters that lead to no root have cost more nats than this
MOST_BARRED = 5.0
STATES = 10_000  # that are kept
_LATER, _ELIDED, _LINK = "-", "'", "+"

State = frozenset[str]
"""The readings of the last letters. Each is a begun root, with "-" before it unless the name begins
so. "'" stands for a root that must begin with a vowel, "+" for a link behind a person's letters."""


class Piece(NamedTuple):
    """Letters of the table: which root they are, and the probability that a name with them is
    accepted.
    """

    letters: str
    root: int
    chance: float


class Composition:
    """The roots of a version, and the share of its names that consists wholly of roots."""

    def __init__(self, roots: Iterable[str], characters: str, share: float | None = None) -> None:
        self.share = SHARE if share is None else share
        self._characters = characters
        self._pieces = dict(_pieces(roots))
        self._first = sorted(piece[:-1] for piece in self._pieces if piece[0] != _LATER)
        last = (piece[1:] for piece in self._pieces if piece[0] == _LATER)
        self._later = sorted(
            [*last, *(each for each in self._first if len(each) >= SHORTEST_BETWEEN)]
        )
        self.mask, self.after = lru_cache(STATES)(self._mask), lru_cache(STATES)(self._after)
        self._letters = lru_cache(STATES)(self._letters_of)

    def start(self, prefix: str) -> State:
        """Return the state after a person's first letters, whatever they are.

        A root may begin right after them.
        """
        state: State = frozenset(("",))
        for letter in prefix:
            state = self.after(state, letter)
        if not prefix:
            return state
        return state | ({_LATER} if prefix[-1] in VOWELS else {_ELIDED, _LINK})

    def way(self, name: str, prefix: str) -> tuple[Piece, ...]:
        """Return the fewest roots that make up a name, or what follows its prefix.

        No root is there twice, and the last is the longest that could be: Barrosaurus is no Barrosa
        with a tail, -urus.
        """
        ways = [way for way in self._ways(name, 0, least=2) if len(way) > 1]
        if prefix and (prefix[-1] in VOWELS or name[len(prefix)] in VOWELS):
            ways += self._ways(name, len(prefix))
        if prefix and prefix[-1] not in VOWELS and name[len(prefix)] in LINKS:
            ways += self._ways(name, len(prefix) + 1)
        ways = [way for way in ways if len({piece.root for piece in way}) == len(way)]
        return min((way for way in ways if way[-1:] == self.end(name)), key=len, default=())

    def end(self, name: str) -> tuple[Piece, ...]:
        ends = (self._pieces.get(_LATER + name[start:]) for start in range(len(name)))
        return tuple(islice(filter(None, ends), 1))

    def _ways(
        self, name: str, start: int, least: int = SHORTEST_BETWEEN
    ) -> Iterator[tuple[Piece, ...]]:
        if piece := self._pieces.get(_LATER + name[start:]):
            yield (piece,)
        for end in range(start + least, len(name)):
            for mark in (_LATER, _ELIDED) if name[end] in VOWELS else (_LATER,):
                if piece := self._pieces.get(name[start:end] + mark):
                    yield from ((piece, *others) for others in self._ways(name, end))

    def _mask(self, state: State) -> Mask:
        letters = {letter for piece in state for letter in self._letters(piece)}
        letters |= (
            {"\n"}
            if any(piece[:1] == _LATER and piece in self._pieces for piece in state)
            else set()
        )
        return np.array([character in letters for character in self._characters])

    def _after(self, state: State, letter: str) -> State:
        """Return the state after one more letter; empty if no root goes on so."""
        new = set[str]()
        for piece in state:
            if letter not in self._letters(piece):
                continue
            if piece == _LINK:
                new.add(_LATER)
                continue
            longer = (_LATER if piece == _ELIDED else piece) + letter
            new.add(longer)
            inner = longer.removeprefix(_LATER)
            if len(inner) >= SHORTEST_BETWEEN or inner == longer:
                new |= {mark for mark in (_LATER, _ELIDED) if inner + mark in self._pieces}
        return frozenset(new)

    def _letters_of(self, piece: str) -> frozenset[str]:
        if piece in (_LINK, _ELIDED):
            return LINKS if piece == _LINK else self._letters(_LATER) & VOWELS
        begun, roots = (
            piece.removeprefix(_LATER),
            self._later if piece[:1] == _LATER else self._first,
        )
        some = roots[bisect_left(roots, begun) : bisect_left(roots, begun + "\N{DEL}")]
        return frozenset(root[len(begun)] for root in some if root != begun)


def _pieces(roots: Iterable[str]) -> Iterator[tuple[str, Piece]]:
    for number, line in enumerate(sorted(roots)):
        for letters, _, chance in (each.partition("=") for each in line.split(" ")):
            yield letters, Piece(letters, number, float(chance or 1))
