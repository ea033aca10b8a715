"""Start and stop: no thread and no task is left behind, and no ask unanswered."""

import asyncio
import threading
from typing import Any

import pytest

from bot.database import Database
from bot.running import running
from bot.settings import Settings
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB
from tests.test_answering import say


async def test_a_stop_answers_what_was_asked_and_leaves_no_task_or_thread(
    settings: Settings,
) -> None:
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    async with running(settings) as bot:
        chat = FakeChat(bot, ALICE)
        say(chat, "/dino", "/poem Shall I", "/dino 3")  # asked before the stop, so still answered
    assert [bool(message.all("creation")) for message in chat.messages] == [True] * 3
    assert asyncio.all_tasks() == tasks
    for thread in set(threading.enumerate()) - threads:
        if not thread.name.startswith("asyncio"):  # the loop keeps its own threads
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


@pytest.mark.parametrize("hanging", ["chat", "database"])
async def test_a_chat_or_a_database_that_hangs_holds_up_no_stop(
    settings: Settings,
    hanging: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.app.STOP_SECONDS", 0.3)
    async with asyncio.timeout(20), running(settings) as bot:
        with monkeypatch.context() as patch:
            patch.setattr(
                *((FakeChat, "say", hang) if hanging == "chat" else (Database, "run", hang))
            )
            say(FakeChat(bot, ALICE), "/dino", "/dino", "/seed")
            say(FakeChat(bot, BOB), "/dino")
            await bot.close()
    assert "The bot stopped before 4 asks were answered" in caplog.text
