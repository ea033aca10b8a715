"""How fast the bot speaks: first come, first served, within Telegram's limits.

Telegram lets a bot send about 30 messages a second in all, one a second to one chat, and 20 a minute to one group.
Short bursts pass: here 4 messages in 4 seconds. An edit counts as a message. The next to go is always the oldest that
may, so that a crowded chat delays no other. Everything else (answers to buttons and inline queries, chat actions,
questions) has no limit.

When Telegram says 429, the chat that earned it is held for as long as Telegram asks. If that happens to a second chat
meanwhile, or to a request that belongs to no chat, everything is held. What waits then goes when the hold ends, if that
is within half a minute. If a hold lasts longer, its requests are given up; when it ends, `apologise` is called for each
chat that lost messages, the chat that asked last first.

A request that surely was not sent (NothingSentError) or met a failing server (ServerError) keeps its turn and is tried
again for half a minute. So is every edit that failed, as it does no harm twice. Any other failure is the caller's to
judge, because Telegram may have carried out the request.

Libraries that were tried: aiolimiter 1.3 (under python-telegram-bot's own AIORateLimiter; a woken waiter that finds no
capacity goes to the end of the line), asynciolimiter 1.2 (first come, first served, but one limit at a time, without a
pause and without a way back into the line), pyrate-limiter 4.5 and asyncio-throttle 1.0 (each waiter sleeps and asks
again, in no order), aiometer 1.0 (only for a list of calls that is known in advance).

Not here: how much is accepted. Callers ask `wait` before they promise anything.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import datetime
import functools
import heapq
import itertools
import logging
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut
from telegram.ext import BaseRateLimiter

from bot.wire.request import CONNECTIONS, NothingSentError, ServerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

logger = logging.getLogger(__name__)

TO_A_CHAT = (4, 4.0)
"""Messages to one chat in any so many seconds: one a second, and short bursts."""
TO_A_GROUP = (20, 60.0)
"""Messages to one group in any so many seconds, besides."""
AT_ONCE = CONNECTIONS // 2
"""Messages on their way at the same time, and as many other requests, so that none waits for a connection. With 12 of
them, Telegram may take 0.4 s for each of 30 messages a second."""
LONGEST_HOLD = 30.0
"""Seconds. A request that is held for longer is given up."""
RETRIED = 30.0
"""Seconds during which a request that was not sent is tried again."""
PAUSE = 1.0
"""Seconds between two such tries."""
SWEEP_AT = 256
"""Chats. Quiet ones are forgotten when there are twice as many as after the last sweep, and at least this many."""

Asks = frozenset[object]
"""What was asked in a chat and not answered: new messages by their turns, edited ones by their ids."""


class HeldError(NothingSentError):
    """A request was given up because Telegram wants silence for longer than people can wait."""


class Window:
    """At most `limit` messages in any `period` seconds."""

    def __init__(self, limit: int, period: float) -> None:
        self._limit, self._period = limit, period
        self._times: deque[float] = deque(maxlen=limit)  # of the last messages; older ones limit nothing

    def opens(self, now: float, ahead: int = 0) -> float:
        """Return when one more message fits behind `ahead` others."""
        before = len(self._times) + ahead - self._limit  # the message that has to be a period ago
        if before < 0:
            return now
        if before < len(self._times):
            return max(now, self._times[before] + self._period)
        return self.opens(now, ahead - self._limit) + self._period

    def take(self, now: float) -> None:
        """Count a message."""
        self._times.append(now)

    def give_back(self, time: float) -> None:
        """Forget a message that was counted at that time."""
        with contextlib.suppress(ValueError):
            self._times.remove(time)

    def is_unused(self, now: float) -> bool:
        """Return whether no message counts any more."""
        return not self._times or self._times[-1] + self._period <= now


@dataclass(order=True)
class Turn:
    """A request in the queue of its chat. Turns are ordered by their arrival."""

    number: int
    endpoint: str = field(compare=False)
    chat_id: object = field(compare=False)
    queue: Queue = field(compare=False)
    asks: Asks = field(compare=False)
    latest: float = field(init=False, compare=False, default=math.inf)
    """When it is tried for the last time, once a try has failed."""
    doubt: NetworkError | None = field(init=False, compare=False, default=None)
    """Why nobody knows whether an edit has arrived."""
    may_go: asyncio.Future[bool] = field(init=False, compare=False)
    time: float = field(init=False, compare=False)

    def __str__(self) -> str:
        return self.endpoint if self.chat_id is None else f"{self.endpoint} to {self.chat_id}"


@dataclass(eq=False)
class Queue:
    """The requests to one chat, the next one first."""

    pool: Pool
    windows: tuple[Window, ...] = ()
    turns: list[Turn] = field(default_factory=list)
    on_their_way: int = 0
    held_until: float = -math.inf

    def opens(self, now: float, ahead: int = 0) -> float:
        """Return when a request may go behind `ahead` others."""
        now = max(now, self.held_until)
        return max((window.opens(now, ahead) for window in self.windows), default=now)

    def is_unused(self, now: float) -> bool:
        """Return whether forgetting this queue changes nothing."""
        busy = self.turns or self.on_their_way or self.held_until > now
        return not busy and all(window.is_unused(now) for window in self.windows)


class Pool:
    """The connections for messages, or those for everything else, and the queues in front of them.

    A queue whose next turn may go is in `_ready` by that turn, any other in `_later` by the time at which it may. A
    turn that leaves its queue stays in the heaps, and is passed over there.
    """

    def __init__(self, windows: tuple[Window, ...] = ()) -> None:
        self.windows = windows
        """What limits all queues together."""
        self.waiting: dict[int, Turn] = {}
        self._free = AT_ONCE
        self._ready: list[Turn] = []
        self._later: list[tuple[float, Turn]] = []

    def add(self, turn: Turn, now: float) -> None:
        """Let a turn wait in its queue."""
        bisect.insort(turn.queue.turns, turn)
        self.waiting[turn.number] = turn
        self.schedule(turn.queue, now)

    def remove(self, turn: Turn, now: float) -> bool:
        """Take a turn out of its queue; return whether it was there."""
        if self.waiting.pop(turn.number, None) is None:
            return False
        turn.queue.turns.remove(turn)
        self.schedule(turn.queue, now)
        return True

    def schedule(self, queue: Queue, now: float) -> None:
        """Put a queue where its next turn belongs."""
        if not queue.turns:
            return
        opens = queue.opens(now)
        if opens <= now:
            heapq.heappush(self._ready, queue.turns[0])
        else:
            heapq.heappush(self._later, (opens, queue.turns[0]))

    def serve(self, now: float, not_before: float) -> float:
        """Let every turn go that may; return when the next one may."""
        while self._later and self._later[0][0] <= now:
            _, turn = heapq.heappop(self._later)
            if _is_next(turn):
                self.schedule(turn.queue, now)
        while self._ready and self._free:
            turn = self._ready[0]
            opens = max((window.opens(now) for window in self.windows), default=now)
            if _is_next(turn) and turn.queue.opens(now) <= now:
                if max(opens, not_before) > now:
                    return max(opens, not_before)
                heapq.heappop(self._ready)
                self._take(turn, now)
            else:
                heapq.heappop(self._ready)
                if _is_next(turn):
                    self.schedule(turn.queue, now)
        return self._later[0][0] if self._later else math.inf

    def _take(self, turn: Turn, now: float) -> None:
        self.remove(turn, now)
        if turn.may_go.done():  # it was cancelled or given up in this moment
            return
        turn.may_go.set_result(True)
        turn.time = now
        turn.queue.on_their_way += 1
        self._free -= 1
        for window in (*self.windows, *turn.queue.windows):
            window.take(now)

    def release(self, turn: Turn, now: float, *, counts: bool) -> None:
        """Take back a turn's connection, and if it does not count, what it took of the limits."""
        turn.queue.on_their_way -= 1
        self._free += 1
        if not counts:
            for window in (*self.windows, *turn.queue.windows):
                window.give_back(turn.time)
            self.schedule(turn.queue, now)


class Pacing(BaseRateLimiter[Any]):
    """At most `rate` messages a second, and Telegram's limits for each chat; None: no limits but what Telegram says.

    `dropped` counts the messages that were given up. Each is logged, without its text.
    """

    def __init__(self, rate: int | None) -> None:
        self.dropped = 0
        self.is_limited = rate is not None
        self.apologise: Callable[[Any, Asks], Coroutine[Any, Any, Any]] | None = None
        """Tells a chat that so many asks were not answered. It passes them as `rate_limit_args`."""
        self._messages = Pool((Window(rate, 1.0),) if rate else ())
        self._others = Pool()
        self._chats: dict[object, Queue] = {}
        self._sweep_at = SWEEP_AT
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._held_until = -math.inf
        self._unanswered: dict[object, Asks] = {}  # the chat that asked last is the last
        self._apologies: set[asyncio.Task[Any]] = set()
        self._open_until = math.inf
        self._is_shut = False
        self._cut_at: float | None = None
        self._on_their_way: set[asyncio.Timeout] = set()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._messages.waiting)

    @property
    def chats(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    def wait(self, chat_id: object, ahead: int = 0, ahead_in_chat: int = 0) -> float:
        """Return how long a message to a chat would wait if so many others came first, in all and to this chat."""
        now = asyncio.get_running_loop().time()
        queue = self._chats.get(chat_id)
        if queue is None:
            queue = Queue(self._messages, self._windows(chat_id))
        begin = max(now, self._held_until)
        opens = [window.opens(begin, len(self._messages.waiting) + ahead) for window in self._messages.windows]
        return max(*opens, queue.opens(begin, len(queue.turns) + ahead_in_chat), begin) - now

    def held(self, chat_id: object) -> float:
        """Return for how many seconds Telegram wants nothing for a chat."""
        return max(0.0, self._held(chat_id) - asyncio.get_running_loop().time())

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
        rate_limit_args: Asks | None,
    ) -> Any:
        """Send a request when it is its turn. NothingSentError if it is given up."""
        chat_id, number = data.get("chat_id"), next(self._numbers)
        if endpoint == "sendChatAction" and self.held(chat_id):
            return False  # it would come too late
        asks = rate_limit_args or frozenset({data.get("message_id", (number,))})
        turn = Turn(number, endpoint, chat_id, self._queue(endpoint, chat_id), asks)
        try:
            return await self._send(functools.partial(callback, *args, **kwargs), turn)
        except NothingSentError as error:
            self._drop(turn, str(error))
            raise

    async def _send(self, request: Callable[[], Awaitable[Any]], turn: Turn) -> Any:
        while True:
            await self._wait(turn)
            counts = True
            try:
                return await self._limited(request)
            except RetryAfter as error:
                counts = False
                self._silence(turn, seconds(error))
            except NetworkError as error:
                if turn.doubt and "not modified" in str(error):  # an earlier try of this edit has arrived
                    return True
                if not self._pause(turn, error):
                    raise
                counts = not isinstance(error, NothingSentError)
            finally:
                turn.queue.pool.release(turn, asyncio.get_running_loop().time(), counts=counts)
                self._serve()

    def _pause(self, turn: Turn, error: NetworkError) -> bool:
        """Return whether a turn is tried again after an error, in a while: where it was not sent, all others too."""
        now, was_sent = asyncio.get_running_loop().time(), not isinstance(error, NothingSentError)
        is_edit = turn.endpoint.startswith("edit")
        turn.latest = min(turn.latest, now + RETRIED)
        is_in_doubt = was_sent and not isinstance(error, ServerError)
        if isinstance(error, BadRequest) or (is_in_doubt and not is_edit) or now + PAUSE > turn.latest:
            return False
        if was_sent:
            turn.doubt = error if is_edit else turn.doubt
            turn.queue.held_until = max(turn.queue.held_until, now + PAUSE)
        else:
            self._held_until = max(self._held_until, now + PAUSE)
        logger.info("%s waits for %.0f s: %s", turn, PAUSE, error)
        return True

    async def _limited(self, request: Callable[[], Awaitable[Any]]) -> Any:
        """Send a request now; TimedOut if the bot cannot stop any later."""
        try:
            async with asyncio.timeout_at(self._cut_at) as limit:
                self._on_their_way.add(limit)
                return await request()
        except TimeoutError:
            raise TimedOut("The bot stops; the request may have been carried out") from None
        finally:
            self._on_their_way.discard(limit)

    async def _wait(self, turn: Turn) -> None:
        """Wait until a request may go; NothingSentError if it never may, or the error that left it in doubt."""
        loop, pool = asyncio.get_running_loop(), turn.queue.pool
        turn.may_go = loop.create_future()
        pool.add(turn, loop.time())
        self._serve()
        if loop.time() >= self._open_until:
            self._give_up([turn])
        self._give_up_held([turn])
        try:
            may_go = await turn.may_go and not self._is_shut
        except asyncio.CancelledError:
            self._withdraw(turn)
            if pool is self._messages:
                self._drop(turn, "it was cancelled")
            raise
        if may_go:
            return
        self._withdraw(turn)
        if turn.doubt:
            raise turn.doubt
        if self._is_shut or loop.time() >= self._open_until:
            raise NothingSentError("the bot stops, or another one serves in its place")
        if pool is self._messages:
            self._unanswered[turn.chat_id] = self._unanswered.pop(turn.chat_id, frozenset()) | turn.asks
            self._serve()  # which comes back when the hold ends
        raise HeldError("Telegram wants silence for too long")

    def _windows(self, chat_id: object) -> tuple[Window, ...]:
        if not self.is_limited:
            return ()
        return (Window(*TO_A_CHAT), Window(*TO_A_GROUP)) if _is_group(chat_id) else (Window(*TO_A_CHAT),)

    def _queue(self, endpoint: str, chat_id: object) -> Queue:
        """Return where a request waits: what is no message, alone."""
        if chat_id is None or endpoint == "sendChatAction" or endpoint.startswith("get"):
            return Queue(self._others)
        return self._queue_of(chat_id)

    def _queue_of(self, chat_id: object) -> Queue:
        if chat_id not in self._chats:
            if len(self._chats) >= self._sweep_at:
                now = asyncio.get_running_loop().time()
                self._chats = {key: queue for key, queue in self._chats.items() if not queue.is_unused(now)}
                self._sweep_at = max(2 * len(self._chats), SWEEP_AT)
            self._chats[chat_id] = Queue(self._messages, self._windows(chat_id))
        return self._chats[chat_id]

    def _serve(self) -> None:
        """Let everything go that may, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        times = [pool.serve(now, self._held_until) for pool in (self._messages, self._others)]
        for chat_id, asks in reversed(self._unanswered.copy().items()):
            if (end := self._held(chat_id)) > now:
                times.append(end)
                continue
            del self._unanswered[chat_id]
            if self.apologise is not None:
                task = loop.create_task(self.apologise(chat_id, asks))
                self._apologies.add(task)
                task.add_done_callback(self._apologies.discard)
        if (time := min(times)) < math.inf:
            self._timer = loop.call_at(time, self._serve)

    def _held(self, chat_id: object) -> float:
        """Return until when Telegram wants nothing for a chat."""
        queue = self._chats.get(chat_id)
        return max(self._held_until, queue.held_until) if queue else self._held_until

    def _silence(self, turn: Turn, pause: float) -> None:
        """Hold the chat of a turn; everything, if another one is held already or the turn has none."""
        now = asyncio.get_running_loop().time()
        until = now + pause
        others = (queue.held_until for chat_id, queue in self._chats.items() if chat_id != turn.chat_id)
        if turn.chat_id is None or any(held_until > now for held_until in others):
            self._held_until = max(self._held_until, until)
        else:
            for queue in (turn.queue, self._queue_of(turn.chat_id)):
                queue.held_until = max(queue.held_until, until)
        self._give_up_held([*self._messages.waiting.values(), *self._others.waiting.values()])
        logger.warning("%s waits for %.0f s: Telegram takes nothing more", turn, pause)

    def _withdraw(self, turn: Turn) -> None:
        """Take out a turn that will not be sent, whether or not it may go already."""
        pool, now = turn.queue.pool, asyncio.get_running_loop().time()
        if not pool.remove(turn, now) and not turn.may_go.cancelled() and turn.may_go.result():
            pool.release(turn, now, counts=False)
        self._serve()

    def _give_up(self, turns: Iterable[Turn] | None = None) -> None:
        """Give up these turns, or everything that waits."""
        for turn in [*self._messages.waiting.values(), *self._others.waiting.values()] if turns is None else turns:
            if not turn.may_go.done():
                turn.may_go.set_result(False)

    def _give_up_held(self, turns: Iterable[Turn]) -> None:
        """Give up those of these turns that are held for too long."""
        latest = asyncio.get_running_loop().time() + LONGEST_HOLD
        self._give_up(turn for turn in turns if max(self._held_until, turn.queue.held_until) > latest)

    def _drop(self, turn: Turn, reason: str) -> None:
        """Log a request that is not sent, and count it if it is a message."""
        self.dropped += turn.queue.pool is self._messages
        logger.warning("%s was given up: %s", turn, reason)


def _is_next(turn: Turn) -> bool:
    return bool(turn.queue.turns) and turn.queue.turns[0] is turn


def seconds(error: RetryAfter) -> float:
    """Return for how long Telegram wants to be left alone."""
    # A number or a timedelta, depending on the library's version and environment.
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, datetime.timedelta) else float(wait)


def _is_group(chat_id: object) -> bool:
    """Return whether a chat is a group or a channel: it has a negative number or a name."""
    return isinstance(chat_id, str) or (isinstance(chat_id, int) and chat_id < 0)
