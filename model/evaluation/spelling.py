"""Sequences of letters that no real name has: the sign of a name that nobody would give.

A sequence is three letters long. The beginning and the end of a name count as letters, so "ng" may end a name and yet
begin none.
"""

from collections.abc import Iterable, Sequence

LENGTH = 3
_BOUNDARY = "\n"


def sequences(name: str) -> set[str]:
    """Return all sequences of a name."""
    text = _BOUNDARY + name + _BOUNDARY
    return {text[start : start + LENGTH] for start in range(len(text) - LENGTH + 1)}


def have_unseen(names: Sequence[str], real: Iterable[str]) -> list[bool]:
    """Return for each name whether it has a sequence that none of the real names has."""
    seen: set[str] = set()
    for name in real:
        seen |= sequences(name)
    return [not sequences(name) <= seen for name in names]
