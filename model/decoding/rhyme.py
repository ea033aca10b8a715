"""Which words rhyme: perfectly, as Shakespeare rhymed them, or for the eye.

The sound of a rhyme runs from a vowel to the end of the word: "AY" of die, "EH ZH ER" of treasure. It begins at the
last syllable, which is strong (masculine), or at the one before it, with a weak one behind (feminine). The consonants
in front of it are the onset, and have to differ: no word rhymes with itself, nor with another that sounds the same.

    perfect    the sounds are the same, and both words have a stress there: die, sky
    promoted   the sounds are the same, but metre gives one of them its stress: thee, memory
    learned    the sounds are not the same today, but the sonnets rhyme them again and again: love, prove
    eye        only the letters are the same: heard, beard
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from model.decoding.pronunciation import is_vowel
from model.text.dictionary import Pronunciation, Pronunciations
from model.text.words import words_of

VOWELS = frozenset(words_of("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"))


class Rhyme(IntEnum):
    """How well two words rhyme."""

    NONE = 0
    EYE = 1
    SAME = 2  # the same sound with the same onset
    LEARNED = 3
    PROMOTED = 4
    PERFECT = 5


class Ending(NamedTuple):
    """What a reading rhymes with."""

    onset: str
    sound: str
    stressed: bool  # without the help of metre

    @property
    def feminine(self) -> bool:
        """Whether a weak syllable follows the one that rhymes."""
        return sum(phoneme in VOWELS for phoneme in self.sound.split()) > 1


LEARNED = frozenset(
    frozenset(pair.split(" ~ "))
    for pair in (
        "AH V ~ UW V",  # love, prove
        "AH V D ~ UW V D",
        "AO N ~ OW N",  # gone, alone
        "AA N ~ OW N",
        "AH N ~ OW N",  # one, alone
        "AH N T ~ EH N T",  # argument, spent
        "AH N S ~ EH N S",  # excellence, expense
        "EH R ~ IH R",  # where, clear
        "AA R ~ EH R",  # are, care
        "AH M ~ UW M",  # come, doom
        "AH NG ~ AO NG",  # tongue, song
        "EH S T ~ IY S T",  # west, east
        "AE S T ~ EY S T",  # last, taste
        "AO R TH ~ ER TH",  # forth, worth
        "AO R D Z ~ ER D Z",  # affords, words
        "AA R T ~ ER T",  # part, desert
        "EH T ~ IH T",  # set, counterfeit
        "IH S ~ IH Z",  # this, is
        "AA Z ~ AE S",  # was, pass
        "AH D ~ UH D",  # blood, good
        "EH V AH N ~ IY V IH N",  # heaven, even
        "AY ~ IY",  # die, memory
        "AY Z ~ IY Z",  # lies, subtleties
    )
)
"""Pairs of sounds that the 138 training sonnets rhyme twice or more."""
DULL = ("AH", "ER", "IH")
"""Vowels that are not heard next to a stressed syllable: mango rhymes with go, but summer not with her."""
_EYE = re.compile("[aeiouy]+[^aeiouy']*(?:e|es|ed|'d|'st)?$")


def endings(reading: Pronunciation) -> Iterator[Ending]:
    """Yield the endings of a reading, the masculine one first."""
    vowels = [place for place, phoneme in enumerate(reading) if is_vowel(phoneme)]
    if not vowels:
        return
    last, stress = vowels[-1], reading[vowels[-1]][-1]
    if len(vowels) == 1 or stress in "12":
        yield _ending(reading, last, stressed=True)
    elif reading[vowels[-2]].endswith("0") or reading[last][:-1] not in DULL:
        yield _ending(reading, last, stressed=False)
    if len(vowels) > 1 and stress == "0" and reading[vowels[-2]][-1] in "12":
        yield _ending(reading, vowels[-2], stressed=True)


def _ending(reading: Pronunciation, start: int, *, stressed: bool) -> Ending:
    onset_start = start
    while onset_start and not is_vowel(reading[onset_start - 1]):
        onset_start -= 1
    sound = " ".join(phoneme.rstrip("012") for phoneme in reading[start:])
    return Ending(" ".join(reading[onset_start:start]), sound, stressed)


def are_equal(sound: str, other: str) -> bool:
    """Tell whether the sonnets take two different sounds for a rhyme."""
    return frozenset((sound, other)) in LEARNED


def compare(ending: Ending, other: Ending) -> Rhyme:
    """Tell how well two endings rhyme."""
    if ending.sound != other.sound:
        return Rhyme.LEARNED if are_equal(ending.sound, other.sound) else Rhyme.NONE
    if ending.onset == other.onset:
        return Rhyme.SAME
    return Rhyme.PERFECT if ending.stressed and other.stressed else Rhyme.PROMOTED


def rhyme(word: str, readings: Pronunciations, other: str, other_readings: Pronunciations) -> Rhyme:
    """Tell how well two words rhyme, in the readings that suit each other best."""
    if word == other:
        return Rhyme.SAME
    pairs = (
        compare(ending, other_ending)
        for reading in readings
        for ending in endings(reading)
        for other_reading in other_readings
        for other_ending in endings(other_reading)
    )
    best = max(pairs, default=Rhyme.NONE)
    return Rhyme.EYE if best is Rhyme.NONE and letters(word) == letters(other) else best


def letters(word: str) -> str:
    """Return the letters that rhyme for the eye: from the last sounding vowel on."""
    found = _EYE.search(word)
    return found[0] if found else word
