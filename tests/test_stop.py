"""A stop: the bot answers what it can in time, refuses the rest in words, and ends."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

from bot.application import Mangosaurus
from bot.conversation import texts
from bot.local.request import LocalRequest
from bot.people.database import Database
from bot.writing.writer import Writer
from tests.serving import ALICE, BOB, serving

if TYPE_CHECKING:
    import pytest

    from bot.local.telegram import Telegram
    from bot.settings import Settings


async def test_texts_that_are_not_written_in_time_are_refused_in_words(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread never gets to these requests; the stop has two seconds, and refuses them after one."""
    monkeypatch.setattr(Writer, "_decode", lambda *_arguments: None)
    async with asyncio.timeout(20), serving(dataclasses.replace(settings, stop_seconds=2), telegram) as chat:
        telegram.say("/dino", ALICE)
        telegram.say("/poem Shall I compare thee", BOB)
        await telegram.fetched()
    assert len(chat.texts()) == 2
    assert set(chat.texts()) == {texts.STOPPING}


class Silent(LocalRequest):
    """A Telegram that never responds to one method."""

    method = "sendMessage"

    async def do_request(self, url: str, method: str, *args: Any, **options: Any) -> tuple[int, bytes]:
        if url.endswith(f"/{self.method}"):
            await asyncio.sleep(3600)
        return await super().do_request(url, method, *args, **options)


async def test_a_telegram_that_does_not_respond_does_not_hold_a_stop(settings: Settings, telegram: Telegram) -> None:
    loop = asyncio.get_running_loop()
    mangosaurus = Mangosaurus(dataclasses.replace(settings, stop_seconds=1), lambda: Silent(telegram))
    async with mangosaurus.running():
        for _ in range(40):
            telegram.say("/help", ALICE)
            telegram.say("/dino", BOB)
        await telegram.fetched()
        begun = loop.time()
    assert loop.time() - begun < 1.5
    assert not mangosaurus.application.running


async def test_a_database_that_hangs_does_not_hold_a_stop(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang(*_arguments: object) -> None:
        await asyncio.sleep(3600)

    loop = asyncio.get_running_loop()
    async with Mangosaurus(dataclasses.replace(settings, stop_seconds=1), lambda: LocalRequest(telegram)).running():
        monkeypatch.setattr(Database, "run", hang)
        telegram.say("/dino", ALICE)
        telegram.say("/dino", ALICE)
        await telegram.fetched()
        begun = loop.time()
    assert loop.time() - begun < 1.5
    assert "The bot had to stop before 2 updates were handled" in caplog.text
