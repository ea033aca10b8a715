"""Rows become columns and rows again; products of columns are right for every shape; panels hold every number once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.engine import products
from model.engine.products import GROUP, as_columns, as_rows, group_count, in_groups, one_hot
from model.network.layers import Array
from model.text.vocabulary import NO_CHARACTER
from tests.language_models import normal


def lend(name: str, *shape: int) -> Array:
    return np.full(shape, np.nan)


# Columns.


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


# Products.

# Time, groups, columns, inputs, outputs: one column or many; outputs that make panels of 8 or one panel.
shapes = pytest.mark.parametrize(
    "shape",
    [(4, 1, 1, 5, 3), (1, 1, 1, 5, 8), (3, 1, 2, 5, 16), (3, 2, 3, 7, 24), (2, 3, 1, 4, 38), (19, 2, 32, 9, 40)],
)


@shapes
def test_a_product_equals_that_of_einsum(shape: tuple[int, ...]) -> None:
    time, groups, columns, width, outputs = shape
    x, w = normal(time, groups, width, columns), normal(width, outputs)
    y = np.full((time, groups, outputs, columns), np.nan)
    products.product(w, x, y, lend)
    np.testing.assert_allclose(y, np.einsum("dk,tgdb->tgkb", w, x), rtol=1e-12, atol=1e-12)
    products.product(w[:, ::-1], x[:, :, :, ::-1], y, lend)  # views that are not contiguous
    np.testing.assert_allclose(y, np.einsum("dk,tgdb->tgkb", w[:, ::-1], x[:, :, :, ::-1]), rtol=1e-12, atol=1e-12)


@shapes
def test_the_gradient_of_the_weights_equals_that_of_einsum(shape: tuple[int, ...]) -> None:
    time, groups, columns, width, outputs = shape
    x, d_y = normal(time, groups, width, columns), normal(time, groups, outputs, columns)
    found = np.full((width, outputs), np.nan)
    products.weight_gradient(x, d_y, found, lend)
    np.testing.assert_allclose(found, np.einsum("tgdb,tgkb->dk", x, d_y), rtol=1e-9, atol=1e-12)


@given(st.integers(1, 9), st.integers(1, 70), st.sampled_from([8, 32]))
def test_panels_hold_all_weights_with_those_of_an_input_side_by_side(width: int, outputs: int, panel: int) -> None:
    w = normal(width, outputs)
    for halved in range(outputs):
        expected = w.T * np.where(np.arange(outputs) < halved, 0.5, 1)[:, None]
        found = products.panels(w, panel, halved)
        np.testing.assert_array_equal(found.reshape(outputs, width), expected)
    found = products.panels(w, panel)
    np.testing.assert_array_equal(found.reshape(outputs, width), w.T)
    assert found.shape[1] == outputs or found.shape[1] in (8, 16, 32)
    assert outputs == 1 or found.strides[1] == w.itemsize
