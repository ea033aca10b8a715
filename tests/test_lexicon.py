"""The lexicon's mask allows every known word, and no other text."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from model.text.vocabulary import Vocabulary, words_of
from model.verse.lexicon import Lexicon

SMALL = Vocabulary("\n '-ab")
VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
WORDS = [
    "look'd",
    "look",
    "tis",
    "o'er",
    "self",
    "self-substantial",
    "thou",
    "though",
    "well-a-day",
    "a",
    "sun's",
]
CLIPPED = {"'tis", "th'", "'twas"}

words = st.sets(st.from_regex("[ab]{1,3}(?:['-][ab]{1,2}){0,2}", fullmatch=True), max_size=8)


def tail_of(lexicon: Lexicon, text: str) -> str:
    tail = ""
    for character in text:
        tail = lexicon.tail_after(tail, character)
    return tail


def followers(lexicon: Lexicon, vocabulary: Vocabulary, tail: str) -> str:
    return "".join(
        c
        for c, allowed in zip(vocabulary.characters, lexicon.mask(tail).tolist(), strict=True)
        if allowed
    )


def can_become_known(text: str, known: set[str]) -> bool:
    """The rule without an automaton: every finished word is known, and the last one is or can
    become a known one."""
    *finished, last = words_of(text) or [""]
    rest = text[text.rfind(last) + len(last) :]
    if rest and (len(rest) > 1 or rest not in "'-"):
        return all(word in known for word in (*finished, last) if word)
    beginnings = (
        {word[:end] for word in known for end in range(len(word) + 1)}
        | {word + rest for word in known}
        | {""}
    )
    return set(finished) <= known and last + rest in beginnings


@given(words, st.data())
@settings(max_examples=60)
def test_the_mask_allows_exactly_the_characters_that_keep_every_word_known(
    known: set[str], data: st.DataObject
) -> None:
    lexicon, text = Lexicon(known, SMALL), ""
    tail = tail_of(lexicon, "")
    for _ in range(9):
        allowed = followers(lexicon, SMALL, tail)
        assert allowed == "".join(c for c in SMALL.characters if can_become_known(text + c, known))
        assert allowed  # no dead end
        character = data.draw(st.sampled_from(allowed))
        text += character
        tail = lexicon.tail_after(tail, character)
        assert tail == tail_of(lexicon, text)


@given(st.data())
@settings(max_examples=40)
def test_with_clipped_words_every_apostrophe_belongs_to_a_word(data: st.DataObject) -> None:
    lexicon, text = Lexicon([*WORDS, "kings"], VERSE, CLIPPED), ""
    for _ in range(25):
        text += data.draw(st.sampled_from(followers(lexicon, VERSE, tail_of(lexicon, text))))
    finished = re.sub(r"[a-z'-]*\Z", "", text)
    written = re.findall(r"'?[a-z]+(?:['-][a-z]+)*'?|'", finished)
    assert set(written) <= {*WORDS, *CLIPPED, "kings", "kings'", "sun's'"} - {"tis"}


def test_words_are_letters_with_marks_only_inside() -> None:
    assert words_of("नमस्ते, दुनिया! வணக்கம்") == ["नमस्ते", "दुनिया", "வணக்கம்"]
    assert words_of("well-a-day, 'tis the o'erworn sun's") == [
        *("well-a-day", "tis", "the", "o'erworn", "sun's")
    ]
    assert words_of("„Übel“, sagt\u2019s") == ["Übel", "sagt\u2019s"]
