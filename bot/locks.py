"""Locks between processes, on files: the system releases them when their holder ends, even if it is
killed.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from model.files import lock

LOCK = ".lock"
"""The lock of a folder is on a file in it: NFS cannot lock the folder itself."""


def held_by_another(path: Path) -> str:
    """Lock a file until this process ends, and return ""; or return the id of the process that has
    locked it.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock(descriptor)
        except BlockingIOError:
            return path.read_text(encoding="ascii")
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
    return ""


@contextlib.contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises OSError: BlockingIOError if somebody holds it and `wait` is false.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock(descriptor, wait=wait)
        yield
    finally:
        os.close(descriptor)
