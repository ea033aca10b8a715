"""Locks between processes: the system releases them when their holder ends, even if it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

FOLDER_PREFIX = "retraining-"
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


@contextlib.contextmanager
def work_folder(directory: Path) -> Iterator[Path]:
    """Make a folder for one training. It is locked while its bot lives, and removed at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=directory)).resolve()
    try:
        with locked(folder / LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(directory: Path) -> None:
    """Remove the work folders of bots that were killed. Those of living bots are locked, and stay."""
    for folder in directory.glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError), locked(folder / LOCK):
            shutil.rmtree(folder, ignore_errors=True)
