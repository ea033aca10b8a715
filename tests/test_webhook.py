"""Updates through a webhook: Telegram calls the bot, with a secret that nobody else knows."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from bot.application import TokenError
from bot.values import Address, Secret

from tests.serving import ALICE, serving, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Telegram

    from bot.settings import Settings
    from tests.serving import Chat

SECRET = "a-secret-of-the-webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def hooked(settings: Settings) -> Settings:
    return dataclasses.replace(
        settings,
        webhook_url="https://example.org/mango/hook",
        webhook_listen=Address("127.0.0.1", free_port()),
        webhook_secret=Secret(SECRET),
    )


@pytest.fixture
async def chat(hooked: Settings, telegram: Telegram) -> AsyncIterator[Chat]:
    telegram.say("hello", ALICE)  # so that there is a chat; nobody polls for this message
    async with serving(hooked, telegram) as found:
        yield found


def update(text: str, update_id: int = 1) -> dict[str, Any]:
    message = {"message_id": update_id, "date": 1, "chat": ALICE.chat(), "from": ALICE.user(), "text": text}
    entities = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": update_id, "message": message | {"entities": entities}}


async def post(settings: Settings, content: dict[str, Any], secret: str | None = SECRET) -> int:
    address = settings.webhook_listen
    headers = {} if secret is None else {HEADER: secret}
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://{address.host}:{address.port}/mango/hook"
        return (await client.post(url, json=content, headers=headers)).status_code


async def test_telegram_is_told_where_to_call(chat: Chat, telegram: Telegram) -> None:
    assert telegram.webhook is not None
    assert telegram.webhook["url"] == "https://example.org/mango/hook"
    assert telegram.webhook["secret_token"] == SECRET


async def test_an_update_with_the_secret_is_answered(chat: Chat, hooked: Settings) -> None:
    assert await post(hooked, update("/dino")) == 200
    await until(lambda: len(chat.texts()) == 1)


async def test_an_update_that_cannot_be_parsed_is_passed_over_and_not_quoted(
    chat: Chat, hooked: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    poison = update("a private line", 7)
    del poison["message"]["date"]
    assert await post(hooked, poison, "a-guess") == 403
    assert caplog.messages == []
    assert await post(hooked, poison) == 200  # or Telegram would send it again
    assert await post(hooked, update("/dino", 8)) == 200
    await until(lambda: len(chat.texts()) == 1)
    assert caplog.messages == ["Update 7 cannot be parsed (KeyError) and is passed over"]
    assert "private" not in caplog.text


@pytest.mark.parametrize("secret", [None, "a-guess"])
async def test_a_request_without_the_secret_gets_403(chat: Chat, hooked: Settings, secret: str | None) -> None:
    assert await post(hooked, update("/dino"), secret) == 403
    assert await post(hooked, update("/start", 2)) == 200
    await until(lambda: len(chat.texts()) == 1)
    assert "Mangosaurus" in chat.texts()[0]


async def test_a_revoked_token_ends_the_bot(
    hooked: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.receiving.ASK_EVERY", 0.01)
    async with serving(hooked, telegram) as chat:
        telegram.revoke()
        with pytest.raises(TokenError):
            await asyncio.wait_for(chat.mangosaurus.rejected(), 10)
