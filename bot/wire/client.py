"""The library's bot, paced, and aware of a token that Telegram rejects: the updater alone would stop in silence."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from telegram import LinkPreviewOptions
from telegram.error import InvalidToken
from telegram.ext import Defaults, ExtBot

if TYPE_CHECKING:
    from telegram import Update, WebhookInfo
    from telegram.request import BaseRequest

    from bot.values import Secret
    from bot.wire.pacing import Pacing

logger = logging.getLogger(__name__)

SILENCE = 90.0
"""Seconds without a successful poll, after which the operator should know."""
TELEGRAM = "https://api.telegram.org"


class Client(ExtBot[Any]):
    """Calls the Bot API at `server`, or Telegram's own; `polling` fetches updates, `request` does everything else."""

    def __init__(
        self, token: Secret, server: str | None, request: BaseRequest, polling: BaseRequest, pacing: Pacing
    ) -> None:
        server = server or TELEGRAM
        super().__init__(
            token.reveal(),
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=request,
            get_updates_request=polling,
            defaults=Defaults(
                link_preview_options=LinkPreviewOptions(is_disabled=True), allow_sending_without_reply=True
            ),
            rate_limiter=pacing,
        )
        self._rejected = asyncio.Event()
        self._last_poll: float | None = None
        self._silences = 0
        self._is_deaf = False

    @property
    def silent_for(self) -> float | None:
        """The seconds since Telegram answered a poll, or since the first one; None if the bot does not poll."""
        return None if self._last_poll is None else time.monotonic() - self._last_poll

    @property
    def silences(self) -> int:
        """How often no poll succeeded for `SILENCE` seconds."""
        return self._silences

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token."""
        await self._rejected.wait()

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:
        """Fetch updates."""
        if self._last_poll is None:
            self._last_poll = time.monotonic()
        try:
            updates = await super().get_updates(*args, **kwargs)
        except InvalidToken:
            self._rejected.set()
            raise
        except Exception:  # within seconds, as each poll is cut
            if not self._is_deaf and time.monotonic() - self._last_poll >= SILENCE:
                self._is_deaf = True
                self._silences += 1
                logger.error("For %.0f s, no poll of Telegram has succeeded", SILENCE)  # noqa: TRY400 - said elsewhere
            raise
        self._last_poll, self._is_deaf = time.monotonic(), False
        return updates

    async def get_webhook_info(self, *args: Any, **kwargs: Any) -> WebhookInfo:
        """Ask how the webhook fares."""
        try:
            return await super().get_webhook_info(*args, **kwargs)
        except InvalidToken:
            self._rejected.set()
            raise
