"""Folding, and characters to ids and back."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import MangosaurusError
from model.text.vocabulary import Vocabulary, fold

VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
any_text = st.text(st.characters())  # every code point, lone surrogates too
vocabularies = st.sets(st.characters()).map(
    lambda characters: Vocabulary("".join(sorted(characters | {"\n"})))
)
PRINTABLE = "".join(map(chr, range(32, 127)))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (PRINTABLE, PRINTABLE.lower().replace("`", "'")),
        ("Ångström naïve Čapek señor", "angstrom naive capek senor"),
        (
            "Æsop œuvre Ørsted Łódź Straße þorn ðat đ ıİ",
            "aesop oeuvre orsted lodz strasse thorn dat d ii",
        ),
        ("\ufb01re, \uff26\uff35\uff2c\uff2c, \U0001d4d3", "fire, full, d"),
        (
            "\u201cO\u201d \u2018thou\u2019 \u00abart\u00bb o\u2032er `tis",
            "\"o\" 'thou' \"art\" o'er 'tis",
        ),
        ("yes\u2014no\u2013maybe \u2212 non\u2011stop \u2026", "yes--no-maybe - non-stop ..."),
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\tb\u00a0c\u3000d\u1680e", "a b c d e"),
        ("a\x00b\u200bc\u00add\ufeffe\ud800f", "abcdef"),
        ("rex \U0001f996\U0001f469\U0001f3fd\u200d\U0001f680 \u2665\ufe0f!", "rex  !"),
        ("e\u0301\u0301 Z\u0351\u0336algo", "e zalgo"),
        ("Дино 恐竜 ΣΑΣ", "дино 恐竜 σασ"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_the_fold_of_any_character_changes_nothing() -> None:
    for first in range(0, 0x20000, 256):  # beyond these there are ideographs alone
        folded = fold("".join(map(chr, range(first, first + 256))))
        assert fold(folded) == folded, hex(first)


@given(any_text, any_text, vocabularies)
def test_folding_any_text(before: str, after: str, vocabulary: Vocabulary) -> None:
    folded = fold(before)
    assert fold(folded) == folded
    assert not any(
        unicodedata.category(character)[0] in "MC" for character in folded.replace("\n", "")
    )
    if before[-1:] != "\r":
        assert fold(before + after) == folded + fold(after)
    known = vocabulary.fold(before)
    assert set(known) <= set(vocabulary.characters)
    assert vocabulary.fold(known) == known
    assert vocabulary.text_of(vocabulary.ids_of(known)) == known


@given(vocabularies)
def test_an_id_is_the_index_of_its_character(vocabulary: Vocabulary) -> None:
    ids = np.arange(len(vocabulary))
    assert vocabulary.ids_of(vocabulary.characters).tolist() == ids.tolist()
    assert vocabulary.text_of(ids) == vocabulary.characters
    assert vocabulary.characters[vocabulary.newline] == "\n"


def test_a_vocabulary_is_sorted_has_no_duplicates_and_has_the_newline() -> None:
    assert Vocabulary.from_texts(["ba", "", "a c"]).characters == "\n abc"
    assert Vocabulary.from_texts([]).characters == "\n"
    for characters in ("", "abc", "a\n", "\n\nab"):
        with pytest.raises(MangosaurusError):
            Vocabulary(characters)
    assert [member in VERSE for member in ("a", "ab", "", 1, "é")] == [
        True,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [("thou Art", "'A' at position 5"), ("a恐b", "'恐' at position 1"), ("\ud800", "position 0")],
)
def test_a_character_without_an_id_is_named(wrong: str, named: str) -> None:
    with pytest.raises(MangosaurusError, match=named):
        VERSE.ids_of(wrong)
