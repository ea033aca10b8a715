"""A text reduced to its alphabet: what is kept, folded or dropped, how that is told, and how
prompts are read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.alphabets import MOST_CHARACTERS, spell
from model.text.forms import Alphabet
from model.text.vocabulary import Vocabulary, fold

any_text = st.text(st.characters())
MIXED = "Éva Anna Émile École ☃☃ Ünal\r\n\tb"
NAMES = Vocabulary("\n -MNaegnoé\u2019")


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
def test_the_own_alphabet_keeps_what_can_be_seen(text: str, kept: str) -> None:
    assert spell(text, Alphabet.OWN).text == kept


@given(any_text)
def test_spelling_any_text(text: str) -> None:
    own = spell(text, Alphabet.OWN).text
    assert spell(own, Alphabet.OWN).text == unicodedata.normalize("NFC", own)
    assert not {"\t", "\r", "\ufeff", "\0"} & set(own)
    assert len({*own, "\n"}) <= MOST_CHARACTERS
    if (
        len({*fold(text)}) < MOST_CHARACTERS and "\u1ffd" not in text
    ):  # the canonical equivalent of this one folds to '
        assert spell(text, Alphabet.FOLDED).text == fold(text)


@pytest.mark.parametrize(
    ("text", "alphabet", "sentence"),
    [
        (MIXED, Alphabet.OWN, ""),
        (MIXED, Alphabet.FOLDED, "6 characters folded or dropped, such as 'É', '☃', 'Ü'"),
        (
            "a\u200bb\x07",
            Alphabet.OWN,
            "2 characters folded or dropped, such as '\\u200b', '\\x07'",
        ),
        ("Anna und Eva\t", Alphabet.FOLDED, ""),
        (
            "ááéíóúý",
            Alphabet.FOLDED,
            "7 characters folded or dropped, such as 'á', 'é', 'í', 'ó', 'ú'",
        ),
    ],
)
def test_changes_are_told_with_their_number_but_not_capitals_and_blanks(
    text: str, alphabet: Alphabet, sentence: str
) -> None:
    assert spell(text, alphabet).sentence == sentence


@pytest.mark.parametrize("alphabet", Alphabet)
def test_of_too_many_characters_the_rarest_are_dropped(alphabet: Alphabet) -> None:
    signs = [chr(0x4E00 + number) for number in range(300)]
    text = "".join(sign * (301 - number) for number, sign in enumerate(signs)) + "\n"
    spelling = spell(text, alphabet)
    assert set(spelling.text) == {"\n", *signs[: MOST_CHARACTERS - 1]}
    assert spelling.sentence == "5,252 characters folded or dropped, such as " + ", ".join(
        map(repr, signs[199:204])
    )


def test_of_too_many_characters_a_rare_accent_is_folded_and_a_letter_that_becomes_two_counts_twice() -> (
    None
):
    signs = "".join(chr(0x4E00 + number) for number in range(250))
    assert spell(f"{signs * 2}EEEé", Alphabet.OWN).text.endswith(
        "EEEE"
    )  # the letter e is rarer than E
    # e is there but three times
    assert spell(signs[:198] * 5 + "ééé" + "ßß", Alphabet.FOLDED).text == signs[:198] * 5 + "ssss"


@pytest.mark.parametrize("marks", ["\u0301", "\u0301\u0316", "\u0316\u0301\u0345"])
def test_heaps_of_accents_are_cut_and_take_no_time(marks: str) -> None:
    text = "a" + marks * 100_000 + "b"  # composing them would take minutes
    assert len(spell(text, Alphabet.OWN).text) <= 32
    assert spell(text, Alphabet.FOLDED).text.replace("ι", "") == "ab"
    assert Vocabulary("\nab").fold(text) == "ab"
    assert Vocabulary("\nAab").fold(text) == "ab"


# The vocabulary of a text that keeps its own alphabet.


@pytest.mark.parametrize(
    ("vocabulary", "prompt", "read"),
    [
        (NAMES, "Mango", "Mango"),
        (NAMES, "mango", "Mango"),  # there is no m
        (NAMES, "NANNÉ", "NaNNé"),
        (NAMES, "è e\u0301", "e é"),
        (NAMES, "n'a \u2018g\u2019", "n\u2019a \u2019g\u2019"),
        (NAMES, "n\u2014o 🦖", "n--o "),
        (NAMES, "x", ""),
        (Vocabulary("\nMagno"), "MANGO Ágn", "Mangoagn"),
        (Vocabulary("\nAEaeé"), "ÀÉè", "AEe"),
    ],
)
def test_a_prompt_keeps_what_the_vocabulary_has(
    vocabulary: Vocabulary, prompt: str, read: str
) -> None:
    assert vocabulary.fold(prompt) == read


def test_names_are_shown_with_a_capital_only_if_the_network_has_none() -> None:
    assert Vocabulary("\nabc").capitalised("cab") == "Cab"
    assert Vocabulary("\nABabé").capitalised("aB") == "aB"
    assert Vocabulary("\nабв").capitalised("ваб") == "Ваб"
