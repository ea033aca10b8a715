"""Writes and reads a file of weights: arrays by name, and facts.

It is a safetensors file, so nothing is ever unpickled. The one metadata entry has the facts as
canonical JSON, so equal content gives equal bytes (several entries would be in random order). The
sha256 of the file is its checksum, which any `sha256sum` can verify.
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
from model.errors import EX_CONFIG, MangosaurusError

Arrays = Mapping[str, NDArray[Any]]
Facts = dict[str, Any]
_ENTRY = "mangosaurus"
_FAULTS = (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError)
"""What the libraries raise for the file of another program."""


class CheckpointError(MangosaurusError):
    """A file that cannot be read, written or trusted; the message names the file and the reason."""

    exit_code = EX_CONFIG


def write(path: Path, arrays: Arrays, facts: Facts) -> str:
    """Replace the file, whole or not at all, and return its sha256. Facts must be JSON.

    Raises CheckpointError.
    """
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    entry = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    content = safetensors.numpy.save(contiguous, {_ENTRY: entry})
    with as_checkpoint_error(path, "cannot be written"):
        files.write_whole(path, content)
    return hashlib.sha256(content).hexdigest()


def read(path: Path) -> tuple[Arrays, Facts, str]:
    """Return the arrays, the facts and the sha256 of a file.

    Raises CheckpointError with the file and the reason.
    """
    with as_checkpoint_error(path, "cannot be read"):
        content = path.read_bytes()
    return parse(content, path)


def parse(content: bytes, name: object) -> tuple[Arrays, Facts, str]:
    """Return the arrays, the facts and the sha256 of a file's content; errors call it `name`."""
    try:
        arrays = safetensors.numpy.load(content)
        size = int.from_bytes(content[:8], "little")  # of the JSON that follows
        facts: Facts = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][_ENTRY])
    except _FAULTS as error:
        raise CheckpointError(f"{name}: not a complete file of this program's weights") from error
    return arrays, facts, hashlib.sha256(content).hexdigest()


def read_facts(path: Path) -> Facts:
    """Return the facts from the beginning of a file. Raises CheckpointError."""
    with as_checkpoint_error(path, "cannot be read"):
        path.open("rb").close()  # safetensors would call every failure a missing file
    try:
        with safe_open(path, framework="numpy") as file:
            facts: Facts = json.loads(file.metadata()[_ENTRY])
    except _FAULTS as error:
        raise CheckpointError(f"{path}: not a complete file of this program's weights") from error
    return facts


@contextmanager
def as_checkpoint_error(path: Path, failure: str) -> Iterator[None]:
    """Turn an OSError into a CheckpointError that names the file and says what failed."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"{path}: {failure}: {error.strerror or error}") from error
