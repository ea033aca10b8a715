"""How fast this machine writes and draws, measured where the work is done.

A file in the bot's folder keeps the speeds, so the next start begins with what this machine
measured last. A machine that was never measured begins with a guess.
"""

import asyncio
import json
import logging
import math
from pathlib import Path
from threading import Lock

from model.threads import available_cores

logger = logging.getLogger(__name__)

THREADS = min(available_cores(), 4)
"""How many threads may write the texts of one version."""
PROCESSES = max(1, available_cores() - 1)
"""How many processes draw cards."""
POEMS_A_SECOND, CARDS_A_SECOND = 0.5, 2.0
"""What a thread writes and a process draws, as a guess: a third of what they make with a core of
their own (`python -m benchmarks units`), because a crowd asks for much at once."""
REMEMBERED_SECONDS = 60.0
"""A speed is a mean over about the last minute of work."""
SURE_SECONDS = 5.0
"""What a speed begins with weighs as much as so many seconds of work."""
KEEP_SECONDS = 600.0
CARDS = "cards"


class Speed:
    """How much one worker, a thread or a process, makes in a second of its work. There are at most
    so many `workers`.
    """

    def __init__(self, guess: float, workers: int) -> None:
        self.workers = workers
        self._made, self._seconds = guess * SURE_SECONDS, SURE_SECONDS
        self._lock = Lock()  # of the numbers, as any thread may add to them

    def add(self, made: float, seconds: float) -> None:
        """Note that one worker has made so much in so many seconds."""
        with self._lock:
            self._made += made
            self._seconds += seconds
            if self._seconds > REMEMBERED_SECONDS:
                self._made *= REMEMBERED_SECONDS / self._seconds
                self._seconds = REMEMBERED_SECONDS

    @property
    def is_measured(self) -> bool:
        return self._seconds > SURE_SECONDS

    @property
    def of_one(self) -> float:
        """How much one worker makes in a second."""
        return self._made / self._seconds

    @property
    def of_all(self) -> float:
        """How much all workers make in a second."""
        return self.workers * self.of_one


class Speeds:
    """The speeds of each network, in poems, and of CARDS."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._last = _read(file) if file else {}
        self._speeds: dict[str, Speed] = {}

    def of(self, work: str) -> Speed:
        """Return the speed of writing with a network, or of drawing CARDS."""
        if work not in self._speeds:
            guess = CARDS_A_SECOND if work == CARDS else POEMS_A_SECOND
            workers = PROCESSES if work == CARDS else THREADS
            self._speeds[work] = Speed(self._last.get(work, guess), workers)
        return self._speeds[work]

    async def keep(self) -> None:
        """Write what was measured into the file, every ten minutes."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            await asyncio.to_thread(self.save)

    def save(self) -> None:
        """Write what was measured into the file. If that fails, the next start begins as this one
        did.
        """
        measured = {work: each.of_one for work, each in self._speeds.items() if each.is_measured}
        if self._file and measured:
            try:
                self._file.write_text(json.dumps(self._last | measured), encoding="utf-8")
            except OSError as error:
                logger.info("The speeds of this machine are not kept: %s", error)


def _read(file: Path) -> dict[str, float]:
    """Return the speeds in a file: none, if it is missing or cannot be used."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        speeds = {str(work): float(speed) for work, speed in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {work: speed for work, speed in speeds.items() if 0 < speed < math.inf}
