"""The pronunciations of words, out of the CMU Pronouncing Dictionary, as text.

`data/pronunciations.txt` holds those that Shakespeare's words need, one word a line:

    beauty+ B Y UW1 T IY0
    use+ Y UW1 S, Y UW1 Z
    purs'd+

A plus stands behind the words of the sonnets and of the narrative poems; some of them have no pronunciation of their
own here. Lines that begin with # are comments, the dictionary's licence among them.

Not here: the rules that lead from a word to one that has a pronunciation (`pronunciation`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from model import files

Pronunciation = tuple[str, ...]
Pronunciations = tuple[Pronunciation, ...]
_ENTRY = re.compile(r"([A-Z]+(?:['-][A-Z]+)*)(?:\(\d\))?")  # WORD, or WORD(1) for its second reading
MARK = "+"
PRONUNCIATIONS = files.ROOT / "data" / "pronunciations.txt"


@dataclass(frozen=True)
class Dictionary:
    """Pronunciations by word, and the words that Shakespeare used in poems."""

    pronunciations: Mapping[str, Pronunciations]
    of_poems: frozenset[str]


def read_dictionary(path: Path) -> Dictionary:
    """Read a file as the docstring above describes it; OSError where there is none."""
    found: dict[str, Pronunciations] = {}
    of_poems: list[str] = []
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        entry, _, readings = line.partition(" ")
        word = entry.removesuffix(MARK)
        if word != entry:
            of_poems.append(word)
        if readings:
            found[word] = tuple(tuple(reading.split()) for reading in readings.split(","))
    return Dictionary(found, frozenset(of_poems))


def format_dictionary(
    words: Iterable[str], pronunciations: Mapping[str, Pronunciations], of_poems: frozenset[str]
) -> str:
    """Return the lines of the file; words without anything to say are left out."""
    lines = []
    for word in sorted(words):
        readings = ", ".join(map(" ".join, pronunciations.get(word, ())))
        if readings or word in of_poems:
            lines.append(f"{word}{MARK * (word in of_poems)} {readings}".rstrip())
    return "".join(f"{line}\n" for line in lines)


def clean_cmudict(text: str) -> str:
    """Turn the dictionary as it is published into lines as above: no word has a mark, readings stand in one line.

    Only words are kept, and no symbols. The licence is, as comments.
    """
    comments, found = [], dict[str, Pronunciations]()
    for line in text.splitlines():
        entry, _, phonemes = line.partition("  ")
        if line.startswith(";;; #"):
            comments.append(line.removeprefix(";;; ").rstrip())
        elif match := _ENTRY.fullmatch(entry):
            word = match[1].lower()
            found[word] = (*found.get(word, ()), tuple(phonemes.split()))
    return "".join(f"{line}\n" for line in comments) + format_dictionary(found, found, frozenset())
