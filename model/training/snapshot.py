"""An unfinished training as a file: numbers and arrays, with a checksum, written whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from model.checkpoint.encoding import CheckpointError, digest_of
from model.checkpoint.versions import write_whole
from model.network.layers import Array

FORMAT = 2
_ENTRY = "mangosaurus-snapshot"


def write_snapshot(path: Path, facts: dict[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write a snapshot over the one before; `facts` are JSON. Raises CheckpointError if the file cannot be written."""
    tensors = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    facts = facts | {"format": FORMAT}
    entry = json.dumps(facts | {"sha256": digest_of(facts, tensors)})
    write_whole(path, safetensors.numpy.save(tensors, {_ENTRY: entry}))


def read_snapshot(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read and verify a snapshot. Raises CheckpointError with the file's name, the reason and the way out."""
    try:
        content = path.read_bytes()
        tensors = safetensors.numpy.load(content)
        length = int.from_bytes(content[:8], "little")
        facts = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_ENTRY])
        digest = facts.pop("sha256")
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path}: not a snapshot of a training ({error}); remove it to begin anew") from error
    if digest != digest_of(facts, tensors):
        raise CheckpointError(f"{path}: damaged: its checksum does not match; remove it to begin anew")
    if facts.pop("format", 1) != FORMAT:
        raise CheckpointError(
            f"{path}: an unfinished training of another version of Mangosaurus; "
            "finish it with that version, or remove the file to begin anew"
        )
    return facts, tensors
