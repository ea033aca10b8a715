"""Writes and reads tensor files: arrays by name, facts and a checksum, for weights and unfinished
trainings.

These are safetensors files, so nothing is ever unpickled. The one metadata entry is canonical JSON:
the facts, and the sha256 over these facts and over every array's name, dtype, shape and bytes.
Equal content gives equal bytes (several entries would be in random order). Every change of a bit is
detected: safetensors checks the layout of the file, the checksum covers the content, and JSON that
is not canonical is refused.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from model import files
from model.errors import MangosaurusError

Arrays = Mapping[str, NDArray[Any]]
Facts = dict[str, Any]
_ENTRY = "mangosaurus"
_FAULTS = (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError)
"""The libraries raise these for a file of another program."""


class CheckpointError(MangosaurusError):
    """A file that cannot be read, written or trusted; the message names the file and the reason."""


def write(path: Path, arrays: Arrays, facts: Facts) -> str:
    """Replace the file, whole or not at all, and return its checksum.

    Facts must be JSON. Raises CheckpointError.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    digest = _digest(arrays, facts)
    content = safetensors.numpy.save(arrays, {_ENTRY: _canonical(facts | {"sha256": digest})})
    with as_checkpoint_error(path, "cannot be written"):
        files.write_whole(path, content)
    return digest


def read(path: Path) -> tuple[Arrays, Facts, str]:
    """Return the arrays, the facts and the checksum of a file.

    Raises CheckpointError with the file and the reason.
    """
    with _opened(path) as file:
        facts, digest = _facts(path, file)
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    if digest != _digest(arrays, facts):
        raise CheckpointError(f"{path}: damaged: its checksum does not match its content")
    return arrays, facts, digest


def read_facts(path: Path) -> Facts:
    """Return the facts from the beginning of a file, without verifying its checksum.

    Raises CheckpointError.
    """
    with _opened(path) as file:
        return _facts(path, file)[0]


@contextmanager
def as_checkpoint_error(path: Path, failure: str) -> Iterator[None]:
    """Turn an OSError into a CheckpointError that names the file and says what failed."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"{path}: {failure}: {error.strerror or error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:  # of a safe_open, whose methods have no types
    with as_checkpoint_error(path, "cannot be read"):
        with path.open("rb"):  # safetensors calls every failure a missing file
            pass
        try:
            with safe_open(path, framework="numpy") as file:
                yield file
        except _FAULTS as error:
            reason = "not a complete safetensors file" if path.stat().st_size else "empty"
            raise CheckpointError(f"{path}: {reason}") from error


def _facts(path: Path, file: Any) -> tuple[Facts, str]:
    try:
        metadata = file.metadata()
        facts = json.loads(metadata[_ENTRY])
        if _canonical(facts) != metadata[_ENTRY]:
            raise CheckpointError(f"{path}: damaged: its facts are not in canonical form")
        return facts, str(facts.pop("sha256"))
    except _FAULTS as error:
        raise CheckpointError(f"{path}: a safetensors file, but not one of this program") from error


def _canonical(facts: Facts) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def _digest(arrays: Arrays, facts: Facts) -> str:
    sha256 = hashlib.sha256(_canonical(facts).encode())
    for name in sorted(arrays):
        array = arrays[name]
        sha256.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        sha256.update(array.reshape(-1).view(np.uint8).data)
    return sha256.hexdigest()
