"""Folding, and characters to ids and back."""

import sys
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.vocabulary import Vocabulary, VocabularyError, fold

VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
any_text = st.text(st.characters())  # every code point, lone surrogates too
vocabularies = st.sets(st.characters()).map(lambda characters: Vocabulary("".join(sorted(characters | {"\n"}))))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("SHALL I Compare", "shall i compare"),
        ("Ångström naïve Čapek señor", "angstrom naive capek senor"),
        ("Æsop œuvre Ørsted Łódź Straße þorn ðat đ ıİ", "aesop oeuvre orsted lodz strasse thorn dat d ii"),
        ("\ufb01re, \uff26\uff35\uff2c\uff2c, \U0001d4d3", "fire, full, d"),
        ("\u201cO\u201d \u2018thou\u2019 \u00abart\u00bb o\u2032er `tis", "\"o\" 'thou' \"art\" o'er 'tis"),
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


def test_printable_ascii_changes_only_in_case_and_the_backtick() -> None:
    printable = "".join(map(chr, range(32, 127)))
    assert fold(printable) == printable.lower().replace("`", "'")


def test_folding_the_fold_of_any_character_changes_nothing() -> None:
    for first in range(0, sys.maxunicode + 1, 256):
        folded = fold("".join(map(chr, range(first, first + 256))))
        assert fold(folded) == folded, hex(first)


@given(any_text)
def test_folding_never_fails_and_folding_again_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert not any(unicodedata.category(character)[0] in "MC" for character in folded.replace("\n", ""))


@given(any_text, any_text)
def test_folding_maps_each_character_by_itself(before: str, after: str) -> None:
    if before[-1:] != "\r":
        assert fold(before + after) == fold(before) + fold(after)


@given(any_text, vocabularies)
def test_folding_into_a_vocabulary_gives_only_its_characters_and_is_idempotent(
    text: str, vocabulary: Vocabulary
) -> None:
    folded = vocabulary.fold(text)
    assert set(folded) <= set(vocabulary.characters)
    assert vocabulary.fold(folded) == folded
    assert vocabulary.text_of(vocabulary.ids_of(folded)) == folded


def test_folding_into_the_vocabulary_of_the_sonnets() -> None:
    assert (
        VERSE.fold("\u201cThou art\u2014\tmore\u2026\u201d 恐竜 42 [Exit] \U0001f996\r\n")
        == "thou art-- more...   exit \n"
    )


@given(vocabularies, st.data())
def test_an_id_is_the_index_of_its_character(vocabulary: Vocabulary, data: st.DataObject) -> None:
    ids = np.arange(len(vocabulary))
    assert vocabulary.ids_of(vocabulary.characters).tolist() == ids.tolist()
    assert vocabulary.characters[vocabulary.newline] == "\n"
    text = data.draw(st.text(st.sampled_from(vocabulary.characters)))
    assert vocabulary.text_of(vocabulary.ids_of(text).tolist()) == text


def test_from_texts_takes_all_characters_and_the_newline() -> None:
    assert Vocabulary.from_texts(["ba", "", "a c"]).characters == "\n abc"
    assert Vocabulary.from_texts([]).characters == "\n"
    assert all(a < b for a, b in pairwise(Vocabulary.from_texts(["zygote", "alpha\n"]).characters))


@pytest.mark.parametrize("characters", ["", "abc", "a\n", "\nb a", "\n\nab", "\naab"])
def test_a_vocabulary_that_is_unsorted_has_duplicates_or_lacks_the_newline_is_refused(characters: str) -> None:
    with pytest.raises(VocabularyError):
        Vocabulary(characters)


def test_only_single_characters_are_members() -> None:
    assert "a" in VERSE
    assert "ab" not in VERSE
    assert "" not in VERSE
    assert 1 not in VERSE
    assert "é" not in VERSE


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("thou Art", "'A' at position 5"),
        ("a\nB", "'B' at position 2"),
        ("a恐b", "'恐' at position 1"),
        ("\ud800", "position 0"),
    ],
)
def test_a_character_without_an_id_is_named(text: str, named: str) -> None:
    with pytest.raises(VocabularyError, match=named):
        VERSE.ids_of(text)


@pytest.mark.parametrize("number", [-1, 38, 1000])
def test_an_id_without_a_character_is_named(number: int) -> None:
    with pytest.raises(VocabularyError, match=f"id {number}; ids go from 0 to 37$"):
        VERSE.text_of([0, 1, number])


def test_vocabularies_with_equal_characters_are_equal() -> None:
    other = Vocabulary(VERSE.characters)
    VERSE.fold("thou")
    assert other == VERSE
    assert hash(other) == hash(VERSE)
