"""Figures about so few names, poems and sonnets that one can count them by eye; and copied runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.figures import (
    is_near,
    longest_copied_run,
    name_figures,
    rhymes_of,
    sonnet_figures,
    verse_figures,
)
from model.verse.rhyme import Rhyme

LINE = "shall i compare thee to a summer's day"
SONNET = """shall i compare thee to a summer's day?
thou art more lovely and more temperate:
rough winds do shake the darling buds of may,
and summer's lease hath all too short a date:
sometime too hot the eye of heaven shines,
and often is his gold complexion dimm'd,
and every fair from fair sometime declines,
by chance, or nature's changing course untrimm'd:
but thy eternal summer shall not fade,
nor lose possession of that fair thou ow'st,
nor shall death brag thou wander'st in his shade,
when in eternal lines to time thou grow'st,
so long as men can breathe, or eyes can see,
so long lives this, and this gives life to thee."""


def test_name_figures() -> None:
    names = ["mango", "mango", "trex", "rex", "triceratops"]
    assert name_figures(names, {"rex", "mangosaurus"}) == {
        "new": 0.8,
        "new_but_within_2_edits": 0.2,
        "unique": 0.8,
        "repeats_in_1000": 1,
        "of_known_roots_alone": 0.2,
    }
    assert {*name_figures([], set()).values()} == {0}


def test_two_edits_are_near() -> None:
    assert is_near("mango", ["trex", "manga"])
    assert is_near("mango", ["tango-"])
    assert not is_near("mango", ["tangos-", "rex"])


def test_verse_figures() -> None:
    """Runs are sought in pieces of four lines, and only lines of known words may scan."""
    poems = [f"{LINE},\nthe lea zz", "the lea thou art.'", "lea\n"]
    assert verse_figures(poems, ["the lea", f"o {LINE}!", "thou"]) == {
        "end_a_sentence": 1 / 3,
        "known_words": 14 / 16,
        "characters_copied_in_a_row": len("the lea"),
        "lines_that_scan": 1 / 3,
    }
    known, other = (f"{line}\n" * 4 for line in ("the lea", "o"))
    runs = verse_figures([known + other + other.strip()], [known])
    assert runs["characters_copied_in_a_row"] == 1
    assert {*verse_figures([], []).values()} == {0}


texts = st.text("ab\n🦕", max_size=9)


@given(texts, texts)
def test_a_copied_run_is_the_longest_piece_that_the_source_has(text: str, source: str) -> None:
    pieces = [
        text[start:stop] for start in range(len(text)) for stop in range(start, len(text) + 1)
    ]
    expected = max((len(piece) for piece in pieces if piece in source), default=0)
    assert longest_copied_run(text, source) == expected


def test_a_real_sonnet_scans_and_rhymes_by_the_rules_of_the_search() -> None:
    figures = sonnet_figures([SONNET])
    assert figures["lines_that_scan"] == 1
    assert figures["pairs_that_rhyme_perfectly"] == pytest.approx(6 / 7)  # temperate, date
    odd = "\n".join(["what is it", *SONNET.split("\n")[1:]])  # a person's own line
    assert sonnet_figures([odd], own_lines=1)["lines_that_scan"] == 1
    assert sonnet_figures([odd])["lines_that_scan"] == pytest.approx(13 / 14)


@pytest.mark.parametrize("own_lines", [0, 1])
def test_blank_lines_between_the_quatrains_of_a_sonnet_change_no_figure(own_lines: int) -> None:
    lines = SONNET.split("\n")
    parted = "\n\n".join("\n".join(lines[at : at + 4]) for at in range(0, 14, 4))
    assert parted.count("\n\n") == 3
    assert sonnet_figures([parted], own_lines) == sonnet_figures([SONNET], own_lines)
    assert [*rhymes_of(parted)] == [*rhymes_of(SONNET)]


def test_a_pair_with_an_unknown_word_is_left_out() -> None:
    rhymes = rhymes_of("a day\nxyzzy\na may\nthe date")
    assert list(rhymes) == [Rhyme.PERFECT]
    assert list(rhymes_of("he died\na day\nin need")) == [Rhyme.NONE]
