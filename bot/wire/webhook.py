"""python-telegram-bot's webhook server, which by itself stumbles over an update that it cannot parse.

It logs the whole content of such an update, and answers 400, so that Telegram sends it again for hours.
"""

from __future__ import annotations

import json

from telegram.ext._utils import webhookhandler

from bot.wire.request import readable


class Handler(webhookhandler.TelegramHandler):
    """The library's handler, which gets only updates that it can parse."""

    def _validate_post(self) -> None:
        """Refuse a request without the secret, as the library does, and pass over an update that cannot be parsed."""
        super()._validate_post()
        self.request.body = json.dumps(readable(json.loads(self.request.body))).encode()


def install() -> None:
    """Let every webhook server of the library use this handler, as it takes none from its callers."""
    webhookhandler.TelegramHandler = Handler  # type: ignore[misc]
