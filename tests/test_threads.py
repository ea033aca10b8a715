"""The threads of BLAS are limited while somebody says so."""

from threadpoolctl import threadpool_info, threadpool_limits

from model.threads import blas_threads


def test_threads_are_limited_and_afterwards_as_before() -> None:
    def counts() -> set[int]:
        return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        with blas_threads(1):
            assert counts() == {1}
        assert counts() == {2}
