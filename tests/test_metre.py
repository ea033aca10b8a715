"""Metre: which words fit where, and which lines scan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.sonnets.metre import FULL, LONGEST, SYLLABLES, after, ends, fits, patterns, scans, stresses
from model.sonnets.prosody import prosody

pronounce = prosody().pronounce
stress_patterns = st.text("012", min_size=1, max_size=5)


def scans_line(line: str) -> bool:
    return scans([patterns(word, pronounce(word)) for word in line.split()])


@pytest.mark.parametrize(
    "line",
    [
        "shall i compare thee to a summer's day",
        "rough winds do shake the darling buds of may",
        "and summer's lease hath all too short a date",
        "beauty and love are seldom found in one",  # a trochee at the beginning
        "a woman's face with nature's own hand painted",  # a feminine ending
        "but not acquainted with the way to heaven",  # heav'n
        "and every flower that blows in glorious power",  # three words with a syllable less
        "then give me welcome next my heaven the best",
    ],
)
def test_lines_that_scan(line: str) -> None:
    assert scans_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "shall i compare thee",
        "shall i compare thee to a summer's day again",
        "i compare thee to the summer's day",  # compare would be stressed on its first syllable
        "to be compared with summer and with beauty to",
        "the beauty of the lovely summer season was a",
        "those lips that love's own hand did make",  # eight syllables
    ],
)
def test_lines_that_do_not(line: str) -> None:
    assert not scans_line(line)


@given(stress_patterns, st.integers(0, LONGEST))
def test_a_word_that_fits_stays_in_the_line_with_its_stress_in_a_strong_position(pattern: str, start: int) -> None:
    if fits(pattern, start):
        assert start + len(pattern) <= LONGEST
        for n, stress in enumerate(pattern, start):
            assert stress != "1" or n % 2 == 1 or n == 0
        assert start + len(pattern) < LONGEST or pattern[-1] == "0"


@given(st.lists(st.lists(stress_patterns, min_size=1, max_size=3), max_size=10))
def test_counts_are_those_of_some_choice_of_readings(words: list[list[str]]) -> None:
    """Bits in place of a search through all choices."""
    counts, reached = 1, {0}
    for choice in words:
        counts = after(choice, counts)
        reached = {start + len(p) for start in reached for p in choice if start < LONGEST and fits(p, start)}
        assert reached == {n for n in range(LONGEST + 1) if counts >> n & 1}
    assert scans(words) == bool(reached & {SYLLABLES, LONGEST})


@given(st.lists(stress_patterns, min_size=1, max_size=3), st.integers(0, LONGEST - 1))
def test_ends_are_what_one_count_leads_to(choice: list[str], start: int) -> None:
    assert after(choice, 1 << start) == ends(choice, start)
    assert ends(choice, start) <= FULL | (1 << SYLLABLES) - 1


def test_stresses_of_readings() -> None:
    assert stresses(("DH", "AH0")) == "2"  # one syllable may be anywhere
    assert stresses(("EH1", "L", "S", "W", "EH2", "R")) == "22"  # moves its stress
    assert stresses(("F", "AO1", "R", "T", "IY1", "N", "TH", "AH0")) == "210"
    assert stresses(("B", "Y", "UW1", "T", "IY0")) == "10"
