"""How fast the bot speaks: python-telegram-bot's own limiter, with an end to what waits.

`AIORateLimiter` keeps to Telegram's limits, for all messages together and for each group, and when Telegram says 429
all the same, everything waits for as long as Telegram asks, and is then tried again. That is safe, for what was refused
was not done. A request that timed out may have been done, and is never repeated.

The library's limiter would wait for an hour if it is told to. Here nothing waits longer than `PATIENCE`, and hardly at
all once the bot stops; what could not get its turn by then is given up at once, so that one crowded group does not keep
the bot from everybody else. A request that is on its way is not interrupted. Not here: how much one person may ask for
(`limits`), and a limit of one message a second in each chat, which Telegram does not insist on.
"""

from __future__ import annotations

import asyncio
import datetime
import math
from typing import TYPE_CHECKING, Any

from telegram.error import RetryAfter, TelegramError
from telegram.ext import AIORateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

TO_A_GROUP = 20
"""Messages a minute that Telegram lets a bot send to one group."""
PATIENCE = 30.0
"""Seconds that a request waits for its turn, or because Telegram says 429; what should wait longer is given up."""
LAST_PATIENCE = 5.0
"""Seconds in which all that waits has to get its turn once the bot stops."""


class Pacing(AIORateLimiter):
    """At most `rate` messages a second, and 20 a minute to a group; None: no limits but those that Telegram names."""

    def __init__(self, rate: int | None) -> None:
        # Each refusal asks for a second at least, so what ends the tries is the patience.
        super().__init__(rate or 0, group_max_rate=TO_A_GROUP if rate else 0, max_retries=math.ceil(PATIENCE))
        self._waiting: dict[asyncio.Timeout, object] = {}  # and the chats that they are for
        self._silent_until = -math.inf
        self._latest = math.inf

    def hurry(self) -> None:
        """Give up in a moment what waits then, or would have to: the bot stops."""
        self._latest = asyncio.get_running_loop().time() + LAST_PATIENCE
        for deadline in self._waiting:
            if not deadline.expired():
                deadline.reschedule(min(self._latest, deadline.when() or math.inf))

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Send a request when it is its turn; RetryAfter or TelegramError where that would be too late."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + PATIENCE
        refusal: RetryAfter | None = None
        if self._base_limiter is None and loop.time() >= self._silent_until:  # nothing to wait for, as far as one knows
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                refusal, latest = error, self._wait_after(error, min(latest, self._latest))
                if latest <= loop.time():
                    raise
        if self._is_crowded(data.get("chat_id")):
            raise TelegramError(f"{endpoint} would wait too long for its turn; nothing was sent")

        async def send(*args: Any, **kwargs: Any) -> Any:
            nonlocal refusal
            # The library's own pause ends as soon as any other request does.
            if (silence := self._silent_until - loop.time()) > 0:
                await asyncio.sleep(silence)
            self._waiting.pop(deadline, None)
            deadline.reschedule(None)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                refusal = error
                deadline.reschedule(self._wait_after(error, min(latest, self._latest)))
                self._waiting[deadline] = data.get("chat_id")
                raise

        deadline = asyncio.timeout_at(min(latest, self._latest))
        self._waiting[deadline] = data.get("chat_id")
        try:
            async with deadline:
                return await super().process_request(send, args, kwargs, endpoint, data, rate_limit_args)
        except TimeoutError:
            raise refusal or TelegramError(f"{endpoint} waited too long for its turn; nothing was sent") from None
        finally:
            self._waiting.pop(deadline, None)

    def _wait_after(self, error: RetryAfter, latest: float) -> float:
        """Let everything wait as Telegram asks, if that is not too long; returns when to give up."""
        now = asyncio.get_running_loop().time()
        if now + seconds(error) > latest:
            return now
        self._silent_until = max(self._silent_until, now + seconds(error))
        return latest

    def _is_crowded(self, chat_id: object) -> bool:
        """Tell whether so much waits for a group that one more would not get its turn in time."""
        is_group = isinstance(chat_id, str) or (isinstance(chat_id, int) and chat_id < 0)
        if not (self._group_max_rate and is_group):
            return False
        return sum(other == chat_id for other in self._waiting.values()) >= TO_A_GROUP * PATIENCE / 60


def seconds(error: RetryAfter) -> float:
    """Return for how long Telegram wants to be left alone."""
    # A number or a timedelta, depending on the library's version and environment.
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, datetime.timedelta) else float(wait)
