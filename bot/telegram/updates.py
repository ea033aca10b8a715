"""Where Telegram's updates come from: polls, each tried again until Telegram answers.

Polling fetches no more than can be answered in time. Without room for any update, it pauses until
half of the messages that wait have left: Telegram keeps updates for a day.

python-telegram-bot's own Updater can go deaf, so here a new polling client takes over after each
failure.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from telegram import Update
from telegram.constants import PollingLimit
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import ExtBot
from telegram.request import BaseRequest

from bot.chat import StartError
from bot.telegram.pacing import seconds
from bot.words import sentences

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]
POLL_SECONDS = 10
"""Telegram answers a poll after this time, even if nothing has happened."""
WAIT_SECONDS = 30.0
"""What is fetched can be answered in this time."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
"""The pause after the first failed try to reach Telegram, and the longest pause after further
tries."""
CONFIRM_SECONDS = 1.0
"""How long a stop tries to tell Telegram which updates have arrived."""
LOOK_SECONDS = 0.5
"""How often a pause looks whether there is room again."""


class Updates:
    """Fetches the updates of a client, whose transport for polls is `polling`."""

    def __init__(self, client: ExtBot[Any], polling: BaseRequest) -> None:
        self._client = client
        self._polling = polling
        self._offset: int | None = None
        self._heard = asyncio.get_running_loop().time()  # when Telegram answered last
        self._failed = 0
        self._silent_since: datetime | None = None

    async def fetch(self, take: Callable[[Update], None], room: Callable[[float], int]) -> None:
        """Hand each update to `take`, until the task is cancelled. Raises StartError.

        `room(seconds)` says how many more updates can be answered in that time.
        """
        # Telegram answers no polls while it has a webhook
        await self.answered(self._client.delete_webhook)
        while True:
            if room(WAIT_SECONDS) < 1:
                await self._pause(room)
            most = min(room(WAIT_SECONDS), PollingLimit.MAX_LIMIT)
            for update in await self.answered(partial(self._poll, most, POLL_SECONDS)):
                self._offset = update.update_id + 1
                take(update)
            # so that each ask has its place before the next look at the room
            await asyncio.sleep(0)

    async def confirm(self) -> None:
        """Tell Telegram which updates have arrived; otherwise it would send some again."""
        if self._offset is None:
            return
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await self._renew()  # a poll that was cancelled may have lost the only connection
                await self._poll(1, 0)
        except (TimeoutError, TelegramError) as error:
            reason = type(error).__name__
            logger.info("Telegram could not be told which updates have arrived (%s)", reason)

    async def answered(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Ask Telegram for something until it answers. Raises StartError."""
        pause = PAUSE_SECONDS
        while True:
            try:
                answer = await call()
            except InvalidToken:  # whose text holds the token
                raise StartError(
                    "Telegram rejects the TELEGRAM_TOKEN; put the one that @BotFather gives into"
                    " the environment or .env"
                ) from None
            except Conflict:
                logger.error(  # noqa: TRY400
                    "Another program fetches this bot's updates with the same token; end it, or"
                    " this one"
                )
            except TelegramError as error:
                if isinstance(error, RetryAfter):
                    pause = max(pause, seconds(error))
                logger.warning(
                    "Telegram does not answer as it should (%s); the next try is in %.0f s",
                    error,
                    pause,
                )
            else:
                self._heard = asyncio.get_running_loop().time()
                self._silent_since = None
                return answer
            self._failed += 1
            self._silent_since = self._silent_since or datetime.now(UTC)
            await self._renew()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def facts(self) -> dict[str, str]:
        ago = sentences.duration(self.figures()["last_poll_seconds"])
        return {"last poll": f"{ago} ago, {self._failed:,} failed"}

    def figures(self) -> dict[str, float]:
        silent = asyncio.get_running_loop().time() - self._heard
        return {"polls_begun_anew_total": self._failed, "last_poll_seconds": silent}

    def failures(self) -> dict[str, str]:
        if self._silent_since is None:
            return {}
        return {"Telegram": f"no good answer since {self._silent_since:%Y-%m-%d %H:%M:%S} UTC"}

    async def _pause(self, room: Callable[[float], int]) -> None:
        """Fetch nothing until half of what waits has left."""
        with contextlib.suppress(TelegramError):
            await self._poll(1, 0)  # what it returns is not taken, but what was taken is confirmed
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if room(WAIT_SECONDS / 2) >= 1:
                return

    async def _poll(self, most: int, wait: int) -> tuple[Update, ...]:
        return await self._client.get_updates(
            self._offset, limit=most, timeout=wait, allowed_updates=ALLOWED_UPDATES
        )

    async def _renew(self) -> None:
        """Renew the polling client, whose only connection may have leaked (encode/httpcore
        #1093).
        """
        with contextlib.suppress(Exception):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._polling.shutdown()
        with contextlib.suppress(Exception):  # what is wrong shows in the next poll
            await self._polling.initialize()
