"""The networks that the bot serves: the current checkpoint of each, or the reason why it is missing and the remedy."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.settings import Settings
from model.checkpoint.encoding import Checkpoint, CheckpointError
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from model.checkpoint.versions import Versions
    from model.text.forms import Form

logger = logging.getLogger(__name__)


class StartError(MangosaurusError):
    """The bot cannot serve at all: the sentence says why, and what to do."""


def load_networks(directory: Path, versions: Mapping[str, Versions]) -> dict[str, Checkpoint]:
    """Load the current checkpoints; a missing one is a warning, and StartError if there is none at all."""
    loaded: dict[str, Checkpoint] = {}
    missing: dict[str, str] = {}
    for network, folder in versions.items():
        try:
            loaded[network] = _load(folder, Network(network).form)
        except CheckpointError as error:
            missing[network] = str(error)
    if not loaded:
        reasons = "; ".join(missing.values())
        raise StartError(f"there are no weights to serve ({reasons}); {_way_out(directory, missing)}")
    for network, reason in missing.items():
        logger.warning("/%s is not served: %s; %s", network, reason, _way_out(directory, [network]))
    return loaded


def _way_out(directory: Path, networks: Iterable[str]) -> str:
    """Say how to get weights. Those that are trained by hand go to the project's own folder and nowhere else."""
    if directory == Settings.checkpoints:
        return "train some: " + " and ".join(f"python -m model train {network} --promote" for network in networks)
    return f"is CHECKPOINTS right? The project's own weights are in {Settings.checkpoints}"


def _load(folder: Versions, expected: Form) -> Checkpoint:
    if not folder.list():
        raise CheckpointError(f"{folder.directory} holds none")
    checkpoint = folder.load_current()
    if checkpoint.description.form != expected:
        form = checkpoint.description.form
        raise CheckpointError(f"{folder.directory}: its weights write {form}, but {expected} belong there")
    return checkpoint
