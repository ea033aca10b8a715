"""What the child of a run tells: how far the training is, its losses, and samples."""

from dataclasses import dataclass, field
from typing import Any

from model.evaluation.comparison import Comparison

MOST_SAMPLES = 4


@dataclass
class Progress:
    """How far a run is. Losses are in nats per character."""

    newest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The newest event of each kind: "started", "progress", "finished" …"""
    samples: list[tuple[int, str]] = field(default_factory=list)
    """Steps, and what was written after them: the first, some of those between, and the newest."""

    def hear(self, event: dict[str, Any]) -> None:
        """Take an event."""
        kind = event.pop("event")
        self.newest[kind] = event
        if kind == "sample":
            self.samples.append((event["step"], event["text"]))
            if len(self.samples) > MOST_SAMPLES:
                del self.samples[1:-1:2]

    @property
    def is_early(self) -> bool:
        """Whether the training was stopped."""
        return bool(self.newest["finished"]["early"])

    @property
    def comparison(self) -> Comparison | None:
        """How the new weights compare with those in use, if these know the same text."""
        found = self.newest.get("compared")
        return Comparison(**found) if found else None
