"""Says which words rhyme: perfectly, as Shakespeare rhymed them, or for the eye.

The sound of a rhyme runs from a vowel to the end of the word: "AY" of die, "EH ZH ER" of treasure.
The vowel is in the last syllable if this is strong (masculine), else in the syllable before
(feminine). The consonants that begin its syllable are the onset. The onsets have to differ: no word
rhymes with itself, nor with one that ends like it.

    perfect    the sounds are the same, and both words have a stress there: die, sky
    promoted   the sounds are the same, but metre gives one of them its stress: thee, memory
    learned    the sounds differ today, but the sonnets rhyme them again and again: love, prove
    eye        only the letters are the same: heard, beard
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from model.verse.dictionary import Pronunciation, Pronunciations
from model.verse.pronunciation import VOWELS, is_vowel

_ONSETS = (
    "P L,P R,P Y,B L,B R,B Y,T R,T W,T Y,D R,D W,D Y,K L,K R,K W,K Y,G L,G R,G W,F L,F R,F Y,"
    "V Y,TH R,TH W,S L,S M,S N,S P,S T,S K,S W,SH R,HH Y,HH W,M Y,N Y,L Y,S P L,S P R,S P Y,"
    "S T R,S K R,S K W"
)
ONSETS = frozenset(_ONSETS.split(","))  # consonants that can begin a syllable together
# too weak to rhyme behind a stressed syllable: mango and go rhyme, summer and her do not
DULL = ("AH", "ER", "IH")
_EYE = re.compile("[aeiouy]+[^aeiouy']*(?:e|es|ed|'d|'st)?$")


class Rhyme(IntEnum):
    """How well two words rhyme."""

    NONE = 0
    EYE = 1
    SAME = 2  # the same sound with the same onset
    LEARNED = 3
    PROMOTED = 4
    PERFECT = 5


Scheme = tuple[int | None, ...]
"""For each line, the number of the line that it answers; None if it brings a rhyme."""
ABAB: Scheme = (None, None, 0, 1)
COUPLETS: Scheme = (None, 0, None, 2)
SONNET: Scheme = (*ABAB, None, None, 4, 5, None, None, 8, 9, None, 12)
EE = "IY"


class Ending(NamedTuple):
    """The part of a reading that rhymes."""

    onset: str
    sound: str
    stressed: bool  # without the help of metre

    @property
    def feminine(self) -> bool:
        """Whether a weak syllable follows the one that rhymes."""
        return sum(phoneme in VOWELS for phoneme in self.sound.split()) > 1


class End(NamedTuple):
    """The last word of a line, and the endings that it can have there."""

    word: str
    endings: tuple[Ending, ...]

    @property
    def is_ee(self) -> bool:
        """Whether it may rhyme with "me", as "be" and "memory" do."""
        return any(ending.sound.endswith(EE) for ending in self.endings)


@dataclass(frozen=True)
class Rhymes:
    """Which endings rhyme.

    The two sets have pairs of sounds that differ today and yet rhyme in the sonnets.
    """

    learned: frozenset[frozenset[str]]
    # they rhyme only if metre gives one of the two syllables its stress
    promoted: frozenset[frozenset[str]]

    def rhyming_with(self, sound: str) -> frozenset[str]:
        """Return the other sounds that rhyme with this one, in some words at least."""
        return frozenset(
            other
            for pair in self.learned | self.promoted
            if sound in pair
            for other in pair - {sound}
        )

    def compare(self, ending: Ending, other: Ending) -> Rhyme:
        if ending.sound != other.sound:
            sounds = frozenset((ending.sound, other.sound))
            is_learned = sounds in self.learned or (
                sounds in self.promoted and ending.stressed != other.stressed
            )
            return Rhyme.LEARNED if is_learned else Rhyme.NONE
        if ending.onset == other.onset:
            return Rhyme.SAME
        return Rhyme.PERFECT if ending.stressed and other.stressed else Rhyme.PROMOTED

    def best(self, endings_of_one: Sequence[Ending], of_other: Sequence[Ending]) -> Rhyme:
        """Return how well two words rhyme at best, from the endings that each may have."""
        return max(
            (self.compare(ending, other) for ending in endings_of_one for other in of_other),
            default=Rhyme.NONE,
        )

    def is_old(self, end: End, others: Sequence[End]) -> bool:
        """Return whether one of the other lines ends with the same sound."""
        if end.is_ee and any(other.is_ee for other in others):
            return True
        sounds = {ending.sound for other in others for ending in other.endings}
        return any(
            not sounds.isdisjoint((ending.sound, *self.rhyming_with(ending.sound)))
            for ending in end.endings
        )

    def of_words(
        self, word: str, readings: Pronunciations, other: str, other_readings: Pronunciations
    ) -> Rhyme:
        if word == other:
            return Rhyme.SAME
        others = [ending for reading in other_readings for ending in endings(reading)]
        best = self.best([ending for reading in readings for ending in endings(reading)], others)
        return Rhyme.EYE if best is Rhyme.NONE and letters(word) == letters(other) else best


def endings(reading: Pronunciation) -> Iterator[Ending]:
    """Yield the endings of a reading, the masculine ending first."""
    vowels = [place for place, phoneme in enumerate(reading) if is_vowel(phoneme)]
    if not vowels:
        return
    last, stress = vowels[-1], reading[vowels[-1]][-1]
    if len(vowels) == 1 and stress == "0":
        return  # how "been" sounds within a sentence, not at the end of a line
    if stress in "12":
        yield _ending(reading, last, stressed=True)
    elif reading[vowels[-2]].endswith("0") or reading[last][:-1] not in DULL:
        yield _ending(reading, last, stressed=False)
    if len(vowels) > 1 and stress == "0" and reading[vowels[-2]][-1] in "12":
        yield _ending(reading, vowels[-2], stressed=True)


def _ending(reading: Pronunciation, start: int, *, stressed: bool) -> Ending:
    """Return the ending whose sound begins with the vowel at `start`."""
    before = max((place + 1 for place in range(start) if is_vowel(reading[place])), default=0)
    onset = reading[before:start]
    # in "yourself", the r belongs to "your"
    while before and len(onset) > 1 and " ".join(onset) not in ONSETS:
        onset = onset[1:]
    return Ending(
        " ".join(onset), " ".join(phoneme.rstrip("012") for phoneme in reading[start:]), stressed
    )


def letters(word: str) -> str:
    """Return the letters that rhyme for the eye: from the last sounding vowel on."""
    found = _EYE.search(word)
    return found[0] if found else word
