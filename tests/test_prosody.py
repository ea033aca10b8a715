"""The sounds, metre and rhymes of words, and the tables of these."""

import shutil
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.files import TableError
from model.verse import prosody
from model.verse.dictionary import PRONUNCIATIONS, read_cmudict
from model.verse.metre import LONGEST, fits, patterns, scans
from model.verse.pronunciation import LONGEST_WORD, MOST_READINGS, PHONEMES
from model.verse.prosody import FOLDER, read_prosody
from model.verse.rhyme import Rhyme
from tools.pronunciations import format_dictionary, licence

TABLE = prosody.prosody()
DICTIONARY, pronounce, rhymes = TABLE.dictionary, TABLE.pronounce, TABLE.rhymes

# ---- sounds ----


READINGS = """\
beauty B Y UW1 T IY0 | lov'd L AH1 V D | bless'd B L EH1 S T | dy'd D AY1 D
fixed F IH1 K S AH0 D | loved L AH1 V D | mak'st M EY1 K S T | know'st N OW1 S T
phoenixes F IY1 N IH0 K S AH0 Z | king's K IH1 NG Z
loveth L AH1 V AH0 TH | beauty's B Y UW1 T IY0 Z | heav'n HH EH1 V N | heaven HH EH1 V N
pow'r P AW1 R | murd'rous M ER1 D R AH0 S | glorious G L AO1 R Y AH0 S | honour AA1 N ER0
offence AH0 F EH1 N S | self-substantial S EH2 L F S AH0 B S T AE1 N SH AH0 L
o'ertake AO2 R T EY1 K | unkindness AH0 N K AY1 N D N AH0 S | thou DH AW1 | 'tis T IH1 Z"""


def test_known_words_have_their_readings_and_no_other_is_guessed() -> None:
    for line in READINGS.replace("\n", " | ").split(" | "):
        word, *reading = line.split()
        assert tuple(reading) in pronounce(word), word
    assert [word for word in ("xyzzy", "qwrtz", "", "'", "-") if pronounce(word)] == []


@pytest.mark.parametrize("part", ["un", "ness", "s", "lyer", "e'", "a-", "ings", "e", "to-"])
def test_no_word_takes_long(part: str) -> None:
    assert len(pronounce(part * (LONGEST_WORD // len(part)))) <= MOST_READINGS
    assert pronounce(part * 5000) == ()


@given(st.text("abdegilnorsty'-", max_size=12))
def test_any_word_has_readings_of_known_sounds(word: str) -> None:
    readings = pronounce(word)
    assert len(readings) <= MOST_READINGS
    assert PHONEMES.issuperset(phoneme for reading in readings for phoneme in reading)


# ---- metre ----


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("shall i compare thee to a summer's day", True),
        ("rough winds do shake the darling buds of may", True),
        ("beauty and love are seldom found in one", True),  # a trochee at the beginning
        ("a woman's face with nature's own hand painted", True),  # a feminine ending
        ("but not acquainted with the way to heaven", True),  # heav'n
        ("and every flower that blows in glorious power", True),  # three words with a syllable less
        ("then give me welcome next my heaven the best", True),
        ("shall i compare thee", False),
        ("shall i compare thee to a summer's day again", False),
        # compare would be stressed on its first syllable
        ("i compare thee to the summer's day", False),
        ("to be compared with summer and with beauty to", False),
        ("the beauty of the lovely summer season was a", False),
        ("those lips that love's own hand did make", False),  # eight syllables
    ],
)
def test_lines_that_scan_and_lines_that_do_not(line: str, expected: bool) -> None:
    assert scans([patterns(word, pronounce(word)) for word in line.split()]) is expected


def test_a_word_that_fits_stays_in_the_line_with_its_stress_in_a_strong_position() -> None:
    every_pattern = [
        "".join(marks) for length in range(1, 6) for marks in product("012", repeat=length)
    ]
    for pattern, start in product(every_pattern, range(LONGEST + 1)):
        if fits(pattern, start):
            assert start + len(pattern) <= LONGEST
            assert all(n % 2 == 1 or n == 0 for n, mark in enumerate(pattern, start) if mark == "1")
            assert start + len(pattern) < LONGEST or (pattern[-1] == "0" and pattern[-2:-1] != "0")


# ---- rhymes ----


@pytest.mark.parametrize(
    ("expected", "pairs"),
    [
        (
            Rhyme.PERFECT,
            (
                "day may|increase decease|treasure pleasure|disgrac'd plac'd|write bright|muse"
                " use|seen been"
            ),
        ),
        (Rhyme.LEARNED, "flattery eye|love prove|heaven even|tongue wrong|argument spent"),
        (Rhyme.PROMOTED, "thee memory|memory victory"),
        # a word without a pronunciation, as blorange, rhymes for the eye at most
        (Rhyme.EYE, "date temperate|heard beard|blorange orange"),
        (Rhyme.SAME, "sun son|yourself self|impress press|thee thee|wolf she-wolf"),
        (Rhyme.NONE, "none been|die see|sun moon|died need|zzz qqq"),
    ],
)
def test_how_pairs_of_words_rhyme(expected: Rhyme, pairs: str) -> None:
    for pair in pairs.split("|"):
        for word, other in (pair.split(), pair.split()[::-1]):
            assert rhymes.of_words(word, pronounce(word), other, pronounce(other)) is expected, pair


# ---- tables ----


@pytest.mark.parametrize(
    ("table", "line", "reason"),
    [
        ("forms.txt", "[words]\nmango = M AE1 NG G OE0", "'OE0' is no sound of the CMU dictionary"),
        ("forms.txt", "[words]\no'er = AO1 R", '"o\'er" stands here twice'),
        ("rhymes.txt", "AY =  # high", "'AY =' is not of the form"),
    ],
)
def test_an_error_names_the_file_and_the_line(
    tmp_path: Path, table: str, line: str, reason: str
) -> None:
    changed = shutil.copytree(FOLDER, tmp_path / "prosody") / table
    changed.write_text(f"{changed.read_text()}{line}\n")
    number = len(changed.read_text().splitlines())
    with pytest.raises(TableError, match=rf"prosody/{table}, line {number}: {reason}"):
        read_prosody(changed.parent)


def test_the_committed_file_keeps_the_licence_and_reads_as_it_is_written() -> None:
    content = PRONUNCIATIONS.read_text(encoding="ascii")
    assert "# Copyright (C) 1993-2015 Carnegie Mellon University." in content
    lines = "".join(line for line in content.splitlines(keepends=True) if not line.startswith("#"))
    assert format_dictionary(DICTIONARY) == lines


PUBLISHED = """;;; # CMUdict  --  Major Version: 0.07
;;; # Copyright (C) 1993-2015 Carnegie Mellon University. All rights reserved.
;;; # $Date$
;;;
!EXCLAMATION-POINT  EH2 K S K L AH0 M EY1 SH AH0 N P OY2 N T
3D  TH R IY1 D IY2
A.S  EY1 Z
BEAUTY'S  B Y UW1 T IY0 Z
USE  Y UW1 S
USE(1)  Y UW1 Z
"""


def test_the_published_dictionary_is_read() -> None:
    assert read_cmudict(PUBLISHED) == {
        "beauty's": (("B", "Y", "UW1", "T", "IY0", "Z"),),
        "use": (("Y", "UW1", "S"), ("Y", "UW1", "Z")),
    }
    assert licence(PUBLISHED).splitlines() == [
        "# CMUdict  --  Major Version: 0.07",
        "# Copyright (C) 1993-2015 Carnegie Mellon University. All rights reserved.",
    ]
