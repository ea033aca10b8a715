"""The threads of the matrix library."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from model.engine import threads as blas
from model.engine.threads import blas_threads


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize(("before", "limit", "during"), [(2, 1, 1), (2, 2, 2), (1, 4, 1), (2, None, 2)])
def test_threads_are_limited_and_never_raised_and_then_as_before(before: int, limit: int | None, during: int) -> None:
    with threadpool_limits(before, user_api="blas"):
        with blas_threads(limit):
            assert threads() == {during}
            assert blas.threads() == during
        assert threads() == {before}
