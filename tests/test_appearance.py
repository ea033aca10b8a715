"""Figures about names and poems that are small enough to count by eye."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.appearance import (
    STRETCH,
    have_unseen,
    is_near,
    name_figures,
    stretches,
    syllables,
    verse_figures,
)
from model.sonnets.prosody import prosody
from model.text.vocabulary import words_of

LINE = "shall i compare thee to a summer's day"


def test_name_figures() -> None:
    names = ["mango", "mango", "trex", "rex", "kiwi"]
    figures = name_figures(names, {"rex", "mangosaurus"}, ["mangosaurus", "go"], ["kiwi", "mango"])
    assert figures == {
        "names": 5,
        "new": 0.8,
        "new_but_within_2_edits": 0.2,
        "unique": 0.8,
        "other_real_names": 0.6,
        "unseen_letters": 0.6,  # trex, rex and kiwi: the training names have all of "mango", even its end
        "odd_letters": 0.4,  # trex and rex
        "names_with_a_known_part": 0,
    }
    assert name_figures(["frickavenator", "mango"], set(), [], [])["names_with_a_known_part"] == 0.5


words = st.text("abß", max_size=7)


def edits(left: str, right: str) -> int:
    if not left or not right:
        return len(left) + len(right)
    replaced = edits(left[1:], right[1:]) + (left[0] != right[0])
    return replaced if left[0] == right[0] else min(replaced, edits(left[1:], right) + 1, edits(left, right[1:]) + 1)


@given(words, st.lists(words, max_size=6))
def test_two_edits_are_near(name: str, others: list[str]) -> None:
    assert is_near(name, others) == any(edits(name, other) <= 2 for other in others)


def test_a_name_has_unseen_letters_if_no_real_name_has_them() -> None:
    real = ["abba", "cab"]
    assert have_unseen(["abba", "cabba", "abb", "bba", "bbc"], real) == [False, False, True, True, True]
    assert have_unseen(["", "abba"], []) == [False, True]
    assert have_unseen([], real) == []


def test_the_figures_of_no_names_are_zero() -> None:
    assert set(name_figures([], set(), [], []).values()) == {0}


def test_verse_figures() -> None:
    poems = [f"{LINE},\nthe lea zz", "the lea thou art", "lea\n"]
    figures = verse_figures(poems, ["the lea", f"o {LINE}!", "thou"])
    assert figures == {
        "poems": 3,
        "end_a_sentence": 0.0,
        "words": 16,
        "known_words": 14 / 16,
        "characters_copied_in_a_row_median": len("the lea"),
        "characters_copied_in_a_row_95th_percentile": len(LINE),
        "lines_with_known_syllables": 3 / 4,
        "lines_of_9_to_11_syllables": 1 / 3,
    }


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("Shall I compare thee to a summer's day", 10),
        ("rough winds do shake the darling buds of may,", 10),
        ("my mistress' eyes are nothing like the sun;", 10),
        ("i hate, from hate away she threw,", 8),
        ("th' uncertain glory, 't was in th' air", 8),
        ("he look'd away", 4),
        ("love-song", 2),
        ("", 0),
        ("thou wilt not mangoble", None),
        ("a self-mangoble", None),
    ],
)
def test_syllables_of_a_line(line: str, count: int | None) -> None:
    assert syllables(words_of(line), prosody().pronounce) == count


def test_a_poem_is_cut_at_line_ends_as_the_decoder_ends_verse() -> None:
    lines = [LINE] * 14
    assert list(stretches("\n".join(lines))) == ["\n".join(lines[:5])] * 2
    assert list(stretches(LINE)) == [LINE]


@given(st.lists(st.text("ab ", max_size=2 * STRETCH), min_size=1))
def test_stretches_follow_each_other_in_the_poem_and_are_long_enough(lines: list[str]) -> None:
    poem = "\n".join(lines)
    found = list(stretches(poem))
    assert poem.startswith("\n".join(found))
    assert found == [poem] or all(len(stretch) >= STRETCH for stretch in found)
    assert len(poem) - len("\n".join(found)) <= STRETCH
