"""When each message leaves: the answer to the oldest ask first, within what Telegram takes.

Telegram takes about 30 messages a second in all, one a second to one chat, and 20 a minute to one
group. Short bursts pass. An edit counts as a message. A chat that may take no more delays no other
chat. Requests that are no messages (a button's release, offers, typing) do not wait.

After a 429, the chat that earned it is left alone for as long as Telegram asks, and its messages
wait. If that happens to a second chat meanwhile, or to a request without a chat, every chat is left
alone.

If Telegram surely did not act (no connection, or a status of 500 to 503), the message keeps its
place and is tried again for half a minute. An edit is tried again even if it may have arrived, as
it does no harm twice. Every other failure is the caller's to judge.

How much is accepted is decided elsewhere: callers ask `wait`, `room` or `spares` first.
"""

import asyncio
import bisect
import functools
import itertools
import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.ext import BaseRateLimiter

from bot.telegram.request import CONNECTIONS, NotDoneError

logger = logging.getLogger(__name__)

RATE = 30
"""How many messages leave in a second."""
TO_A_CHAT, TO_A_GROUP = (4, 4.0), (20, 60.0)
"""How many messages leave to one of them in how many seconds. A group is a chat, too."""
AT_ONCE = CONNECTIONS // 2
"""How many messages, and how many other requests, are on their way at the same time. So no request
waits for a connection. 12 are enough for 30 messages a second, if Telegram takes 0.4 s for each."""
RETRY_SECONDS, PAUSE_SECONDS = 30.0, 1.0
"""How long a failed message is tried again, and the pause between two tries."""
SHARE = 5
"""At least so many messages leave for each refusal."""
REFUSAL_SECONDS = 3.0
"""A refusal that would leave later is not said."""
REFUSAL = 0
"""The place of a refusal: before all answers."""


class Limits:
    """What limits the messages to one chat, or to all: at most so many in so many seconds, and none
    while Telegram wants silence.

    A message counts from its start until so many seconds after Telegram's answer, because Telegram
    may count it at any time between.
    """

    def __init__(self, *limits: tuple[int, float]) -> None:
        self.held_until = -math.inf
        # when Telegram answered the last messages: infinity for those on their way
        self._ends = [(deque([-math.inf] * most, most), seconds) for most, seconds in limits]

    def opens(self, now: float, ahead: int = 0) -> float:
        """Return when one more message may go behind `ahead` others that wait."""
        begin = max(now, self.held_until)
        latest = begin
        for ends, seconds in self._ends:
            rounds, number = divmod(ahead, len(ends))
            end = min(ends[number], begin)
            latest = max(latest, max(begin, end + seconds) + rounds * seconds)
        return latest

    def begin(self) -> None:
        for ends, _ in self._ends:
            ends.append(math.inf)

    def end(self, now: float) -> None:
        for ends, _ in self._ends:
            ends[ends.index(math.inf)] = now

    def is_idle(self, now: float) -> bool:
        """Return whether nothing limits messages any more."""
        return self.held_until <= now and all(
            ends[-1] + seconds <= now for ends, seconds in self._ends
        )


@dataclass(eq=False)
class Message:
    """A message that waits: behind what was asked before it, or with REFUSAL before all.

    After `last_try`, it is not tried again. `doubt` is an error that left an edit in doubt.
    """

    place: int
    chat_id: int
    endpoint: str
    last_try: float = math.inf
    doubt: NetworkError | None = None
    may_go: asyncio.Event = field(default_factory=asyncio.Event)


class Pacing(BaseRateLimiter[int]):
    """Sends messages, as python-telegram-bot's rate limiter. Nothing leaves while `may_send()` is
    false.

    `given_up` counts the messages that could not be sent. The log names each, without its text.
    """

    def __init__(self, may_send: Callable[[], bool] = lambda: True) -> None:
        self.given_up = 0
        self._may_send = may_send
        self._all = Limits((RATE, 1.0))
        self._chats: dict[int, Limits] = {}  # the one that was used last comes last
        self._waiting: list[Message] = []
        self._messages, self._others = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        self._left = SHARE  # how many messages have left that no refusal was said for
        self._places = itertools.count(REFUSAL + 1)
        self._timer: asyncio.TimerHandle | None = None

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def place(self) -> int:
        """Return the place of the answers to an ask that has just come."""
        return next(self._places)

    def wait(self, chat_id: int, in_chat: int = 0, in_all: int = 0) -> float:
        """Return how long an answer waits behind `in_chat` messages to its chat and `in_all`
        messages to all chats.

        What waits here already is among them. Every sixth message may be a refusal.
        """
        now = asyncio.get_running_loop().time()
        in_chat = max(in_chat, sum(each.chat_id == chat_id for each in self._waiting))
        in_all = max(in_all, self.waiting)
        begin = max(now, self._all.held_until)
        opens = max(
            self._all.opens(now, in_all * (SHARE + 1) // SHARE),
            self._chat(chat_id).opens(begin, in_chat * (SHARE + 1) // SHARE),
        )
        return opens - now

    def room(self, promised: int, seconds: float) -> int:
        """Return how many more messages can leave within `seconds`, each to another chat, behind
        `promised` ones.
        """
        held = max(0.0, self._all.held_until - asyncio.get_running_loop().time())
        answers = (seconds - held) * RATE * SHARE / (SHARE + 1)
        return int(answers) - max(promised, self.waiting)

    def spares(self, chat_id: int) -> bool:
        """Return whether a refusal may go to a chat: after enough messages, and soon.

        Then it counts as said.
        """
        now = asyncio.get_running_loop().time()
        opens = max(self._all.opens(now), self._chat(chat_id).opens(now))
        if self._left < SHARE or opens > now + REFUSAL_SECONDS:
            return False
        self._left -= SHARE
        return True

    async def process_request(
        self,
        callback: Any,
        args: Any,
        kwargs: Any,
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Send a request as soon as it may go. Raises what its last try raised."""
        call = functools.partial(callback, *args, **kwargs)
        chat_id = data.get("chat_id")
        if chat_id is None or endpoint == "sendChatAction":
            return await self._send_at_once(call, chat_id)
        place = self.place() if rate_limit_args is None else rate_limit_args
        message = Message(place, chat_id, endpoint)
        while True:
            try:
                async with self._turn(message), self._messages:
                    if not self._may_send():
                        raise NotDoneError("another process serves")
                    result = await call()
            except RetryAfter as error:
                self._obey(error, chat_id)
            except NetworkError as error:
                self._pause(message, error)
            else:
                if place != REFUSAL:
                    self._left = min(self._left + 1, max(RATE, SHARE))
                return result

    async def _send_at_once(self, call: Callable[[], Any], chat_id: int | None) -> Any:
        """Send what is no message, unless Telegram wants silence: later, it would be useless."""
        held = [self._all] if chat_id is None else [self._all, self._chat(chat_id)]
        if max(each.held_until for each in held) > asyncio.get_running_loop().time():
            raise NotDoneError("Telegram wants silence")
        async with self._others:
            try:
                return await call()
            except RetryAfter as error:
                self._obey(error, chat_id)
                raise

    @asynccontextmanager
    async def _turn(self, message: Message) -> AsyncIterator[None]:
        """Wait until a message may go; the block lasts while it is on its way."""
        message.may_go.clear()
        bisect.insort(self._waiting, message, key=lambda each: each.place)
        self._serve()
        try:
            await message.may_go.wait()
            yield
        finally:
            if message in self._waiting:
                self._waiting.remove(message)
            else:
                now = asyncio.get_running_loop().time()
                self._all.end(now)
                self._chat(message.chat_id).end(now)
            self._serve()

    def _pause(self, message: Message, error: NetworkError) -> None:
        """Let a message that failed wait a moment for its next try. Raises the error if there must
        be none.
        """
        now = asyncio.get_running_loop().time()
        is_sure = isinstance(error, NotDoneError)
        is_edit = message.endpoint.startswith("edit")
        if isinstance(error, BadRequest) or not (is_sure or is_edit):
            raise error
        if not is_sure:
            message.doubt = error
        message.last_try = min(message.last_try, now + RETRY_SECONDS)
        if now + PAUSE_SECONDS > message.last_try:
            self.given_up += 1
            logger.warning("%s to %s was given up: %s", message.endpoint, message.chat_id, error)
            raise message.doubt or error
        logger.info("%s to %s is tried again: %s", message.endpoint, message.chat_id, error)
        chat = self._chat(message.chat_id)
        chat.held_until = max(chat.held_until, now + PAUSE_SECONDS)

    def _serve(self) -> None:
        """Let every message go that may, and set the timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        now = loop.time()
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
            self._timer = loop.call_at(later, self._serve)

    def _chat(self, chat_id: int) -> Limits:
        """Return what limits the messages to a chat. Chats that nothing limits are forgotten."""
        now = asyncio.get_running_loop().time()
        used = self._chats.pop(chat_id, None)
        while self._chats and next(iter(self._chats.values())).is_idle(now):
            del self._chats[next(iter(self._chats))]
        if used is None:
            used = Limits(TO_A_CHAT, TO_A_GROUP) if chat_id < 0 else Limits(TO_A_CHAT)
        self._chats[chat_id] = used
        return used

    def _obey(self, error: RetryAfter, chat_id: int | None) -> None:
        """Leave a chat alone for as long as Telegram asks; all of them, if it has no chat, or if
        another one is left alone already.
        """
        now = asyncio.get_running_loop().time()
        others = [chat for each, chat in self._chats.items() if each != chat_id]
        held, whom = self._all, "all chats"
        if chat_id is not None and all(chat.held_until <= now for chat in others):
            held, whom = self._chat(chat_id), str(chat_id)
        held.held_until = max(held.held_until, now + seconds(error))
        logger.warning("Telegram wants silence in %s for %.0f s", whom, seconds(error))


def seconds(error: RetryAfter) -> float:
    """Return for how long Telegram wants to be left alone: the library gives a number or a
    timedelta.
    """
    wait = error.retry_after
    return wait if isinstance(wait, int | float) else wait.total_seconds()
