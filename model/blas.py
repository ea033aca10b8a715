"""How many threads NumPy's matrix library may use. Not here: threads of our own (`parallel`)."""

from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController


def blas_threads(limit: int | None) -> AbstractContextManager[object]:
    """Give the matrix library so many threads at most, as long as the context lasts; None leaves it as it is."""
    library = ThreadpoolController().select(user_api="blas")
    used = [controller.num_threads for controller in library.lib_controllers]
    limits: AbstractContextManager[object] = library.limit(limits=limit and min([limit, *used]))
    return limits
