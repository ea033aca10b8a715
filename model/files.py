"""Writes files whole or not at all: checkpoints, snapshots and fetched texts."""

import os
import re
import secrets
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder, with `data/` and `checkpoints/` in it."""

_TOKEN_BYTES = 4
_ABANDONED_AFTER = 3600.0
"""Seconds. A younger temporary file may belong to a process that is still writing it."""


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file atomically: after a crash or an error, it has either the old content or the new.

    Writes a temporary file in the same folder, syncs it to the disk, renames it, and syncs the folder. The file is as
    private as the folder. Raises OSError.
    """
    _remove_abandoned(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(_TOKEN_BYTES)}.tmp")
    try:
        as_private = partial(os.open, mode=path.parent.stat().st_mode & 0o666)
        with open(temporary, "xb", opener=as_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):  # Windows cannot open a folder, and its renames are durable anyway
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files of `path` that killed processes left behind, and ignore errors."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}\.tmp")
    with suppress(OSError):
        for file in path.parent.iterdir():
            if pattern.fullmatch(file.name) and time.time() - file.stat().st_mtime > _ABANDONED_AFTER:
                file.unlink()
