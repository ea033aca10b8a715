"""The transport under python-telegram-bot that reaches a `Server` in this process, and a bot that
serves on it."""

import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import pytest
from telegram.request import BaseRequest, RequestData

from bot.app import Bot
from bot.running import running
from bot.settings import Secret, Settings
from bot.telegram.door import Telegram
from bot.telegram.request import NotDoneError, PollingRequest
from tests.bot_api_server import HttpRequest
from tests.telegram.server import TOKEN, Json, Server

MANY = 1000


class InMemory(BaseRequest):
    """Calls the server in place of an HTTP request, with JSON both ways."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        *_args: Any,
        **_timeouts: Any,
    ) -> tuple[int, bytes]:
        if method != "POST":  # a file
            return 200, self._server.files[unquote(url).rpartition("/")[2]]
        bot, name = url.rsplit("/", 2)[1:]
        parameters = json.loads(json.dumps(request_data.parameters)) if request_data else {}
        if request_data and request_data.contains_files:
            parameters |= request_data.multipart_data
        status, answer = await self._server.call(bot.removeprefix("bot"), name, parameters)
        return status, json.dumps(answer).encode()


async def unreachable(_parameters: Json) -> None:
    """Stand for a network that is down, before a call."""
    raise NotDoneError("no connection")


class Polling(InMemory):
    parse_json_payload = staticmethod(PollingRequest.parse_json_payload)


class Visit:
    """A bot that serves on a fake Telegram, and methods for the people there."""

    def __init__(self, bot: Bot, telegram: Telegram, server: Server) -> None:
        self.bot, self.telegram, self.server = bot, telegram, server

    async def settled(self) -> None:
        await self.server.fetched()
        await self.bot.idle()

    async def say(
        self, text: str, person: int, chat_id: int | None = None, **content: Any
    ) -> list[Json]:
        before = len(self.server.sent)
        await self.server.say(text, person, chat_id, **content)
        await self.settled()
        return self.server.sent[before:]

    async def press(self, message: Json, label: str, person: int, **fields: Any) -> str:
        query = await self.server.press(message, label, person, **fields)
        await self.settled()
        return str(self.server.answers[query].get("text", ""))


def words(message: Json) -> str:
    """Return the text of a message, or the caption of its picture."""
    return str(message.get("text") or message["caption"])


def over_http(server: Server) -> Callable[[HttpRequest], Awaitable[tuple[int, bytes]]]:
    """Return a function that answers HTTP requests as `server` answers calls."""

    def read(name: str, value: str) -> Any:
        with contextlib.suppress(ValueError):
            return value if name == "text" else json.loads(value)
        return value

    async def answer(request: HttpRequest) -> tuple[int, bytes]:
        token, method = request.path.removeprefix("/bot").split("/")
        parameters = {name: read(name, value) for name, value in request.form.items()}
        status, answer = await server.call(token, method, parameters)
        return status, json.dumps(answer).encode()

    return answer


@asynccontextmanager
async def visiting(
    settings: Settings,
    server: Server,
    rate: int | None = None,
) -> AsyncIterator[Visit]:
    """Run a bot on a server that takes `rate` messages a second, within the limits of each chat.

    Without a rate, the server takes as many as it gets, and the bot sends them. At the end, the bot
    must have met no error.
    """
    server.rate = rate
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.telegram.pacing.RATE", rate or MANY)
        if rate is None:
            patch.setattr("bot.telegram.pacing.TO_A_CHAT", (MANY, 1.0))
            patch.setattr("bot.telegram.pacing.TO_A_GROUP", (MANY, 1.0))
        settings = dataclasses.replace(settings, token=Secret(TOKEN))
        telegram = Telegram(settings, (InMemory(server), Polling(server)))
        async with running(settings, [telegram]) as bot:
            yield Visit(bot, telegram, server)
            assert not bot.tally.errors
