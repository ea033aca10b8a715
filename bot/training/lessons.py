"""What a training is asked to do, and its work folder: after a stop or a crash, the training goes on from there."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import string
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bot.training.locks import LOCK, locked
from model.engine.threads import available_cores
from model.files import write_whole
from model.training.log import history_path, snapshot_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from model.text.forms import Form

FOLDER_PREFIX = "retraining-"
KEY_LENGTH = 8
NEW, START, LESSON = "new.safetensors", "from.safetensors", "lesson.json"
"""Files in a work folder: the new weights, those that the training goes on from, and the lesson."""
ABANDONED_AFTER = 30 * 86_400.0
"""Seconds after which an interrupted training is removed, should nobody have decided about it."""


def _new_key() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(KEY_LENGTH))


def _new_seed() -> int:
    return secrets.randbelow(1 << 32)  # always another one: the same seed gives the same weights


def _spare_cores() -> int:
    return max(1, available_cores() - 1)


@dataclass(frozen=True)
class Lesson:
    """A training, with all that it needs to go on as the same one: seed and threads decide its weights, bit for bit.

    `network` is "dino", "poem" or "voices/…", and `corpus` an own text. The training goes on from the weights that
    serve, unless it is `fresh`.
    """

    network: str
    form: Form
    minutes: float | None = None
    fresh: bool = False
    corpus: Path | None = None
    alphabet_own: bool = False
    name: str = ""
    """What people call the network."""
    key: str = field(default_factory=_new_key, compare=False)
    """Names the work folder."""
    seed: int = field(default_factory=_new_seed, compare=False)
    threads: int = field(default_factory=_spare_cores, compare=False)

    @property
    def title(self) -> str:
        """What a message calls the network."""
        return self.name or self.network

    @property
    def teacher(self) -> str:
        """The network by which the command line knows the form."""
        return "dino" if self.form == "names" else "poem"


@contextlib.contextmanager
def work_folder(directory: Path, lesson: Lesson, is_interrupted: Callable[[], bool]) -> Iterator[Path]:
    """Make the folder of a training, or open it again. It is locked while its bot lives.

    At the end it is removed, unless the training was interrupted and can go on. BlockingIOError if another process
    goes on with it; OSError.
    """
    folder = _folder(directory, lesson.key)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder / LOCK):
        try:
            write_whole(folder / LESSON, json.dumps(asdict(lesson), default=str).encode())
            yield folder
        finally:
            if not (is_interrupted() and can_go_on(folder)):
                shutil.rmtree(folder, ignore_errors=True)


def interrupted(directory: Path, key: str) -> Lesson | None:
    """Return the lesson of an interrupted training, or None. BlockingIOError if a process is busy with it."""
    folder = _folder(directory, key)
    if not can_go_on(folder):
        return None
    with locked(folder / LOCK):
        return _read_lesson(folder)


def drop(directory: Path, key: str) -> None:
    """Remove an interrupted training, if it is there. BlockingIOError if a process is busy with it; OSError."""
    folder = _folder(directory, key)
    if folder.is_dir():
        with locked(folder / LOCK):
            shutil.rmtree(folder, ignore_errors=True)


def drop_all(directory: Path, network: str) -> None:
    """Remove the interrupted trainings of a network, but not one that a process is busy with."""
    for folder in directory.glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError), locked(folder / LOCK):
            lesson = _read_lesson(folder)
            if lesson and lesson.network == network:
                shutil.rmtree(folder, ignore_errors=True)


def sweep(directory: Path) -> None:
    """Remove the folders of killed bots, but not a training that can go on. Those of living bots are locked."""
    for folder in directory.glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError), locked(folder / LOCK):
            if not can_go_on(folder) or _read_lesson(folder) is None or _age(folder) > ABANDONED_AFTER:
                shutil.rmtree(folder, ignore_errors=True)


def fraction_done(directory: Path, key: str) -> float | None:
    """Return how much of an interrupted training is done, from 0 to 1, as its log says; None if it does not."""
    return _last_figure(_folder(directory, key), "fraction")


def seconds_done(folder: Path) -> float:
    """Return for how long the training in a work folder has run, as its log says; 0 if it does not."""
    return _last_figure(folder, "seconds") or 0.0


def can_go_on(folder: Path) -> bool:
    """Tell whether a training has left a snapshot, or weights that only wait for their comparison."""
    return snapshot_path(folder / NEW).exists() or (folder / NEW).exists()


def _last_figure(folder: Path, name: str) -> float | None:
    """Return a figure of the last progress in a log, where a killed process may have left half a line."""
    with contextlib.suppress(OSError):
        for line in reversed(history_path(folder / NEW).read_bytes().splitlines()):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                event = json.loads(line)
                if event["event"] == "progress":
                    return float(event[name])
    return None


def _folder(directory: Path, key: str) -> Path:
    return (directory / f"{FOLDER_PREFIX}{key}").resolve()


def _read_lesson(folder: Path) -> Lesson | None:
    try:
        kept = json.loads((folder / LESSON).read_text(encoding="utf-8"))
        return Lesson(**kept | {"corpus": kept["corpus"] and Path(kept["corpus"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _age(folder: Path) -> float:
    """Return for how long nothing was written to a folder. A clock that was set back makes it 0."""
    return max(0.0, time.time() - max(path.stat().st_mtime for path in folder.iterdir()))
