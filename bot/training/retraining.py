"""Retraining while the bot serves: a child process trains, and its weights are promoted only if they are better.

`Retraining.retrain` runs `python -m model train`, one training at a time, passes its progress on, has the new weights
compared with the current ones on the same held-out text, and promotes and swaps them, or forgets them where the
difference may be luck: whoever draws often enough finds a lower loss, and no better network. Whatever goes wrong, the
old weights serve and the run's own folder is removed; the folders of a bot that was killed are swept when the next one
is built.

Not here: how progress is passed on (`reporting`), how the child is kept from outliving the bot (`child`), how training
works (`model.trainer`), who may ask for it and what they read (`handlers.admin`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import secrets
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.training.child import Child, Message, plain
from bot.training.locks import locked
from bot.training.reporting import Reporter
from model.checkpoint.encoding import Checkpoint, CheckpointError
from model.checkpoint.versions import Versions, load, save
from model.engine.threads import available_cores
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from bot.training.reporting import Report
    from bot.writing.batching import Batching

logger = logging.getLogger(__name__)

KINDS = ("dino", "poem")
FOLDER_PREFIX = "retraining-"
SILENCE = 600.0
"""Seconds without a word after which a child counts as hung. A training speaks about once a second."""
PATIENCE = 5.0
"""Seconds that a finished training waits for the last progress report to be delivered."""


class RetrainingError(MangosaurusError):
    """There are no new weights, and why; the old ones serve."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended. `version` serves now; losses are on the same held-out text, None where nothing served.

    `margin` is what the new loss had to be lower by.
    """

    kind: str
    promoted: bool
    version: str
    new_loss: float
    old_loss: float | None
    seconds: float
    margin: float = 0.0


class Retraining:
    """One training at a time, in a child process that gets all cores but one.

    `directory` holds a folder for each run while it runs; `command` is what `train` and `compare` are put after.
    """

    def __init__(
        self,
        versions: Mapping[str, Versions],
        batchings: Mapping[str, Batching],
        *,
        directory: Path,
        command: Sequence[str] = (sys.executable, "-m", "model"),
        silence: float = SILENCE,
    ) -> None:
        self._versions = versions
        self._batchings = batchings
        self._directory = directory
        self._command = tuple(command)
        self._silence = silence
        self._running: str | None = None
        self._child: Child | None = None
        self._stopping = False
        self._free = asyncio.Event()
        self._free.set()
        _sweep(directory)

    @property
    def running(self) -> str | None:
        """The kind that is being trained."""
        return self._running

    def refuse_if_busy(self) -> None:
        """Raise a RetrainingError that names the training that is running, if one is."""
        if self.running is not None:
            raise RetrainingError(f"{self.running} is being retrained already; try again when that has ended.")

    async def retrain(self, kind: str, minutes: float | None, report: Report) -> Outcome:
        """Train, compare, and promote or forget. `report` gets the newest progress; nothing else depends on it.

        Raises RetrainingError if a training is running, or this one failed, was killed, or was ended by `stop`.
        """
        self._check(kind, minutes)
        self._running = kind
        self._free.clear()
        try:
            return await self._retrain(kind, minutes, report)
        except (MangosaurusError, OSError) as error:
            raise self._explained(kind, error) from error
        finally:
            self._running = None
            self._free.set()

    async def stop(self) -> None:
        """End the child and wait until its remains are removed; the pending `retrain` says that the bot stopped."""
        self._stopping = True
        if self._child is not None:
            self._child.kill()
        await self._free.wait()

    def _check(self, kind: str, minutes: float | None) -> None:
        if kind not in KINDS or kind not in self._versions:
            raise RetrainingError(f"There is no {kind!r} to retrain; choose one of {', '.join(KINDS)}.")
        if minutes is not None and not 0 < minutes < math.inf:
            raise RetrainingError(f"A training of {minutes} minutes is not possible; give a number above 0.")
        if self._stopping:
            raise RetrainingError("The bot is stopping; retrain when it is back.")
        self.refuse_if_busy()

    def _explained(self, kind: str, error: Exception) -> RetrainingError:
        if self._stopping:
            return RetrainingError(f"The bot stopped, and the training of {kind} with it; the old weights stay.")
        logger.warning("Retraining %s failed: %s", kind, error)
        if isinstance(error, RetrainingError):
            return error
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return RetrainingError(f"The training of {kind} failed: {plain(str(reason))}. The old weights stay.")

    async def _retrain(self, kind: str, minutes: float | None, report: Report) -> Outcome:
        begun = time.monotonic()
        with _work_folder(self._directory) as folder:
            out = folder / "new.safetensors"
            new_loss = await self._train(kind, minutes, out, report)
            await asyncio.to_thread(load, out)  # what cannot be read is no weights
            serving = await self._serving(kind)
            old_loss, margin, promoted = None, 0.0, True
            if serving:
                old_loss, margin, promoted = await self._compare(kind, serving, out, folder)
            if promoted or serving is None:
                serving = await self._promote(kind, out)
        logger.info(
            "Retraining %s: %.4f after %s, margin %.4f, promoted: %s", kind, new_loss, old_loss, margin, promoted
        )
        return Outcome(kind, promoted, serving.version, new_loss, old_loss, time.monotonic() - begun, margin)

    async def _serving(self, kind: str) -> Checkpoint | None:
        """Return what the new weights have to be better than: what writes now, whatever has become of its file."""
        if kind in self._batchings:
            return self._batchings[kind].checkpoint
        return await asyncio.to_thread(_current, self._versions[kind])

    async def _train(self, kind: str, minutes: float | None, out: Path, report: Report) -> float:
        """Return the held-out loss of the weights that were written to `out`."""
        # A seed of its own: with the same one, the same text gives the same weights, and never better ones.
        seed = str(secrets.randbelow(1 << 32))
        options = ["--out", str(out), "--json", "--threads", _threads(), "--seed", seed]
        if minutes is not None:
            options += ["--minutes", str(minutes)]
        reporter = Reporter(report)
        try:
            await self._run(f"The training of {kind}", ["train", kind, *options], reporter.hear)
        finally:
            await reporter.close(0 if self._stopping else PATIENCE)
        return _finite(reporter.loss, f"The training of {kind}")

    async def _compare(self, kind: str, old: Checkpoint, out: Path, folder: Path) -> tuple[float, float, bool]:
        """Return the loss of the current weights, what the new one must be lower by, and whether it is."""
        path = folder / "old.safetensors"
        await asyncio.to_thread(save, path, old)
        figures: Message = {}
        doing = f"The comparison with the current {kind} weights"
        await self._run(
            doing, ["compare", kind, str(path), str(out), "--json", "--threads", _threads()], figures.update
        )
        better = figures.get("better") is True
        return _finite(figures.get("old_loss"), doing), _finite(figures.get("margin"), doing), better

    async def _promote(self, kind: str, out: Path) -> Checkpoint:
        checkpoint = await asyncio.to_thread(_install, self._versions[kind], out)
        if kind in self._batchings:
            self._batchings[kind].swap(checkpoint)
        return checkpoint

    async def _run(self, doing: str, arguments: Sequence[str], hear: Callable[[Message], None]) -> None:
        """Run a command to its end and let `hear` have what it prints; RetrainingError says how it failed."""
        complaint = ""
        async with self._running_child(arguments) as child:
            try:
                async for message in child.messages(self._silence):
                    if message.get("event") == "failed":
                        complaint = plain(str(message.get("error")))
                    hear(message)
                code = await child.wait(self._silence)
            except TimeoutError:
                raise RetrainingError(f"{doing} hung and was ended. The old weights stay.") from None
        if complaint or code:
            raise RetrainingError(f"{doing} failed: {complaint or child.epitaph(code)}. The old weights stay.")

    @contextlib.asynccontextmanager
    async def _running_child(self, arguments: Sequence[str]) -> AsyncIterator[Child]:
        self._child = child = await Child.start((*self._command, *arguments))
        try:
            if self._stopping:
                raise RetrainingError("The bot is stopping.")
            yield child
        finally:
            self._child = None
            await child.end()


def _finite(loss: Any, doing: str) -> float:
    if not isinstance(loss, float) or not math.isfinite(loss):
        raise RetrainingError(f"{doing} ended without a held-out loss. The old weights stay.")
    return float(loss)


def _threads() -> str:
    """Return how many cores a training may use: all that this process may, but one for the bot."""
    return str(max(1, available_cores() - 1))


def _current(versions: Versions) -> Checkpoint | None:
    try:
        return versions.load_current()
    except CheckpointError:
        return None


def _install(versions: Versions, path: Path) -> Checkpoint:
    """Add new weights, read them back, and only then make them the current ones."""
    version = versions.add(path)
    checkpoint = versions.load(version)
    versions.promote(version)
    return checkpoint


@contextlib.contextmanager
def _work_folder(directory: Path) -> Iterator[Path]:
    """Make a run's own folder, locked while its bot lives and removed at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=directory)).resolve()
    try:
        with locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(directory: Path) -> None:
    """Remove the folders of bots that were killed; that of a bot still alive (in another terminal, say) stays."""
    for folder in directory.glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError), locked(folder):
            shutil.rmtree(folder, ignore_errors=True)
