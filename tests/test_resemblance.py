"""Edits and copied runs, against the simplest code for each."""

from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.resemblance import are_within, longest_copied_runs

words = st.text("abß", max_size=7)
texts = st.text("ab\n\0🦕", max_size=9)


def edits(left: str, right: str) -> int:
    if not left or not right:
        return len(left) + len(right)
    replaced = edits(left[1:], right[1:]) + (left[0] != right[0])
    return replaced if left[0] == right[0] else min(replaced, edits(left[1:], right) + 1, edits(left, right[1:]) + 1)


def longest_run(text: str, sources: list[str]) -> int:
    pieces = [text[start:stop] for start in range(len(text)) for stop in range(start, len(text) + 1)]
    return max((len(piece) for piece in pieces if any(piece in source for source in sources)), default=0)


@given(st.integers(0, 3), st.lists(words, max_size=4), st.lists(words, max_size=6))
def test_edits_match_the_definition(limit: int, names: list[str], others: list[str]) -> None:
    expected = [any(edits(name, other) <= limit for other in others) for name in names]
    assert are_within(limit, names, others) == expected


def test_edits_between_names() -> None:
    names = ["mangosaurus", "mangosarus", "mongosauru", "rex"]
    assert are_within(0, names, ["mangosaurus"]) == [True, False, False, False]
    assert are_within(1, names, ["mangosaurus"]) == [True, True, False, False]
    assert are_within(2, names, ["mangosaurus"]) == [True, True, True, False]


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
