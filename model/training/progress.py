"""How far a training has come: what it tells after each step, and what it keeps to go on from.

Not here: the training itself (`trainer`), and how it is told (`events`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where a training stands after a step. Losses are in nats per character; rates and times are of the wall clock."""

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
    fraction: float  # of the whole training
    seconds: float
    seconds_left: float | None


@dataclass
class Position:
    """How far a training has come: plain numbers, kept in the snapshot."""

    stage: int = 0
    stage_step: int = 0
    stage_seconds: float = 0.0
    step: int = 0
    seconds: float = 0.0
    without_best: int = 0  # measurements in a row
    best_loss: float | None = None
    best_step: int = 0
