"""Which real genus an invented name is nearest to, in single-letter edits (Levenshtein 1966).

All known names are compared at once: the distances fill a table row by row, as Wagner and Fischer (1974) do, but each
row is one array for all names. Most are ruled out before, by the letters they do not share. A name takes well under a
millisecond. Not here: how a name is invented, and that it is new (`model.drafts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOTHING = -1
"""Fills a name's column behind its last letter; no letter is equal to it."""
FEW = 32
"""Names that are compared first; few others can be nearer than the nearest of them."""


@dataclass(frozen=True)
class Neighbour:
    """A known name, and how many letters have to be inserted, deleted or replaced to get to it."""

    name: str
    distance: int


class Neighbourhood:
    """The known names, laid out for comparing."""

    def __init__(self, known_names: frozenset[str]) -> None:
        self._names = sorted(known_names)
        self._lengths = np.array([len(name) for name in self._names], np.intp)
        longest = int(self._lengths.max(initial=0))
        # (J, N): letter j of name n. Names lie along the last axis, where NumPy is fast.
        self._letters = np.full((longest, len(self._names)), _NOTHING, np.int32)
        for column, name in enumerate(self._names):
            self._letters[: len(name), column] = [ord(letter) for letter in name]
        self._alphabet = sorted(set("".join(self._names)))
        counts = [(self._letters == ord(letter)).sum(axis=0) for letter in self._alphabet]
        self._counts = np.array(counts, np.int16).reshape(len(self._alphabet), len(self._names))  # (A, N)

    def nearest(self, name: str) -> Neighbour | None:
        """Return the nearest known name, the first in the alphabet of those as near; None where none is known."""
        if not self._names:
            return None
        least = self._least(name)
        promising = np.argpartition(least, FEW)[:FEW] if len(least) > FEW else np.arange(len(least))
        limit = self._distances(name, promising).min()
        candidates = np.flatnonzero(least <= limit)
        distances = self._distances(name, candidates)
        best = int(distances.argmin())
        return Neighbour(self._names[candidates[best]], int(distances[best]))

    def _least(self, name: str) -> NDArray[np.intp]:
        """Return what the distance to each known name is at least, (N,): an edit changes one letter."""
        mine = np.array([name.count(letter) for letter in self._alphabet], np.int16).reshape(-1, 1)
        missing = np.maximum(mine - self._counts, 0).sum(axis=0) + len(name) - int(mine.sum())
        least: NDArray[np.intp] = np.maximum(missing, missing + self._lengths - len(name))
        return least

    def _distances(self, name: str, columns: NDArray[np.intp]) -> NDArray[np.int16]:
        """Return the edit distance from a name to each of the known ones in these columns, (n,).

        Row i of the table holds D[i, j, n], from the first i letters of `name` to the first j of name n:

            D[i, j] = min(D[i-1, j] + 1, D[i-1, j-1] + (name[i] != letters[j]), D[i, j-1] + 1)

        The last term runs along j: as D[i, j] - j, it is a running minimum.
        """
        letters, lengths = self._letters[:, columns], self._lengths[columns]
        letters = letters[: lengths.max(initial=0)]
        steps = np.arange(len(letters) + 1, dtype=np.int16)[:, None]
        row = np.repeat(steps, len(columns), axis=1)
        for letter in name:
            longer = row + np.int16(1)
            np.minimum(longer[1:], row[:-1] + (letters != ord(letter)), out=longer[1:])
            row = np.minimum.accumulate(longer - steps, axis=0) + steps
        return row[lengths, np.arange(len(columns))]


@lru_cache(maxsize=2)
def neighbourhood(known_names: frozenset[str]) -> Neighbourhood:
    """Return the neighbourhood of a checkpoint's names. It takes a moment to lay out, so the last ones are kept."""
    return Neighbourhood(known_names)
