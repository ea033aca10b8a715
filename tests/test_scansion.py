"""The trie of words that scan: its masks let through all that can be finished, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.sonnets.metre import LONGEST, SYLLABLES, Counts, after, fits
from model.sonnets.scansion import PUNCTUATION, LineEnds, Scansion
from model.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary("\n ,ab")
VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
stress_patterns = st.text("012", min_size=1, max_size=4)
lexicons = st.dictionaries(
    st.text("ab", min_size=1, max_size=3), st.lists(stress_patterns, min_size=1, max_size=2), min_size=1, max_size=6
)
ONES = {"a": ["2"], "b": ["2"]}  # with these, every line can be finished


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


@given(lexicons, st.lists(st.sampled_from(["a", "b"]), max_size=SYLLABLES), st.data())
def test_every_line_that_scans_is_let_through(
    words: dict[str, list[str]], ones: list[str], data: st.DataObject
) -> None:
    words |= ONES
    scansion = Scansion(words, VOCABULARY)
    ends, starts = ends_of(scansion, words)
    line, counts = list(ones), 1 << len(ones)
    for _ in range(3):
        word = data.draw(st.sampled_from(sorted(words)))
        onward = after(words[word], counts) & (1 << SYLLABLES) - 1
        if counts & starts[word]:
            text = " ".join([*line, word])
            found = allowed(scansion, text, ends, VOCABULARY)
            if len(line) < SYLLABLES and all(n < SYLLABLES for n in range(len(ones))):
                assert found is not None, text
                assert "\n" in found, text
        if not onward:
            return
        line.append(word)
        counts = onward


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
        after_it = allowed(scansion, line[:end], ends, VERSE)
        assert after_it is not None
        assert line[end] in after_it
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


@pytest.mark.parametrize(("start", "latest"), [(9, 9), (8, 8), (5, None)])
def test_how_late_the_last_word_may_begin(start: int, latest: int | None) -> None:
    scansion = Scansion(ONES, VOCABULARY)
    assert scansion.line_ends({"a": 1 << start}).latest == latest
    assert scansion.line_ends({}).latest is None
