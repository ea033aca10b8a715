"""Writes checkpoints whole or not at all, and verifies them whenever it reads them.

`save` and `load` handle one file. `Versions` is a folder:

    <version>.safetensors    a checkpoint, which never changes: its sha256 begins with its name
    released                 names the version that is committed with the program
    current                  names the version that was promoted last
    previous                 names the version that was in use before

An installed program has its released versions in its package. `Versions` of a folder in HOME finds
them there, and copies nothing. Old versions are never removed: they serve when a newer version is
damaged.
"""

import hashlib
import logging
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from model import files
from model.weights import file as tensor_file
from model.weights.checkpoint import (
    TRAINING,
    VERSION_LENGTH,
    Checkpoint,
    Description,
    check_format,
    decode,
    encode,
)
from model.weights.file import Arrays, CheckpointError, Facts, as_checkpoint_error

logger = logging.getLogger(__name__)

SUFFIX = ".safetensors"
VERSION_NAME = re.compile(f"[0-9a-f]{{{VERSION_LENGTH}}}")


def save(
    path: Path, checkpoint: Checkpoint, training: tuple[Arrays, Facts] | None = None
) -> Checkpoint:
    """Write a checkpoint, and what a `training` needs to go on; return it with its version.

    Raises CheckpointError and then leaves `path` as it was.
    """
    try:
        arrays, facts = encode(checkpoint)
        decode(arrays, facts)  # checks that the file will load
        if training:
            arrays = {**arrays, **{TRAINING + name: of for name, of in training[0].items()}}
            facts = facts | {"training": training[1]}
    except ValueError as error:
        raise CheckpointError(f"{path}: not written, because {error}") from error
    return replace(checkpoint, version=tensor_file.write(path, arrays, facts)[:VERSION_LENGTH])


def load_training(path: Path) -> tuple[Arrays, Facts]:
    """Return what `save` wrote for a training. Raises CheckpointError."""
    arrays, facts, _ = tensor_file.read(path)
    if "training" not in facts:
        raise CheckpointError(f"{path}: was not left by a training")
    left = filter(lambda name: name.startswith(TRAINING), arrays)
    return {name.removeprefix(TRAINING): arrays[name] for name in left}, facts["training"]


def load(path: Path) -> Checkpoint:
    """Read and verify a checkpoint. Raises CheckpointError, which names the file and the fault."""
    return parse(_content(path), path)


def parse(content: bytes, name: object) -> Checkpoint:
    """Return the checkpoint that a file contains; errors call it `name`. Raises CheckpointError."""
    arrays, facts, digest = tensor_file.parse(content, name)
    try:
        return decode(arrays, facts, digest[:VERSION_LENGTH])
    except ValueError as error:
        raise CheckpointError(f"{name}: {error}") from error


def is_content(content: bytes, version: str) -> bool:
    """Return whether this is the content of the file of a version."""
    return hashlib.sha256(content).hexdigest().startswith(version)


def _content(path: Path) -> bytes:
    with as_checkpoint_error(path, "cannot be read"):
        return path.read_bytes()


class Versions:
    """A folder of immutable checkpoints, and pointers to some of them.

    Every method may raise CheckpointError.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._released = files.released(directory)

    def path(self, version: str) -> Path:
        """Return a version's file.

        Only 12 hexadecimal digits are accepted, so no text can lead to another path.
        """
        if not VERSION_NAME.fullmatch(version):
            raise CheckpointError(
                f"{version!r} is not a version; a version is {VERSION_LENGTH} digits of 0-9 and a-f"
            )
        own = self.directory / (version + SUFFIX)
        released = self._released / own.name
        return released if released.exists() and not own.exists() else own

    def add(self, checkpoint_path: Path) -> str:
        """Copy a checkpoint into the folder and return its version.

        Adding it again changes nothing.
        """
        version = load(checkpoint_path).version
        with suppress(CheckpointError):
            return self.load(version).version
        self._write(version + SUFFIX, checkpoint_path.read_bytes())
        return version

    def load(self, version: str) -> Checkpoint:
        return parse(self.content(version), self.path(version))

    def content(self, version: str) -> bytes:
        path = self.path(version)
        content = _content(path)
        if not is_content(content, version):
            raise CheckpointError(f"{path}: damaged: its sha256 does not begin with its name")
        return content

    def description(self, version: str) -> Description:
        """Return what the beginning of a file says of its weights, unchecked."""
        path = self.path(version)
        facts = tensor_file.read_facts(path)
        try:
            check_format(facts)
            return Description.of(facts["description"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path}: cannot be used: {error}") from error

    def promote(self, version: str) -> None:
        """Make a version the current one, and point to the one before as the previous."""
        self.load(version)
        before = self._pointed()
        if before and before[0] != version:
            self._write("previous", f"{before[0]}\n".encode())
        self._write("current", f"{version}\n".encode())

    def load_released(self) -> Checkpoint:
        """Load the version that is committed with the program; the one in use if there is none."""
        return self.load(self._named("released") or self.current())

    def current(self) -> str:
        """Return the version in use: the promoted one, else the released one, else the previous
        one.
        """
        pointed = self._pointed()
        if not pointed:
            raise CheckpointError(
                f"{self.directory}: no current checkpoint: neither 'current' nor 'released' names a"
                " version; train one, or restore the released one"
            )
        return pointed[0]

    def released(self) -> str | None:
        """Return the version that is committed with the program, if its file is there."""
        version = self._named("released")
        return version if version and self.path(version).exists() else None

    def load_current(self) -> Checkpoint:
        """Load the version in use. If it is damaged, log a warning, and load another: the previous
        one, the released one, or the newest that is not damaged.
        """
        current = self.current()
        try:
            return self.load(current)
        except CheckpointError as error:
            logger.warning("checkpoint refused: %s", error)
            for version in dict.fromkeys((*self._pointed(), *self.list())):
                with suppress(CheckpointError):
                    checkpoint = self.load(version)
                    logger.warning("serving version %s of %s instead", version, self.directory)
                    return checkpoint
            raise CheckpointError(f"{error} (and no other version loads)") from error

    def list(self) -> tuple[str, ...]:
        """Return all versions, unchecked, the newest first; reads the beginnings of the files.

        Those whose beginning cannot be read come last.
        """
        with as_checkpoint_error(self.directory, "cannot be read"):
            folders = self._released, self.directory
            stems = {file.stem for folder in folders for file in folder.glob(f"*{SUFFIX}")}
        created = dict.fromkeys(filter(VERSION_NAME.fullmatch, stems), "")
        for version in created:
            with suppress(CheckpointError):
                created[version] = self.description(version).created
        return tuple(sorted(created, key=lambda version: (created[version], version), reverse=True))

    def _pointed(self) -> tuple[str, ...]:
        """Return the versions that pointers name, each once: the one in use, the previous one, the
        released one.
        """
        current, previous, released = map(self._named, ("current", "previous", "released"))
        return tuple(dict.fromkeys(filter(None, (current or released, previous, released))))

    def _named(self, pointer: str) -> str | None:
        """Return the version that a pointer names; None if there is no pointer, or if it is
        damaged, which is logged.
        """
        path = (self._released if pointer == "released" else self.directory) / pointer
        try:
            text = path.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        if VERSION_NAME.fullmatch(text):
            return text
        logger.warning("pointer ignored: %s: %r is not a version", path, text[:40])
        return None

    def _write(self, name: str, content: bytes) -> None:
        path = self.directory / name
        with as_checkpoint_error(path, "cannot be written"):
            self.directory.mkdir(parents=True, exist_ok=True)
            files.write_whole(path, content)
