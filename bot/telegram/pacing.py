"""In which order the bot speaks: notices of presses, then answers, then refusals, within Telegram's
limits (`limits`).

Notices, offers, chat actions and questions have connections of their own, and no limit. Of the
answers, the oldest that may go goes next, so that a crowded chat delays no other. A refusal goes
after every five answers, or when none may go.

When Telegram says 429, the chat that earned it is held for as long as Telegram asks. If that
happens to a second chat meanwhile, or to a request that belongs to no chat, everything is held.
Requests wait until a hold ends, if that is within half a minute; otherwise they are given up.

A request that surely was not sent (NothingSentError) or met a failing server (ServerError) keeps
its place and is tried again for half a minute; then it is given up. An edit is tried again even if
it may have arrived, as it does no harm twice. Any other failure is the caller's to judge, because
Telegram may have carried out the request.

What was given up had been accepted, so its chat is owed a word. When the hold ends, or Telegram
answers again, `apologise` is called for each such chat, the chat that asked last first. An apology
is tried once; if that fails, another one follows half a minute later.

How much is accepted is decided elsewhere: callers ask `wait` or `room` before they promise
anything.
"""

import asyncio
import bisect
import functools
import itertools
import logging
import math
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut
from telegram.ext import BaseRateLimiter

from bot.telegram.limits import Recipient, Recipients, Window
from bot.telegram.request import CONNECTIONS, NothingSentError, ServerError

logger = logging.getLogger(__name__)

AT_ONCE = CONNECTIONS // 2
"""How many messages, and how many other requests, are on their way at the same time. So no request
waits for a connection. 12 are enough for 30 messages a second, if Telegram takes 0.4 s for each."""
HOLD_SECONDS = 30.0
"""A request that Telegram holds for longer is given up."""
RETRY_SECONDS, PAUSE_SECONDS = 30.0, 1.0
"""How long a failed request is tried again, and the pause between two tries."""
TRIED_BY_THE_DOOR = {"getMe", "deleteWebhook", "setWebhook", "getWebhookInfo"}
"""Requests that go out at once and are not tried again here: the door tries them until Telegram
answers."""
CLOSED = "the bot stops, or another one serves in its place"
HELD = "Telegram wants silence for too long"
"""Why a request is given up."""
SHARE = 5
"""At least so many messages leave for each refusal."""
REFUSAL_SECONDS = 3.0
"""A refusal that would leave later is not said."""


class Place(NamedTuple):
    """Where a message stands: behind what was asked before it, or among the refusals.

    `asks` are the numbers of the asks that it answers: none, if more messages will follow.
    """

    number: int
    asks: frozenset[int]
    is_refusal: bool = False
    is_apology: bool = False


@dataclass(eq=False)
class Queue:
    """Messages, or other requests, that wait in their order, and how many connections are free for
    them.
    """

    free: int = AT_ONCE
    waiting: "list[Request]" = field(default_factory=list)
    refusals: "list[Request]" = field(default_factory=list)


@dataclass(eq=False)
class Request:
    """A request that waits, or is on its way.

    Once a try has failed, no other one begins after `latest`.
    """

    place: Place
    endpoint: str
    recipient: Recipient
    queue: Queue
    windows: tuple[Window, ...] = ()
    latest: float = math.inf
    may_go: asyncio.Future[None] = field(init=False)
    is_on_its_way: bool = False
    doubt: NetworkError | None = None
    """The error that left this edit in doubt."""

    @property
    def others(self) -> "list[Request]":
        """Those among which it waits."""
        return self.queue.refusals if self.place.is_refusal else self.queue.waiting

    def __str__(self) -> str:
        chat_id = self.recipient.chat_id
        return self.endpoint if chat_id is None else f"{self.endpoint} to {chat_id}"


class Pacing(BaseRateLimiter[Any]):
    """Sends at most `rate` messages a second, within the limits of each chat. None: it waits only
    if Telegram says so.

    `dropped` counts the messages that were given up. The log names each, without its text.
    `apologise(chat_id, place)` says that the asks of `place` were lost. It sends `place` as
    `rate_limit_args`, as an apology may be lost too.
    """

    def __init__(self, rate: int | None, may_send: Callable[[], bool] = lambda: True) -> None:
        self.dropped = 0
        self.apologise: Callable[[Any, Place], Coroutine[Any, Any, Any]] = lambda *_: asyncio.sleep(
            0
        )
        self.recipients = Recipients(have_limits=rate is not None)
        self._rate = rate
        self._may_send = may_send
        self._everyone = Recipient(windows=(Window(rate, 1.0),) if rate else ())
        self._messages, self._others = Queue(), Queue()
        self._since_refusal = 0  # how many messages have gone since the last refusal
        self._refusals = 1.0  # how many may be said now
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._unanswered: dict[object, frozenset[int]] = {}  # the chat that asked last comes last
        self._apologies: set[asyncio.Task[Any]] = set()
        self._apologise_at = -math.inf
        self._open_until = math.inf
        self._cut_at: float | None = None
        self._on_their_way: set[asyncio.Timeout] = set()

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    @property
    def waiting(self) -> int:
        return len(self._messages.waiting) + len(self._messages.refusals)

    def place(self, asks: frozenset[int] = frozenset()) -> Place:
        """Return the place of answers to an ask that has just come, or of an apology for `asks`
        that were lost.
        """
        number = next(self._numbers)
        return Place(number, asks or frozenset({number}), is_apology=bool(asks))

    def wait(self, chat_id: object, in_chat: int = 0, in_all: int = 0) -> float:
        """Return how long an answer waits behind `in_chat` messages to its chat and `in_all`
        messages to all chats.

        What waits here already is among them. Every sixth message may be a refusal.
        """
        now, waiting = asyncio.get_running_loop().time(), self._messages.waiting
        recipient = self.recipients.find(chat_id)
        in_chat = (
            max(in_chat, sum(request.recipient is recipient for request in waiting))
            * (SHARE + 1)
            // SHARE
        )
        in_all = max(in_all, len(waiting)) * (SHARE + 1) // SHARE
        begin = max(now, self._everyone.held_until)
        return max(self._everyone.opens(now, in_all), recipient.opens(begin, in_chat)) - now

    def room(self, promised: int, seconds: float) -> int:
        """Return how many more messages can leave within `seconds`, each to another chat, behind
        `promised` ones.
        """
        if not self._rate:
            return sys.maxsize
        held = max(0.0, self._everyone.held_until - asyncio.get_running_loop().time())
        return int((seconds - held) * self._rate * SHARE / (SHARE + 1)) - max(
            promised, len(self._messages.waiting)
        )

    def spares(self, chat_id: object) -> bool:
        """Return whether a refusal may go to a chat: within its share of messages, and soon.

        Then it counts as said.
        """
        if not self._rate:
            return True
        now, recipient = asyncio.get_running_loop().time(), self.recipients.find(chat_id)
        in_chat = sum(request.recipient is recipient for request in self._messages.refusals)
        opens = recipient.opens(max(now, self._everyone.held_until), in_chat)
        if self._refusals < 1 or opens > now + REFUSAL_SECONDS:
            return False
        self._refusals -= 1
        return True

    def deadline(self, open_until: float, cut_at: float) -> None:
        """Give up what waits at `open_until` and what would wait later; interrupt what is on its
        way at `cut_at`.
        """
        self._open_until, self._cut_at = min(self._open_until, open_until), cut_at
        asyncio.get_running_loop().call_at(
            open_until, functools.partial(self._give_up, is_closed=True)
        )
        for limit in self._on_their_way:
            limit.reschedule(cut_at)

    async def process_request(
        self,
        callback: Any,
        args: Any,
        kwargs: Any,
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Place | None,
    ) -> Any:
        """Send a request as soon as it may go. Raises NothingSentError if it is given up."""
        if endpoint in TRIED_BY_THE_DOOR:
            return await callback(*args, **kwargs)
        now, chat_id = asyncio.get_running_loop().time(), data.get("chat_id")
        recipient, is_typing = self.recipients.use(chat_id, now), endpoint == "sendChatAction"
        if is_typing and max(self._everyone.held_until, recipient.held_until) > now:
            return False  # it would come too late
        is_message = chat_id is not None and not is_typing
        queue = self._messages if is_message else self._others
        windows = (*self._everyone.windows, *recipient.windows) if is_message else ()
        request = Request(rate_limit_args or self.place(), endpoint, recipient, queue, windows)
        recipient.requests += 1
        try:
            return await self._send(request, functools.partial(callback, *args, **kwargs))
        except NothingSentError as error:
            self._drop(request, str(error))
            raise
        finally:
            recipient.requests -= 1

    async def _send(self, request: Request, call: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            await self._wait(request)
            counts = True
            try:
                async with asyncio.timeout_at(self._cut_at) as limit:
                    self._on_their_way.add(limit)
                    result = await call()
            except TimeoutError:
                raise TimedOut(
                    "No response in time; the request may have been carried out"
                ) from None
            except RetryAfter as error:
                counts = False
                self._hold(request, seconds(error))
            except NetworkError as error:
                counts = not isinstance(error, NothingSentError)
                if not self._pause(request, error):
                    self._regret(request, error)
                    raise (error if counts else request.doubt or error) from None
            else:
                chat_id = request.recipient.chat_id
                if asks := self._unanswered.pop(chat_id, frozenset()) - request.place.asks:
                    # a later edit has arrived
                    self._unanswered[chat_id] = asks
                return result
            finally:
                self._on_their_way.discard(limit)
                self._release(request, counts=counts)

    async def _wait(self, request: Request) -> None:
        """Wait until a request may go.

        If it never may, raise NothingSentError, or what left an edit in doubt.
        """
        request.may_go = asyncio.get_running_loop().create_future()
        bisect.insort(request.others, request, key=lambda each: each.place.number)
        self._serve()
        self._give_up(request)
        try:
            await request.may_go
            if not self._may_send():
                self._release(request, counts=False)
                raise request.doubt or NothingSentError(CLOSED)
        except asyncio.CancelledError:
            if request in request.others:
                request.others.remove(request)
            else:
                self._release(request, counts=False)
            if request.queue is self._messages:
                self._drop(request, "it was cancelled")
            raise

    def _pause(self, request: Request, error: NetworkError) -> bool:
        """Return whether a request is tried again, after a pause of its chat or, if nothing was
        sent, of everything.
        """
        until = asyncio.get_running_loop().time() + PAUSE_SECONDS
        is_in_doubt = not isinstance(error, NothingSentError | ServerError)
        is_harmless = not is_in_doubt or request.endpoint.startswith("edit")
        request.latest = min(request.latest, until - PAUSE_SECONDS + RETRY_SECONDS)
        is_last = request.place.is_apology or until > request.latest
        if isinstance(error, BadRequest) or not is_harmless or is_last:
            return False
        request.doubt = error if is_in_doubt else request.doubt
        held = self._everyone if isinstance(error, NothingSentError) else request.recipient
        held.held_until = max(held.held_until, until)
        logger.info("%s waits for %.0f s: %s", request, PAUSE_SECONDS, error)
        return True

    def _serve(self) -> None:
        """Let every request go that may, and set the timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        now = loop.time()
        time = min(
            self._next(self._others, now), self._next(self._messages, now), self._next_apology(now)
        )
        self._timer = loop.call_at(time, self._serve) if time < math.inf else None

    def _next(self, queue: Queue, now: float) -> float:
        """Let every request of a queue go that may; return when the next one may."""
        later, full = math.inf, set[Recipient]()
        others, refusals = iter(queue.waiting.copy()), iter(queue.refusals.copy())
        while True:
            request = next(refusals, None) if self._since_refusal >= SHARE else None
            if (request := request or next(others, None) or next(refusals, None)) is None:
                return later
            opens = (
                self._everyone.opens(now)
                if queue is self._messages
                else max(now, self._everyone.held_until)
            )
            if opens > now or not queue.free:  # a request on its way calls `_serve` at its end
                return min(later, opens if queue.free else math.inf)
            if request.recipient in full or request.may_go.done():  # it is being cancelled
                continue
            opens = max(
                now,
                request.recipient.held_until,
                *(window.opens(now) for window in request.windows),
            )
            if opens > now:
                full.add(request.recipient)
                later = min(later, opens)
            else:
                self._let_go(request)

    def _let_go(self, request: Request) -> None:
        request.others.remove(request)
        request.queue.free -= 1
        request.is_on_its_way = True
        request.may_go.set_result(None)
        for window in request.windows:
            window.begin()
        if request.queue is self._messages:
            self._since_refusal = 0 if request.place.is_refusal else self._since_refusal + 1

    def _release(self, request: Request, *, counts: bool) -> None:
        """Take back a request's connection, and if it does not count, what it took of
        the limits.
        """
        if request.is_on_its_way:
            request.is_on_its_way = False
            request.queue.free += 1
            now = asyncio.get_running_loop().time()
            for window in request.windows:
                window.end(now, counts=counts)
            if (
                counts
                and self._rate
                and request.queue is self._messages
                and not request.place.is_refusal
            ):
                # so many leave in that time
                most = max(1.0, REFUSAL_SECONDS * self._rate / (SHARE + 1))
                self._refusals = min(self._refusals + 1 / SHARE, most)
        self._serve()

    def _next_apology(self, now: float) -> float:
        """Apologise to the chats that lost messages, once their hold is over; return when the next
        hold ends.
        """
        later, begin = math.inf, max(self._apologise_at, self._everyone.held_until)
        for chat_id, asks in reversed(self._unanswered.copy().items()):
            if (end := max(begin, self.recipients.find(chat_id).held_until)) > now:
                later = min(later, end)
                continue
            del self._unanswered[chat_id]
            task = asyncio.create_task(self.apologise(chat_id, self.place(asks)))
            self._apologies.add(task)
            task.add_done_callback(self._apologies.discard)
        return later

    def _hold(self, request: Request, pause: float) -> None:
        """Hold the chat of a request.

        If the request has no chat, or another chat is held already, hold everything.
        """
        now = asyncio.get_running_loop().time()
        others = (
            each.held_until for each in self.recipients.values() if each is not request.recipient
        )
        is_everything = request.recipient.chat_id is None or any(until > now for until in others)
        held = self._everyone if is_everything else request.recipient
        held.held_until = max(held.held_until, now + pause)
        logger.warning("%s waits for %.0f s: Telegram takes nothing more", request, pause)
        self._give_up()

    def _give_up(self, *requests: Request, is_closed: bool = False) -> None:
        """Give up what Telegram holds for too long, or all once the bot has closed: of `requests`,
        or of all.
        """
        now = asyncio.get_running_loop().time()
        is_closed = is_closed or now >= self._open_until
        for request in requests or (
            *self._messages.waiting,
            *self._messages.refusals,
            *self._others.waiting,
        ):
            is_held = (
                max(self._everyone.held_until, request.recipient.held_until) > now + HOLD_SECONDS
            )
            if request.may_go.done() or not (is_closed or is_held):
                continue
            request.others.remove(request)
            error = request.doubt or NothingSentError(CLOSED if is_closed else HELD)
            request.may_go.set_exception(error)
            if not is_closed:
                self._regret(request, error)

    def _regret(self, request: Request, error: NetworkError) -> None:
        """Note an answer that Telegram did not take, so that its chat reads an apology later."""
        now = asyncio.get_running_loop().time()
        is_lost = isinstance(error, NothingSentError | ServerError)
        is_answer = request.queue is self._messages and request.place.asks
        if not is_lost or request.doubt or not is_answer or now >= self._open_until:
            return
        if request.is_on_its_way and now >= self._apologise_at:  # Telegram fails
            self._apologise_at = now + RETRY_SECONDS
        chat_id = request.recipient.chat_id
        self._unanswered[chat_id] = self._unanswered.pop(chat_id, frozenset()) | request.place.asks
        self._serve()  # sets the timer

    def _drop(self, request: Request, reason: str) -> None:
        """Log a request that is not sent, and count it if it is a message."""
        self.dropped += request.queue is self._messages
        logger.warning("%s was given up: %s", request, reason)


def seconds(error: RetryAfter) -> float:
    """Return for how long Telegram wants to be left alone: the library gives a number or a
    timedelta.
    """
    wait = error.retry_after
    return wait if isinstance(wait, int | float) else wait.total_seconds()
