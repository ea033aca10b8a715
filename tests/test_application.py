"""Start and stop: what keeps a bot from serving, what ends it, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from telegram.request import HTTPXRequest

from bot.application import Mangosaurus, TokenError
from bot.local.contents import Refusal
from bot.local.request import LocalRequest
from bot.people.store import StoreError
from bot.values import Secret
from bot.writing.networks import StartError
from bot.writing.writer import Writer
from tests.serving import ADMIN, ALICE, Chat, serving, start, until

if TYPE_CHECKING:
    from pathlib import Path

    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.writing.desk import Text, Watch
    from model.writing.requests import Request


async def test_nothing_is_left_behind(settings: Settings, telegram: Telegram) -> None:
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    async with serving(settings, telegram) as chat:
        await chat.say("/dino")
    assert asyncio.all_tasks() == tasks
    # The loop keeps its own threads. SQLite's has been told to end, and may need a moment for it.
    ours = [thread for thread in threading.enumerate() if thread not in threads and not thread.name.startswith("async")]
    for thread in ours:
        await asyncio.to_thread(thread.join, 10)
    assert not any(thread.is_alive() for thread in ours)


async def test_what_was_asked_before_the_stop_is_answered(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Writer.write
    begun = asyncio.Event()

    async def slow(self: Writer, request: Request, *watch: Watch | None) -> Text:
        begun.set()
        await asyncio.sleep(0.1)
        return await write(self, request, *watch)

    monkeypatch.setattr(Writer, "write", slow)
    async with serving(settings, telegram) as chat:
        for _ in range(3):
            telegram.say("/dino", ALICE)
        await begun.wait()
    assert len(chat.texts()) == 3


async def test_everything_but_messages_stays_at_telegram(chat: Chat) -> None:
    await chat.say("/start")
    chat.telegram.post(edited_message={"message_id": 1})
    chat.telegram.post(poll={})
    await chat.settled()
    assert len(chat.texts()) == 1


async def test_the_menu_of_commands(chat: Chat, telegram: Telegram) -> None:
    await until(lambda: len(telegram.commands) == 1)
    public = {command["command"] for command in telegram.commands['{"type": "default"}', ""]}
    people = {"seed", "settings", "again", "export", "forget", "help", "about"}
    assert public == {"dino", "poem", "sonnet", "voices", *people}


async def test_the_administrators_menu_once_they_are_known(settings: Settings, telegram: Telegram) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/start", ADMIN)
    async with serving(settings, telegram):
        await until(lambda: len(telegram.commands) == 2)
    scope = f'{{"chat_id": {ADMIN.id}, "type": "chat"}}'
    assert "retrain" in {command["command"] for command in telegram.commands[scope, ""]}


async def test_a_database_that_cannot_be_used(settings: Settings, telegram: Telegram, tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("this is no database, and long enough that SQLite sees it" * 20)
    with pytest.raises(StoreError, match=r"no\.db: this database cannot be used: file is not a database"):
        await start(dataclasses.replace(settings, database=tmp_path / "no.db"), telegram)


async def test_without_a_token_there_is_no_telegram(settings: Settings, telegram: Telegram) -> None:
    with pytest.raises(StartError, match="TELEGRAM_TOKEN"):
        await start(dataclasses.replace(settings, token=None), telegram)


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook"])
async def test_a_token_that_is_rejected_at_the_start(settings: Settings, telegram: Telegram, method: str) -> None:
    telegram.refusals[method].append(Refusal(401, "Unauthorized"))
    with pytest.raises(TokenError) as caught:
        await start(settings, telegram)
    assert telegram.token not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_token_that_is_revoked_while_the_bot_runs(settings: Settings, telegram: Telegram) -> None:
    async with Mangosaurus(settings, lambda: LocalRequest(telegram)).running() as mangosaurus:
        rejected = asyncio.create_task(mangosaurus.rejected())
        telegram.say("/dino", ALICE)
        await telegram.fetched()
        await mangosaurus.handled()
        assert not rejected.done()
        telegram.revoke()
        with pytest.raises(TokenError):
            await rejected


async def test_a_network_that_is_down_at_the_start_is_waited_for(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    with monkeypatch.context() as patched:
        patched.setattr("bot.application.asyncio.sleep", sleep)
        telegram.refusals["getMe"].extend([Refusal(504, "Gateway Timeout")] * 6)
        await start(settings, telegram)
    assert pauses[:6] == [1, 2, 4, 8, 16, 30]
    assert "Telegram cannot be reached (Gateway Timeout)" in caplog.text


async def test_trouble_while_polling_is_one_line_and_no_end(
    settings: Settings, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.refusals["getUpdates"].append(Refusal(409, "Conflict: terminated by other getUpdates request"))
    async with serving(settings, telegram) as chat:
        (answer,) = await chat.say("/start")
    assert answer.startswith("Hi")
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "the same token" in record.getMessage()
    assert not record.exc_info


async def test_a_cancelled_start_cleans_up(settings: Settings, telegram: Telegram) -> None:
    telegram.refusals["getMe"].extend([Refusal(504, "Gateway Timeout")] * 9)
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    task = asyncio.create_task(start(settings, telegram))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == tasks
    assert not [thread for thread in set(threading.enumerate()) - threads if thread.name == "decoding"]


async def test_over_http_the_token_reaches_no_log(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stock transport and every record at DEBUG, with the filter that the process installs on its handler."""
    from bot.wire.logs import Redaction

    token = Secret("123456:ABCDEFGHIJKLMNOPQRSTUVWXYZ-_abcdef")
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        results: dict[str, Any] = {"getMe": {"id": 1, "is_bot": True, "first_name": "M", "username": "m_bot"}}
        method = request.url.path.rsplit("/", 1)[1]
        if method == "getUpdates":
            return httpx.Response(401, json={"ok": False, "description": "Unauthorized"})
        return httpx.Response(200, json={"ok": True, "result": results.get(method, True)})

    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(redaction := Redaction(token))
    try:
        transport = httpx.MockTransport(answer)
        own = dataclasses.replace(settings, token=token)
        async with Mangosaurus(own, lambda: HTTPXRequest(httpx_kwargs={"transport": transport})).running() as bot:
            with pytest.raises(TokenError):
                await bot.rejected()
    finally:
        caplog.handler.removeFilter(redaction)
    assert any(token.reveal() in path for path in seen)
    assert "HTTP Request: POST https://api.telegram.org/bot***/getUpdates" in caplog.text
    assert "ABCDEFGHIJ" not in caplog.text
    assert not any("ABCDEFGHIJ" in str(record.__dict__) for record in caplog.records if not record.exc_info)


def test_durations_of_the_library_are_timedeltas() -> None:
    assert os.environ["PTB_TIMEDELTA"] == "1"


async def test_a_bot_api_server_of_ones_own(settings: Settings, telegram: Telegram) -> None:
    class Heard(LocalRequest):
        async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
            addresses.add(url.partition("/bot")[0])
            return await super().do_request(url, *args, **kwargs)

    for given, expected in ((None, "https://api.telegram.org"), ("http://localhost:8081", "http://localhost:8081")):
        addresses = set[str]()
        own = dataclasses.replace(settings, api_base_url=given)
        async with Mangosaurus(own, lambda: Heard(telegram)).running():
            pass
        assert addresses == {expected}
