"""Limits the threads of BLAS, NumPy's matrix library, and keeps memory for NumPy's arrays."""

import contextlib
import ctypes
import os
from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def blas_threads(limit: int) -> AbstractContextManager[object]:
    """Give BLAS so many threads while the context lasts."""
    return threadpool_limits(limit, user_api="blas")


def keep_memory() -> None:
    """Keep the memory of freed arrays in this process, for the next ones.

    A training allocates the same large arrays at every step. Without this, glibc hands each back to
    the system, and gets it again page by page, cleared. That takes a tenth of a training's time,
    and a fifth with a small network. With other C libraries, nothing changes.
    """
    most_mapped, trim_threshold, most_arenas = -4, -1, -8  # as <malloc.h> numbers them
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(most_mapped, 0)
        library.mallopt(trim_threshold, -1)
        library.mallopt(most_arenas, 1)
