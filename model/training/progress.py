"""What a training reports after each step."""

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
    held_out_loss: float | None  # if it was measured after this step
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
        """Read a progress event; KeyError, TypeError, ValueError or OverflowError if it is not one."""
        return cls(**{field.name: _converted(event[field.name], field.type) for field in fields(Progress)})


def _converted(value: Any, wanted: Any) -> Any:
    if wanted == float | None:
        return None if value is None else float(value)
    return wanted(value)
