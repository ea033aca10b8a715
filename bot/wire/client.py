"""The library's bot, paced, and aware of a token that Telegram rejects: the updater alone would stop in silence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from telegram import LinkPreviewOptions
from telegram.error import InvalidToken
from telegram.ext import Defaults, ExtBot

if TYPE_CHECKING:
    from telegram import Update
    from telegram.request import BaseRequest

    from bot.values import Secret
    from bot.wire.pacing import Pacing

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

    async def rejected(self) -> None:
        """Wait until Telegram rejects the token."""
        await self._rejected.wait()

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:
        """Fetch updates."""
        try:
            return await super().get_updates(*args, **kwargs)
        except InvalidToken:
            self._rejected.set()
            raise
