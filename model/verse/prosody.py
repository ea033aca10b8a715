"""Reads the tables of an edition, which people can edit: how words sound, scan and rhyme.

An edition is a folder of data/prosody. A file of weights names its edition, with a digest. So its
sonnets stay the same when another edition is added. Weights without an edition use the first.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model import files
from model.files import TableError
from model.text.vocabulary import words_of
from model.verse.dictionary import Dictionary, Pronunciations, read_dictionary
from model.verse.pronunciation import PHONEMES, Forms, Pronouncer
from model.verse.rhyme import Rhymes

EDITIONS = files.PROGRAM / "data" / "prosody"
# The first edition and its digest. Weights that name no edition use it, so it never changes.
FIRST = "1 840de9633b4e"
PRONUNCIATIONS, FORMS, RHYMES, WORDS = FILES = (
    "pronunciations.txt",
    "forms.txt",
    "rhymes.txt",
    "words.txt",
)


@dataclass(frozen=True)
class Prosody:
    """The tables of an edition."""

    dictionary: Dictionary
    pronounce: Pronouncer
    rhymes: Rhymes
    never_last: frozenset[str]  # words that lean on the next one, and end no line
    often: frozenset[str]  # words that every text repeats
    addresses: tuple[
        frozenset[str], ...
    ]  # the words of somebody who says "thou", and of somebody who says "you"
    clipped: frozenset[
        str
    ]  # words that begin with an apostrophe, which is no part of a word elsewhere

    def last_word(self, line: str) -> str:
        """Return the last word of a line, with the apostrophe of 'tis and 'gan; empty if the line
        has no word.
        """
        word = (words_of(line) or [""])[-1]
        return f"'{word}" if f"'{word}" in self.clipped else word


@cache
def prosody(edition: str = "") -> Prosody:
    """Read the tables of an edition, by default the first.

    Raises TableError if one is missing, wrong or changed.
    """
    name = edition or FIRST
    folder = EDITIONS / name.partition(" ")[0]
    found = read_prosody(folder)
    if name != edition_name(folder):
        raise TableError(
            f"{folder}: these tables have changed since the weights were made; restore them, and"
            " put your changes into a new folder beside it (see data/README.md)"
        )
    return found


def newest_edition() -> str:
    """Return what new weights store as the name of their edition; the first edition is stored as
    "".
    """
    newest = max(
        (folder for folder in EDITIONS.iterdir() if folder.name.isdecimal()),
        key=lambda it: int(it.name),
    )
    return "" if edition_name(newest) == FIRST else edition_name(newest)


def edition_name(folder: Path) -> str:
    """Return the name of an edition: its folder and a digest of the tables."""
    digest = hashlib.sha256(
        b"".join(hashlib.sha256((folder / file).read_bytes()).digest() for file in FILES)
    )
    return f"{folder.name} {digest.hexdigest()[:12]}"


def read_prosody(folder: Path) -> Prosody:
    """Read the tables in a folder. Raises TableError."""
    try:
        forms = _Table(folder / FORMS, "words", "prefixes", "suffixes", "spellings")
        rhymes = _Table(folder / RHYMES, "rhymes", "rhymes of a promoted syllable")
        words = _Table(folder / WORDS, "never last", "often", "thou", "you")
        dictionary = read_dictionary(folder / PRONUNCIATIONS)
    except OSError as error:
        raise TableError(
            f"sonnets need {error.filename}, which cannot be read: {error.strerror}"
        ) from error
    by_hand = forms.sounds("words")
    prefixes, suffixes = (
        {letters: reading for letters, (reading, *_) in forms.sounds(name).items()}
        for name in ("prefixes", "suffixes")
    )
    return Prosody(
        dictionary,
        Pronouncer(
            dictionary.pronunciations, Forms(by_hand, prefixes, suffixes, forms.pairs("spellings"))
        ),
        Rhymes(*(frozenset(map(frozenset, rhymes.pairs(name))) for name in rhymes.sections)),
        words.words("never last"),
        words.words("often"),
        (words.words("thou"), words.words("you")),
        frozenset(word for word in by_hand if word.startswith("'")),
    )


class _Table:
    """The lines of a file by section. A line such as [words] begins a section, and # a comment."""

    def __init__(self, path: Path, *names: str) -> None:
        self._path = path
        self.sections: dict[str, list[tuple[int, str]]] = {
            name: [] for name in names
        }  # lines with their numbers
        section = None
        for number, whole_line in enumerate(
            path.read_text(encoding="ascii", errors="replace").splitlines(), 1
        ):
            line = whole_line.partition("#")[0].strip()
            if not line.isascii():
                raise self._error(number, "a letter that is not ASCII")
            if line.startswith("["):
                section = self.sections.get(line.strip("[]"))
            if line and section is None:
                raise self._error(
                    number, f"{line!r} is in no section; these are [{'], ['.join(names)}]"
                )
            if line and section is not None and not line.startswith("["):
                section.append((number, line))

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return what stands on either side of each = in a section."""
        return tuple((left, right) for _, left, right in self._pairs(name))

    def sounds(self, name: str) -> dict[str, Pronunciations]:
        found: dict[str, Pronunciations] = {}
        for number, letters, sounds in self._pairs(name):
            if letters in found:
                raise self._error(number, f"{letters!r} stands here twice")
            found[letters] = tuple(tuple(reading.split()) for reading in sounds.split(","))
            unknown = [
                sound for reading in found[letters] for sound in reading if sound not in PHONEMES
            ]
            if unknown or not all(found[letters]):
                raise self._error(
                    number, f"{' '.join(unknown) or 'nothing'!r} is no sound of the CMU dictionary"
                )
        return found

    def words(self, name: str) -> frozenset[str]:
        return frozenset(word for _, line in self.sections[name] for word in line.split())

    def _pairs(self, name: str) -> Iterator[tuple[int, str, str]]:
        for number, line in self.sections[name]:
            left, _, right = (part.strip() for part in line.partition("="))
            if not left or not right:
                raise self._error(
                    number, f"{line!r} is not of the form letters = letters, or letters = sounds"
                )
            yield number, left, right

    def _error(self, number: int, reason: str) -> TableError:
        return TableError(f"{self._path}, line {number}: {reason}")
