"""Folding and spelling of any text, prompts, and characters to ids and back."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import MangosaurusError
from model.text.forms import Alphabet
from model.text.vocabulary import MOST_CHARACTERS, Vocabulary, fold, spell

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
    assert not any(
        unicodedata.category(character)[0] in "MC" for character in folded.replace("\n", "")
    )
    if before[-1:] != "\r":
        assert fold(before + after) == folded + fold(after)
    known = vocabulary.fold(before)
    assert set(known) <= set(vocabulary.characters)
    assert vocabulary.fold(known) == known
    assert vocabulary.text_of(vocabulary.ids_of(known)) == known


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ángström 42, “Łódź” — 恐竜 Дино ΣΑΣ", "Ángström 42, “Łódź” — 恐竜 Дино ΣΑΣ"),
        ("e\u0301te\u0301 \u1112\u1161\u11ab", "été 한"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb\u00a0c\u3000d", "a b c d"),
        ("\ufeffa\u200bb\u00adc\u202ed\x07", "abcd"),
        ("می\u200cخواهم हिन्दी 🦖", "می\u200cخواهم हिन्दी 🦖"),
    ],
)
def test_the_own_alphabet_keeps_all_characters_that_can_be_seen(text: str, kept: str) -> None:
    assert spell(text, Alphabet.OWN)[0] == kept


@given(any_text)
def test_spelling_any_text(text: str) -> None:
    own, _ = spell(text, Alphabet.OWN)
    assert spell(own, Alphabet.OWN)[0] == unicodedata.normalize("NFC", own)
    assert not {"\t", "\r", "\ufeff", "\0"} & {*own}
    assert len({*own, "\n"}) <= MOST_CHARACTERS
    # the canonical equivalent of \u1ffd folds to '
    if len({*fold(text)}) < MOST_CHARACTERS and "\u1ffd" not in text:
        assert spell(text, Alphabet.FOLDED)[0] == fold(text)


@pytest.mark.parametrize(
    ("text", "alphabet", "sentence"),
    [
        ("Éva Émile ☃☃ Ünal\r\n\tb", Alphabet.OWN, ""),
        (
            "Éva Émile ☃☃ Ünal\r\n\tb",
            Alphabet.FOLDED,
            "5 characters folded or dropped, such as 'É', '☃', 'Ü'",
        ),
        ("a\u200bb", Alphabet.OWN, "1 characters folded or dropped, such as '\\u200b'"),
        ("Anna und Eva\t", Alphabet.FOLDED, ""),
    ],
)
def test_changes_are_told_but_not_those_of_capitals_and_blanks(
    text: str, alphabet: Alphabet, sentence: str
) -> None:
    assert spell(text, alphabet)[1] == sentence


def test_of_too_many_characters_the_rarest_are_folded_or_dropped() -> None:
    signs = [chr(0x4E00 + number) for number in range(300)]
    text = "".join(sign * (301 - number) for number, sign in enumerate(signs)) + "\n"
    for alphabet in Alphabet:
        kept, sentence = spell(text, alphabet)
        assert {*kept} == {"\n", *signs[: MOST_CHARACTERS - 1]}
        examples = ", ".join(map(repr, signs[199:204]))
        assert sentence == f"5,252 characters folded or dropped, such as {examples}"
    assert spell("".join(signs) * 2 + "EEEé", Alphabet.OWN)[0].endswith("EEEE")
    most = "".join(signs[:198]) * 5
    assert spell(most + "ééé" + "ßß", Alphabet.FOLDED)[0] == most + "ssss"  # ß is two letters


@pytest.mark.parametrize("marks", ["\u0301", "\u0316\u0301\u0345"])
def test_heaps_of_accents_are_cut_and_take_no_time(marks: str) -> None:
    text = "a" + marks * 100_000 + "b"  # composing them would take minutes
    assert len(spell(text, Alphabet.OWN)[0]) <= 32
    assert spell(text, Alphabet.FOLDED)[0].replace("ι", "") == "ab"
    assert Vocabulary("\nAab").fold(text) == "ab"


NAMES = Vocabulary("\n -MNaegnoé\u2019")


@pytest.mark.parametrize(
    ("vocabulary", "prompt", "read"),
    [
        (NAMES, "Mango", "Mango"),
        (NAMES, "mango", "Mango"),  # the vocabulary has no "m"
        (NAMES, "NANNÉ", "NaNNé"),
        (NAMES, "è e\u0301", "e é"),
        (NAMES, "n'a \u2018g\u2019", "n\u2019a \u2019g\u2019"),
        (NAMES, "n\u2014o 🦖", "n--o "),
        (NAMES, "x", ""),
        (Vocabulary("\nMagno"), "MANGO Ágn", "Mangoagn"),
        (Vocabulary("\nAEaeé"), "ÀÉè", "AEe"),
    ],
)
def test_a_prompt_keeps_the_characters_of_the_vocabulary(
    vocabulary: Vocabulary, prompt: str, read: str
) -> None:
    assert vocabulary.fold(prompt) == read


@given(vocabularies)
def test_an_id_is_the_index_of_its_character(vocabulary: Vocabulary) -> None:
    ids = np.arange(len(vocabulary))
    assert vocabulary.ids_of(vocabulary.characters).tolist() == ids.tolist()
    assert vocabulary.text_of(ids) == vocabulary.characters
    assert vocabulary.characters[vocabulary.newline] == "\n"


def test_a_character_without_an_id_is_named_with_its_position() -> None:
    with pytest.raises(MangosaurusError, match="no id for 'A' at position 5"):
        VERSE.ids_of("thou Art")


def test_a_vocabulary_is_sorted_has_no_duplicates_and_has_the_newline() -> None:
    assert Vocabulary.from_texts(["ba", "", "a c"]).characters == "\n abc"
    for characters in ("", "abc", "a\n", "\n\nab"):
        with pytest.raises(MangosaurusError):
            Vocabulary(characters)
