"""Copied runs, against the simplest code for them."""

from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.copying import longest_copied_runs

texts = st.text("ab\n\0🦕", max_size=9)


def longest_run(text: str, sources: list[str]) -> int:
    pieces = [text[start:stop] for start in range(len(text)) for stop in range(start, len(text) + 1)]
    return max((len(piece) for piece in pieces if any(piece in source for source in sources)), default=0)


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_copied_runs_match_a_plain_search(ours: list[str], sources: list[str]) -> None:
    assert longest_copied_runs(ours, sources) == [longest_run(text, sources) for text in ours]


@given(st.lists(texts, max_size=4), st.integers(0, 9), st.integers(0, 9))
def test_a_piece_of_a_source_is_copied_whole(sources: list[str], start: int, stop: int) -> None:
    pieces = [source[start:stop] for source in sources]
    assert longest_copied_runs(pieces, sources) == [len(piece) for piece in pieces]


def test_a_run_ends_where_its_text_ends() -> None:
    assert longest_copied_runs(["abcd", "efgh"], ["xab", "cdef", "ghab"]) == [2, 2]
    assert longest_copied_runs(["ab", "cd"], ["abcd"]) == [2, 2]
