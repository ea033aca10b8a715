"""Checkpoints on disk: written whole or not at all, verified when read, kept as versions, one of them current.

`save` and `load` move one checkpoint; `Versions` is a folder of them:

    <version>.safetensors   immutable: a version is named after its content's checksum
    released                the version that came with the program (committed)
    current                 the version in use, if another one; the folder's pointer, moved atomically
    previous                the one that was in use before it

Not here: the layout and the checks of the bytes (`checkpoint_format`), how a file is put in place (`files`), and
training. Old versions are never removed: they are small, and one of them is what saves the day.
"""

import logging
import re
from dataclasses import replace
from pathlib import Path

from model import files
from model.checkpoint.encoding import (
    VERSION_LENGTH,
    Checkpoint,
    CheckpointError,
    Description,
    FormatError,
    decode,
    encode,
)

__all__ = ["Checkpoint", "CheckpointError", "Description", "Versions", "load", "save", "write_whole"]

logger = logging.getLogger(__name__)

SUFFIX = ".safetensors"
_VERSION = re.compile(f"[0-9a-f]{{{VERSION_LENGTH}}}")


def save(path: Path, checkpoint: Checkpoint) -> Checkpoint:
    """Write a checkpoint and return it with its version. On a CheckpointError what was at `path` is still there."""
    try:
        content = encode(checkpoint)
        version = decode(content).version  # what would be refused at loading is not written
    except FormatError as error:
        raise CheckpointError(f"{path}: not written, because {error}") from error
    write_whole(path, content)
    return replace(checkpoint, version=version)


def load(path: Path) -> Checkpoint:
    """Read and verify a checkpoint; CheckpointError names the file and says what is wrong with it."""
    return _verified(path, _read(path))


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place atomically: the old content or the new, nothing else. CheckpointError."""
    try:
        files.write_whole(path, content)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error


def _verified(path: Path, content: bytes) -> Checkpoint:
    try:
        return decode(content)
    except FormatError as error:
        raise CheckpointError(f"{path}: {error}") from error


class Versions:
    """A folder of immutable checkpoints and the pointer to the current one. Every method raises CheckpointError."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, version: str) -> Path:
        """Where a version lies. What is not 12 hexadecimal digits is refused, so nobody's text becomes another path."""
        if not _VERSION.fullmatch(version):
            raise CheckpointError(f"{version!r} is no version; a version is {VERSION_LENGTH} digits of 0-9 and a-f")
        return self.directory / (version + SUFFIX)

    def add(self, checkpoint_path: Path) -> str:
        """Copy a checkpoint in under its version, which is returned; adding it again changes nothing."""
        content = _read(checkpoint_path)
        version = _verified(checkpoint_path, content).version
        if not self._is_sound(version):
            try:
                self.directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CheckpointError(f"{self.directory}: cannot be made: {error.strerror or error}") from error
            write_whole(self.path(version), content)
        return version

    def load(self, version: str) -> Checkpoint:
        """Load one version, and see that it is the one its name says."""
        path = self.path(version)
        checkpoint = load(path)
        if checkpoint.version != version:
            raise CheckpointError(f"{path}: holds version {checkpoint.version}, not the one of its name")
        return checkpoint

    def promote(self, version: str) -> None:
        """Make a version the current one, if it loads."""
        self.load(version)
        before = self._pointed("current") or self._pointed("released")
        if before and before != version:
            self._point("previous", before)
        self._point("current", version)

    def current(self) -> str:
        """Which version is in use: the promoted one, else the released one."""
        version = self._pointed("current") or self._pointed("released")
        if version is None:
            raise CheckpointError(
                f"{self.directory}: no current checkpoint: neither 'current' nor 'released' names a version; "
                "train one, or restore the released one"
            )
        return version

    def load_current(self) -> Checkpoint:
        """Load the current version. Where it cannot be trusted: the last good one, with a warning that says why."""
        try:
            return self.load(self.current())
        except CheckpointError as error:
            logger.warning("checkpoint refused: %s", error)
            return self._load_last_good(error)

    def list(self) -> tuple[str, ...]:
        """All versions in the folder, the newest file first; whether they load is not looked at."""
        try:
            found = [(file.stat().st_mtime_ns, file.stem) for file in self.directory.glob(f"*{SUFFIX}")]
        except OSError as error:
            raise CheckpointError(f"{self.directory}: cannot be read: {error.strerror or error}") from error
        return tuple(stem for _, stem in sorted(found, reverse=True) if _VERSION.fullmatch(stem))

    def _load_last_good(self, reason: CheckpointError) -> Checkpoint:
        """Load the previous version, else the released one, else the newest that loads; raise `reason` if none does."""
        pointed = [self._pointed(name) for name in ("previous", "released")]
        for version in filter(None, dict.fromkeys([*pointed, *self.list()])):
            try:
                checkpoint = self.load(version)
            except CheckpointError as error:
                logger.warning("checkpoint refused: %s", error)
                continue
            logger.warning("serving version %s of %s instead", version, self.directory)
            return checkpoint
        raise CheckpointError(f"{reason} (and there is no other version that loads)") from reason

    def _is_sound(self, version: str) -> bool:
        try:
            self.load(version)
        except CheckpointError:
            return False
        return True

    def _pointed(self, name: str) -> str | None:
        """Read the version in a pointer file; None where there is none. A damaged pointer counts as none, aloud."""
        path = self.directory / name
        try:
            text = path.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("pointer ignored: %s: %s", path, error.strerror or error)
            return None
        if _VERSION.fullmatch(text):
            return text
        logger.warning("pointer ignored: %s: %r is no version", path, text[:40])
        return None

    def _point(self, name: str, version: str) -> None:
        write_whole(self.directory / name, f"{version}\n".encode())
