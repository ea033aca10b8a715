"""Says which words fit where in an iambic pentameter, with Shakespeare's freedoms, and which lines
scan.

A line has ten syllables, weak and strong in turn, and may end in an eleventh, weak one (a feminine
ending). Syllables are counted from 0, so the strong ones are 1, 3, 5, 7 and 9. A word of several
syllables has its primary stress in a strong position; at the beginning of a line, it may also have
it on the first syllable ("Beauty ..."). Its other syllables, even unstressed ones, may be anywhere,
and so may words of one syllable. The eleventh syllable is unstressed.

A word can be said in several ways, so the beginning of a line can have several numbers of
syllables. `Counts` is the set of these numbers: bit n stands for n syllables.
"""

import re
from collections.abc import Iterable, Sequence

from model.verse.dictionary import Pronunciation, Pronunciations

Counts = int

SYLLABLES = 10  # syllables of a line without a feminine ending
LONGEST = SYLLABLES + 1
WHOLE = 8  # a person's line with this many syllables stands alone
FULL: Counts = 1 << SYLLABLES | 1 << LONGEST  # the counts of a complete line
PRONOUNS = frozenset(("it", "me", "thee", "ye", "you", "her", "him", "them", "us"))
"""Words that make a feminine ending with the word before them: "bestow it"."""


def stresses(reading: Pronunciation) -> str:
    """Return a digit for each syllable: 1 if it needs a strong position, 2 if it may be anywhere, 0
    if unstressed.

    A word of one syllable gets 2. So do both syllables of a word that CMU stresses twice
    (elsewhere, contract), because its stress moves. If a word has several primary stresses, only
    the last counts.
    """
    digits = "".join(phoneme[-1] for phoneme in reading if phoneme[-1].isdigit())
    if len(digits) == 1 or digits in ("11", "12", "21", "22"):
        return "2" * len(digits)
    last = digits.rfind("1")
    return digits if last < 0 else digits[:last].replace("1", "2") + digits[last:]


def patterns(word: str, readings: Pronunciations) -> tuple[str, ...]:
    """Return the stresses of each reading of a word."""
    found = dict.fromkeys(map(stresses, readings))
    return (*found, "0") if word in PRONOUNS else tuple(found)


def guessed(word: str) -> tuple[str, ...]:
    """Return the stresses of a word without readings: as many syllables as it seems to have, each
    of which may be anywhere.
    """
    return ("2" * max(len(re.findall("[aeiouy]+", word.removesuffix("e"))), 1),)


def fits(pattern: str, start: int) -> bool:
    """Return whether a word with these stresses may begin after `start` syllables of a line."""
    end = start + len(pattern)
    # The eleventh syllable is unstressed, and the strong one before it is not.
    if end > LONGEST or (end == LONGEST and (pattern[-1] != "0" or pattern[-2:-1] == "0")):
        return False
    return all(
        (start + n) % 2 == 1 or start + n == 0 for n, stress in enumerate(pattern) if stress == "1"
    )


def after(pattern_choice: Sequence[str], counts: Counts) -> Counts:
    """Return the counts of syllables after a word, from the counts before it."""
    found = 0
    for start in range(LONGEST):
        for pattern in pattern_choice:
            if counts >> start & 1 and fits(pattern, start):
                found |= 1 << start + len(pattern)
    return found


def begun(words: Iterable[Sequence[str]]) -> Counts:
    """Return the counts after the words of an unfinished line.

    If they do not scan, only their syllables count.
    """
    counts: Counts = 1
    loosely: Counts = 1
    for pattern_choice in words:
        counts = after(pattern_choice, counts)
        loosely = after(["2" * len(pattern) for pattern in pattern_choice], loosely)
    return counts or loosely


def to_complete(counts: Counts, *, leans: bool) -> Counts:
    """Return the counts of a person's line if verse completes it; else 1, the counts of an empty
    line.

    Verse completes a line of fewer than WHOLE syllables, and a line of WHOLE syllables whose last
    word `leans` on a next one.
    """
    # Bit n of the counts stands for n syllables, so this compares the largest n.
    return counts if 0 < counts < 1 << WHOLE + leans else 1


def scans(words: Iterable[Sequence[str]]) -> bool:
    """Return whether a line scans; `words` has, for each word, the stresses that it may have."""
    counts: Counts = 1
    for pattern_choice in words:
        counts = after(pattern_choice, counts)
    return bool(counts & FULL)
