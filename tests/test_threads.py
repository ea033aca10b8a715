"""The number of BLAS threads."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from model.engine.threads import blas_thread_count, blas_threads


def counts() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize(("before", "limit", "during"), [(2, 1, 1), (2, 2, 2), (1, 4, 1), (2, None, 2)])
def test_threads_are_limited_never_raised_and_afterwards_as_before(before: int, limit: int | None, during: int) -> None:
    with threadpool_limits(before, user_api="blas"):
        with blas_threads(limit):
            assert counts() == {during}
            assert blas_thread_count() == during
        assert counts() == {before}
