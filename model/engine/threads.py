"""Reads and limits the number of threads of BLAS, NumPy's matrix library."""

import os
import signal
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

CAN_SHARE = hasattr(
    signal, "pthread_sigmask"
)  # whether processes can share a training; on Windows they cannot


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def training_cores() -> int:
    """Return the number of cores that a training can use."""
    return available_cores() if CAN_SHARE else 1


def blas_threads(limit: int | None) -> AbstractContextManager[object]:
    """Limit BLAS to at most this many threads while the context lasts. None changes nothing."""
    _blas.cache_clear()  # the program may have loaded another BLAS since
    return _blas().limit(limits=limit and min(limit, blas_thread_count()))


def blas_thread_count() -> int:
    """Return how many threads may share a matrix product at present."""
    return min((controller.num_threads for controller in _blas().lib_controllers), default=1)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
