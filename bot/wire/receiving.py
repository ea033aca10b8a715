"""How updates come in: the bot polls, or Telegram calls a webhook. Both are python-telegram-bot's own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from telegram import Update
from telegram.error import Conflict, TelegramError

if TYPE_CHECKING:
    from telegram.ext import Updater

    from bot.settings import Webhook

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY]

ASK_EVERY = 300.0
"""Seconds between two questions of a bot that does not poll."""


class Receiving:
    """Fills the queue of updates, from `start` to `stop`."""

    def __init__(self, updater: Updater, webhook: Webhook | None) -> None:
        self._updater = updater
        self._webhook = webhook
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, and wait for Telegram as long as it takes; InvalidToken."""
        if self._webhook is None:
            await self._updater.start_polling(
                bootstrap_retries=-1, allowed_updates=ALLOWED_UPDATES, error_callback=_log_error
            )
        else:
            await self._start_webhook(self._webhook)

    async def stop(self, seconds: float) -> None:
        """Take nothing more, and within so many seconds tell Telegram what has arrived, or some of it comes again."""
        if self._watching is not None:
            self._watching.cancel()
        if not self._updater.running:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._updater.stop()
        except Exception as error:
            logger.info("Telegram could not be told which updates have arrived (%s)", type(error).__name__)

    async def _start_webhook(self, webhook: Webhook) -> None:
        from bot.wire.webhook import install  # and with it a web server, which polling does not need

        install()
        await self._updater.start_webhook(
            listen=webhook.listen.host,
            port=webhook.listen.port,
            url_path=urlsplit(webhook.url).path.strip("/"),
            webhook_url=webhook.url,
            secret_token=webhook.secret.reveal(),
            bootstrap_retries=-1,
            allowed_updates=ALLOWED_UPDATES,
        )
        self._watching = asyncio.create_task(self._watch_token())
        logger.info("Waiting for Telegram at %s:%d", webhook.listen.host, webhook.listen.port)

    async def _watch_token(self) -> None:
        """Ask Telegram something now and then: the bot learns from the answer if its token was revoked."""
        while True:
            await asyncio.sleep(ASK_EVERY)
            with contextlib.suppress(TelegramError):
                await self._updater.bot.get_webhook_info()


def _log_error(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        logger.error("Another program fetches this bot's updates with the same token; end it, or this one")
    else:
        logger.warning("Telegram cannot be reached (%s); trying again", error)
