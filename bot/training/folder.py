"""The folder of a run, which is its state: what it was asked to do, its snapshot, its weights and
its log.

After a stop or a crash, the next `/retrain` of the network goes on from there, with the same
settings.
"""

import contextlib
import json
import logging
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bot.locks import LOCK, locked
from model.files import history_path, snapshot_path, write_whole
from model.text.forms import Form
from model.threads import available_cores
from model.weights.versions import Versions

logger = logging.getLogger(__name__)

NEW, START, NAMES, CURVES, RUN = (
    "new.safetensors",
    "from.safetensors",
    "names.txt",
    "curves.png",
    "run.json",
)
"""Files in a folder: the new weights, the weights that the run begins with, names to read, the
picture, the run."""
KEPT_SECONDS = 24 * 3600.0
"""How long weights that did not win are kept."""


@dataclass(frozen=True)
class Run:
    """One training, with all that it needs to go on after an interruption. Seed and threads decide
    its weights.

    A run begins with the weights in use, unless it is `fresh`. A message shows it, number `message`
    in `chat`, at the door of `place`. `chat` becomes 0 when that chat has read that the run was
    interrupted.
    """

    network: str
    """ "dino", "poem" or "voices/…"."""
    form: Form
    title: str
    """What people call the network."""
    minutes: float | None = None
    fresh: bool = False
    chat: int = 0
    place: str = "private"
    message: int = 0
    names: str = ""
    """Names that the network reads beside the dinosaurs, one a line."""
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
        return Run(
            **{name: facts[name] for name in Run.__dataclass_fields__ if name in facts}
        )  # others are not needed
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{folder}: there is no run to go on with: {error}") from error


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


def log_of(folder: Path) -> Path:
    """Return the file in which a run logs its events."""
    return history_path(folder / NEW)


def can_go_on(folder: Path) -> bool:
    """Return whether a run has left a snapshot, or weights that only wait for their comparison."""
    return snapshot_path(folder / NEW).exists() or (folder / NEW).exists()


def interrupted(folder: Path) -> Run | None:
    """Return the run of a folder if it can go on.

    Raises BlockingIOError if another process goes on with it already.
    """
    with contextlib.suppress(ValueError, FileNotFoundError), locked(folder, wait=False):
        run = read_run(folder)
        return run if can_go_on(folder) else None
    return None


def drop(folder: Path) -> None:
    """Delete the folder of a run that is over.

    Raises BlockingIOError if another process goes on with it.
    """
    with contextlib.suppress(FileNotFoundError), locked(folder, wait=False):
        _remove(folder)


def end(folder: Path) -> bytes | None:
    """Delete the folder of a run that has a verdict, and return its picture, if there is one."""
    try:
        return (folder / CURVES).read_bytes()
    except OSError:
        return None
    finally:
        _remove(folder)


def settle(folder: Path, run: Run) -> None:
    """Note that its chat has read that a run was interrupted.

    Its folder stays only if the run can go on.
    """
    with (
        contextlib.suppress(OSError),
        locked(folder, wait=False),
    ):  # another process may go on with it
        if can_go_on(folder):
            write_run(folder, replace(run, chat=0))
        else:
            _remove(folder)


def _remove(folder: Path) -> None:
    """Delete a folder and all in it. On Windows its open lock stays. A failure is only logged."""
    try:
        for path in folder.iterdir():
            if path.name != LOCK:
                path.unlink()
        with contextlib.suppress(PermissionError):
            shutil.rmtree(folder)
    except OSError as error:
        logger.warning("%s: cannot be deleted: %s", folder, error.strerror or error)
