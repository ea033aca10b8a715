"""An unfinished training as a file: everything that its next step depends on.

The file is safetensors with a JSON entry in its metadata. It is written whole or not at all, and a checksum over arrays
and entry is verified on reading.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from model.checkpoint.encoding import CheckpointError, digest_of
from model.checkpoint.versions import write_whole
from model.network.parameters import Arrays
from model.training.recipes import Stage

_ENTRY = "mangosaurus-snapshot"


@dataclass(frozen=True)
class Snapshot:
    """`identity` tells trainings apart; `numbers` is JSON; `groups` has arrays by group ("parameter", …) and name."""

    identity: dict[str, Any]
    numbers: dict[str, Any]
    groups: Mapping[str, Arrays]


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot over the one before. Raises CheckpointError if the file cannot be written."""
    tensors = {
        f"{group}/{name}": np.asarray(array, order="C")
        for group, arrays in snapshot.groups.items()
        for name, array in arrays.items()
    }
    facts = {"identity": snapshot.identity, "numbers": snapshot.numbers}
    entry = json.dumps(facts | {"sha256": digest_of(facts, tensors)})
    write_whole(path, safetensors.numpy.save(tensors, {_ENTRY: entry}))


def read_snapshot(path: Path) -> Snapshot:
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
    groups: dict[str, dict[str, Any]] = {}
    for key, array in tensors.items():
        group, _, name = key.partition("/")
        groups.setdefault(group, {})[name] = array
    return Snapshot(_renamed(facts["identity"]), facts["numbers"], groups)


def _renamed(identity: dict[str, Any]) -> dict[str, Any]:
    """Update the recipe of an early snapshot.

    The first ones had "kind" instead of "form", and a "temperature". Later ones had neither teachers nor the settings
    that came with them. The recipe for own names of those days is gone, so their snapshots are refused as of another
    training.
    """
    recipe = identity.get("recipe")
    if not isinstance(recipe, dict):
        return identity
    if "kind" in recipe:
        recipe["form"] = recipe.pop("kind")
        recipe.pop("temperature", None)
    if "teachers" not in recipe:
        recipe |= {"teachers": [], "top_p": 1.0}
        defaults = {field.name: field.default for field in fields(Stage) if field.default is not MISSING}
        recipe["stages"] = [defaults | stage for stage in recipe.get("stages", ())]
    return identity
