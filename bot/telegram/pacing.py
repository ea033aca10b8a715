"""When each message leaves: the answer to the oldest ask first, within what Telegram takes.

Telegram takes about 30 messages a second in all, one a second to one chat, and 20 a minute to one
group. Short bursts pass. An edit counts as a message. A chat that may take no more delays no other
chat. Requests that are no messages (a button's release, offers, typing) do not wait.

After a 429, the chat that earned it is left alone for as long as Telegram asks, and its messages
wait. If that happens to a second chat meanwhile, or to a request without a chat, every chat is left
alone.

If Telegram surely did not act (no connection, or a status of 500 to 503), the message keeps its
place and is tried again for ten minutes. An edit is tried again even if it may have arrived, as
it does no harm twice. The caller handles every other failure.

How much is accepted is decided elsewhere: callers ask `wait`, `room` or `allow_refusal` first.
"""

import asyncio
import bisect
import itertools
import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from telegram.error import BadRequest, NetworkError, RetryAfter

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
RETRY_SECONDS, PAUSE_SECONDS = 600.0, 1.0
"""How long a failed message is tried again, and the pause between two tries."""
REMEMBERED = 30
"""Telegram's speed is a mean over about this many messages."""
SHARE = 5
"""While messages are expected, at least this many leave for each refusal."""
REFUSAL_SECONDS = 3.0
"""A refusal that would leave later is not said."""
REFUSAL = 0
"""The place of a refusal: before all answers."""


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
    """A message that waits behind the answers to earlier asks. A refusal waits behind none."""

    place: int
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
        self._unspent = SHARE  # how many messages have been sent that no refusal has used up
        self._seconds = 0.0  # how long Telegram takes for a message, lately
        self._places = itertools.count(REFUSAL + 1)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

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

    def place(self) -> int:
        """Return the place of the answers to an ask that has just come."""
        return next(self._places)

    def wait(self, chat_id: int, in_chat: int = 0, in_all: int = 0) -> float:
        """Return how long an answer waits behind `in_chat` messages to its chat and `in_all`
        messages to all chats.

        The messages that wait here already are among them. Every sixth message may be a refusal.
        """
        now = asyncio.get_running_loop().time()
        in_chat = max(in_chat, sum(each.chat_id == chat_id for each in self._waiting))
        in_all = max(in_all, self.waiting)
        begin = max(now, self._all.held_until)
        opens = max(
            self._all.opens(now, in_all * (SHARE + 1) // SHARE),
            self._chat(chat_id).opens(begin, in_chat * (SHARE + 1) // SHARE),
        )
        return (opens - now) * self._slowness

    def room(self, promised: int, seconds: float) -> int:
        """Return how many new asks can be answered within `seconds`, after `promised` messages, if
        each comes from a chat of its own.
        """
        # every sixth message may be a refusal
        answers = (seconds - self.silence) * RATE * SHARE / (SHARE + 1)
        return int(answers / self._slowness) - max(promised, self.waiting)

    def allow_refusal(self, chat_id: int, expected: int) -> bool:
        """Return whether a refusal may go to a chat, and then count it as said.

        It may go if it could leave soon, and if enough messages were sent since the last refusal or
        no other messages are `expected`.
        """
        if not (expected or self._waiting):
            self._unspent = max(self._unspent, SHARE)
        now = asyncio.get_running_loop().time()
        opens = max(self._all.opens(now), self._chat(chat_id).opens(now))
        if self._unspent < SHARE or opens > now + REFUSAL_SECONDS:
            return False
        self._unspent -= SHARE
        return True

    async def send(
        self, call: Call[Sent], chat_id: int, place: int, *, is_edit: bool = False
    ) -> Sent:
        """Send a message as soon as it may go. Raises the error of the last try."""
        loop = asyncio.get_running_loop()
        last_try = loop.time() + RETRY_SECONDS
        while True:
            try:
                async with self._turn(place, chat_id), self._messages:
                    self.check()
                    begun = loop.time()
                    sent = await call()
                    # a mean over the last messages
                    self._seconds += (loop.time() - begun - self._seconds) / REMEMBERED
            except RetryAfter as error:
                self._obey(error, chat_id)
            except NetworkError as error:
                # a second try could show a new message twice, and a bad request stays bad
                may_do_harm = not (is_edit or isinstance(error, NotDoneError))
                if may_do_harm or isinstance(error, BadRequest):
                    raise
                again = loop.time() + PAUSE_SECONDS
                if again > last_try:
                    self.given_up += 1
                    logger.warning("A message to %s was given up: %s", chat_id, error)
                    raise
                chat = self._chat(chat_id)
                chat.held_until = max(chat.held_until, again)
            else:
                if place != REFUSAL:
                    # no more are saved up than leave in a second
                    self._unspent = min(self._unspent + 1, max(RATE, SHARE))
                return sent

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
        if not self._may_send() or asyncio.get_running_loop().time() > self.ends_at:
            raise NotDoneError("the bot stops, or another process serves")

    @asynccontextmanager
    async def _turn(self, place: int, chat_id: int) -> AsyncIterator[None]:
        """Wait until a message may go; the block lasts while it is on its way."""
        message = Waiting(place, chat_id)
        bisect.insort(self._waiting, message, key=lambda each: each.place)
        self._let_go()
        try:
            await message.may_go.wait()
            yield
        finally:
            if message in self._waiting:  # cancelled before it could go
                self._waiting.remove(message)
            else:
                now = asyncio.get_running_loop().time()
                self._all.end(now)
                self._chat(chat_id).end(now)
            self._let_go()

    def _let_go(self) -> None:
        """Let go every message that may go, and set the timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now > self.ends_at:
            return
        later = math.inf
        for message in self._waiting.copy():
            if (opens := self._all.opens(now)) > now:
                later = min(later, opens)
                break
            chat = self._chat(message.chat_id)
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
