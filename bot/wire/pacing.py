"""How fast the bot speaks: first come, first served, within Telegram's limits. Nothing that was accepted is dropped.

Telegram lets a bot send about 30 messages a second, and 20 a minute to one group. Requests wait in queues: one for
messages to private chats, one for each group, and one for everything else (answers to buttons and inline queries, chat
actions, questions), to which no limit applies. The next to go is always the oldest that may, so that a crowded group
delays nobody else.

When Telegram says 429, everything waits for as long as it asks, and the refused request goes first. A request that
surely was not sent (NothingSentError) keeps its turn and is tried again for half a minute. Any other failure is the
caller's to judge, because Telegram may have carried out the request.

Libraries that were tried: aiolimiter 1.3 (under python-telegram-bot's own AIORateLimiter; a woken waiter that finds no
capacity goes to the end of the line), asynciolimiter 1.2 (first come, first served, but one limit at a time, without a
pause and without a way back into the line), pyrate-limiter 4.5 and asyncio-throttle 1.0 (each waiter sleeps and asks
again, in no order), aiometer 1.0 (only for a list of calls that is known in advance).

Not here: how much is accepted. Callers compare `waiting` with `capacity` before they promise anything.
"""

from __future__ import annotations

import asyncio
import bisect
import datetime
import functools
import itertools
import logging
import math
import sys
from typing import TYPE_CHECKING, Any

from telegram.error import RetryAfter, TimedOut
from telegram.ext import BaseRateLimiter

from bot.wire.queues import Connections, Queue, Turn, Window
from bot.wire.request import CONNECTIONS, NothingSentError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

logger = logging.getLogger(__name__)

TO_A_GROUP = 20
"""Messages a minute to one group."""
AT_ONCE = CONNECTIONS // 2
"""Messages on their way at the same time, and as many other requests, so that none waits for a connection. With 12 of
them, Telegram may take 0.4 s for each of 30 messages a second."""
ACCEPTED = 30.0
"""Seconds in which Telegram lets the bot send all that it accepts."""
RETRIED = 30.0
"""Seconds during which a request that was not sent is tried again."""
PAUSE = 1.0
"""Seconds between two such tries."""


class Pacing(BaseRateLimiter[Any]):
    """At most `rate` messages a second, and 20 a minute to a group; None: no limits but those that Telegram names.

    `dropped` counts the messages that were given up. Each is logged, without its text.
    """

    def __init__(self, rate: int | None) -> None:
        self.dropped = 0
        self._to_a_group = TO_A_GROUP if rate else math.inf
        self._everybody = Window(rate or math.inf, 1)
        self._messages = Connections(AT_ONCE)
        self._private = Queue(self._messages, (self._everybody,))
        self._groups: dict[object, Queue] = {}
        self._others = Queue(Connections(AT_ONCE))
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._silent_until = -math.inf
        self._open_until = math.inf
        self._is_shut = False
        self._cut_at: float | None = None
        self._on_their_way: set[asyncio.Timeout] = set()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    def waiting(self, chat_id: int | None = None) -> int:
        """Return how many messages wait, in all or for one chat."""
        if chat_id is None:
            return sum(len(queue.turns) for queue in (self._private, *self._groups.values()))
        queue = self._groups.get(chat_id, self._private)
        return sum(turn.chat_id == chat_id for turn in queue.turns)

    def capacity(self, chat_id: int | None = None) -> int:
        """Return how many messages can be sent in half a minute, in all or to one chat."""
        rate = self._to_a_group / 60 if _is_group(chat_id) else self._everybody.limit
        return int(min(rate * ACCEPTED, sys.maxsize))

    def close(self, open_until: float, cut_at: float) -> None:
        """Give up what still waits at the first time, and from then on what would have to wait: the bot stops.

        What is on its way at the second time is interrupted. Both are times of the event loop.
        """
        self._open_until, self._cut_at = min(self._open_until, open_until), cut_at
        asyncio.get_running_loop().call_at(open_until, self._give_up)
        for limit in self._on_their_way:
            limit.reschedule(cut_at)

    def shut(self) -> None:
        """Send nothing more, from this moment on. What is on its way is not interrupted by that."""
        self._is_shut = True
        self._open_until = -math.inf
        self._give_up()

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Any,  # noqa: ARG002 - the library's signature
    ) -> Any:
        """Send a request when it is its turn. NothingSentError if it is given up."""
        turn = Turn(next(self._numbers), endpoint, data.get("chat_id"))
        queue = self._queue(turn)
        try:
            return await self._send(functools.partial(callback, *args, **kwargs), queue, turn)
        except NothingSentError as error:
            self._drop(queue, turn, str(error))
            raise

    async def _send(self, request: Callable[[], Coroutine[Any, Any, Any]], queue: Queue, turn: Turn) -> Any:
        loop = asyncio.get_running_loop()
        latest = math.inf
        while True:
            await self._wait(queue, turn)
            try:
                return await self._limited(request)
            except RetryAfter as error:
                turn.was_not_refused = False
                self._put_off(queue, turn, seconds(error), "Telegram takes nothing more")
            except NothingSentError as error:
                latest = min(latest, loop.time() + RETRIED)
                if loop.time() + PAUSE > latest:
                    raise
                self._put_off(queue, turn, PAUSE, str(error))
            finally:
                queue.connections.free += 1
                self._serve()

    async def _limited(self, request: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Send a request now; TimedOut if the bot cannot stop any later."""
        try:
            async with asyncio.timeout_at(self._cut_at) as limit:
                self._on_their_way.add(limit)
                return await request()
        except TimeoutError:
            raise TimedOut("The bot stops; the request may have been carried out") from None
        finally:
            self._on_their_way.discard(limit)

    async def _wait(self, queue: Queue, turn: Turn) -> None:
        """Wait until a request may go; NothingSentError if it never may."""
        loop = asyncio.get_running_loop()
        turn.may_go = loop.create_future()
        bisect.insort(queue.turns, turn)
        if queue.turns[0] is turn:  # behind another one it changes nothing
            self._serve()
        if loop.time() >= self._open_until:
            self._give_up()
        try:
            may_go = await turn.may_go and not self._is_shut
        except asyncio.CancelledError:
            self._withdraw(queue, turn)
            if queue is not self._others:
                self._drop(queue, turn, "it was cancelled")
            raise
        if not may_go:
            self._withdraw(queue, turn)
            raise NothingSentError("the bot stops, or another one serves in its place")

    def _queue(self, turn: Turn) -> Queue:
        """Return where a request waits."""
        if turn.chat_id is None or turn.endpoint == "sendChatAction" or turn.endpoint.startswith("get"):
            return self._others
        if not _is_group(turn.chat_id):
            return self._private
        if turn.chat_id not in self._groups:
            now = asyncio.get_running_loop().time()
            self._groups = {key: queue for key, queue in self._groups.items() if not queue.is_unused(now)}
            window = Window(self._to_a_group, 60)
            self._groups[turn.chat_id] = Queue(self._messages, (self._everybody, window))
        return self._groups[turn.chat_id]

    def _serve(self) -> None:
        """Let everything go that may, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while queues := self._queues():
            times = [(max(now, self._silent_until, queue.opens(now)), queue.turns[0], queue) for queue in queues]
            time, _, queue = min(times)
            if time > now:
                self._timer = loop.call_at(time, self._serve) if time < math.inf else None
                return
            queue.take(now)

    def _queues(self) -> list[Queue]:
        """Return the queues in which something waits."""
        return [queue for queue in (self._others, self._private, *self._groups.values()) if queue.turns]

    def _put_off(self, queue: Queue, turn: Turn, pause: float, reason: str) -> None:
        """Pause everything after a request that Telegram did not take; it does not count."""
        queue.give_back(turn)
        self._silent_until = max(self._silent_until, asyncio.get_running_loop().time() + pause)
        logger.info("%s waits for %.0f s: %s", turn, pause, reason)

    def _withdraw(self, queue: Queue, turn: Turn) -> None:
        queue.withdraw(turn)
        self._serve()

    def _give_up(self) -> None:
        """Give up everything that waits."""
        for queue in self._queues():
            turns, queue.turns = queue.turns, []
            for turn in turns:
                if not turn.may_go.done():
                    turn.may_go.set_result(False)

    def _drop(self, queue: Queue, turn: Turn, reason: str) -> None:
        """Log a request that is not sent, and count it if it is a message."""
        self.dropped += queue is not self._others
        logger.warning("%s was given up: %s", turn, reason)


def seconds(error: RetryAfter) -> float:
    """Return for how long Telegram wants to be left alone."""
    # A number or a timedelta, depending on the library's version and environment.
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, datetime.timedelta) else float(wait)


def _is_group(chat_id: object) -> bool:
    """Tell a group or a channel from a person: by a negative number or a name."""
    return isinstance(chat_id, str) or (isinstance(chat_id, int) and chat_id < 0)
