"""Reads the tables that say how words sound, scan and rhyme.

They belong to the edition of the program (see `weights.checkpoint`), because verse depends on them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model import files
from model.files import TableError
from model.text.vocabulary import words_of
from model.verse.dictionary import Dictionary, Pronunciations, read_dictionary
from model.verse.metre import Counts, begun, guessed, patterns
from model.verse.pronunciation import PHONEMES, Forms, Pronouncer
from model.verse.rhyme import Rhymes

FOLDER = files.PROGRAM / "data" / "prosody"


@dataclass(frozen=True)
class Prosody:
    """The tables of data/prosody/."""

    dictionary: Dictionary
    pronounce: Pronouncer
    rhymes: Rhymes
    never_last: frozenset[str]  # words that lean on the next one, and end no line
    often: frozenset[str]  # words that every text repeats
    # the words of somebody who says "thou", and of somebody who says "you"
    addresses: tuple[frozenset[str], ...]
    clipped: frozenset[str]  # words such as 'tis: elsewhere, no word begins with an apostrophe

    def counts_of(self, words: Iterable[str]) -> Counts:
        """Return the counts of syllables that words can have at the beginning of a line."""
        pronounce = self.pronounce
        return begun(patterns(word, pronounce(word)) or guessed(word) for word in words)

    def last_word(self, line: str) -> str:
        """Return the last word of a line, with the apostrophe of 'tis and 'gan; empty if the line
        has no word.
        """
        word = (words_of(line) or [""])[-1]
        return f"'{word}" if f"'{word}" in self.clipped else word


@cache
def prosody() -> Prosody:
    """Read the tables, once. Raises TableError if one is missing or wrong."""
    return read_prosody(FOLDER)


def read_prosody(folder: Path) -> Prosody:
    """Read the tables in a folder. Raises TableError."""
    try:
        forms = _Table(folder / "forms.txt", "words", "prefixes", "suffixes", "spellings")
        rhymes = _Table(folder / "rhymes.txt", "rhymes", "rhymes of a promoted syllable")
        words = _Table(folder / "words.txt", "never last", "often", "thou", "you")
        dictionary = read_dictionary(folder / "pronunciations.txt")
    except OSError as error:
        raise TableError(
            f"verse needs {error.filename}, which cannot be read: {error.strerror}"
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
        # lines with their numbers
        self.sections: dict[str, list[tuple[int, str]]] = {name: [] for name in names}
        section = None
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
        for number, whole_line in enumerate(lines, 1):
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
        """Return the readings that stand behind each = in a section, by what stands before it."""
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
