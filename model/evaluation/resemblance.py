"""How near texts are to other texts: single-letter edits between names, runs of characters copied word for word.

Both are exact, and quick because all comparisons are made at once. Not here: which texts are compared, and what the
numbers say about a network (`appearance`).
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.intp]
_NOTHING = -1  # stands where a text has ended, and for characters that no run goes through


def are_within(edits: int, texts: Sequence[str], others: Iterable[str]) -> list[bool]:
    """Tell of each text whether one of the others is at most so many edits away (Levenshtein 1966)."""
    others = sorted(others, key=len)
    lengths = np.array([len(other) for other in others], np.intp)
    letters = np.full((int(lengths.max(initial=0)), len(others)), _NOTHING, np.int32)  # letter j of other n: (J, N)
    for n, other in enumerate(others):
        letters[: len(other), n] = _code_points(other)
    within = []
    for text in texts:
        # An edit changes the length by one at most, and the others are sorted by it.
        start, stop = np.searchsorted(lengths, (len(text) - edits, len(text) + edits + 1))
        distances = _edit_distances(text, letters[: len(text) + edits, start:stop], lengths[start:stop])
        within.append(bool((distances <= edits).any()))
    return within


def _edit_distances(text: str, letters: NDArray[np.int32], lengths: Ids) -> NDArray[np.int16]:
    """Return the edits from a text to each of the others, (N,), by rows of Wagner and Fischer's table (1974).

    D[i, j], from the first i letters of the text to the first j of another one, is the least of D[i-1, j] + 1,
    D[i-1, j-1] + (1 if the letters differ) and D[i, j-1] + 1. The last one, as D[i, j] - j, is a running minimum.
    """
    steps = np.arange(len(letters) + 1, dtype=np.int16)[:, np.newaxis]
    row = np.repeat(steps, len(lengths), axis=1)
    for letter in text:
        longer = row + np.int16(1)
        np.minimum(longer[1:], row[:-1] + (letters != ord(letter)), out=longer[1:])
        longer -= steps
        row = np.minimum.accumulate(longer, axis=0, out=longer)
        row += steps
    return row[lengths, np.arange(len(lengths))]


def longest_copied_runs(texts: Sequence[str], sources: Iterable[str]) -> list[int]:
    """Return of each text how long its longest run of characters is that stands in one of the sources too.

    Runs are followed from wherever they begin, all at once and character by character. Those that read the same have
    the same number; a run goes on as long as texts and sources share its number. It takes about 50 bytes a character.
    """
    alphabet = np.unique(_code_points("".join(texts)))
    ours, theirs = _Runs(texts, alphabet), _Runs(sources, alphabet)
    longest = np.zeros(len(texts), np.intp)
    length, numbers = 0, 1
    while ours.next.size:
        size = numbers * len(alphabet)
        shared = ours.lengthen(size) & theirs.lengthen(size)
        ours.keep(shared)
        theirs.keep(shared)
        length, numbers = length + 1, int(shared.sum())
        longest[np.searchsorted(ours.ends, ours.next - 1)] = length
    return longest.tolist()


class _Runs:
    """Runs of one length: where each one's next character stands, and the number of what it reads so far."""

    def __init__(self, texts: Iterable[str], alphabet: NDArray[np.uint32]) -> None:
        texts = list(texts)
        characters = _code_points("".join(f"{text}\0" for text in texts))
        table = np.full(int(max(characters.max(initial=0), alphabet.max(initial=0))) + 1, _NOTHING)
        table[alphabet] = np.arange(len(alphabet))
        self._characters = table[characters]  # (C,)
        self.ends: Ids = np.cumsum(np.array([len(text) + 1 for text in texts], np.intp)) - 1
        self._characters[self.ends] = _NOTHING
        self._alphabet_size = len(alphabet)
        self.next: Ids = np.arange(len(characters))
        self._numbers = np.zeros_like(self.next)

    def lengthen(self, size: int) -> NDArray[np.bool_]:
        """Let each run read its next character, if it can; tell which of `size` numbers there are now."""
        characters = self._characters[self.next]
        can = characters != _NOTHING
        self._numbers = self._numbers[can] * self._alphabet_size + characters[can]
        self.next = self.next[can] + 1
        found = np.zeros(size, np.bool_)
        found[self._numbers] = True
        return found

    def keep(self, shared: NDArray[np.bool_]) -> None:
        """Drop the runs whose number is not shared, and number the others anew, without gaps."""
        kept = shared[self._numbers]
        self._numbers = (np.cumsum(shared) - 1)[self._numbers[kept]]
        self.next = self.next[kept]


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
