"""Locks between processes: the system releases them when their holder ends, even if it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

LOCK = ".lock"
"""The lock of a folder is on a file in it: NFS cannot lock the folder itself."""
TRY_EVERY = 0.2
"""Seconds between two tries to get a lock that somebody else holds."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made if it is missing. BlockingIOError if somebody else holds it; OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextlib.asynccontextmanager
async def locked_in_turn(path: Path, check: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the lock of a file once it is free. Waiting does not block the event loop, and ends if `check` raises."""
    with contextlib.ExitStack() as lock:
        while True:
            check()
            with contextlib.suppress(BlockingIOError):
                lock.enter_context(locked(path))
                break
            await asyncio.sleep(TRY_EVERY)
        yield
