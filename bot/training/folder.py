"""The folder of a run, which is its state: what it was asked to do, its snapshot, its weights and its log.

After a stop or a crash, the next `/retrain` of the network goes on from there, with the same settings.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from model.engine.threads import available_cores
from model.files import write_whole
from model.training.log import history_path, snapshot_path

if TYPE_CHECKING:
    from pathlib import Path

    from model.text.forms import Form

logger = logging.getLogger(__name__)

NEW, START, CURVES, RUN = "new.safetensors", "from.safetensors", "curves.png", "run.json"
"""Files in a folder: the new weights, those that the run goes on from, the picture, and the run itself."""


@dataclass(frozen=True)
class Run:
    """One training, with all that it needs to go on as the same one: seed and threads decide its weights, bit for bit.

    It begins with the weights that serve, unless it is `fresh`. `chat` and `message` say where it is shown, and
    `verdict` how it ended, until that was said.
    """

    network: str
    """ "dino", "poem" or "voices/…"."""
    form: Form
    title: str
    """What people call the network."""
    minutes: float | None = None
    fresh: bool = False
    chat: int = 0
    message: int = 0
    verdict: str = ""
    seed: int = field(default_factory=lambda: secrets.randbelow(1 << 32))  # another one for each run
    threads: int = field(default_factory=lambda: max(1, available_cores() - 1))

    @property
    def is_voice(self) -> bool:
        """Whether this is a custom voice, which learns from its own text and writes with its own letters."""
        return self.network.startswith("voices/")

    @property
    def key(self) -> str:
        """What its buttons call the run."""
        return f"{self.seed:08x}"


def options(run: Run) -> list[str]:
    """Return the options of `train` that decide the weights."""
    minutes = [] if run.minutes is None else ["--minutes", str(run.minutes)]
    return ["--seed", str(run.seed), "--threads", str(run.threads), *minutes]


def folder_of(directory: Path, network: str) -> Path:
    """Return where the run of a network is, in the folder of checkpoints."""
    return (directory / f"training-{network.replace('/', '-')}").resolve()


def folders(directory: Path) -> list[Path]:
    """Return the folders of all runs that were not concluded."""
    return sorted(path.parent for path in directory.glob(f"training-*/{RUN}"))


def write_run(folder: Path, run: Run) -> None:
    """Keep a run in its folder, which is made if it is missing. OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / RUN, json.dumps(asdict(run)).encode())


def read_run(folder: Path) -> Run:
    """Return the run of a folder. ValueError if there is none that can be read."""
    try:
        return Run(**json.loads((folder / RUN).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{folder}: there is no run to go on with: {error}") from error


def can_go_on(folder: Path) -> bool:
    """Return whether a run has left a snapshot, or weights that only wait for their comparison."""
    return snapshot_path(folder / NEW).exists() or (folder / NEW).exists()


def interrupted(directory: Path, network: str) -> Run | None:
    """Return the run of a network that can go on, if there is one."""
    folder = folder_of(directory, network)
    with contextlib.suppress(ValueError):
        run = read_run(folder)
        return run if can_go_on(folder) and not run.verdict else None
    return None


def fraction_done(folder: Path) -> float | None:
    """Return how much of a run is done, from 0 to 1, as its log says; None if it does not."""
    with contextlib.suppress(OSError):
        for line in reversed(history_path(folder / NEW).read_bytes().splitlines()):
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a killed process may have left half a line
                return float(json.loads(line)["fraction"])
    return None


def remove(folder: Path) -> None:
    """Delete a folder and all in it; what stays is logged."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        logger.warning("%s: cannot be deleted: %s", folder, error.strerror or error)


def remove_earlier(directory: Path) -> None:
    """Delete the folders of trainings that earlier versions of the bot have left."""
    for folder in directory.glob("retraining-*"):
        logger.warning(
            "%s: an interrupted training of an earlier version is removed; /retrain starts it anew", folder.name
        )
        remove(folder)
