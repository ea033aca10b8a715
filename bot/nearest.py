"""Which known name an invented one is nearest to, in single-letter edits (Levenshtein 1966).

Most names are ruled out by the letters they do not share with it, and the few that are left are compared by rapidfuzz.
Among 1,700, a name takes 40 µs, and 70 in a busy bot: half of what rapidfuzz alone takes, and little enough for the
event loop. Not here: how a name is invented, and that it is new (`model.drafts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Neighbour:
    """A known name, and how many letters have to be inserted, deleted or replaced to get to it."""

    name: str
    distance: int


class Neighbourhood:
    """The known names, laid out for comparing."""

    def __init__(self, known_names: frozenset[str]) -> None:
        names = np.array(sorted(known_names), np.str_)
        self._names = names.astype(np.object_)
        self._lengths = np.strings.str_len(names).astype(np.int16)
        self._occurrences = {letter: _occurrences(letter, names) for letter in set("".join(known_names))}

    def nearest(self, name: str) -> Neighbour | None:
        """Return the nearest known name, the first in the alphabet of those as near; None where none is known."""
        if not len(self._names):
            return None
        least = self._least(name)
        limit = self._first_of(name, least <= least.min() + 1).distance
        return self._first_of(name, least <= limit)

    def _least(self, name: str) -> NDArray[np.int16]:
        """Return what the distance to each known name is at least, (N,): each letter that is not shared is an edit."""
        shared = np.zeros_like(self._lengths)
        for letter in set(name):
            for occurrence in self._occurrences.get(letter, ())[: name.count(letter)]:
                shared += occurrence
        least: NDArray[np.int16] = np.maximum(self._lengths, len(name)) - shared
        return least

    def _first_of(self, name: str, chosen: NDArray[np.bool_]) -> Neighbour:
        """Return the nearest of the chosen names, of which there is at least one."""
        nearest, distance, _ = process.extractOne(name, self._names[chosen].tolist(), scorer=Levenshtein.distance)
        return Neighbour(nearest, int(distance))


def _occurrences(letter: str, names: NDArray[np.str_]) -> list[NDArray[np.int16]]:
    """Return a row for a letter's first, second, … occurrence: 1 where a name has so many of it, else 0, (N,)."""
    counts = np.strings.count(names, letter)
    return [(counts > before).astype(np.int16) for before in range(counts.max())]


@lru_cache(maxsize=2)
def neighbourhood(known_names: frozenset[str]) -> Neighbourhood:
    """Return the neighbourhood of a checkpoint's names. It takes a moment to lay out, so the last ones are kept."""
    return Neighbourhood(known_names)
