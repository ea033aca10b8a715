"""The snapshot of a training: a file from which the same training goes on, bit for bit."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from model.errors import MangosaurusError
from model.weights import file as tensor_file
from model.weights.file import Arrays, Facts

# Changes with `Position`, with the arrays, and with the order of gates. Other formats are refused.
FORMAT = 2


class TrainingError(MangosaurusError):
    """A training that cannot begin or cannot go on."""


@dataclass
class Position:
    """Says how far a training has come."""

    stage: int = 0
    stage_step: int = 0
    stage_seconds: float = 0.0
    epoch: int = 0  # of the stage, from 0
    batch: int = 0  # how many of the epoch's batches have been read
    step: int = 0
    seconds: float = 0.0
    step_seconds: float = 0.0  # of the last step
    measuring_seconds: float = 0.0  # of the longest measurement
    start_loss: float | None = None  # of the weights that the training goes on from, if any
    ngram_loss: float | None = None
    kept_loss: float | None = None  # of the kept weights
    kept_step: int = 0
    without_best: int = 0  # measurements since the best one, see `Stage.patience`
    epoch_order: Mapping[str, Any] = field(
        default_factory=dict
    )  # the state of `order` when the epoch began
    order: Mapping[str, Any] = field(
        default_factory=dict
    )  # the generator of the order of documents
    dropout: Mapping[str, Any] = field(default_factory=dict)


def write_snapshot(path: Path, training: Facts, position: Position, arrays: Arrays) -> None:
    """Replace the snapshot, whole or not at all. Raises CheckpointError if it cannot be written."""
    tensor_file.write(
        path, arrays, {"format": FORMAT, "training": training, "position": asdict(position)}
    )


def read_snapshot(path: Path, training: Facts) -> tuple[Position, Arrays]:
    """Return how far a training came, and its arrays. `training` is what `write_snapshot` was
    given.

    Raises CheckpointError if the file cannot be read, and TrainingError if it is of another program
    or training.
    """
    try:
        arrays, facts, _ = tensor_file.read(path)
    except tensor_file.CheckpointError as error:
        raise tensor_file.CheckpointError(f"{error}; remove it to begin anew") from error
    position = facts.get("position", {})
    if facts.get("format") != FORMAT or position.keys() != {each.name for each in fields(Position)}:
        raise TrainingError(
            f"{path} is an unfinished training of another version of this program: "
            "finish it with that version, or delete the file to start over"
        )
    if facts.get("training") != json.loads(json.dumps(training)):
        raise TrainingError(
            f"{path} belongs to a training with other settings, text or seed: "
            "use the same ones to finish that training, or delete the file to start over"
        )
    return Position(**position), arrays
