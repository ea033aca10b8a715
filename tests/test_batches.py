"""Batches: each document or stream is a row, and the inputs are the targets delayed by one step."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.text.batches import Batch, name_batches, padded_batch, stream_batches
from model.text.vocabulary import NO_CHARACTER, Vocabulary

LETTERS = Vocabulary("\nabcdefghijklmnopqrstuvwxyz")
names = st.lists(st.text(st.sampled_from("abcxyz")), min_size=1, max_size=9)


def is_delayed(batch: Batch, first: int) -> bool:
    return bool((batch.inputs[0] == first).all() and (batch.inputs[1:] == batch.targets[:-1]).all())


def rows_of(batch: Batch) -> list[str]:
    rows = range(batch.targets.shape[1])
    texts = [LETTERS.text_of(batch.targets[batch.mask[:, row], row]) for row in rows]
    assert all(text.endswith("\n") for text in texts)
    return [text[:-1] for text in texts]


@given(
    st.lists(st.text(st.sampled_from("abc\n")), min_size=1),
    st.sampled_from([NO_CHARACTER, LETTERS.newline]),
)
def test_a_row_of_a_padded_batch_is_a_document_and_its_newline(
    documents: list[str], first: int
) -> None:
    batch = padded_batch(documents, LETTERS, first=first)
    assert batch.inputs.shape == batch.targets.shape == batch.mask.shape
    assert batch.targets.shape == (1 + max(map(len, documents)), len(documents))
    assert batch.inputs.dtype == batch.targets.dtype == np.intp
    assert is_delayed(batch, first)
    assert rows_of(batch) == documents


@given(names, st.integers(1, 12), st.integers(0, 9), st.booleans())
def test_an_epoch_has_each_name_once_in_an_order_that_only_the_seed_decides(
    documents: list[str], batch_size: int, seed: int, by_length: bool
) -> None:
    batches, again = (
        list(
            name_batches(
                documents, LETTERS, batch_size, np.random.default_rng(seed), by_length=by_length
            )
        )
        for _ in range(2)
    )
    assert len(batches) == -(-len(documents) // batch_size)
    assert sorted(name for batch in batches for name in rows_of(batch)) == sorted(documents)
    assert by_length or all(batch.targets.shape[1] == batch_size for batch in batches[:-1])
    assert all(is_delayed(batch, NO_CHARACTER) for batch in batches)
    assert list(map(rows_of, batches)) == list(map(rows_of, again))
    ranges = sorted((min(map(len, rows)), max(map(len, rows))) for rows in map(rows_of, batches))
    assert not by_length or all(
        longest <= shortest for (_, longest), (shortest, _) in pairwise(ranges)
    )


sizes = st.integers(1, 7)


@given(st.integers(1, 90), sizes, sizes)
def test_each_character_is_a_target_once_an_epoch_and_streams_go_on_from_batch_to_batch(
    length: int, batch_size: int, steps: int
) -> None:
    ids = np.arange(length)
    batches = list(stream_batches(ids, batch_size, steps))
    streams = [
        np.concatenate([batch.targets[batch.mask[:, row], row] for batch in batches])
        for row in range(batch_size)
    ]
    np.testing.assert_array_equal(np.concatenate(streams), ids)
    assert max(map(len, streams)) - min(map(len, streams)) <= 1
    for batch in batches:
        np.testing.assert_array_equal(batch.inputs, (batch.targets - 1) % length)
    for before in batches[:-1]:
        assert before.mask.all()
        assert len(before.targets) == steps
    assert batches[-1].mask[:-1].all()
