"""Reads and limits the number of threads of BLAS, NumPy's matrix library."""

import os
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def blas_threads(limit: int | None) -> AbstractContextManager[object]:
    """Limit BLAS to at most this many threads while the context lasts. None changes nothing."""
    library = _blas()  # not the cached one: the program may have loaded another BLAS since
    limits: AbstractContextManager[object] = library.limit(limits=limit and min(limit, _thread_count(library)))
    return limits


def blas_thread_count() -> int:
    """Return how many threads may share a matrix product at present."""
    return _thread_count(_cached_blas())


def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


@cache
def _cached_blas() -> ThreadpoolController:
    return _blas()


def _thread_count(library: ThreadpoolController) -> int:
    return min((controller.num_threads for controller in library.lib_controllers), default=1)
