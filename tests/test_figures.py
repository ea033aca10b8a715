"""Figures about names, poems and sonnets that are small enough to count by eye, and copied runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.appearance import (
    STRETCH,
    is_near,
    most_repeats,
    name_figures,
    stretches,
    syllables,
    verse_figures,
)
from model.evaluation.copying import longest_copied_runs
from model.evaluation.sonnets import first_lines, rhymes_of, sonnet_figures
from model.text.vocabulary import words_of
from model.verse.prosody import prosody
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

# Names


def test_name_figures() -> None:
    names = ["mango", "mango", "trex", "rex", "kiwi"]
    assert name_figures(
        names, {"rex", "mangosaurus"}, ["mangosaurus", "go"], ["kiwi", "mango"]
    ) == {
        "names": 5,
        "new": 0.8,
        "new_but_within_2_edits": 0.2,
        "unique": 0.8,
        "repeats_in_1000": 1,
        "repeats_in_100": 1,
        "other_real_names": 0.6,
        "unseen_letters": (
            0.6
        ),  # trex, rex and kiwi: the training names have all of "mango", even its end
        "odd_letters": 0.4,  # trex and rex
        "names_with_a_known_part": 0,
        "names_of_known_parts_alone": 0,
        "names_with_the_commonest_ending": 0,
    }
    known = name_figures(["frickavenator", "mango", "dinovenator", "triceratops"], set(), [], [])
    assert known["names_with_a_known_part"] == 0.75
    assert (known["names_of_known_parts_alone"], known["names_with_the_commonest_ending"]) == (
        0.5,
        0.5,
    )
    assert [most_repeats(list("abcab" + "a" * 3), length) for length in (1, 3, 5, 99)] == [
        0,
        2,
        3,
        5,
    ]
    cheeses = name_figures(["brie"], {"gouda"}, ["gouda"], [], has_roots=False)
    repeats = ["repeats_in_1000", "repeats_in_100"]
    assert [*cheeses] == [
        "names",
        "new",
        "new_but_within_2_edits",
        "unique",
        *repeats,
        "unseen_letters",
    ]
    assert set(name_figures([], set(), [], []).values()) == {0}


words = st.text("abß", max_size=6)


def edits(left: str, right: str) -> int:
    if not left or not right:
        return len(left) + len(right)
    replaced = edits(left[1:], right[1:]) + (left[0] != right[0])
    return (
        replaced
        if left[0] == right[0]
        else min(replaced, edits(left[1:], right) + 1, edits(left, right[1:]) + 1)
    )


@given(words, st.lists(words, max_size=5))
def test_two_edits_are_near(name: str, others: list[str]) -> None:
    assert is_near(name, others) == any(edits(name, other) <= 2 for other in others)


def test_verse_figures() -> None:
    poems = [f"{LINE},\nthe lea zz", "the lea thou art", "lea\n"]
    assert verse_figures(poems, ["the lea", f"o {LINE}!", "thou"]) == {
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
        ("my mistress' eyes are nothing like the sun;", 10),
        ("th' uncertain glory, 't was in th' air", 8),
        ("love-song", 2),
        ("", 0),
        ("a self-mangoble", None),
    ],
)
def test_syllables_of_a_line(line: str, count: int | None) -> None:
    assert syllables(words_of(line), prosody().pronounce) == count


@given(st.lists(st.text("ab ", max_size=2 * STRETCH), min_size=1))
def test_stretches_follow_each_other_in_the_poem_and_are_long_enough(lines: list[str]) -> None:
    poem = "\n".join(lines)
    found = list(stretches(poem))
    assert poem.startswith("\n".join(found))
    assert found == [poem] or all(len(stretch) >= STRETCH for stretch in found)
    assert len(poem) - len("\n".join(found)) <= STRETCH


texts = st.text("ab\n🦕", max_size=9)


def longest_run(text: str, originals: list[str]) -> int:
    pieces = [
        text[start:stop] for start in range(len(text)) for stop in range(start, len(text) + 1)
    ]
    return max(
        (len(piece) for piece in pieces if any(piece in original for original in originals)),
        default=0,
    )


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_copied_runs_match_a_plain_search(ours: list[str], originals: list[str]) -> None:
    assert longest_copied_runs(ours, originals) == [longest_run(text, originals) for text in ours]


def test_figures_of_a_real_sonnet() -> None:
    copied = ["when in eternal lines to time thou grow'st,"]
    figures = sonnet_figures([SONNET], prosody().pronounce, prosody(), copied)
    assert figures["lines"] == 14
    assert figures["lines_that_scan"] == 1
    assert figures["pairs_that_rhyme"] == pytest.approx(6 / 7)  # temperate, date
    assert figures["pairs_that_rhyme_perfectly"] == pytest.approx(6 / 7)
    assert figures["different_words"] == pytest.approx(83 / 114)
    odd = "\n".join(["what is it", *SONNET.split("\n")[1:]])  # own lines count for rhymes only
    figures = sonnet_figures([odd], prosody().pronounce, prosody(), [], own_lines=1)
    assert (figures["lines"], figures["lines_that_scan"]) == (13, 1)
    assert figures["pairs_that_rhyme"] == pytest.approx(5 / 7)
    rhymes = rhymes_of("a day\nxyzzy\na may\nthe date", prosody().pronounce, prosody())
    assert list(rhymes) == [Rhyme.PERFECT]  # a pair with an unknown word is left out
    assert len(first_lines()) == len(set(first_lines())) == 50
