"""How words sound: the rules for Shakespeare's forms, and the file of pronunciations that is committed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.sonnets import pronunciation
from model.sonnets.pronunciation import LONGEST_WORD, MOST_READINGS, PHONEMES, Pronouncer
from model.sonnets.prosody import prosody
from model.text import sources
from model.text.corpus import Corpus
from model.text.dictionary import (
    PRONUNCIATIONS,
    Dictionary,
    read_cmudict,
)
from model.text.vocabulary import Vocabulary, words_of
from tools.pronunciations import POEMS, format_dictionary, licence, word_list

DICTIONARY, pronounce = prosody().dictionary, prosody().pronounce
needs_sonnets = pytest.mark.skipif(bool(sources.missing(sources.DATA)), reason="python -m model fetch")


def sounds(word: str) -> list[str]:
    return [" ".join(reading) for reading in pronounce(word)]


@pytest.mark.parametrize(
    ("word", "reading"),
    {
        "beauty": "B Y UW1 T IY0",
        "lov'd": "L AH1 V D",
        "bless'd": "B L EH1 S T",
        "dy'd": "D AY1 D",
        "fixed": "F IH1 K S AH0 D",  # -ed as a syllable
        "loved": "L AH1 V D",
        "mak'st": "M EY1 K S T",
        "know'st": "N OW1 S T",
        "loveth": "L AH1 V AH0 TH",
        "beauty's": "B Y UW1 T IY0 Z",
        "heav'n": "HH EH1 V N",
        "heaven": "HH EH1 V N",
        "pow'r": "P AW1 R",
        "murd'rous": "M ER1 D R AH0 S",
        "glorious": "G L AO1 R Y AH0 S",
        "honour": "AA1 N ER0",
        "offence": "AH0 F EH1 N S",
        "self-substantial": "S EH2 L F S AH0 B S T AE1 N SH AH0 L",
        "o'ertake": "AO2 R T EY1 K",
        "unkindness": "AH0 N K AY1 N D N AH0 S",
        "thou": "DH AW1",
        "'tis": "T IH1 Z",
    }.items(),
)
def test_readings(word: str, reading: str) -> None:
    assert reading in sounds(word)


@pytest.mark.parametrize("part", ["un", "ness", "s", "lyer", "e'", "a-", "ings", "e", "to-"])
def test_no_word_takes_long(part: str) -> None:
    word = part * (LONGEST_WORD // len(part))
    assert len(pronounce(word)) <= MOST_READINGS
    assert pronounce(part * 5000) == ()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pronunciation, "MOST_REMEMBERED", 10)
    fresh = Pronouncer(DICTIONARY.pronunciations, pronounce.forms)
    assert [fresh(word) for word in ("beauty", "lov'd", "heav'n", "loveth") * 5] == [
        pronounce(word) for word in ("beauty", "lov'd", "heav'n", "loveth") * 5
    ]


def test_no_word_is_guessed() -> None:
    assert [word for word in ("xyzzy", "qwrtz", "", "'", "-") if pronounce(word)] == []


@given(st.text("abdegilnorsty'-", max_size=12))
def test_whatever_the_word_readings_are_of_known_sounds(word: str) -> None:
    readings = pronounce(word)
    assert len(readings) <= MOST_READINGS
    assert PHONEMES.issuperset(phoneme for reading in readings for phoneme in reading)


@needs_sonnets
def test_nearly_every_word_of_the_sonnets_has_a_pronunciation() -> None:
    words = [word for sonnet in sources.sonnets_corpus().training for word in words_of(sonnet)]
    assert sum(bool(pronounce(word)) for word in words) / len(words) > 0.99


# ---- the files ----


def test_the_committed_file_keeps_the_licence_and_its_size() -> None:
    content = PRONUNCIATIONS.read_text(encoding="ascii")
    assert "# Copyright (C) 1993-2015 Carnegie Mellon University." in content
    assert "WITHOUT" not in content.split("\n")[0]
    assert PRONUNCIATIONS.stat().st_size < 400_000


def test_the_committed_file_reads_as_it_is_written() -> None:
    content = PRONUNCIATIONS.read_text(encoding="ascii")
    lines = "".join(line for line in content.splitlines(keepends=True) if not line.startswith("#"))
    assert format_dictionary(DICTIONARY) == lines


@pytest.mark.skipif(bool(sources.missing(sources.DATA, sources.CMUDICT)), reason="python -m model fetch")
def test_the_committed_file_says_what_the_whole_dictionary_says() -> None:
    whole = sources.whole_dictionary().pronunciations
    assert {word: readings for word, readings in DICTIONARY.pronunciations.items() if whole[word] != readings} == {}


PUBLISHED = """;;; # CMUdict  --  Major Version: 0.07
;;; # Copyright (C) 1993-2015 Carnegie Mellon University. All rights reserved.
;;; # $Date$
;;;
!EXCLAMATION-POINT  EH2 K S K L AH0 M EY1 SH AH0 N P OY2 N T
3D  TH R IY1 D IY2
A.S  EY1 Z
BEAUTY  B Y UW1 T IY0
BEAUTY'S  B Y UW1 T IY0 Z
USE  Y UW1 S
USE(1)  Y UW1 Z
"""


def test_the_published_dictionary_is_read(tmp_path: Path) -> None:
    (tmp_path / "cmudict.txt").write_text(PUBLISHED)
    assert read_cmudict(tmp_path / "cmudict.txt") == {
        "beauty": (("B", "Y", "UW1", "T", "IY0"),),
        "beauty's": (("B", "Y", "UW1", "T", "IY0", "Z"),),
        "use": (("Y", "UW1", "S"), ("Y", "UW1", "Z")),
    }
    assert licence(PUBLISHED).splitlines() == [
        "# CMUdict  --  Major Version: 0.07",
        "# Copyright (C) 1993-2015 Carnegie Mellon University. All rights reserved.",
    ]


def test_words_of_poems_are_chosen_and_names_and_rare_words_of_plays_left_out() -> None:
    """The builder on a few lines: "rose" is in a poem, "Hotspur" is a name, "heath" stands once in a play."""
    sonnet, play = "the rose is sweet", "enter hotspur with hotspur and a crown, a crown, on the heath"
    corpus = Corpus("verse", (sonnet,), (), (play,), Vocabulary.from_texts([sonnet, play]), "")
    originals = {"play_gut.txt": "Enter Hotspur with Hotspur and a crown, a crown, on the heath"} | dict.fromkeys(
        POEMS, "The rose"
    )
    sounds = dict.fromkeys(("rose", "sweet", "hotspur", "crown", "heath", "the"), (("B", "EH1", "D"),))
    made = word_list(corpus, originals, Dictionary(sounds))
    assert set(made.pronunciations) == {"rose", "sweet", "crown"}  # "the" has its sound by hand
    assert made.of_poems == {"rose", "sweet", "the"}
    assert made.leanings["crown"] < 0 < made.leanings["rose"]
