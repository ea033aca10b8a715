"""How verse goes on after a person's words: the mark or blank behind them, and the word that may
come first."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.text.vocabulary import Vocabulary, words_of
from model.verse.free import FreeLines
from model.verse.prosody import prosody
from model.verse.seam import LEAST, Seam, followers_of, seam_for
from model.verse.tables import Tables, tables_for
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import Sampling, VerseRequest, generator_for
from tests.decoding import LETTERS, VERSE, verse_checkpoint

TEXT = "\n\n".join(
    LEAST
    * [
        "my heart is heavy; and the king, my lord,",
        "'tis love, and of the night: o what is love? the sea",
        "thou art my love and so my heart is like the night",
        "the wintry kings of kings",
    ]
)
KNOWN = frozenset(
    words_of(
        "my heart is heavy and the king lord tis love of night o what sea thou art so like kings"
    )
)


@pytest.fixture(scope="module")
def poet() -> Checkpoint:
    known, words = verse_checkpoint(), KNOWN.union(sorted(prosody().dictionary.of_poems)[::4])
    description = replace(known.description, longest_line=0)
    return replace(
        known, description=description, known_words=words, followers=followers_of([TEXT], KNOWN)
    )


@pytest.fixture(scope="module")
def tables(poet: Checkpoint) -> Tables:
    return tables_for(poet)


def test_followers_are_the_known_words_that_the_texts_have_often_enough() -> None:
    found = dict(
        line.partition(" ")[::2] for line in followers_of([TEXT, "the sun\nof night"], KNOWN)
    )
    assert found[""] == "'tis my the thou"
    assert found["the"] == "king night sea"  # the sun came once, and wintry is not known
    assert found["heart"] == "is"
    assert found[";"] == found["love"] == "and"
    assert found[","] == "and my"
    assert found["?"] == "the"
    assert "sea" not in found  # a line ends there
    assert followers_of(["the sun"], KNOWN) == frozenset()


WHOLE = (
    "She walks in beauty, like the night",
    "Shall I compare thee to a summer's day?",
    "a prose of many words that goes on and on until nobody could call it a line of verse any more",
)
PIZZA, RUSSIAN = "I love pizza \U0001f355", "\u041f\u0440\u0438\u0432\u0435\u0442"
NO_WORDS = (
    PIZZA,
    RUSSIAN,
    f"hello {RUSSIAN}",
    "I am 25",
    "#love",
    '"My heart is"',
    "my heart is half-",
    "o' th'",
    "   ",
)


@pytest.mark.parametrize(
    ("prompt", "shown", "first_words"),
    [
        ("I love pizza", ", ", "my and"),
        ("My heart is", " ", "heavy like"),
        ("My heart is ", "", "heavy like"),
        ("My heart is heavy;", " ", "and"),
        ("What is LOVE?!", "\n", "thou"),  # nothing follows an exclamation mark in these texts
        ("What is LOVE??", " ", "the"),
        ("the sun, the", " ", "king night sea"),
        ("The king of the night and", " ", "of so the"),
        ("caf\u00e9", ", ", "my and"),
        ("don\u2019t", ", ", "my and"),
        ("the king\nMy heart is", " ", "heavy like"),
        ("My heart is\n", "", "thou"),
        ("", "", "thou"),
        *((line, "\n", "thou") for line in (*WHOLE, *NO_WORDS)),
    ],
)
def test_how_a_line_goes_on(prompt: str, shown: str, first_words: str, tables: Tables) -> None:
    found = seam_for(prompt, VERSE, tables)
    assert found.separator == shown
    assert {*first_words.split()} <= (found.first_words or frozenset())
    # `counts` is 1 where a new line begins; in TEXT, thou is only found at the beginning of lines
    assert (found.counts == 1) == ("thou" in (found.first_words or frozenset()))


def test_a_line_that_is_completed_knows_its_syllables(tables: Tables) -> None:
    assert seam_for("I love pizza", VERSE, tables).counts == 1 << 4
    assert seam_for("zzz and nothing more\nMy heart is", VERSE, tables).counts == 1 << 3


def test_without_metre_a_short_line_is_completed_by_any_word() -> None:
    free = FreeLines(VERSE, None, 40)
    found = seam_for("My heart is", VERSE, free)
    assert found == Seam("my heart is", " ", 13, None, Seam("my heart is", ", ", 13))
    assert seam_for("My heart is; ", VERSE, free) == Seam("my heart is;", "", 14)
    assert seam_for("My heart is", Vocabulary("\n aehimrsty"), free).paused is None
    for prompt, vocabulary in (
        ("My heart is", LETTERS),
        ("I am 25", VERSE),
        ("My heart is like the sea", VERSE),
    ):
        assert seam_for(prompt, vocabulary, free).separator == "\n"


def test_a_comma_follows_where_the_network_finds_one_likely(tables: Tables) -> None:
    found, logits = seam_for("My heart is", VERSE, tables), np.zeros(len(VERSE), np.float32)
    assert found.chosen(logits, VERSE).separator == ", "
    logits[VERSE.ids_of(",")] = -9
    assert found.chosen(logits, VERSE) == found
    # no mark after a blank, a mark, or an emoji
    for prompt in ("My heart is ", "My heart is heavy;", "\U0001f995"):
        assert seam_for(prompt, VERSE, tables).paused is None


@settings(max_examples=50)
@given(prompt=st.text() | st.text(" \n,.?'-aeth\u0301\u2019", max_size=20))
def test_any_text_goes_on(prompt: str, tables: Tables) -> None:
    found = seam_for(prompt, VERSE, tables)
    for seam in filter(None, (found, found.paused)):
        assert VERSE.fold(seam.unread).strip() == seam.unread
        assert seam.first_words
        assert seam.separator in ("", " ", ", ", "\n")
        if seam.separator in (" ", ", "):
            assert prompt[-1:] not in ("", " ", "\n")
            assert seam.counts > 1
        if seam.separator == ", ":
            assert prompt[-1] not in ",;:.!?"
        if not seam.separator:
            assert not prompt or prompt[-1].isspace()
    for own in (LETTERS, Vocabulary("\n !AEae\u00e9"), Vocabulary("\n ,\u0301\u0430\u2019")):
        free = seam_for(prompt, own, FreeLines(own, None, 40))
        own.ids_of(free.unread + free.separator + (free.paused or free).separator)


def test_five_lines_go_on(poet: Checkpoint, tables: Tables) -> None:
    prompts = ["I love pizza", "My heart is", "what is love??", "I AM 25", WHOLE[0]]
    requests = [
        VerseRequest(generator_for(7, turn), prompt, Sampling(0.65))
        for turn, prompt in enumerate(prompts)
    ]
    texts = [result.texts[0] for result in Decoder(poet).generate(requests)]
    assert [text.count("\n") for text in texts] == [4] * 5
    for prompt, text in zip(prompts, texts, strict=True):
        (word, *_), between = words_of(text), re.match("[ ,\n]*", text)
        assert between
        seam = seam_for(prompt, VERSE, tables)
        found = next(one for one in (seam.paused, seam) if one and one.separator == between[0])
        assert {word, f"'{word}"} & (found.first_words or set())
        assert text.endswith((".", "!", "?"))
