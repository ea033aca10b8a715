"""What the child of a run tells: how far the training is, how its losses fell, and how it ended."""

import contextlib
import math
import time
from dataclasses import dataclass, field
from typing import Any

from bot.words import admins

MOST_SAMPLES = 8
MOMENTUM = 0.95
"""The weight of the old mean when a new speed joins it. The speed jumps from step to step."""


@dataclass
class Progress:
    """How far a run is. Losses are in nats per character, and None until they are measured."""

    stage: str = ""
    fraction: float = 0.0
    seconds_left: float | None = None
    speed: float = 0.0
    """Characters a second."""
    training: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    serving: float | None = None
    """The held-out loss of the weights in use."""
    ngram: float | None = None
    samples: list[tuple[int, str]] = field(default_factory=list)
    """Steps, and what the weights wrote after them: the first, some of those between, and the
    newest."""
    texts: list[list[str]] = field(default_factory=list)
    """What the old weights write, and what the new ones write."""
    surprise: tuple[float, float] | None = None
    """The losses of the old and the new weights on the names that the run was given."""
    new_loss: float | None = None
    old_loss: float | None = None
    margin: float = 0.0
    better: bool = False
    early: bool = False
    compared_with: str | None = None
    """The version that the new weights are compared with."""
    can_finish: bool = False
    """Whether the training can be told to end early."""
    complaint: str = ""
    ending: str = ""
    """What is done with the weights once the training is over."""
    ending_since: float = 0.0

    @property
    def wins(self) -> bool:
        """Whether the new weights come into use."""
        return self.better or not self.compared_with

    def end(self, doing: str) -> None:
        self.ending, self.ending_since = doing, time.monotonic()

    def hear(self, message: dict[str, Any]) -> bool:
        """Take a message of the child; return whether there is something new to show."""
        match message:
            case {"event": "started"}:
                self.serving, self.ngram = message.get("start_loss"), message.get("ngram_loss")
                self.can_finish = True
            case {"event": "sample", "text": str(text)}:
                self._keep_sample(int(message.get("step", 0)), text)
            case {"event": "finished", "held_out_loss": float(loss)}:
                self.new_loss, self.early = loss, message.get("early") is True
                self.can_finish = False
                self.end(admins.COMPARING)
            case {"event": "failed"}:
                self.complaint = str(message.get("error"))
            case {"event": "comparing", "old": str(old)}:
                self.compared_with = old
            case {
                "event": "compared",
                "old_loss": float(old),
                "new_loss": float(new),
                "margin": float(margin),
                "better": bool(better),
            }:
                self.old_loss, self.new_loss, self.margin, self.better = old, new, margin, better
            case {"event": "texts", "texts": [*texts]}:
                self.texts.append([str(text) for text in texts])
            case {"event": "surprise", "old": float(old_loss), "new": float(new_loss)}:
                self.surprise = old_loss, new_loss
            case {"event": "progress"}:
                with contextlib.suppress(KeyError, TypeError, ValueError):
                    self._advance(message)
                    return True
        return False

    def _keep_sample(self, step: int, text: str) -> None:
        self.samples.append((step, text))
        if len(self.samples) > MOST_SAMPLES:
            del self.samples[1:-1:2]

    def _advance(self, message: dict[str, Any]) -> None:
        loss, speed = float(message["training_loss"]), float(message["characters_per_second"])
        self.stage, self.fraction = (
            str(message["stage"]),
            min(max(float(message["fraction"]), 0.0), 1.0),
        )
        self.seconds_left = (
            None if message["seconds_left"] is None else float(message["seconds_left"])
        )
        self.speed = MOMENTUM * (self.speed or speed) + (1 - MOMENTUM) * speed
        if math.isfinite(loss):
            self.training.append(loss)
        if message["held_out_loss"] is not None:
            self.held_out.append(float(message["held_out_loss"]))
