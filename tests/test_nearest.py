"""The nearest known name: the distance that the textbook's table gives, and the first of those as near."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from bot.nearest import Neighbour, Neighbourhood, neighbourhood

WORDS = st.text("abcé恐", max_size=9)


def textbook(a: str, b: str) -> int:
    """Return the distance as its definition puts it, one cell at a time."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        before, row = row, [i]
        for j, other in enumerate(b, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other)))
    return row[-1]


@given(WORDS, st.frozensets(WORDS, min_size=1, max_size=80))
def test_it_is_the_textbooks_nearest(name: str, known: frozenset[str]) -> None:
    expected = min((textbook(name, other), other) for other in known)
    found = Neighbourhood(known).nearest(name)
    assert found == Neighbour(expected[1], expected[0])


@given(st.text(string.ascii_lowercase, max_size=40), st.text(string.ascii_lowercase, min_size=1, max_size=30))
def test_long_names(name: str, known: str) -> None:
    assert Neighbourhood(frozenset({known})).nearest(name) == Neighbour(known, textbook(name, known))


def test_names_that_one_knows() -> None:
    known = Neighbourhood(frozenset({"tyrannosaurus", "triceratops", "yi"}))
    assert known.nearest("tyranosaurus") == Neighbour("tyrannosaurus", 1)
    assert known.nearest("y") == Neighbour("yi", 1)
    assert known.nearest("") == Neighbour("yi", 2)
    assert known.nearest("yi") == Neighbour("yi", 0)


def test_of_the_names_as_near_it_is_the_first_in_the_alphabet() -> None:
    assert Neighbourhood(frozenset({"yib", "yia", "bia", "yic"})).nearest("yi") == Neighbour("yia", 1)
    near_by_letters = Neighbourhood(frozenset({"abcd", "dcba", "xbcy"}))  # dcba shares more letters with bcda, no order
    assert near_by_letters.nearest("bcda") == Neighbour("abcd", 2)


def test_nothing_known() -> None:
    assert Neighbourhood(frozenset()).nearest("mango") is None


def test_a_neighbourhood_is_laid_out_once() -> None:
    names = frozenset({"yi"})
    assert neighbourhood(names) is neighbourhood(names)
