"""The folder of a run: what it was asked to do, its weights and its log.

A run that is stopped or killed is lost, and the next start says so.
"""

import json
import logging
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bot.locks import LOCK, locked
from model.files import write_whole
from model.text.forms import Form
from model.threads import available_cores
from model.weights.versions import Versions

logger = logging.getLogger(__name__)

NEW, START, RUN = "new.safetensors", "from.safetensors", "run.json"
"""Files in a folder: the new weights, the weights that the run begins with, the run."""
KEPT_SECONDS = 24 * 3600.0
"""How long weights that did not win are kept."""


@dataclass(frozen=True)
class Run:
    """One training. Seed and threads decide its weights.

    A run begins with the weights in use, unless it is `fresh`. A message shows it, number `message`
    in `chat`, at the door of `place`.
    """

    network: str
    """ "dino", "poem" or "voices/…"."""
    form: Form
    title: str
    """What people call the network."""
    fresh: bool = False
    chat: int = 0
    place: str = "private"
    message: int = 0
    names: tuple[str, ...] = ()
    """Names that the network reads beside the dinosaurs."""
    seed: int = field(default_factory=lambda: secrets.randbelow(1 << 32))  # drawn anew for each run
    threads: int = field(default_factory=lambda: max(1, available_cores() - 1))

    @property
    def is_voice(self) -> bool:
        """Whether this is a custom voice, which learns from its own text and writes with its own
        letters.
        """
        return self.network.startswith("voices/")

    @property
    def key(self) -> str:
        """The name of the run in its buttons."""
        return f"{self.seed:08x}"


def folder_of(directory: Path, network: str) -> Path:
    """Return where the run of a network is, in the folder of checkpoints."""
    return (directory / f"training-{network.replace('/', '-')}").resolve()


def write_run(folder: Path, run: Run) -> None:
    """Keep a run in its folder. Raises OSError."""
    write_whole(folder / RUN, json.dumps(asdict(run)).encode())


def read_run(folder: Path) -> Run:
    """Return the run of a folder. Raises ValueError if no run can be read there."""
    try:
        facts = json.loads((folder / RUN).read_text(encoding="utf-8"))
        return Run(**facts | {"names": tuple(facts["names"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder}: there is no run: {error}") from error


def candidates(directory: Path) -> Versions:
    """Return the weights of a network that did not win, and delete those that are
    older than a day.
    """
    kept = directory / "candidates"
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in kept.iterdir():
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)
    return Versions(kept)


def drop(folder: Path) -> None:
    """Delete the folder of a run that is over, if there is one.

    Raises BlockingIOError if another process carries the run out.
    """
    with suppress(FileNotFoundError), locked(folder, wait=False):
        remove(folder)


def remove(folder: Path) -> None:
    """Delete a folder and all in it. On Windows its open lock stays. A failure is only logged."""
    try:
        for path in folder.iterdir():
            if path.name != LOCK:
                path.unlink()
        with suppress(PermissionError):
            shutil.rmtree(folder)
    except OSError as error:
        logger.warning("%s: cannot be deleted: %s", folder, error.strerror or error)
