"""How far a training has come: `Progress` is what it reports after a step, `Position` what it resumes from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Progress:
    """A training after a step. Losses are in nats per character, times in seconds of wall clock."""

    stage: str
    step: int
    epoch: int
    training_loss: float  # of this step's batch
    held_out_loss: float | None  # where it was measured after this step
    best_held_out_loss: float | None
    gradient_norm: float  # before clipping
    clipped_gradient_norm: float
    learning_rate: float
    characters_per_second: float
    fraction: float  # of the whole training, from 0 to 1
    seconds: float
    seconds_left: float | None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Read a progress event; KeyError, TypeError, ValueError or OverflowError where it is none."""
        return cls(**{field.name: _converted(event[field.name], field.type) for field in fields(Progress)})


@dataclass
class Position:
    """How far a training has come: plain numbers, kept in the snapshot."""

    stage: int = 0
    stage_step: int = 0
    stage_seconds: float = 0.0
    step: int = 0
    seconds: float = 0.0
    without_best: int = 0  # measurements since the best one, see `Stage.patience`
    best_loss: float | None = None
    best_step: int = 0


def _converted(value: Any, wanted: Any) -> Any:
    if wanted == float | None:
        return None if value is None else float(value)
    return wanted(value)
