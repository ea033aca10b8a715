"""Finds how a word sounds: in the dictionary, or by rules that lead from Shakespeare's forms to the
dictionary's.

Phonemes are those of the CMU Pronouncing Dictionary: 24 consonants, and 15 vowels that carry a
digit for stress (1 primary, 2 secondary, 0 none). So "beauty" is B Y UW1 T IY0, and a word has as
many syllables as digits.

The dictionary speaks today's American. The rules here reach what it lacks: 'd and 'st, -eth and
-est, possessives, British spellings, compounds, prefixes and suffixes. They also add the readings
that verse allows beside the usual one: -ed as a syllable, and syllables that two vowels share or
that a poet swallows (heav'n, pow'r, flatt'ring, glorious). A word that no rule reaches has no
pronunciation; nothing is guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice, product
from typing import NamedTuple

from model.text.vocabulary import words_of
from model.verse.dictionary import Pronunciation, Pronunciations

VOWELS = frozenset(words_of("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"))
CONSONANTS = frozenset(words_of("B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"))
PHONEMES = CONSONANTS | {vowel + stress for vowel in VOWELS for stress in "012"}
VOICELESS = frozenset(("P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"))
SIBILANTS = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
# A word of more letters has no pronunciation. The longest word that Shakespeare used has 36.
LONGEST_WORD = 40
# A word with more apostrophes has none either: for each, three letters are tried, which takes long.
MOST_APOSTROPHES = 3
MOST_READINGS = 6  # of a word; some compounds would have dozens
MOST_REMEMBERED = 100_000  # people can ask for any number of words


# stems such as "mak" and "lov", which mostly lack an e
_SHORT = re.compile("(?:[^aeiouy]|qu)[aeiouy][^aeiouywx]$")
_GLIDES = {"IY0": "Y", "UW0": "W"}
_SWALLOWED = ("AH0", "IH0")
_LIQUID = ("R", "L", "N")


class Forms(NamedTuple):
    """Shakespeare's forms of words: letters, and the sounds that they stand for."""

    words: Mapping[str, Pronunciations]
    prefixes: Mapping[str, Pronunciation]
    suffixes: Mapping[str, Pronunciation]
    spellings: Sequence[tuple[str, str]]  # British letters, and American ones


class Pronouncer:
    """Finds and remembers pronunciations."""

    def __init__(self, dictionary: Mapping[str, Pronunciations], forms: Forms) -> None:
        self._dictionary, self.forms = dictionary, forms
        self._suffixes = sorted(
            forms.suffixes.items(), key=lambda suffix: len(suffix[0]), reverse=True
        )
        self._sung = lru_cache(MOST_REMEMBERED)(self._readings)
        self._plain = lru_cache(MOST_REMEMBERED)(self._plain_readings)

    def __call__(self, word: str) -> Pronunciations:
        """Return the ways to say a word, the usual one first; empty if no rule reaches the word."""
        if len(word) > LONGEST_WORD or word.count("'") > MOST_APOSTROPHES:
            return ()
        return self._sung(word)

    def _readings(self, word: str) -> Pronunciations:
        found: dict[Pronunciation, None] = {}
        for reading in self._plain(word):
            found |= dict.fromkeys((reading, *_shortened(reading)))
        if word.endswith("ed"):
            found |= dict.fromkeys(self._with_sounding_ed(word))
        return tuple(found)[:MOST_READINGS]

    def _plain_readings(self, word: str) -> Pronunciations:
        """Return the readings of prose, to which verse adds more."""
        return self.forms.words.get(word) or self._dictionary.get(word) or self._by_rule(word)

    def _by_rule(self, word: str) -> Pronunciations:
        rules = (
            self._compound,
            self._apostrophe,
            self._inflected,
            self._respelt,
            self._suffixed,
            self._prefixed,
        )
        return next(
            (found for rule in rules if (found := tuple(islice(rule(word), MOST_READINGS)))), ()
        )

    def _compound(self, word: str) -> Iterable[Pronunciation]:
        parts = word.split("-")
        if len(parts) == 1:
            return ()
        return (
            tuple(chain(*readings))
            for readings in product(*(map(_in_compound, self(part)[:2]) for part in parts))
        )

    def _apostrophe(self, word: str) -> Iterable[Pronunciation]:
        stem, mark, ending = word.rpartition("'")
        if not mark:
            return ()
        if ending == "d":
            return _without_ed(self._plain(stem + "ed")) or map(_past, self._stems(stem))
        if ending == "st":
            return _followed(self._stems(stem), ("S", "T"))
        if ending == "s":
            return map(_plural, self(stem))
        if ending in ("t", "ll"):
            return _followed(self(stem), ending[0].upper())
        return self._swallowed(stem, ending)

    def _swallowed(self, stem: str, ending: str) -> Iterator[Pronunciation]:
        """Yield readings without the swallowed vowel: for heav'n, "heaven" in one syllable."""
        for letter in "eio":
            for reading in self._plain(stem + letter + ending):
                shorter = list(_shortened(reading))
                yield from shorter or _without_last_weak(reading)

    def _with_sounding_ed(self, word: str) -> Iterator[Pronunciation]:
        """Yield the readings of a past tense with -ed as a syllable: of loved, but not of need."""
        for reading in self._stems(word.removesuffix("ed"))[:2]:
            is_past = not word.endswith("eed") and _past(reading) in self._plain(word)
            if reading[-1] not in ("T", "D") and is_past:
                yield (*reading, "AH0", "D")

    def _inflected(self, word: str) -> Iterable[Pronunciation]:
        if word.endswith("ed"):
            return map(_past, self._stems(word.removesuffix("ed")))
        if word.endswith("ies"):
            return map(_plural, self._plain(word.removesuffix("ies") + "y"))
        if word.endswith("s") and not word.endswith("ss"):
            stem = word.removesuffix("s")
            return map(_plural, self._plain(stem.removesuffix("e")) or self._plain(stem))
        return ()

    def _respelt(self, word: str) -> Iterator[Pronunciation]:
        for british, american in self.forms.spellings:
            if british in word:
                yield from self._dictionary.get(word.replace(british, american), ())

    def _suffixed(self, word: str) -> Iterable[Pronunciation]:
        for suffix, sounds in self._suffixes:
            stem = word.removesuffix(suffix)
            if 1 < len(stem) < len(word) and (found := self._stems(stem)):
                return _followed(found, sounds)
        return ()

    def _prefixed(self, word: str) -> Iterator[Pronunciation]:
        for prefix, sounds in self.forms.prefixes.items():
            rest = word.removeprefix(prefix)
            if rest != word and len(rest) > 2:
                yield from ((*sounds, *reading) for reading in self._plain(rest)[:2])

    def _stems(self, stem: str) -> Pronunciations:
        """Return the readings of the word that an ending was added to: "love" for lov-, "pity" for
        piti-, "trim" for trimm-, or the stem itself.
        """
        candidates = [stem + "e", stem] if _SHORT.search(stem) else [stem, stem + "e"]
        if stem.endswith("i"):
            candidates.insert(0, stem[:-1] + "y")
        if len(stem) > 2 and stem[-1] == stem[-2]:
            candidates.append(stem[:-1])
        if stem.endswith("y"):
            candidates.append(stem[:-1] + "ie")
        if stem.endswith("'r"):
            candidates.append(stem[:-2] + "er")
        return next((found for candidate in candidates if (found := self._plain(candidate))), ())


def is_vowel(phoneme: str) -> bool:
    """Return whether a phoneme is a vowel: a vowel carries a digit."""
    return phoneme[-1].isdigit()


def _in_compound(reading: Pronunciation) -> Pronunciation:
    """Return the reading of a part of a compound. A single syllable may be stressed or not."""
    if sum(map(is_vowel, reading)) > 1:
        return reading
    return tuple(phoneme[:-1] + "2" if is_vowel(phoneme) else phoneme for phoneme in reading)


def _followed(readings: Iterable[Pronunciation], sounds: Iterable[str]) -> list[Pronunciation]:
    """Return readings with further sounds behind each."""
    return [(*reading, *sounds) for reading in readings]


def _plural(reading: Pronunciation) -> Pronunciation:
    last = reading[-1]
    if last in SIBILANTS:
        return (*reading, "AH0", "Z")
    return (*reading, "S" if last in VOICELESS else "Z")


def _past(reading: Pronunciation) -> Pronunciation:
    last = reading[-1]
    if last in ("T", "D"):
        return (*reading, "AH0", "D")
    return (*reading, "T" if last in VOICELESS else "D")


def _without_ed(readings: Pronunciations) -> Pronunciations:
    """Return the readings in which -ed is no syllable; if there are none, return all."""
    short = tuple(
        reading for reading in readings if reading[-2:] not in (("AH0", "D"), ("IH0", "D"))
    )
    return short or readings


def _without_last_weak(reading: Pronunciation) -> Iterator[Pronunciation]:
    """Yield a reading without its last unstressed vowel, if it has one."""
    for place in reversed(range(len(reading))):
        if reading[place].endswith("0"):
            # ER0 leaves its R behind
            yield reading[:place] + ("R",) * (reading[place] == "ER0") + reading[place + 1 :]
            return


def _shortened(reading: Pronunciation) -> Iterator[Pronunciation]:
    """Yield shorter readings, each without one syllable that verse may leave out."""
    for place in range(1, len(reading)):
        front, phoneme, rest = reading[:place], reading[place], reading[place + 1 :]
        weak_follows = bool(rest) and rest[0].endswith("0")
        if phoneme in _GLIDES and weak_follows:  # glor-yous, virt-wous
            yield (*front, _GLIDES[phoneme], *rest)
        elif phoneme == "ER0" and (
            front[-1] in ("AW1", "AY1") or (weak_follows and not is_vowel(front[-1]))
        ):
            yield (*front, "R", *rest)  # pow'r, flatt'ring
        elif phoneme in _SWALLOWED and not is_vowel(front[-1]):
            liquid_follows = len(rest) > 1 and rest[0] in _LIQUID and rest[1].endswith("0")
            if liquid_follows or (front[-1] == "V" and rest[:1] == ("N",)):
                yield (*front, *rest)  # pris'ner, heav'n
