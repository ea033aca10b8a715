"""Files written whole or not at all: what checkpoints, snapshots and fetched texts have in common.

Written beside their place, forced to the disk, renamed; what a killed process left there goes at the next writing.

Not here: what the bytes mean, whether they are sound (`checkpoint_format`, `snapshot`), and sentences for people: an
OSError is for the caller to explain.
"""

import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder: `data/` and `checkpoints/` are in it."""

_TOKEN_BYTES = 4
_ABANDONED = 3600.0
"""Seconds after which a temporary file is nobody's: writing one takes a moment, and another process may be at it."""


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place atomically: after a crash or an error there is the old content or the new, nothing else.

    Written beside it, forced to the disk, renamed; then the folder's entry is forced to the disk too. OSError.
    """
    _sweep(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(_TOKEN_BYTES)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):  # Windows: a folder cannot be opened, and renaming is durable without
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(path: Path) -> None:
    """Remove the temporary files of `path` that killed processes left; what cannot be removed stays."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}\.tmp")
    with suppress(OSError):
        for file in path.parent.iterdir():
            if pattern.fullmatch(file.name) and time.time() - file.stat().st_mtime > _ABANDONED:
                file.unlink()
