"""What the child of a run tells: how far the training is, its losses, and what it writes."""

from dataclasses import dataclass, field
from typing import Any

from model.evaluation.comparison import Comparison

MOST_SAMPLES = 4
MOMENTUM = 0.95
"""The weight of the old mean when a new speed joins it. The speed jumps from step to step."""


@dataclass
class Progress:
    """How far a run is. Losses are in nats per character, and None until they are measured."""

    stage: str = ""
    fraction: float = 0.0
    seconds_left: float = 0.0
    speed: float = 0.0
    """Characters a second."""
    losses: dict[str, float] = field(default_factory=dict)
    """By what they are of: "training", "held out", "best", "in use" and "n-gram"."""
    samples: list[tuple[int, str]] = field(default_factory=list)
    """Steps, and what was written after them: the first, some of those between, and the newest."""
    is_early: bool = False
    """Whether the training was stopped."""
    comparison: Comparison | None = None
    """How the new weights compare with those in use, if these know the same text."""
    texts: dict[str, str] = field(default_factory=dict)
    """What the "old" and the "new" weights write."""

    def hear(self, event: dict[str, Any]) -> None:
        """Take an event."""
        match event["event"]:
            case "started":
                self._note("in use", event["start_loss"])
                self._note("n-gram", event["ngram_loss"])
            case "progress":
                self.stage = event["stage"]
                self.fraction = event["fraction"]
                self.seconds_left = event["seconds_left"]
                speed = event["characters_per_second"]
                self.speed = MOMENTUM * (self.speed or speed) + (1 - MOMENTUM) * speed
                self._note("training", event["training_loss"])
                self._note("held out", event["held_out_loss"])
                self._note("best", event["best_held_out_loss"])
            case "sample":
                self.samples.append((event["step"], event["text"]))
                if len(self.samples) > MOST_SAMPLES:
                    del self.samples[1:-1:2]
            case "finished":
                self.stage = "finished"
                self.is_early = event["early"]
                self._note("best", event["held_out_loss"])
            case "compared":
                self.comparison = Comparison(event["old_loss"], event["new_loss"], event["margin"])
            case "writes":
                self.texts[event["which"]] = event["text"]

    def _note(self, name: str, loss: float | None) -> None:
        if loss is not None:
            self.losses[name] = loss
