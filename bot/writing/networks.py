"""The networks that the bot serves: the current checkpoint of each kind, or why there is none, and the way out.

Not here: how they are served (`batching`), old versions (`archive`), and new ones (`retraining`).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.settings import Settings
from model.checkpoint.encoding import Checkpoint, CheckpointError
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from model.checkpoint.versions import Versions

logger = logging.getLogger(__name__)

NETWORKS = {"dino": "names", "poem": "verse"}
"""What is served, and the kind of checkpoint that serves it."""


class StartError(MangosaurusError):
    """The bot cannot serve at all: the sentence says why, and what to do."""


def load_networks(directory: Path, versions: Mapping[str, Versions]) -> dict[str, Checkpoint]:
    """Load the current checkpoints; a missing one is a warning, StartError if there is none at all."""
    loaded: dict[str, Checkpoint] = {}
    complaints: dict[str, str] = {}
    for kind, folder in versions.items():
        try:
            loaded[kind] = _load(folder, NETWORKS[kind])
        except CheckpointError as error:
            complaints[kind] = str(error)
    if not loaded:
        reasons = "; ".join(complaints.values())
        raise StartError(f"there are no weights to serve with ({reasons}); {_way_out(directory, complaints)}")
    for kind, complaint in complaints.items():
        logger.warning("/%s is not served: %s; %s", kind, complaint, _way_out(directory, [kind]))
    return loaded


def _way_out(directory: Path, kinds: Iterable[str]) -> str:
    """Say how to get weights: those that are trained by hand come into the project's own folder, and nowhere else."""
    if directory == Settings.checkpoints:
        return "make some: " + " and ".join(f"python -m model train {kind} --promote" for kind in kinds)
    return f"is CHECKPOINTS right? The project's own weights are in {Settings.checkpoints}"


def _load(folder: Versions, expected: str) -> Checkpoint:
    if not folder.list():
        raise CheckpointError(f"{folder.directory} holds none")
    checkpoint = folder.load_current()
    if checkpoint.description.form != expected:
        kind = checkpoint.description.form
        raise CheckpointError(f"{folder.directory}: its weights write {kind}, but {expected} belong there")
    return checkpoint
