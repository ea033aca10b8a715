"""Start and stop: what keeps a bot from serving, what ends it, and that nothing and nobody is left
behind."""

import asyncio
import re
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.asks import Said
from bot.chat import StartError
from bot.database import Database
from bot.running import running
from bot.settings import Settings
from bot.telegram.door import Telegram
from bot.words import sentences
from model.writing.decoder import Decoder
from tests.fake_chat import FakeChat
from tests.processes import COMMAND, environment_of
from tests.serving import ALICE, BOB


def ask(chat: FakeChat, *texts: str, person: int = ALICE) -> None:
    for text in texts:
        chat.bot.ask(Said(person=person, chat=chat, text=text))


async def test_a_stop_mirrors_the_start_and_leaves_nothing_behind(settings: Settings) -> None:
    threads = set(threading.enumerate())
    tasks = asyncio.all_tasks()
    async with running(settings) as bot:
        chat = FakeChat(bot, ALICE)
        ask(chat, "/dino", "/poem Shall I", "/dino 3")  # what was asked before the stop is answered
    assert [len(message.all("creation")) for message in chat.messages] == [1] * 3
    assert asyncio.all_tasks() == tasks
    for thread in set(threading.enumerate()) - threads:
        if not thread.name.startswith("asyncio"):  # the loop keeps its own
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


def test_without_a_token_there_is_no_door_to_telegram(settings: Settings) -> None:
    with pytest.raises(StartError, match="TELEGRAM_TOKEN is not set"):
        Telegram(settings)


async def test_texts_that_are_not_written_in_time_are_refused_in_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_decoder: Decoder) -> list[Any]:
        time.sleep(0.01)
        return []

    monkeypatch.setattr(Decoder, "step", never)
    monkeypatch.setattr(app, "STOP_SECONDS", 0.1)
    async with asyncio.timeout(20), running(settings) as bot:
        chat, bob = FakeChat(bot, ALICE), FakeChat(bot, BOB)
        ask(chat, "/dino", "/poem Shall I compare thee", "/help")
        ask(bob, "/dino", person=BOB)
    shown = [message.message for message in [*bob.messages, *chat.messages]]
    assert shown[:3] == [sentences.STOPPING] * 3
    assert len(shown) == 4


@pytest.mark.parametrize("what", ["chat", "database"])
async def test_what_does_not_respond_does_not_hold_a_stop(
    settings: Settings, what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(app, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(app, "REFUSING_SECONDS", 0.1)
    async with asyncio.timeout(20), running(settings) as bot:
        with monkeypatch.context() as patched:
            patched.setattr(
                *((FakeChat, "say", hang) if what == "chat" else (Database, "run", hang))
            )
            ask(FakeChat(bot, ALICE), "/dino", "/dino", "/help")
            ask(FakeChat(bot, BOB), "/dino", person=BOB)
            await bot.close()
    assert "The bot had to stop before 4 asks were answered" in caplog.text


async def ended(
    own: dict[str, str], *arguments: str, tell: str = ""
) -> tuple[int | None, list[str]]:
    """Run the bot to its end, or until it has told something and gets a SIGTERM; return code and
    lines."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *arguments),
        env=own,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    lines: list[str] = []
    while line := (await process.stderr.readline()).decode():
        lines.append(line.strip())
        if tell and tell in line:
            process.send_signal(signal.SIGTERM)
    return await process.wait(), lines


async def test_a_process_that_ends_says_why_in_its_last_line(
    settings: Settings, tmp_path: Path
) -> None:
    token = "123456:ABC-DEF1234ghIkl"
    ours = environment_of(settings.checkpoints, tmp_path) | {"LOG_LEVEL": "INFO"}
    telegram = {"TELEGRAM_TOKEN": token, "TELEGRAM_API_URL": "http://127.0.0.1:1"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        wrong, page, told = await asyncio.gather(
            ended(ours | {"RATE_LIMIT": "many"}),
            # without a terminal, a port asks for the page alone
            ended(ours | telegram, "--port", port),
            ended(ours | telegram, tell="No connection to Telegram"),
        )
    assert [code for code, _ in (wrong, page, told)] == [1, 1, 0]
    assert wrong[1][-1].startswith("mangosaurus: RATE_LIMIT is 'many'; it is answers/seconds")
    assert page[1][-1].startswith("mangosaurus: the page cannot be served at ")
    assert "Address already in use" in page[1][-1]
    everything = "\n".join(line for _, lines in (wrong, page, told) for line in lines)
    assert not re.search(f"{token}|Traceback", everything)
