"""The threads of BLAS are limited while somebody says so, and large arrays keep their memory."""

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from model.threads import blas_threads, keep_memory


def test_threads_are_limited_and_afterwards_as_before() -> None:
    def counts() -> set[int]:
        return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        with blas_threads(1):
            assert counts() == {1}
        assert counts() == {2}


def test_memory_can_be_kept_on_every_system() -> None:
    keep_memory()
    assert np.ones(10_000_000).sum() == 10_000_000
