"""Answers whose delivery is in doubt: Telegram takes a request, and its own reply gets lost on the way."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.application import Mangosaurus
from bot.local.contents import Refusal
from bot.wire.request import TelegramRequest
from tests.bot_api_server import HttpRequest, HttpServer, http_server
from tests.serving import ALICE, Chat, uncoded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Telegram
    from bot.settings import Settings

READ_TIMEOUT = 0.2
PLAIN = {"text", "parse_mode", "callback_query_id"}


class Line:
    """The way to a Telegram: the answers to the methods in `lost` go missing, once for each time one is named there."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self.lost: list[str] = []
        self.called: list[str] = []

    async def answer(self, request: HttpRequest) -> tuple[int, bytes]:
        bot, method = request.path.split("/")[1:]
        self.called.append(method)
        code, answer = await self.telegram.call(bot.removeprefix("bot"), method, parameters(request.form))
        if method in self.lost:
            self.lost.remove(method)
            await asyncio.Event().wait()
        return code, json.dumps(answer).encode()


def parameters(form: dict[str, str]) -> dict[str, Any]:
    """Read the JSON in a form; some fields are plain text."""
    return {key: value if key in PLAIN else json.loads(value) for key, value in form.items()}


@asynccontextmanager
async def serving_over_http(settings: Settings, telegram: Telegram, server: HttpServer) -> AsyncIterator[Chat]:
    own = dataclasses.replace(settings, api_base_url=server.address)
    mangosaurus = Mangosaurus(own, lambda: TelegramRequest(read_timeout=READ_TIMEOUT))
    async with mangosaurus.running():
        yield Chat(telegram, mangosaurus, [])


@pytest.fixture
async def line(telegram: Telegram) -> Line:
    return Line(telegram)


@pytest.fixture
async def far_chat(settings: Settings, telegram: Telegram, line: Line) -> AsyncIterator[Chat]:
    async with http_server() as server:
        server.answer = line.answer
        async with serving_over_http(settings, telegram, server) as chat:
            yield chat


async def test_a_message_that_timed_out_is_sent_once_and_its_buttons_work(
    far_chat: Chat, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    await far_chat.say("/seed 42")
    line.lost = ["sendMessage"]
    (doubtful,) = await far_chat.say("/dino")
    assert line.called.count("sendMessage") == 2  # the seed's and this one
    assert "A reply may not have been sent: TimedOut" in caplog.text
    (again,) = await far_chat.say(f"/again {doubtful.split(' ')[-1]}")
    assert again == doubtful


async def test_whoever_asks_again_gets_the_same_text(far_chat: Chat, line: Line) -> None:
    await far_chat.say("/seed 42")
    line.lost = ["sendMessage"]
    doubtful, second, third = [uncoded(*await far_chat.say("/dino")) for _ in range(3)]
    assert doubtful == second != third


async def test_a_press_that_timed_out_leaves_buttons_that_work(far_chat: Chat, line: Line) -> None:
    await far_chat.say("/dino")
    await far_chat.press("another")
    line.lost = ["editMessageText"]
    message = far_chat.telegram.sent[-1]
    far_chat.telegram.press(message, "another", ALICE)
    await far_chat.settled()
    in_doubt = message["text"]
    assert "turn 3 " in in_doubt
    await far_chat.press("another")  # which begins from a creation that nobody may have seen
    assert far_chat.notice is None
    assert uncoded(message["text"]) == uncoded(in_doubt)
    await far_chat.press("another")
    assert "turn 4 " in message["text"]


async def test_a_clear_no_keeps_nothing(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/seed 42")
    for refusal in (Refusal(400, "Bad Request: chat not found"), Refusal(403, "Forbidden: bot was blocked")):
        telegram.refusals["sendMessage"].append(refusal)
        await chat.say("/dino")
    assert await chat.mangosaurus.store.creations(ALICE.id) == []
    chat.errors.clear()
