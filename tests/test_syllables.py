"""Syllables of lines, against counts by hand."""

import sys

import pytest

from model.evaluation.syllables import syllable_counter
from model.text.vocabulary import words_of

count = syllable_counter()
assert count, "the tests need pysyllables"


@pytest.mark.parametrize(
    ("line", "syllables"),
    [
        ("Shall I compare thee to a summer's day", 10),
        ("rough winds do shake the darling buds of may,", 10),
        ("my mistress' eyes are nothing like the sun;", 10),
        ("i hate, from hate away she threw,", 8),
        ("th' uncertain glory, 't was in th' air", 8),
        ("love-song", 2),
        ("", 0),
    ],
)
def test_syllables_of_a_line(line: str, syllables: int) -> None:
    assert count is not None
    assert count(words_of(line)) == syllables


@pytest.mark.parametrize("line", ["he look'd away", "thou wilt not mangoble", "a self-mangoble"])
def test_a_line_with_an_unknown_word_has_no_count(line: str) -> None:
    assert count is not None
    assert count(words_of(line)) is None


def test_without_the_package_there_is_no_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysyllables", None)
    assert syllable_counter() is None
