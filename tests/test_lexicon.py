"""The lexicon's mask allows every known word and nothing else."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.vocabulary import Vocabulary
from model.text.words import words_of
from model.writing.lexicon import ANYTHING, Lexicon

SMALL = Vocabulary("\n '-ab")
VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
WORDS = ["look'd", "look", "tis", "o'er", "self", "self-substantial", "thou", "though", "well-a-day", "a", "sun's"]

words = st.sets(st.from_regex("[ab]{1,3}(?:['-][ab]{1,2}){0,2}", fullmatch=True), max_size=8)
texts = st.text("ab'- \n", max_size=12)


def followers(lexicon: Lexicon, vocabulary: Vocabulary, state: int) -> str:
    """The characters that the mask allows."""
    masked = lexicon.masked(np.zeros((1, len(vocabulary)), np.float32), np.array([state]))
    return "".join(c for c, logit in zip(vocabulary.characters, masked[0].tolist(), strict=True) if logit == 0)


def write(lexicon: Lexicon, vocabulary: Vocabulary, state: int, text: str) -> int:
    """The state after a text, which the mask must allow."""
    for character in text:
        assert character in followers(lexicon, vocabulary, state), text
        state = int(lexicon.step(np.array([state]), vocabulary.ids_of(character))[0])
    return state


def can_become_known(text: str, known: set[str]) -> bool:
    """The rule without an automaton: every finished word is known, and the last one is or can become a known one."""
    *finished, last = words_of(text) or [""]
    rest = text[text.rfind(last) + len(last) :]
    if rest and (len(rest) > 1 or rest not in "'-"):
        return all(word in known for word in (*finished, last) if word)
    beginnings = {word[:end] for word in known for end in range(len(word) + 1)} | {word + rest for word in known} | {""}
    return set(finished) <= known and last + rest in beginnings


@given(words, st.data())
def test_the_mask_allows_exactly_what_keeps_every_word_known(known: set[str], data: st.DataObject) -> None:
    lexicon, text = Lexicon(known, SMALL), ""
    state = lexicon.after("")
    for _ in range(12):
        allowed = followers(lexicon, SMALL, state)
        assert allowed == "".join(c for c in SMALL.characters if can_become_known(text + c, known))
        assert allowed  # no dead end
        character = data.draw(st.sampled_from(allowed))
        text += character
        state = write(lexicon, SMALL, state, character)
        assert state == lexicon.after(text)


@given(words, texts, st.data())
def test_after_any_prompt_only_its_last_word_may_be_unknown(known: set[str], prompt: str, data: st.DataObject) -> None:
    lexicon = Lexicon(known, SMALL)
    text, state = prompt, lexicon.after(prompt)
    for _ in range(12):
        character = data.draw(st.sampled_from(followers(lexicon, SMALL, state)))
        text += character
        state = write(lexicon, SMALL, state, character)
    end = finish(lexicon, state) + "\n"
    assert write(lexicon, SMALL, state, end) == lexicon.after("\n")
    begun_later = [
        match[0] for match in re.finditer(r"[ab]+(?:['-][ab]+)*", text + end) if match.start() >= len(prompt)
    ]
    assert set(begun_later) <= known


def finish(lexicon: Lexicon, state: int) -> str:
    """Letters after which a line may end."""
    paths = [("", state)]
    for text, at in paths:
        allowed = followers(lexicon, SMALL, at)
        if "\n" in allowed:
            return text
        paths += [(text + c, write(lexicon, SMALL, at, c)) for c in allowed]
    raise AssertionError("a dead end")


@given(words)
def test_every_known_word_can_be_written_with_and_without_quotes(known: set[str]) -> None:
    lexicon = Lexicon(known, SMALL)
    for word in known:
        for text in (f"{word}\n", f"'{word}' ", f"--{word}--", f"{word}-\n"):
            write(lexicon, SMALL, lexicon.after(""), text)


def test_an_apostrophe_ends_a_quotation_or_stands_within_a_word() -> None:
    lexicon = Lexicon(WORDS, VERSE)
    others = "\n !'(),-.:;?"
    for begun, letters in {
        "look": "",
        "look'": "d",
        "look'd": "",
        "self-": "s",
        "thou": "g",
        "a": "",
        "a'": "",
        "'": "alostw",
        "'tis'": "",
    }.items():
        assert followers(lexicon, VERSE, lexicon.after(begun)) == others + letters, begun
    for begun, letters in {"o": "'", "o'": "e", "well": "-", "well-a": "-", "look'd, 'tis thoug": "h"}.items():
        assert followers(lexicon, VERSE, lexicon.after(begun)) == letters, begun


@pytest.mark.parametrize("prompt", ["xyzzy", "thous", "look'x", "self-x", "xyzzy-a", "tis thoughx"])
def test_an_unknown_word_of_the_prompt_may_go_on_in_any_way(prompt: str) -> None:
    lexicon = Lexicon(WORDS, VERSE)
    state = lexicon.after(prompt)
    assert followers(lexicon, VERSE, state) == VERSE.characters
    assert followers(lexicon, VERSE, write(lexicon, VERSE, state, "zz'z-")) == VERSE.characters
    assert write(lexicon, VERSE, state, "zz'z ") == lexicon.after("") == lexicon.after(prompt + "''")
    assert write(lexicon, VERSE, lexicon.after(prompt + "'"), "z'") == write(lexicon, VERSE, state, "'")
    assert write(lexicon, VERSE, lexicon.after(prompt + "'"), "-") == lexicon.after("")


def test_a_text_that_need_not_keep_to_words_is_not_masked() -> None:
    lexicon = Lexicon(WORDS, VERSE)
    logits = np.random.default_rng(0).normal(size=(3, len(VERSE))).astype(np.float32)
    states = np.array([ANYTHING, lexicon.after("o"), ANYTHING])
    masked = lexicon.masked(logits, states)
    assert masked.dtype == logits.dtype
    assert (masked[::2] == logits[::2]).all()
    assert np.flatnonzero(np.isfinite(masked[1])).tolist() == VERSE.ids_of("'").tolist()
    assert lexicon.step(states, VERSE.ids_of("q'x"))[::2].tolist() == [ANYTHING, ANYTHING]


def test_a_word_may_be_very_long() -> None:
    lexicon = Lexicon(["ab" * 2000], SMALL)
    write(lexicon, SMALL, lexicon.after("ab" * 1990), "ab" * 10 + " ")


@given(st.text("ab'- ,\n7"))
def test_words_are_letters_with_marks_only_inside(text: str) -> None:
    for word in words_of(text):
        assert word in text
        assert word[0].isalpha()
        assert word[-1].isalpha()
    assert "".join(filter(str.isalpha, "".join(words_of(text)))) == "".join(filter(str.isalpha, text))


def test_words_of_a_line() -> None:
    assert words_of("well-a-day, 'tis the o'erworn sun's") == ["well-a-day", "tis", "the", "o'erworn", "sun's"]
