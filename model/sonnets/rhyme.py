"""Which words rhyme: perfectly, as Shakespeare rhymed them, or for the eye.

The sound of a rhyme runs from a vowel to the end of the word: "AY" of die, "EH ZH ER" of treasure. It begins at the
last syllable, which is strong (masculine), or at the one before it, with a weak one behind (feminine). The consonants
in front of it that begin its syllable are the onset, and have to differ: no word rhymes with itself, nor with another
that ends in the same syllable.

    perfect    the sounds are the same, and both words have a stress there: die, sky
    promoted   the sounds are the same, but metre gives one of them its stress: thee, memory
    learned    the sounds are not the same today, but the sonnets rhyme them again and again: love, prove
    eye        only the letters are the same: heard, beard
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from model.sonnets.pronunciation import is_vowel
from model.text.dictionary import Pronunciation, Pronunciations
from model.text.words import words_of

VOWELS = frozenset(words_of("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"))
ONSETS = frozenset(
    (
        *(
            "P L",
            "P R",
            "P Y",
            "B L",
            "B R",
            "B Y",
            "T R",
            "T W",
            "T Y",
            "D R",
            "D W",
            "D Y",
            "K L",
            "K R",
            "K W",
            "K Y",
        ),
        *("G L", "G R", "G W", "F L", "F R", "F Y", "V Y", "TH R", "TH W", "S L", "S M", "S N", "S P", "S T", "S K"),
        *("S W", "SH R", "HH Y", "HH W", "M Y", "N Y", "L Y", "S P L", "S P R", "S P Y", "S T R", "S K R", "S K W"),
    )
)
"""Consonants that can begin a syllable together."""


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
        "EH R ~ IH R",  # where, clear
        "AA R ~ EH R",  # are, care
        "AH M ~ UW M",  # come, doom
        "AH NG ~ AO NG",  # tongue, song
        "EH S T ~ IY S T",  # west, east
        "AE S T ~ EY S T",  # last, taste
        "AO R TH ~ ER TH",  # forth, worth
        "AO R D Z ~ ER D Z",  # affords, words
        "AA R T ~ ER T",  # part, desert
        "IH S ~ IH Z",  # this, is
        "AA Z ~ AE S",  # was, pass
        "AH D ~ UH D",  # blood, good
        "EH V AH N ~ IY V IH N",  # heaven, even
    )
)
LEARNED_IF_PROMOTED = frozenset(
    frozenset(pair.split(" ~ "))
    for pair in (
        "AY ~ IY",  # die, memory
        "AY Z ~ IY Z",  # lies, subtleties
        "AH N T ~ EH N T",  # spent, argument
        "AH N S ~ EH N S",  # expense, excellence
    )
)
"""Pairs of sounds that the 138 training sonnets rhyme twice or more; those of the second set, where one is promoted."""
DULL = ("AH", "ER", "IH")
"""Vowels that are not heard next to a stressed syllable: mango rhymes with go, but summer not with her."""
_EYE = re.compile("[aeiouy]+[^aeiouy']*(?:e|es|ed|'d|'st)?$")


def endings(reading: Pronunciation) -> Iterator[Ending]:
    """Yield the endings of a reading, the masculine one first."""
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
    before = max((place + 1 for place in range(start) if is_vowel(reading[place])), default=0)
    onset = reading[before:start]
    while before and len(onset) > 1 and " ".join(onset) not in ONSETS:  # of "yourself", the r belongs to "your"
        onset = onset[1:]
    return Ending(" ".join(onset), " ".join(phoneme.rstrip("012") for phoneme in reading[start:]), stressed)


def are_equal(sound: str, other: str) -> bool:
    """Tell whether the sonnets take two different sounds for a rhyme, in some words at least."""
    return frozenset((sound, other)) in LEARNED | LEARNED_IF_PROMOTED


def compare(ending: Ending, other: Ending) -> Rhyme:
    """Tell how well two endings rhyme."""
    if ending.sound != other.sound:
        sounds = frozenset((ending.sound, other.sound))
        is_learned = sounds in LEARNED or (sounds in LEARNED_IF_PROMOTED and ending.stressed != other.stressed)
        return Rhyme.LEARNED if is_learned else Rhyme.NONE
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
