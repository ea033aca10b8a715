"""Which known names invented ones are nearest to, in single-letter edits (Levenshtein 1966).

All comparisons of a few names are made in one call of rapidfuzz, which compares many at once and lets go of the
interpreter meanwhile: 10 names take 150 µs among 1,700, and a lone one half of that. Not here: how a name is invented,
and that it is new (`model.drafts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Neighbour:
    """A known name, and how many letters have to be inserted, deleted or replaced to get to it."""

    name: str
    distance: int


class Neighbourhood:
    """The known names, in the order of the alphabet."""

    def __init__(self, known_names: Iterable[str]) -> None:
        self._names = sorted(known_names)

    def nearest(self, names: Sequence[str]) -> list[Neighbour | None]:
        """Return each name's nearest known one, the first of those as near; None where none is known."""
        if not (names and self._names):
            return [None] * len(names)
        distances = cdist(names, self._names, scorer=Levenshtein.distance)
        nearest = distances.argmin(axis=1)
        least = distances[range(len(names)), nearest]
        return [
            Neighbour(self._names[index], distance)
            for index, distance in zip(nearest.tolist(), least.tolist(), strict=True)
        ]
