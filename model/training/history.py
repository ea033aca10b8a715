"""Reads the log of a training, which `runs` writes: an event a line, as JSON."""

import json
from pathlib import Path
from typing import Any

from model.errors import MangosaurusError

Event = dict[str, Any]


def read_events(path: Path) -> list[Event]:
    """Return the events of a log, without a line that a killed process left incomplete.

    Raises MangosaurusError if the file cannot be read, or is no log.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise MangosaurusError(f"cannot read {path}: {error.strerror or error}") from error
    events = []
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and "event" in event:
            events.append(event)
    if not events or events[0]["event"] != "started":
        raise MangosaurusError(f"{path} is not the log of a training")
    return events
