"""What the child of a run tells: how far the training is, its losses, and what it writes."""

from dataclasses import dataclass, field
from typing import Any

from model.evaluation.comparison import Comparison

MOST_SAMPLES = 4


@dataclass
class Progress:
    """How far a run is. Losses are in nats per character."""

    begun: dict[str, Any] = field(default_factory=dict)
    """The event that tells the losses to beat."""
    newest: dict[str, Any] = field(default_factory=dict)
    """The newest event that tells the progress."""
    samples: list[tuple[int, str]] = field(default_factory=list)
    """Steps, and what was written after them: the first, some of those between, and the newest."""
    is_over: bool = False
    is_early: bool = False
    """Whether the training was stopped."""
    comparison: Comparison | None = None
    """How the new weights compare with those in use, if these know the same text."""
    texts: dict[str, str] = field(default_factory=dict)
    """What the "old" and the "new" weights write."""

    def hear(self, event: dict[str, Any]) -> None:
        """Take an event."""
        match event.pop("event"):
            case "started":
                self.begun = event
            case "progress":
                self.newest = event
            case "sample":
                self.samples.append((event["step"], event["text"]))
                if len(self.samples) > MOST_SAMPLES:
                    del self.samples[1:-1:2]
            case "finished":
                self.is_over = True
                self.is_early = event["early"]
            case "compared":
                self.comparison = Comparison(**event)
            case "writes":
                self.texts[event["which"]] = event["text"]
