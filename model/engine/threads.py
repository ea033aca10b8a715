"""How many threads NumPy's matrix library may use. Not here: processes of our own (`parallel`)."""

import os
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def available_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def blas_threads(limit: int | None) -> AbstractContextManager[object]:
    """Give the matrix library so many threads at most, as long as the context lasts; None leaves it as it is."""
    library = _library()  # looked up anew, for programs that have loaded another one meanwhile
    limits: AbstractContextManager[object] = library.limit(limits=limit and min(limit, _used(library)))
    return limits


def threads() -> int:
    """Return how many threads the matrix library may share a product between, at present."""
    return _used(_numpys())


def _library() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def _used(library: ThreadpoolController) -> int:
    return min((controller.num_threads for controller in library.lib_controllers), default=1)


@cache
def _numpys() -> ThreadpoolController:
    return _library()
