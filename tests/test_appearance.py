"""Figures about names and poems that are small enough to count by eye."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.appearance import STRETCH, name_figures, stretches, verse_figures

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
    }


def test_the_figures_of_no_names_are_zero() -> None:
    assert set(name_figures([], set(), [], []).values()) == {0}


def test_verse_figures() -> None:
    poems = [f"{LINE},\nthe lea zz", "the lea thou art", "lea\n"]
    figures = verse_figures(poems, ["the lea", f"o {LINE}!", "thou"])
    assert figures == {
        "poems": 3,
        "words": 16,
        "known_words": 14 / 16,
        "characters_copied_in_a_row_median": len("the lea"),
        "characters_copied_in_a_row_95th_percentile": len(LINE),
        "lines_with_known_syllables": 3 / 4,
        "lines_of_9_to_11_syllables": 1 / 3,
    }


def test_without_pysyllables_there_are_no_figures_about_syllables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysyllables", None)
    figures = verse_figures([LINE], [])
    assert [name for name in figures if "syllables" in name] == []
    assert figures["known_words"] == 0


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
