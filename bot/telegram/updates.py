"""Where Telegram's updates come from: polling, or a webhook. A failed poll is tried again.

An update that cannot be parsed is logged once by its id and passed over. python-telegram-bot's own
Updater would fetch its batch again without end. It can also go deaf, so here a new polling client
takes over after each failed poll.

Polling fetches no more than can be answered in time. Without room for any, it pauses until half of
the messages that wait have left: Telegram keeps updates for a day. A webhook cannot pause.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from telegram import Update
from telegram.constants import PollingLimit
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.capacity import LONGEST_WAIT_SECONDS
from bot.chat import StartError
from bot.telegram.pacing import seconds
from bot.telegram.request import readable
from bot.words import sentences

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web
    from telegram.ext import ExtBot
    from telegram.request import BaseRequest

    from bot.settings import Webhook

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]
POLL_SECONDS = 10
"""Telegram answers a poll after this time, even if nothing has happened."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
"""The pause after the first failed try to reach Telegram, and the longest pause after further
tries."""
LOOK_SECONDS = 0.5
"""How often a pause looks whether there is room again."""
UNHEALTHY_SECONDS = 300.0
"""After a pause of this length the bot is not well, as nothing leaves."""
CHECK_SECONDS = 300.0
"""How often a bot with a webhook asks whether Telegram still accepts its token.

Polling finds out by itself.
"""


class Updates:
    """Fetches the updates of a client, whose transport for polls is `polling`, or receives them at
    a webhook.
    """

    def __init__(self, client: ExtBot[Any], polling: BaseRequest, webhook: Webhook | None) -> None:
        self._client = client
        self._polling = polling
        self._webhook = webhook
        self._offset: int | None = None
        # on the clock of the event loop: when a poll succeeded last
        self._heard: float | None = None
        self._failed_polls = 0
        self._paused: float | None = None  # since when
        self._pauses = 0
        self._silent_since: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None  # ends when Telegram rejects the token
        self._runner: web.AppRunner | None = None

    async def open(self, take: Callable[[Update], None], room: Callable[[float], int]) -> None:
        """Hand each update to `take` from now on. Raises StartError.

        `room(seconds)` says how many more updates can be answered in that time.
        """
        if self._webhook:
            await self._listen(self._webhook, take)
        self._fetching = asyncio.create_task(
            self._check_token() if self._webhook else self._poll(take, room)
        )

    async def confirm(self, seconds: float) -> None:
        """Tell Telegram which updates have arrived, once no more are taken; otherwise it sends some
        again.
        """
        if self._offset is None or self._fetching is None or not self._fetching.cancelled():
            return
        try:
            async with asyncio.timeout(seconds):
                await self._begin_anew()  # the poll that was cancelled may have lost its connection
                await self._client.get_updates(
                    self._offset, timeout=0, allowed_updates=ALLOWED_UPDATES
                )
        except (TimeoutError, TelegramError) as error:
            logger.info(
                "Telegram could not be told which updates have arrived (%s)", type(error).__name__
            )

    async def stop(self) -> None:
        if self._fetching:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token, and raise StartError."""
        if self._fetching:
            await asyncio.shield(self._fetching)

    async def answered(self, call: Callable[[], Awaitable[Any]]) -> None:
        """Ask Telegram for something until it answers, and remember since when it does not.

        Raises StartError.
        """

        async def failed() -> None:
            self._silent_since = self._silent_since or datetime.now(UTC)

        await _persist(call, failed)
        self._silent_since = None

    def facts(self) -> dict[str, str]:
        if self._heard is None:
            return {"last poll": "none, as Telegram calls"}
        pause = (
            f", paused for {sentences.duration(self._paused_for)}"
            if self._paused is not None
            else ""
        )
        ago = sentences.duration(asyncio.get_running_loop().time() - self._heard)
        return {"last poll": f"{ago} ago, {self._failed_polls:,} failed{pause}"}

    def figures(self) -> dict[str, float]:
        """Return numbers for `/metrics`.

        Until a poll succeeds, the last one counts as made when polling began.
        """
        figures: dict[str, float] = {"polls_begun_anew_total": self._failed_polls}
        if self._heard is not None:
            figures["last_poll_seconds"] = asyncio.get_running_loop().time() - self._heard
            figures |= {
                "polling_paused_seconds": self._paused_for,
                "polling_pauses_total": self._pauses,
            }
        return figures

    def failures(self) -> dict[str, str]:
        found = {}
        if self._silent_since:
            found["Telegram"] = f"no good answer since {self._silent_since:%Y-%m-%d %H:%M:%S} UTC"
        if self._paused_for > UNHEALTHY_SECONDS:
            found["polling"] = (
                f"paused for {sentences.duration(self._paused_for)}, as no messages leave"
            )
        return found

    @property
    def _paused_for(self) -> float:
        return 0.0 if self._paused is None else asyncio.get_running_loop().time() - self._paused

    async def _poll(self, take: Callable[[Update], None], room: Callable[[float], int]) -> None:
        """Fetch updates until the task is cancelled. Raises StartError."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        # Telegram answers no polls while it has a webhook
        await self.answered(self._client.delete_webhook)
        options: dict[str, Any] = {"timeout": POLL_SECONDS, "allowed_updates": ALLOWED_UPDATES}
        while True:
            limit = min(await self._some(room), PollingLimit.MAX_LIMIT)
            poll = partial(self._client.get_updates, self._offset, limit=limit, **options)
            updates = await _persist(poll, self._begin_anew)
            self._heard = loop.time()
            for update in updates:
                self._offset = update.update_id + 1
                take(update)
            # so that each ask has its place before the next look at the room
            await asyncio.sleep(0)

    async def _some(self, room: Callable[[float], int]) -> int:
        """Return how many updates may be fetched.

        Without room for any, pause until half of what waits has left.
        """
        loop = asyncio.get_running_loop()
        if room(LONGEST_WAIT_SECONDS) < 1:
            self._paused, self._pauses = loop.time(), self._pauses + 1
            # nothing is taken, but Telegram is told what has arrived
            with contextlib.suppress(TelegramError):
                await self._client.get_updates(
                    self._offset, limit=1, timeout=0, allowed_updates=ALLOWED_UPDATES
                )
            while room(LONGEST_WAIT_SECONDS / 2) < 1:
                await asyncio.sleep(LOOK_SECONDS)
                self._heard = loop.time()  # who pauses is not deaf
            self._paused = None
        return room(LONGEST_WAIT_SECONDS)

    async def _begin_anew(self) -> None:
        """Count a failed poll, and renew its client: the only connection may have leaked
        (encode/httpcore #1093).
        """
        self._failed_polls += 1
        with contextlib.suppress(Exception):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._polling.shutdown()
        with contextlib.suppress(Exception):  # what is wrong shows in the next poll
            await self._polling.initialize()

    async def _listen(self, webhook: Webhook, take: Callable[[Update], None]) -> None:
        """Serve the webhook, and tell Telegram its address, however long that takes."""
        from aiohttp import web  # which polling does not need

        async def receive(request: web.Request) -> web.Response:
            secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
            if not hmac.compare_digest(
                secret.encode(errors="replace"), webhook.secret.reveal().encode()
            ):
                return web.Response(status=403)
            try:
                update = Update.de_json(readable(json.loads(await request.read())), self._client)
            except (ValueError, TypeError, KeyError):
                return web.Response(status=400)
            take(update)
            return web.Response()

        app = web.Application()
        app.router.add_post(urlsplit(webhook.url).path or "/", receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, webhook.listen.host, webhook.listen.port).start()
        except OSError as error:
            raise StartError(f"cannot listen at WEBHOOK_LISTEN: {error.strerror}") from error
        options: dict[str, Any] = {
            "secret_token": webhook.secret.reveal(),
            "allowed_updates": ALLOWED_UPDATES,
        }
        await self.answered(partial(self._client.set_webhook, webhook.url, **options))
        logger.info("Waiting for Telegram at %s:%d", webhook.listen.host, webhook.listen.port)

    async def _check_token(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.answered(self._client.get_webhook_info)


async def _persist(
    call: Callable[[], Awaitable[Any]], failed: Callable[[], Awaitable[None]]
) -> Any:
    """Ask Telegram for something until it answers, and call `failed` after each failure.

    Raises StartError.
    """
    pause = PAUSE_SECONDS
    while True:
        try:
            return await call()
        except InvalidToken:  # whose text holds the token
            raise StartError(
                "Telegram rejects the TELEGRAM_TOKEN; put the one that @BotFather gives into the"
                " environment or .env"
            ) from None
        except TelegramError as error:
            pause = max(pause, seconds(error)) if isinstance(error, RetryAfter) else pause
            if isinstance(error, Conflict):
                logger.error(  # noqa: TRY400
                    "Another program fetches this bot's updates with the same token; end it, or"
                    " this one"
                )
            else:
                logger.warning(
                    "Telegram does not answer as it should (%s); the next try is in %.0f s",
                    error,
                    pause,
                )
        await failed()
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
