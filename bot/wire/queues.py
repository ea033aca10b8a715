"""Queues of requests under limits: who is next, and when.

Not here: time that passes, and sending (`pacing`).
"""

from __future__ import annotations

import contextlib
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class Window:
    """At most `limit` messages in any `period` seconds."""

    def __init__(self, limit: float, period: float) -> None:
        self.limit = limit
        self.period = period
        self._times: deque[float] = deque()

    def opens(self, now: float) -> float:
        """Return when one more message fits."""
        while self._times and self._times[0] + self.period <= now:
            self._times.popleft()
        return now if len(self._times) < self.limit else self._times[0] + self.period

    def take(self, now: float) -> None:
        """Count a message."""
        self._times.append(now)

    def give_back(self, time: float) -> None:
        """Forget a message that was counted at that time."""
        with contextlib.suppress(ValueError):
            self._times.remove(time)

    def is_unused(self, now: float) -> bool:
        """Tell whether no message counts any more."""
        self.opens(now)
        return not self._times


@dataclass(eq=False)
class Connections:
    """What the requests of several queues share."""

    free: int


@dataclass(order=True, repr=False)
class Turn:
    """A request in a queue. Requests that Telegram refused go first, then all by their arrival."""

    was_not_refused: bool = field(init=False, default=True)
    number: int
    endpoint: str = field(compare=False)
    chat_id: object = field(compare=False)
    may_go: asyncio.Future[bool] = field(init=False, compare=False)
    time: float = field(init=False, compare=False)

    def __str__(self) -> str:
        return self.endpoint if self.chat_id is None else f"{self.endpoint} to {self.chat_id}"


@dataclass(eq=False)
class Queue:
    """Requests under the same limits, the next one first. The last window is the longest."""

    connections: Connections
    windows: tuple[Window, ...] = ()
    turns: list[Turn] = field(default_factory=list)

    def opens(self, now: float) -> float:
        """Return when the next request may go: infinity while all its connections are taken."""
        return max((window.opens(now) for window in self.windows), default=now) if self.connections.free else math.inf

    def take(self, now: float) -> None:
        """Let the next request go, unless it was cancelled in this moment."""
        turn = self.turns.pop(0)
        if turn.may_go.cancelled():
            return
        turn.may_go.set_result(True)
        turn.time = now
        self.connections.free -= 1
        for window in self.windows:
            window.take(now)

    def withdraw(self, turn: Turn) -> None:
        """Take out a request that will not be sent, whether or not it may go already."""
        if turn in self.turns:
            self.turns.remove(turn)
        elif not turn.may_go.cancelled() and turn.may_go.result():
            self.connections.free += 1
            self.give_back(turn)

    def is_unused(self, now: float) -> bool:
        """Tell whether nothing waits here, and nothing that was sent counts any more."""
        return not self.turns and self.windows[-1].is_unused(now)

    def give_back(self, turn: Turn) -> None:
        """Do not count a request against the limits after all."""
        for window in self.windows:
            window.give_back(turn.time)
