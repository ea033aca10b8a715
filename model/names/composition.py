"""Names that consist wholly of known roots: which letters may come next, and how often a name is
accepted.

Each line of the table is a root. It lists the pieces of names that are this root. A number behind a
piece is the probability that a name with this piece is accepted; without a number, it is 1:

    acro- acr'
    saur- sauri-=0.8 sauro-=0.4 -saurus=0.3

A piece x- stands before another root, x' before a root that begins with a vowel, and -x at the end.
A vowel that links two roots belongs to the piece before it. The table is in the file of the
weights. So they go on writing the same names when data/roots.tsv changes (see `names.roots`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from model.names.roots import ELIDED, LATER, LINKS, VOWELS, ways
from model.network.layers import Ids, Mask
from model.search import Nodes, UnfinishedLines

SHORTEST_BETWEEN = 5  # between two others, a root with fewer letters is there by chance
SHARE = 0.65  # up to the usual temperature, this share of the names consists wholly of roots
# A name that must consist wholly of roots is given up if the masks have cost more nats than this:
# the network would rather have written something else.
MOST_BARRED = 5.0
_LINK = "+"

State = frozenset[str]
"""The ways to read the last letters of a name. Each is the beginning of a root, with "-" before it
unless it begins the name. "'" stands for a root that must begin with a vowel, and "+" for a linking
vowel behind a person's letters."""


class Piece(NamedTuple):
    """A piece of the table, with the number of its root, and the probability that a name with it is
    accepted.
    """

    letters: str
    root: int
    chance: float


class Composition:
    """The roots of a checkpoint, as masks of names. The key of a node is a `State`."""

    def __init__(self, roots: Iterable[str], characters: str) -> None:
        self._characters = characters
        self._pieces = {piece.letters: (piece,) for piece in _pieces(roots)}
        self._first = sorted(letters[:-1] for letters in self._pieces if letters[0] != LATER)
        last = (letters[1:] for letters in self._pieces if letters[0] == LATER)
        self._later = sorted(
            [*last, *(each for each in self._first if len(each) >= SHORTEST_BETWEEN)]
        )
        self._letters = cache(self._letters_of)
        self.nodes = Nodes(len(characters), self._mask, self._after)

    def start(self, prefix: str) -> int:
        """Return the node after a person's first letters, whatever they are.

        A root may begin right after them.
        """
        state: State = frozenset(("",))
        for letter in prefix:
            state = self._after(state, self._characters.index(letter))
        if prefix:
            state |= {LATER} if prefix[-1] in VOWELS else {ELIDED, _LINK}
        return self.nodes.number(state)

    def allowed(self, lines: UnfinishedLines, _ends: None) -> Mask:
        return self.nodes.masks[lines.nodes]

    def step(self, lines: UnfinishedLines, ids: Ids, _ends: None) -> UnfinishedLines:
        return UnfinishedLines(self.nodes.step(lines.nodes, ids), *lines[1:])

    @property
    def ends(self) -> tuple[Piece, ...]:
        """The pieces that may end a name."""
        return tuple(piece for letters, (piece,) in self._pieces.items() if letters[0] == LATER)

    def way(self, name: str, prefix: str) -> tuple[Piece, ...]:
        """Return the fewest pieces that make up a name, or what follows its prefix; empty if none
        do.

        No root may be there twice, and the last must be the longest that ends the name: Barrosaurus
        is no Barrosa with a tail, -urus.
        """
        found = [way for way in self._ways(name, 0, least=2) if len(way) > 1]
        # A root may follow the person's letters, if a vowel ends them or begins the root.
        if prefix and (prefix[-1] in VOWELS or name[len(prefix)] in VOWELS):
            found += self._ways(name, len(prefix))
        # A vowel may link it to them.
        if prefix and prefix[-1] not in VOWELS and name[len(prefix)] in LINKS:
            found += self._ways(name, len(prefix) + 1)
        found = [way for way in found if len({piece.root for piece in way}) == len(way)]
        return min((way for way in found if way[-1:] == self.end(name)), key=len, default=())

    def end(self, name: str) -> tuple[Piece, ...]:
        """Return the longest piece that ends a name, as a tuple of one; empty if none does."""
        ends = (self._pieces.get(LATER + name[start:]) for start in range(len(name)))
        return next(filter(None, ends), ())

    def _ways(
        self, name: str, start: int, least: int = SHORTEST_BETWEEN
    ) -> Iterator[tuple[Piece, ...]]:
        for way in ways(name, start, self._pieces, SHORTEST_BETWEEN, least):
            yield tuple(piece for _, piece in way)

    def _mask(self, state: State) -> Mask:
        letters = {letter for begun in state for letter in self._letters(begun)}
        if any(begun[:1] == LATER and begun in self._pieces for begun in state):
            letters.add("\n")
        return np.array([character in letters for character in self._characters])

    def _after(self, state: State, character: int) -> State:
        """Return the state after one more letter; empty if no root goes on with it."""
        letter, new = self._characters[character], set[str]()
        for begun in state:
            if letter not in self._letters(begun):
                continue
            if begun == _LINK:
                new.add(LATER)
                continue
            longer = (LATER if begun == ELIDED else begun) + letter
            new.add(longer)
            inner = longer.removeprefix(LATER)
            # Here the root may end, and another begin.
            if len(inner) >= SHORTEST_BETWEEN or inner == longer:
                new |= {mark for mark in (LATER, ELIDED) if inner + mark in self._pieces}
        return frozenset(new)

    def _letters_of(self, begun: str) -> frozenset[str]:
        """Return the letters that may follow the beginning of a root."""
        if begun == _LINK:
            return LINKS
        if begun == ELIDED:
            return self._letters(LATER) & VOWELS
        letters, roots = begun.removeprefix(LATER), self._first
        if begun[:1] == LATER:
            roots = self._later
        some = roots[bisect_left(roots, letters) : bisect_left(roots, letters + "\N{DEL}")]
        return frozenset(root[len(letters)] for root in some if root != letters)


def _pieces(roots: Iterable[str]) -> Iterator[Piece]:
    for number, line in enumerate(sorted(roots)):
        for letters, _, chance in (each.partition("=") for each in line.split(" ")):
            yield Piece(letters, number, float(chance or 1))
