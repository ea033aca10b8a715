"""Capitals in verse: where they are set, and that nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.typesetting import typeset

VERSE = st.text("\n !'(),-.:;?abi dlmve")


@pytest.mark.parametrize(
    ("verse", "shown"),
    [
        ("when i do count\nthe clock", "When I do count\nThe clock"),
        ("'tis so. (ah! 'twas) not i", "'Tis so. (Ah! 'Twas) not I"),
        ("i'll i'd i've i'm, i?", "I'll I'd I've I'm, I?"),
        ("in i' faith i'st it isi", "In i' faith i'st it isi"),
        ("say 'i am.' then i'", "Say 'I am.' Then i'"),
        ("one, two; three: four", "One, two; three: four"),
        ("a.b", "A.b"),
        ("\n\n  x", "\n\n  X"),
        ("", ""),
        ("--x", "--x"),
    ],
)
def test_a_verse_of_its_own(verse: str, shown: str) -> None:
    assert typeset(verse) == shown


@pytest.mark.parametrize(
    ("line", "verse", "shown"),
    [
        ("Shall I compare thee", " to a day?\nthou art", " to a day?\nThou art"),
        ("Shall I compare thee.", " to i", " To I"),
        ("Shall I compare the", "i of", "i of"),
        ("one line\n", "and", "And"),
        ("'", "tis", "Tis"),
        ("É", "tis", "tis"),
        ("what i", " say i", " say I"),
    ],
)
def test_a_verse_behind_a_line(line: str, verse: str, shown: str) -> None:
    assert typeset(verse, after=line) == shown


@given(VERSE | st.text(), VERSE | st.text())
def test_only_case_changes_and_once_is_enough(verse: str, line: str) -> None:
    shown = typeset(verse, after=line)
    assert len(shown) == len(verse)
    assert all(new in (old, old.upper()) for old, new in zip(verse, shown, strict=True))
    assert typeset(shown, after=line) == shown


@given(VERSE)
def test_every_line_and_sentence_begins_with_a_capital(verse: str) -> None:
    for line in typeset(verse).split("\n"):
        assert not line.lstrip("'( ")[:1].islower()
        for _, follower in zip(line, line.split(". ")[1:], strict=False):
            assert not follower.lstrip("'( ")[:1].islower()


@given(VERSE)
def test_a_lone_i_is_a_capital(verse: str) -> None:
    words = typeset(verse).replace("\n", " ").split(" ")
    assert not {"i", "i'll", "i'd", "i've", "i'm"} & set(words)
