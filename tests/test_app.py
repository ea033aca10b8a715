"""Start and stop: no thread and no task is left behind, and no ask unanswered; and the tally."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.app import Tally
from bot.asks import Said
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
    async with running(settings) as bot:
        with monkeypatch.context() as patch:
            patch.setattr(
                *((FakeChat, "say", hang) if hanging == "chat" else (Database, "run", hang))
            )
            say(FakeChat(bot, ALICE), "/dino", "/dino", "/seed")
            say(FakeChat(bot, BOB), "/dino")
            await bot.close()
    assert "The bot stopped before 4 asks were answered" in caplog.text


def test_99_of_100_answers_are_at_most_as_slow_as_the_tally_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tally, chat = Tally(), FakeChat(cast("Any", None))
    monkeypatch.setattr("bot.app.time", SimpleNamespace(monotonic=lambda: 2000.0))
    assert tally.latency is None
    for seconds in (*range(1, 100), 1000):
        tally.answered(Said(person=1, chat=chat, text="", arrived=2000.0 - seconds))
    assert tally.latency == (51.0, 99.0)
