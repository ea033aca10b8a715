"""Rhymes: real pairs of the sonnets, and pairs that do not rhyme."""

from collections import Counter
from itertools import chain

import pytest

from model.sonnets.prosody import prosody
from model.sonnets.rhyme import Ending, Rhyme, endings, letters
from model.sonnets.search import SCHEME
from model.text import sources
from model.text.vocabulary import words_of

pronounce, rhymes = prosody().pronounce, prosody().rhymes


def rhyme_of(word: str, other: str) -> Rhyme:
    found = rhymes.of_words(word, pronounce(word), other, pronounce(other))
    assert found is rhymes.of_words(other, pronounce(other), word, pronounce(word))
    return found


@pytest.mark.parametrize(
    ("pair", "expected"),
    {
        "day may": Rhyme.PERFECT,
        "date temperate": Rhyme.EYE,
        "increase decease": Rhyme.PERFECT,
        "brow now": Rhyme.PERFECT,
        "treasure pleasure": Rhyme.PERFECT,
        "disgrac'd plac'd": Rhyme.PERFECT,
        "write bright": Rhyme.PERFECT,
        "muse use": Rhyme.PERFECT,
        "flattery eye": Rhyme.LEARNED,
        "thee memory": Rhyme.PROMOTED,
        "love prove": Rhyme.LEARNED,
        "heaven even": Rhyme.LEARNED,
        "tongue wrong": Rhyme.LEARNED,
        "heard beard": Rhyme.EYE,
        "sun son": Rhyme.SAME,
        "yourself self": Rhyme.SAME,
        "impress press": Rhyme.SAME,
        "seen been": Rhyme.PERFECT,
        "none been": Rhyme.NONE,
        "die see": Rhyme.NONE,
        "argument spent": Rhyme.LEARNED,
        "thee thee": Rhyme.SAME,
        "wolf she-wolf": Rhyme.SAME,
        "sun moon": Rhyme.NONE,
    }.items(),
)
def test_pairs(pair: str, expected: Rhyme) -> None:
    assert rhyme_of(*pair.split()) is expected


def test_what_has_no_pronunciation_rhymes_for_the_eye_at_most() -> None:
    assert rhymes.of_words("blorange", (), "orange", pronounce("orange")) is Rhyme.EYE
    assert rhymes.of_words("zzz", (), "qqq", ()) is Rhyme.NONE


def test_endings() -> None:
    assert list(endings(("M", "EH1", "M", "ER0", "IY0"))) == [Ending("", "IY", stressed=False)]
    assert list(endings(("B", "R", "AY1", "T"))) == [Ending("B R", "AY T", stressed=True)]
    assert list(endings(("T", "R", "EH1", "ZH", "ER0"))) == [Ending("T R", "EH ZH ER", stressed=True)]
    assert [ending.feminine for ending in endings(("M", "AE1", "NG", "G", "OW0"))] == [False, True]
    assert list(endings(("SH",))) == []


def test_a_promoted_syllable_rhymes_less_well() -> None:
    stressed, promoted = (
        Ending("TH", "IY", stressed=True),
        Ending("", "IY", stressed=False),
    )
    assert rhymes.compare(stressed, stressed._replace(onset="S")) is Rhyme.PERFECT
    assert rhymes.compare(stressed, promoted) is Rhyme.PROMOTED
    assert rhymes.compare(promoted, promoted._replace(onset="T")) is Rhyme.PROMOTED


def test_letters_for_the_eye() -> None:
    assert {word: letters(word) for word in ("love", "move", "prov'd", "beard", "rhythm", "day", "th")} == {
        "love": "ove", "move": "ove", "prov'd": "ov'd", "beard": "eard", "rhythm": "ythm", "day": "ay", "th": "th"
    }  # fmt: skip


@pytest.mark.skipif(bool(sources.missing(sources.DATA)), reason="needs the sonnets: python -m model fetch")
def test_what_is_learned_are_the_sounds_that_the_sonnets_rhyme_twice() -> None:
    counts: Counter[frozenset[str]] = Counter()
    for sonnet in sources.sonnets_corpus().training:
        last = [words_of(line)[-1] for line in sonnet.split("\n")]
        for number, partner in enumerate(SCHEME[: len(last)]):
            if partner is not None and len(last) == len(SCHEME):
                sounds = [
                    {ending.sound for ending in chain.from_iterable(map(endings, pronounce(last[at])))}
                    for at in (number, partner)
                ]
                counts.update({frozenset((one, other)) for one in sounds[0] for other in sounds[1] if one != other})
    for pair in rhymes.learned | rhymes.promoted:
        assert counts[pair] >= 2, sorted(pair)
        sound, other = pair
        assert other in rhymes.equal_to(sound)
