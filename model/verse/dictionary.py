"""Reads pronunciations of words, from the CMU Pronouncing Dictionary or from a file that is made of
it.

`tools.pronunciations` fetches the whole dictionary, and makes `data/prosody/pronunciations.txt`,
which has what verse needs of it:

    beauty+ B Y UW1 T IY0
    use+ Y UW1 S, Y UW1 Z
    purs'd+
    -igh AY

A plus stands behind the words of the sonnets and of the narrative poems. A pronunciation is left
out if a rule of `verse.pronunciation` finds it. A line with a hyphen says how the last letters of
an unknown word sound. Lines that begin with # are comments, such as the dictionary's licence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model import files

Pronunciation = tuple[str, ...]
Pronunciations = tuple[Pronunciation, ...]
_ENTRY = re.compile(r"([A-Z]+(?:['-][A-Z]+)*)(?:\(\d\))?")  # WORD, or WORD(1) for another reading
COMMENT, MARK, ENDING = "#", "+", "-"
PRONUNCIATIONS = files.PROGRAM / "data" / "prosody" / "pronunciations.txt"


@dataclass(frozen=True)
class Dictionary:
    """The content of a file of pronunciations."""

    pronunciations: Mapping[str, Pronunciations]  # by word
    of_poems: frozenset[str] = frozenset()  # the words that Shakespeare used in poems
    # by the last letters of an unknown word
    ending_sounds: Mapping[str, str] = field(default_factory=dict)


def read_dictionary(path: Path) -> Dictionary:
    """Read a file in the format that this module describes. OSError if it cannot be read."""
    found: dict[str, Pronunciations] = {}
    of_poems: list[str] = []
    ending_sounds: dict[str, str] = {}
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith(COMMENT):
            continue
        entry, _, sounds = line.partition(" ")
        word = entry.removesuffix(MARK)
        if entry.startswith(ENDING):
            ending_sounds[entry.removeprefix(ENDING)] = sounds
            continue
        if word != entry:
            of_poems.append(word)
        if sounds:
            found[word] = tuple(tuple(reading.split()) for reading in sounds.split(","))
    return Dictionary(found, frozenset(of_poems), ending_sounds)


def read_cmudict(published: str) -> dict[str, Pronunciations]:
    """Return the CMU dictionary by word in lower case, without its symbols and comments."""
    found: dict[str, Pronunciations] = {}
    for line in published.splitlines():
        entry, _, phonemes = line.partition("  ")
        if match := _ENTRY.fullmatch(entry):
            word = match[1].lower()
            found[word] = (*found.get(word, ()), tuple(phonemes.split()))
    return found
