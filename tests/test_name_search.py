"""Which of the names that a network writes are taken, for lines given by hand: no network takes
part."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import RequestError
from model.names.search import Names, NameSearch
from model.search import Drawing, Line
from model.text.vocabulary import Vocabulary
from model.weights.fingerprints import Fingerprints
from model.writing.requests import generator_for
from tests.decoding import VERSE, names_checkpoint

STATE = np.zeros((1, 1, 1), np.float32)


def search(
    prefix: str = "",
    count: int = 1,
    attempts: int = 100,
    *,
    vocabulary: Vocabulary | None = None,
    temperature: float = 1.0,
) -> NameSearch:
    checkpoint = replace(names_checkpoint(frozenset({"old"})), other_names=Fingerprints.of(["bac"]))
    if vocabulary:
        checkpoint = replace(checkpoint, vocabulary=vocabulary)
    drawing = Drawing(generator_for(0, 0), temperature, 1.0)
    return NameSearch(drawing, Names(checkpoint), prefix, count, attempts)


def read(names: NameSearch, *lines: str | None) -> tuple[str, ...]:
    """Let a search read lines until it is done; None stands for a row that was dropped."""
    for line in lines:
        assert not names.is_done
        names.finished = [] if line is None else [Line(line, 0.0, 0, STATE)]
        names.end_line()
    return names.texts


def test_names_that_are_known_repeated_empty_or_too_long_are_drawn_again() -> None:
    assert read(search(), "old", "bac", "", None, "new") == ("new",)
    assert read(search(count=2), "cab", "cab", "abc") == ("cab", "abc")
    assert read(search("cab"), "", "s") == ("cabs",)
    assert read(search("a ", vocabulary=VERSE), " ", "", "b ") == ("a b",)
    assert search("cab").most_characters == 38  # up to 40 letters, and the end


def test_a_search_ends_with_an_error_after_so_many_attempts() -> None:
    names = search("o", count=2, attempts=2)
    assert read(names, "ne", "ld", "ne") == ("one",)
    assert "no new name that begins with 'o' after 2 attempts" in str(names.error)


def test_temperature_0_gives_one_name() -> None:
    for lines, texts, name in (
        (("new",), ("new",), "new"),
        (("old",), (), "old"),
        ((None,), (), "…"),
    ):
        names = search(count=2, temperature=0)
        assert read(names, *lines) == texts
        assert f"temperature 0 always gives '{name}'" in str(names.error)


@given(st.text(max_size=12))
def test_any_prefix_is_folded_or_refused(prefix: str) -> None:
    folded = VERSE.fold(prefix).replace("\n", "").lstrip()
    if prefix and not folded:
        with pytest.raises(RequestError, match="none of its characters can begin a name"):
            search(prefix, vocabulary=VERSE)
    else:
        (name,) = read(search(prefix, vocabulary=VERSE), "xyz")
        assert name == f"{folded}xyz"
