"""The nearest known name: the distance as the textbook's table gives it, and the first of several as near."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from bot.writing.nearest import Neighbour, Neighbourhood

WORDS = st.text("abcé恐", max_size=9)


def textbook(a: str, b: str) -> int:
    """Return the distance as the definition has it, one cell at a time."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        before, row = row, [i]
        for j, other in enumerate(b, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other)))
    return row[-1]


@given(st.lists(WORDS, max_size=20), st.frozensets(WORDS, min_size=1, max_size=80))
def test_it_is_the_textbooks_nearest(names: list[str], known: frozenset[str]) -> None:
    expected = [min((textbook(name, other), other) for other in known) for name in names]
    assert Neighbourhood(known).nearest(names) == [Neighbour(other, distance) for distance, other in expected]


@given(st.text(string.ascii_lowercase, max_size=300), st.text(string.ascii_lowercase, min_size=1, max_size=300))
def test_long_names(name: str, known: str) -> None:
    assert Neighbourhood({known}).nearest([name]) == [Neighbour(known, textbook(name, known))]


def test_familiar_names() -> None:
    known = Neighbourhood({"tyrannosaurus", "triceratops", "yi"})
    assert known.nearest(["tyranosaurus", "y", "", "yi"]) == [
        Neighbour("tyrannosaurus", 1),
        Neighbour("yi", 1),
        Neighbour("yi", 2),
        Neighbour("yi", 0),
    ]


def test_of_several_as_near_it_is_the_first_in_the_alphabet() -> None:
    assert Neighbourhood({"yib", "yia", "bia", "yic"}).nearest(["yi"]) == [Neighbour("yia", 1)]
    near_by_letters = Neighbourhood({"abcd", "dcba", "xbcy"})  # dcba shares more letters with bcda, but no order
    assert near_by_letters.nearest(["bcda"]) == [Neighbour("abcd", 2)]


def test_nothing_known_and_nothing_asked() -> None:
    assert Neighbourhood(()).nearest(["mango", "yi"]) == [None, None]
    assert Neighbourhood({"yi"}).nearest([]) == []
