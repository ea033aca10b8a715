"""When each message leaves: the answer to the oldest ask first, within what Telegram takes.

Telegram takes about 30 messages a second in all, one a second to one chat, and 20 a minute to one
group. Short bursts pass. An edit counts as a message. A chat that may take no more delays no other
chat. Requests that are no messages (a button's release, offers, typing) do not wait.

After a 429, the chat that earned it is left alone for as long as Telegram asks, and its messages
wait. If that happens to a second chat meanwhile, or to a request without a chat, every chat is left
alone.

If Telegram surely did not act (no connection), the message keeps its place and is tried again as
long as the caller wants. The caller handles every other failure.

How much is accepted is decided elsewhere: callers ask `wait` or `room` first.
"""

import asyncio
import bisect
import itertools
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from telegram.error import RetryAfter

from bot.telegram.request import CONNECTIONS, NotDoneError

logger = logging.getLogger(__name__)

Sent = TypeVar("Sent")
Call: TypeAlias = Callable[[], Awaitable[Sent]]
"""Sends a request once."""

RATE = 30
"""How many messages leave in a second."""
TO_A_CHAT, TO_A_GROUP = (4, 4.0), (20, 60.0)
"""How many messages leave to a chat in how many seconds. A group has both rates."""
MOST_CHATS = 10_000
"""How many chats are remembered. Rates look back no further than a minute."""
AT_ONCE = CONNECTIONS // 2
"""How many messages, and how many other requests, may be on their way at the same time. So no
request waits for a connection. 12 are enough for 30 messages a second, if Telegram takes 0.4 s for
each."""
PAUSE_SECONDS = 1.0
"""The pause between two tries of a message."""
REMEMBERED = 30
"""Telegram's speed is a mean over about this many messages."""
REFUSAL = math.inf
"""The place of a refusal: behind all answers."""


class Rates:
    """The rates of messages to one chat, or to all. A rate is a number of messages in a number of
    seconds. While Telegram wants silence, none leave.

    A message counts from its start until Telegram's answer, and for the rate's seconds after that,
    because Telegram may count it at any time between.
    """

    def __init__(self, *rates: tuple[int, float]) -> None:
        self.held_until = -math.inf
        self._on_their_way = 0
        # when Telegram answered the last messages
        self._ends = [(deque([-math.inf] * most, most), seconds) for most, seconds in rates]

    @property
    def is_busy(self) -> bool:
        """Whether a message is on its way."""
        return self._on_their_way > 0

    def opens(self, now: float, ahead: int = 0) -> float:
        """Return when one more message may go behind `ahead` others that wait."""
        # each message needs a free place of the rate: `number` is the place that this one gets,
        # after all places were used `rounds` times
        begin = max(now, self.held_until)
        latest = begin
        for ends, seconds in self._ends:
            rounds, number = divmod(ahead, len(ends))
            number += self._on_their_way
            end = ends[number] if number < len(ends) else begin
            latest = max(latest, max(begin, end + seconds) + rounds * seconds)
        return latest

    def begin(self) -> None:
        """Count a message that leaves."""
        self._on_their_way += 1

    def end(self, now: float) -> None:
        """Note that Telegram has answered a message."""
        self._on_their_way -= 1
        for ends, _ in self._ends:
            ends.append(now)


@dataclass(eq=False)
class Waiting:
    """A message that waits behind the answers to earlier asks."""

    place: float
    chat_id: int
    may_go: asyncio.Event = field(default_factory=asyncio.Event)


class Pacing:
    """Sends messages. Nothing leaves while `may_send()` is false.

    `given_up` counts the messages that could not be sent. The log names each, without its text.
    """

    def __init__(self, may_send: Callable[[], bool] = lambda: True) -> None:
        self.given_up = 0
        self.ends_at = math.inf
        """Nothing leaves after this time of the event loop."""
        self._may_send = may_send
        self._all = Rates((RATE, 1.0))
        self._chats: dict[int, Rates] = {}  # the one that was used last comes last
        self._waiting: list[Waiting] = []
        self._messages, self._others = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        self._seconds = 0.0  # how long Telegram takes for a message, lately
        self._places = itertools.count()
        self.is_open = True
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many answers wait."""
        return sum(each.place < REFUSAL for each in self._waiting)

    @property
    def silence(self) -> float:
        """How many seconds Telegram still wants no message at all."""
        return max(0.0, self._all.held_until - asyncio.get_running_loop().time())

    @property
    def _slowness(self) -> float:
        """How many times longer messages take to leave than if Telegram answered at once.

        A chat gets its next message a second after Telegram's answer. All chats together share
        AT_ONCE messages that are on their way.
        """
        return max(1 + self._seconds, RATE * self._seconds / AT_ONCE)

    def place(self) -> float:
        """Return the place of the answers to an ask that has just come."""
        return next(self._places)

    def wait(self, chat_id: int, in_chat: int = 0, in_all: int = 0) -> float:
        """Return how long an answer waits behind `in_chat` messages to its chat and `in_all`
        messages to all chats.

        The messages that wait here already are among them.
        """
        now = asyncio.get_running_loop().time()
        in_chat = max(in_chat, sum(each.chat_id == chat_id for each in self._waiting))
        in_all = max(in_all, self.waiting)
        begin = max(now, self._all.held_until)
        opens = max(
            self._all.opens(now, in_all),
            self._chat(chat_id).opens(begin, in_chat),
        )
        return (opens - now) * self._slowness

    def room(self, promised: int, seconds: float) -> int:
        """Return how many new asks can be answered within `seconds`, after `promised` messages, if
        each comes from a chat of its own.
        """
        return int((seconds - self.silence) * RATE / self._slowness) - max(promised, self.waiting)

    def begin(self, chat_id: int) -> bool:
        """Begin the turn of a message to a chat, if it may leave at once. `send` goes on with it,
        or `end` gives it back.
        """
        now = asyncio.get_running_loop().time()
        may_go = self.is_open and self._may_send() and now <= self.ends_at
        if self._chat(chat_id).is_busy or any(each.chat_id == chat_id for each in self._waiting):
            return False
        if not may_go or max(self._all.opens(now), self._chat(chat_id).opens(now)) > now:
            return False
        self._all.begin()
        self._chat(chat_id).begin()
        return True

    def end(self, chat_id: int) -> None:
        """End the turn of a message to a chat."""
        now = asyncio.get_running_loop().time()
        self._all.end(now)
        self._chat(chat_id).end(now)
        self._let_go()

    async def send(
        self,
        call: Call[Sent],
        chat_id: int,
        place: float,
        *,
        seconds: float = 0.0,
        has_begun: bool = False,
    ) -> Sent:
        """Send a message as soon as it may go; perhaps its turn has begun. Before it leaves, `call`
        should `check`, as it may have waited.

        Raises the error of the last try, which is not later than in so many seconds. A refusal that
        could not go by then raises TimeoutError.
        """
        loop = asyncio.get_running_loop()
        last_try = loop.time() + seconds
        while True:
            if not has_begun:
                await self._turn(place, chat_id, last_try if place == REFUSAL else None)
            has_begun = False
            try:
                async with self._messages:
                    begun = loop.time()
                    sent = await call()
                    # a mean over the last messages
                    self._seconds += (loop.time() - begun - self._seconds) / REMEMBERED
                    return sent
            except RetryAfter as error:
                self._obey(error, chat_id)
            except NotDoneError as error:
                again = loop.time() + PAUSE_SECONDS
                if again > last_try:
                    self.given_up += 1
                    logger.warning("A message to %s was given up: %s", chat_id, error)
                    raise
                chat = self._chat(chat_id)
                chat.held_until = max(chat.held_until, again)
            finally:
                self.end(chat_id)

    async def send_at_once(self, call: Call[object], chat_id: int) -> None:
        """Send a request that is no message. Raises NotDoneError if Telegram wants silence, because
        the request would be useless later.
        """
        held_until = max(self._all.held_until, self._chat(chat_id).held_until)
        if held_until > asyncio.get_running_loop().time():
            raise NotDoneError("Telegram wants silence")
        async with self._others:
            self.check()
            try:
                await call()
            except RetryAfter as error:
                self._obey(error)
                raise

    def check(self) -> None:
        """Raise NotDoneError if nothing may leave now."""
        may_go = self.is_open and self._may_send()
        if not may_go or asyncio.get_running_loop().time() > self.ends_at:
            raise NotDoneError("the bot stops, another process serves, or Telegram fails")

    def close(self) -> None:
        """Let nothing leave until `open`."""
        self.is_open = False

    def open(self) -> None:
        self.is_open = True
        self._let_go()

    async def _turn(self, place: float, chat_id: int, until: float | None) -> None:
        """Wait until a message may go, and begin its turn."""
        message = Waiting(place, chat_id)
        bisect.insort(self._waiting, message, key=lambda each: each.place)
        self._let_go()
        try:
            async with asyncio.timeout_at(until):
                await message.may_go.wait()
        except BaseException:
            if message in self._waiting:
                self._waiting.remove(message)
            else:  # it could go at the very moment at which nobody waited any more
                self.end(chat_id)
            raise

    def _let_go(self) -> None:
        """Let go every message that may go, and set the timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now > self.ends_at or not self.is_open:
            return
        later = math.inf
        for message in self._waiting.copy():
            if (opens := self._all.opens(now)) > now:
                later = min(later, opens)
                break
            chat = self._chat(message.chat_id)
            if chat.is_busy:  # so that its messages arrive in order
                continue
            if chat.opens(now) > now:
                later = min(later, chat.opens(now))
                continue
            self._waiting.remove(message)
            self._all.begin()
            chat.begin()
            message.may_go.set()
        if later < math.inf:
            self._timer = loop.call_at(later, self._let_go)

    def _chat(self, chat_id: int) -> Rates:
        """Return the rates of a chat. The chats that were used last are remembered."""
        used = self._chats.pop(chat_id, None)
        if used is None:
            used = Rates(TO_A_CHAT, TO_A_GROUP) if chat_id < 0 else Rates(TO_A_CHAT)
        self._chats[chat_id] = used  # at the end, so that the first is the one to forget
        if len(self._chats) > MOST_CHATS:
            del self._chats[next(iter(self._chats))]
        return used

    def _obey(self, error: RetryAfter, chat_id: int | None = None) -> None:
        """Send nothing to this chat for as long as Telegram asks. If the request had no chat, or
        another chat is left alone already, send nothing at all.
        """
        now = asyncio.get_running_loop().time()
        others = [chat for each, chat in self._chats.items() if each != chat_id]
        held, whom = self._all, "all chats"
        if chat_id is not None and all(chat.held_until <= now for chat in others):
            held, whom = self._chat(chat_id), str(chat_id)
        held.held_until = max(held.held_until, now + silence_in(error))
        logger.warning("Telegram wants silence in %s for %.0f s", whom, silence_in(error))


def silence_in(error: RetryAfter) -> float:
    """Return for how long Telegram wants to be left alone."""
    wait = error.retry_after
    return wait if isinstance(wait, int) else wait.total_seconds()  # the library's type allows both
