"""Metre, and the trie of words that scan: which words fit where, which lines scan, and which letters may follow."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.sonnets.metre import FULL, LONGEST, SYLLABLES, Counts, after, ends, fits, patterns, scans, stresses
from model.sonnets.prosody import prosody
from model.sonnets.scansion import PUNCTUATION, LineEnds, Scansion
from model.text.dictionary import Pronunciation
from model.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary("\n ,ab")
VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
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
        ("i compare thee to the summer's day", False),  # compare would be stressed on its first syllable
        ("to be compared with summer and with beauty to", False),
        ("the beauty of the lovely summer season was a", False),
        ("those lips that love's own hand did make", False),  # eight syllables
    ],
)
def test_lines_that_scan_and_lines_that_do_not(line: str, expected: bool) -> None:
    assert scans([patterns(word, prosody().pronounce(word)) for word in line.split()]) is expected


def test_a_word_that_fits_stays_in_the_line_with_its_stress_in_a_strong_position() -> None:
    every_pattern = ["".join(marks) for length in range(1, 6) for marks in product("012", repeat=length)]
    for pattern, start in product(every_pattern, range(LONGEST + 1)):
        if fits(pattern, start):
            assert start + len(pattern) <= LONGEST
            assert all(n % 2 == 1 or n == 0 for n, mark in enumerate(pattern, start) if mark == "1")
            assert start + len(pattern) < LONGEST or (pattern[-1] == "0" and pattern[-2:-1] != "0")


@given(st.lists(choices, max_size=10), choices, st.integers(0, LONGEST - 1))
@settings(max_examples=60)
def test_counts_are_those_of_some_choice_of_readings(words: list[list[str]], last: list[str], start: int) -> None:
    """Bits in place of a search through all choices."""
    counts, reached = 1, {0}
    for choice in words:
        counts = after(choice, counts)
        reached = {start + len(p) for start in reached for p in choice if start < LONGEST and fits(p, start)}
        assert reached == {n for n in range(LONGEST + 1) if counts >> n & 1}
    assert scans(words) == bool(reached & {SYLLABLES, LONGEST})
    assert after(last, 1 << start) == ends(last, start) <= FULL | (1 << SYLLABLES) - 1


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (("DH", "AH0"), "2"),  # one syllable may be anywhere
        (("EH1", "L", "S", "W", "EH2", "R"), "22"),  # moves its stress
        (("F", "AO1", "R", "T", "IY1", "N", "TH", "AH0"), "210"),
        (("B", "Y", "UW1", "T", "IY0"), "10"),
    ],
)
def test_stresses_of_readings(reading: Pronunciation, expected: str) -> None:
    assert stresses(reading) == expected


def ends_of(scansion: Scansion, words: dict[str, list[str]]) -> tuple[LineEnds, dict[str, Counts]]:
    """All words may end a line wherever they fit."""
    starts = {
        word: sum(
            1 << start
            for start in range(SYLLABLES)
            if any(fits(p, start) and start + len(p) in (SYLLABLES, LONGEST) for p in choice)
        )
        for word, choice in words.items()
    }
    return scansion.line_ends(starts), starts


def allowed(scansion: Scansion, text: str, ends: LineEnds, vocabulary: Vocabulary) -> str | None:
    """The characters that may follow a text; None where the text itself is not allowed."""
    texts = scansion.begin(1)
    for character_id in vocabulary.ids_of(text):
        if not scansion.allowed(texts, ends)[0, character_id]:
            return None
        texts = scansion.step(texts, np.array([character_id]), ends)
    found = scansion.allowed(texts, ends)[0]
    return "".join(c for c, is_allowed in zip(vocabulary.characters, found, strict=True) if is_allowed)


@given(lexicons, st.data())
@settings(max_examples=50)
def test_every_way_through_the_masks_ends_in_a_line_that_scans(
    words: dict[str, list[str]], data: st.DataObject
) -> None:
    words |= ONES
    scansion = Scansion(words, VOCABULARY)
    ends, starts = ends_of(scansion, words)
    text, texts = "", scansion.begin(1)
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
    scansion = Scansion(words, VOCABULARY)
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


def test_texts_do_not_depend_on_each_other() -> None:
    words = ONES | {"ab": ["10"], "ba": ["01"], "aba": ["010", "10"]}
    scansion = Scansion(words, VOCABULARY)
    ends, _ = ends_of(scansion, words)
    generator = np.random.default_rng(0)
    many, alone = scansion.begin(20), [scansion.begin(1) for _ in range(20)]
    for _ in range(15):
        mask = scansion.allowed(many, ends)
        assert (mask == np.concatenate([scansion.allowed(one, ends) for one in alone])).all()
        ids = np.array([generator.choice(np.flatnonzero(row[1:]) + 1) if row[1:].any() else 1 for row in mask])
        many = scansion.step(many, ids, ends)
        alone = [scansion.step(one, ids[n : n + 1], ends) for n, one in enumerate(alone)]


def test_a_line_of_shakespeare() -> None:
    words = {"shall": ["2"], "i": ["2"], "compare": ["01"], "thee": ["2"], "to": ["2"], "a": ["2"], "summer's": ["10"]}
    scansion = Scansion(words | {"day": ["2"], "days": ["2"]}, VERSE)
    ends = scansion.line_ends({"day": 1 << 9})
    line = "shall i compare thee to a summer's day"
    for end in range(len(line)):
        assert line[end] in (allowed(scansion, line[:end], ends, VERSE) or "")
    assert allowed(scansion, line, ends, VERSE) == "\n!,.:;?"
    assert allowed(scansion, f"{line},", ends, VERSE) == "\n"
    assert allowed(scansion, "i compare", ends, VERSE) is None  # it would be stressed on its first syllable
    assert allowed(scansion, "shall i compare", ends, VERSE) == f" {''.join(sorted(PUNCTUATION))}"


def test_a_stop_can_be_asked_for() -> None:
    scansion = Scansion(ONES, VERSE)
    ends = scansion.line_ends({"a": 1 << 9}, ".?")
    line = "a b a b a b a b a"
    assert allowed(scansion, f"{line} a", ends, VERSE) == ".?"
    assert allowed(scansion, f"{line} a.", ends, VERSE) == "\n"
    assert allowed(scansion, f"{line},", ends, VERSE) == " "
    assert allowed(scansion, f"{line} ", ends, VERSE) == "a"


def test_how_late_the_last_word_may_begin() -> None:
    scansion = Scansion(ONES, VOCABULARY)
    assert [scansion.line_ends({"a": 1 << start}).latest for start in (9, 8, 5)] == [9, 8, None]
    assert scansion.line_ends({}).latest is None


def test_the_first_word_is_one_of_a_few() -> None:
    scansion = Scansion(ONES | {"ab": ["2"], "aba": ["2"]}, VOCABULARY)
    first_words, (ends, _) = scansion.first_words(["b", "aba"]), ends_of(scansion, ONES)

    def following(text: str) -> str:
        texts = scansion.begin(1)
        for character_id in VOCABULARY.ids_of(text):
            texts = scansion.step(texts, np.array([character_id]), ends)
        found = scansion.allowed_first(texts.nodes, np.array([len(text)]), first_words) & scansion.allowed(texts, ends)
        return "".join(c for c, is_allowed in zip(VOCABULARY.characters, found[0], strict=True) if is_allowed)

    begun = ("", "a", "ab", "aba", "b", "b,", "b a")
    assert [following(text) for text in begun] == ["ab", "b", "a", " ,", " ,", " ", " ,b"]
    assert scansion.leading_on(["a", "aba"], 1 << 8) == {"a", "aba"}
    assert scansion.leading_on(["a", "aba"], 1 << 9) == frozenset()  # no word could follow
