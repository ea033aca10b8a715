"""Batches: each document or stream is a row, and the inputs are the targets delayed by one step."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.text.batches import Batch, name_batches, padded_batch, stream, stream_batches
from model.text.vocabulary import NO_CHARACTER, Vocabulary

LETTERS = Vocabulary("\nabcdefghijklmnopqrstuvwxyz")
documents_of_letters = st.lists(st.text(st.sampled_from("abcxyz")), min_size=1, max_size=9)


def is_delayed(batch: Batch, first: int) -> bool:
    return bool((batch.inputs[0] == first).all() and (batch.inputs[1:] == batch.targets[:-1]).all())


@given(documents_of_letters, st.sampled_from([NO_CHARACTER, LETTERS.newline]))
def test_a_row_of_a_padded_batch_is_a_document_and_its_newline(documents: list[str], first: int) -> None:
    batch = padded_batch(documents, LETTERS, first=first)
    assert batch.mask is not None
    assert batch.inputs.shape == batch.targets.shape == batch.mask.shape
    assert batch.targets.shape == (1 + max(map(len, documents)), len(documents))
    assert batch.inputs.dtype == batch.targets.dtype == np.intp
    assert is_delayed(batch, first)
    for row, document in enumerate(documents):
        mask = batch.mask[:, row]
        assert LETTERS.text_of(batch.targets[mask, row]) == document + "\n"
        assert mask.tolist() == [step <= len(document) for step in range(len(mask))]


def test_a_document_of_several_lines_is_padded() -> None:
    batch = padded_batch(["a\nb", "c"], LETTERS, first=LETTERS.newline)
    assert batch.mask is not None
    assert LETTERS.text_of(batch.targets[batch.mask[:, 0], 0]) == "a\nb\n"


def test_a_batch_without_documents_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one document"):
        padded_batch([], LETTERS, first=NO_CHARACTER)


@given(documents_of_letters, st.integers(1, 12), st.integers(0, 9))
def test_an_epoch_has_each_name_once_in_an_order_that_only_the_seed_decides(
    documents: list[str], batch_size: int, seed: int
) -> None:
    def epoch() -> list[Batch]:
        return list(name_batches(documents, LETTERS, batch_size, np.random.default_rng(seed)))

    batches = epoch()
    assert sorted(name for batch in batches for name in names_in(batch)) == sorted(documents)
    assert all(batch.targets.shape[1] == batch_size for batch in batches[:-1])
    assert all(is_delayed(batch, NO_CHARACTER) for batch in batches)
    for batch, again in zip(batches, epoch(), strict=True):
        np.testing.assert_array_equal(batch.targets, again.targets)


@given(documents_of_letters, st.integers(1, 12), st.integers(0, 9))
def test_batches_by_length_have_each_name_once_among_names_of_about_its_length(
    documents: list[str], batch_size: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    batches = list(name_batches(documents, LETTERS, batch_size, generator, by_length=True))
    assert len(batches) == -(-len(documents) // batch_size)
    assert sorted(name for batch in batches for name in names_in(batch)) == sorted(documents)
    ranges = sorted((min(map(len, names)), max(map(len, names))) for names in map(names_in, batches))
    assert all(longest <= shortest for (_, longest), (shortest, _) in pairwise(ranges))


def test_batches_by_length_come_in_random_order() -> None:
    names, generator = ["a" * n for n in range(1, 27)], np.random.default_rng(5)
    first, second = (
        [names_in(batch) for batch in name_batches(names, LETTERS, 2, generator, by_length=True)] for _ in range(2)
    )
    assert sorted(first) != first != second


def names_in(batch: Batch) -> list[str]:
    assert batch.mask is not None
    rows = range(batch.targets.shape[1])
    return [LETTERS.text_of(batch.targets[batch.mask[:, row], row]).removesuffix("\n") for row in rows]


def test_each_epoch_has_another_order_of_names() -> None:
    names = [chr(97 + n) for n in range(26)]
    generator = np.random.default_rng(5)
    first, second = (names_in(next(name_batches(names, LETTERS, 26, generator))) for _ in range(2))
    assert first != second != names


@pytest.mark.parametrize(("documents", "text"), [(["a\nb", "c"], "\na\nb\n\nc\n"), (["a"], "\na\n"), ([], "\n\n")])
def test_a_stream_has_a_blank_line_between_documents(documents: Sequence[str], text: str) -> None:
    assert LETTERS.text_of(stream(documents, LETTERS)) == text


sizes = st.integers(1, 7)


@given(st.integers(1, 90), sizes, sizes)
def test_each_character_is_a_target_once_an_epoch(length: int, batch_size: int, steps: int) -> None:
    ids = np.arange(length)
    batches = list(stream_batches(ids, batch_size, steps))
    streams = [
        np.concatenate([counted(batch.targets, batch.mask, row) for batch in batches]) for row in range(batch_size)
    ]
    np.testing.assert_array_equal(np.concatenate(streams), ids)
    assert max(map(len, streams)) - min(map(len, streams)) <= 1


def counted(ids: NDArray[np.intp], mask: NDArray[np.bool_] | None, row: int) -> NDArray[np.intp]:
    return ids[:, row] if mask is None else ids[mask[:, row], row]


@given(st.integers(1, 90), sizes, sizes)
def test_an_input_is_the_character_before_its_target_and_streams_continue_across_batches(
    length: int, batch_size: int, steps: int
) -> None:
    batches = list(stream_batches(np.arange(length), batch_size, steps))
    before: NDArray[np.intp] | None = None
    for batch in batches:
        np.testing.assert_array_equal(batch.inputs, (batch.targets - 1) % length)
        np.testing.assert_array_equal(batch.inputs[1:], batch.targets[:-1])
        if before is not None:
            np.testing.assert_array_equal(batch.inputs[0], before)
        before = batch.targets[-1]


@given(st.integers(1, 90), sizes, sizes)
def test_only_the_last_chunk_is_shorter_and_only_its_last_step_is_masked(
    length: int, batch_size: int, steps: int
) -> None:
    batches = list(stream_batches(np.arange(length), batch_size, steps))
    longest = -(-length // batch_size)
    assert [len(batch.targets) for batch in batches[:-1]] == [steps] * (len(batches) - 1)
    assert sum(len(batch.targets) for batch in batches) == longest
    assert all(batch.mask is None for batch in batches[:-1])
    mask = batches[-1].mask
    if length % batch_size == 0:
        assert mask is None
    else:
        assert mask is not None
        assert mask[:-1].all()
        assert mask[-1].tolist() == [row < length % batch_size for row in range(batch_size)]


def test_the_text_is_read_as_a_ring() -> None:
    ids = stream(["ab", "c"], LETTERS)
    (batch,) = stream_batches(ids, 1, 100)
    assert LETTERS.text_of(batch.targets[:, 0]) == "\nab\n\nc\n"
    assert LETTERS.text_of(batch.inputs[:1, 0]) == "\n"


@pytest.mark.parametrize(("length", "batch_size", "steps"), [(0, 1, 1), (5, 0, 1), (5, 1, 0), (5, -1, 1)])
def test_sizes_below_one_are_refused(length: int, batch_size: int, steps: int) -> None:
    with pytest.raises(ValueError, match="must be at least 1, got"):
        next(stream_batches(np.arange(length), batch_size, steps))


def test_a_batch_size_below_one_is_refused_for_names() -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        next(name_batches(["a"], LETTERS, 0, np.random.default_rng(0)))
