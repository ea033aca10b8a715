"""Locks between processes, on files: the system releases them when their holder ends, even if it is
killed.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

LOCK = ".lock"
"""The lock of a folder is on a file in it: NFS cannot lock the folder itself."""
_UNUSED_BYTE = 1 << 30


def lock(descriptor: int, *, wait: bool = False) -> None:
    """Lock a file until it is closed, if only by the end of the process. On Windows, wait for ten
    seconds at most.

    Raises BlockingIOError if somebody else holds the lock.
    """
    with contextlib.suppress(ImportError):
        import fcntl

        return fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    import msvcrt  # on Windows, which locks bytes, and lets nobody else read them

    os.lseek(descriptor, _UNUSED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError as error:
        raise BlockingIOError(error.errno, error.strerror) from error
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)


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
