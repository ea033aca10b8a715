"""How many syllables a line has, from the CMU Pronouncing Dictionary in the package pysyllables, if it is installed.

No word is guessed: a line with one that the dictionary lacks has no count. It lacks words such as look'd and canst,
which a quarter of Shakespeare's lines have, and the others are enough. It speaks today's American, so `heaven` has two
syllables where the verse may mean one: look for lines of about ten, not of ten. Not here: stress.
"""

from collections.abc import Callable, Sequence

PACKAGE = "pysyllables"
CLIPPED = frozenset(("d", "s", "t", "th"))
"""What is left of words such as th' and 'd: in verse it leans on a neighbour; the dictionary takes it for letters."""

Counter = Callable[[Sequence[str]], int | None]


def syllable_counter() -> Counter | None:
    """Return what counts the syllables of a line's words, None where the package is not installed."""
    try:
        from pysyllables import get_syllable_count
    except ImportError:
        return None

    def count(words: Sequence[str]) -> int | None:
        parts = [part for word in words for part in word.lower().split("-")]
        counts = [0 if part in CLIPPED else get_syllable_count(part) for part in parts]
        return None if None in counts else sum(counts)

    return count
