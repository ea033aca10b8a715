"""The transport under python-telegram-bot that reaches the Telegram in this process.

What would be an HTTP request is a call, with JSON both ways. Not here: the answers (`telegram`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from telegram.request import BaseRequest, RequestData

from bot.wire.request import FAILED, ServerError, readable_batch

if TYPE_CHECKING:
    from bot.local.telegram import Telegram


class LocalRequest(BaseRequest):
    """The transport: what would be an HTTP request is a call."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    @property
    def read_timeout(self) -> float | None:
        """Nothing is read that could take time."""
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_args: Any, **_timeouts: Any
    ) -> tuple[int, bytes]:
        """Answer a POST to `https://…/bot<token>/<method>`, or a GET of `https://…/file/bot<token>/<path>`."""
        if method != "POST":
            token, _, path = unquote(url).partition("/file/bot")[2].partition("/")
            return self._telegram.download(token, path)
        bot, name = url.rsplit("/", 2)[1:]
        parameters = json.loads(json.dumps(request_data.parameters)) if request_data else {}
        if request_data and request_data.contains_files:
            parameters |= request_data.multipart_data
        code, answer = await self._telegram.call(bot.removeprefix("bot"), name, parameters)
        if code in FAILED:
            raise ServerError(f"Telegram's server failed (status {code})")
        body = json.dumps(answer).encode()
        return code, readable_batch(body) if name == "getUpdates" else body
