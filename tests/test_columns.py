"""Batches in groups of columns, and back to rows: every sequence once, in order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.engine.columns import GROUP, as_columns, as_rows, group_count, in_groups, one_hot
from model.text.vocabulary import NO_CHARACTER


@given(st.integers(1, 300))
def test_groups_are_equal_and_of_at_most_group_columns(batch_size: int) -> None:
    groups = group_count(batch_size)
    assert batch_size % groups == 0
    if groups > 1:
        assert batch_size // groups <= GROUP
    if batch_size % GROUP == 0:
        assert batch_size // groups == GROUP


def test_a_batch_size_without_a_suitable_divisor_makes_one_group() -> None:
    assert [group_count(n) for n in (1, 31, 32, 33, 37, 48, 64, 96, 100)] == [1, 1, 1, 3, 1, 2, 2, 3, 4]


@given(st.integers(1, 100), st.integers(1, 4))
def test_rows_become_columns_and_rows_again(batch_size: int, width: int) -> None:
    rows = np.arange(float(batch_size * width)).reshape(batch_size, width)
    columns = as_columns(rows)
    assert columns.shape == (group_count(batch_size), width, batch_size // group_count(batch_size))
    np.testing.assert_array_equal(columns[0, :, 0], rows[0])
    np.testing.assert_array_equal(columns[-1, :, -1], rows[-1])
    np.testing.assert_array_equal(as_rows(columns), rows)


@given(st.integers(0, 99), st.sampled_from([1, 3, 64]))
def test_ids_become_one_hot_columns(seed: int, batch_size: int) -> None:
    ids = in_groups(np.random.default_rng(seed).integers(NO_CHARACTER, 5, size=(4, batch_size)))
    columns = np.full((*ids.shape[:2], 5, ids.shape[2]), np.nan)
    one_hot(ids, columns)
    np.testing.assert_array_equal(columns, ids[:, :, None] == np.arange(5)[:, None])
