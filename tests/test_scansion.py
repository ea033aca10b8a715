"""Metre, and the trie of words that scan: which words fit where, which lines scan, and which
letters may follow."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.search import UnfinishedLines
from model.text.vocabulary import Vocabulary
from model.verse.metre import LONGEST, SYLLABLES, Counts, after, fits, patterns, scans
from model.verse.prosody import prosody
from model.verse.scansion import LineEnds, Scansion

VOCABULARY = Vocabulary("\n ,ab")
ONES = {"a": ["2"], "b": ["2"]}  # with these, every line can be finished
stress_patterns = st.text("012", min_size=1, max_size=5)
choices = st.lists(stress_patterns, min_size=1, max_size=3)
lexicons = st.dictionaries(st.text("ab", min_size=1, max_size=3), choices, min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("shall i compare thee to a summer's day", True),
        ("rough winds do shake the darling buds of may", True),
        ("beauty and love are seldom found in one", True),  # a trochee at the beginning
        ("a woman's face with nature's own hand painted", True),  # a feminine ending
        ("but not acquainted with the way to heaven", True),  # heav'n
        ("and every flower that blows in glorious power", True),  # three words with a syllable less
        ("then give me welcome next my heaven the best", True),
        ("shall i compare thee", False),
        ("shall i compare thee to a summer's day again", False),
        # compare would be stressed on its first syllable
        ("i compare thee to the summer's day", False),
        ("to be compared with summer and with beauty to", False),
        ("the beauty of the lovely summer season was a", False),
        ("those lips that love's own hand did make", False),  # eight syllables
    ],
)
def test_lines_that_scan_and_lines_that_do_not(line: str, expected: bool) -> None:
    assert scans([patterns(word, prosody().pronounce(word)) for word in line.split()]) is expected


def test_a_word_that_fits_stays_in_the_line_with_its_stress_in_a_strong_position() -> None:
    every_pattern = [
        "".join(marks) for length in range(1, 6) for marks in product("012", repeat=length)
    ]
    for pattern, start in product(every_pattern, range(LONGEST + 1)):
        if fits(pattern, start):
            assert start + len(pattern) <= LONGEST
            assert all(n % 2 == 1 or n == 0 for n, mark in enumerate(pattern, start) if mark == "1")
            assert start + len(pattern) < LONGEST or (pattern[-1] == "0" and pattern[-2:-1] != "0")


def ends_of(scansion: Scansion, words: dict[str, list[str]]) -> tuple[LineEnds, dict[str, Counts]]:
    """Let every word end a line wherever it fits."""
    starts = {
        word: sum(
            1 << start
            for start in range(SYLLABLES)
            if any(fits(p, start) and start + len(p) in (SYLLABLES, LONGEST) for p in choice)
        )
        for word, choice in words.items()
    }
    return scansion.line_ends(starts), starts


def empty_line() -> UnfinishedLines:
    counts = np.ones(1, np.uint16)
    return UnfinishedLines(np.array([Scansion.start]), counts, counts)


def allowed(scansion: Scansion, text: str, ends: LineEnds, vocabulary: Vocabulary) -> str | None:
    """The characters that may follow a text; None where the text itself is not allowed."""
    texts = empty_line()
    for character_id in vocabulary.ids_of(text):
        if not scansion.allowed(texts, ends)[0, character_id]:
            return None
        texts = scansion.step(texts, np.array([character_id]), ends)
    found = scansion.allowed(texts, ends)[0]
    return "".join(
        c for c, is_allowed in zip(vocabulary.characters, found, strict=True) if is_allowed
    )


@given(lexicons, st.data())
@settings(max_examples=50)
def test_every_way_through_the_masks_ends_in_a_line_that_scans(
    words: dict[str, list[str]], data: st.DataObject
) -> None:
    words |= ONES
    scansion = Scansion(words, {}, VOCABULARY)
    ends, starts = ends_of(scansion, words)
    text, texts = "", empty_line()
    while not text.endswith("\n"):
        mask = scansion.allowed(texts, ends)[0]
        assert mask.any(), text  # no dead end
        character_id = data.draw(st.sampled_from(np.flatnonzero(mask).tolist()))
        texts = scansion.step(texts, np.array([character_id]), ends)
        text += VOCABULARY.characters[character_id]
    *line, last = text.replace(",", "").split()
    counts = 1
    for word in line:
        counts = after(words[word], counts)
    assert counts & starts[last], text
    assert ",," not in text
    assert "  " not in text


@given(lexicons, st.lists(st.sampled_from(["a", "b"]), max_size=SYLLABLES - 1), st.data())
@settings(max_examples=60)
def test_every_line_that_scans_is_let_through(
    words: dict[str, list[str]], ones: list[str], data: st.DataObject
) -> None:
    words |= ONES
    scansion = Scansion(words, {}, VOCABULARY)
    ends, starts = ends_of(scansion, words)
    line, counts = list(ones), 1 << len(ones)
    for _ in range(3):
        word = data.draw(st.sampled_from(sorted(words)))
        if counts & starts[word] and len(line) < SYLLABLES:
            text = " ".join([*line, word])
            found = allowed(scansion, text, ends, VOCABULARY)
            assert found is not None, text
            assert "\n" in found, text
        counts = after(words[word], counts) & (1 << SYLLABLES) - 1
        line.append(word)
        if not counts:
            return
