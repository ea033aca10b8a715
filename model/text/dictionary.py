"""The pronunciations of words, out of the CMU Pronouncing Dictionary, as text.

`data/cmudict.txt` is the whole dictionary, fetched. `data/prosody/1/pronunciations.txt`, committed, has what sonnets
need of it:

    beauty+ 23 B Y UW1 T IY0
    use+ Y UW1 S, Y UW1 Z
    purs'd+
    sir+ -31 S ER1
    -igh AY

A plus stands behind the words of the sonnets and of the narrative poems; some of them have no pronunciation of their
own here, because a rule leads to it. A number says how much more often a word occurs in sonnets than in plays, as a
logarithm in tenths of a nat. A hyphen stands before the last letters of unknown words, whose endings sound so.
Lines that begin with # are comments, the dictionary's licence among them.

Not here: the rules that lead from a word to one that has a pronunciation (`pronunciation`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model import files

Pronunciation = tuple[str, ...]
Pronunciations = tuple[Pronunciation, ...]
_ENTRY = re.compile(r"([A-Z]+(?:['-][A-Z]+)*)(?:\(\d\))?")  # WORD, or WORD(1) for its second reading
COMMENT, MARK, ENDING = "#", "+", "-"
PRONUNCIATIONS = files.ROOT / "data" / "prosody" / "1" / "pronunciations.txt"


@dataclass(frozen=True)
class Dictionary:
    """All that such a file has.

    pronunciations: by word.
    of_poems: the words that Shakespeare used in poems.
    leanings: how much more often words occur in sonnets than in plays, in tenths of a nat.
    endings: the sounds of unknown words' endings, by their letters.
    """

    pronunciations: Mapping[str, Pronunciations]
    of_poems: frozenset[str] = frozenset()
    leanings: Mapping[str, int] = field(default_factory=dict)
    endings: Mapping[str, str] = field(default_factory=dict)


def read_dictionary(path: Path) -> Dictionary:
    """Read a file as the docstring above describes it. OSError if it cannot be read."""
    found: dict[str, Pronunciations] = {}
    of_poems: list[str] = []
    leanings: dict[str, int] = {}
    endings: dict[str, str] = {}
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith(COMMENT):
            continue
        entry, _, sounds = line.partition(" ")
        word = entry.removesuffix(MARK)
        if entry.startswith(ENDING):
            endings[entry.removeprefix(ENDING)] = sounds
            continue
        if word != entry:
            of_poems.append(word)
        first, _, others = sounds.partition(" ")
        if first.lstrip("-").isdigit():
            leanings[word], sounds = int(first), others
        if sounds:
            found[word] = tuple(tuple(reading.split()) for reading in sounds.split(","))
    return Dictionary(found, frozenset(of_poems), leanings, endings)


def format_dictionary(dictionary: Dictionary) -> str:
    """Return the lines of the file, without comments."""
    lines = []
    for word in sorted(dictionary.pronunciations.keys() | dictionary.of_poems | dictionary.leanings.keys()):
        fields = [word + MARK * (word in dictionary.of_poems)]
        if word in dictionary.leanings:
            fields.append(str(dictionary.leanings[word]))
        if word in dictionary.pronunciations:
            fields.append(", ".join(map(" ".join, dictionary.pronunciations[word])))
        lines.append(" ".join(fields))
    lines += [f"{ENDING}{letters} {sound}" for letters, sound in sorted(dictionary.endings.items())]
    return "".join(f"{line}\n" for line in lines)


def comments_of(path: Path) -> str:
    """Return the comments of a file, which are its licence."""
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith(COMMENT))


def clean_cmudict(text: str) -> str:
    """Turn the dictionary as it is published into lines as above: no word has a mark, readings stand in one line.

    Only words are kept, and no symbols. The licence is, as comments.
    """
    comments, found = [], dict[str, Pronunciations]()
    for line in text.splitlines():
        entry, _, phonemes = line.partition("  ")
        if line.startswith(";;; #") and "$" not in line:  # $ is in what a version control system fills in
            comments.append(line.removeprefix(";;; ").rstrip())
        elif match := _ENTRY.fullmatch(entry):
            word = match[1].lower()
            found[word] = (*found.get(word, ()), tuple(phonemes.split()))
    return "".join(f"{line}\n" for line in comments) + format_dictionary(Dictionary(found))
