"""Syllables of a line of verse, from the CMU Pronouncing Dictionary (the optional package pysyllables).

A line with an unknown word has no count. The dictionary lacks words such as look'd and canst, which a quarter of
Shakespeare's lines contain; the other lines are enough. Its pronunciation is modern American: `heaven` always has two
syllables, although verse may use it as one. So a pentameter has about ten syllables, not exactly ten.
"""

from collections.abc import Callable, Sequence

PACKAGE = "pysyllables"
CLIPPED = frozenset(("d", "s", "t", "th"))
"""Words such as th' and 'd without the apostrophe. Verse runs them into a neighbour; the dictionary spells them out."""

Counter = Callable[[Sequence[str]], int | None]


def syllable_counter() -> Counter | None:
    """Return a function that counts the syllables of a line's words, or None if pysyllables is not installed."""
    try:
        from pysyllables import get_syllable_count
    except ImportError:
        return None

    def count(words: Sequence[str]) -> int | None:
        parts = [part for word in words for part in word.lower().split("-")]
        counts = [0 if part in CLIPPED else get_syllable_count(part) for part in parts]
        return None if None in counts else sum(counts)

    return count
