"""`/status`: counts since the start, and what serves; for administrators."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import threading
import time
from typing import TYPE_CHECKING, Any

from bot.conversation import texts
from bot.conversation.tally import REMEMBERED, Tally
from bot.handlers import status
from bot.handlers.status import resident
from bot.local.contents import Refusal
from bot.local.telegram import group
from bot.people.limits import Rate
from bot.people.store import Store, StoreError
from bot.training.lessons import Lesson
from bot.wire.order import PersonalOrder
from bot.writing.folders import Folders
from bot.writing.writer import Busy, Writer
from telegram.error import Forbidden

from model.writing.decoder import Decoder
from tests.serving import ADMIN, ALICE, BOB, Chat, install, serving, until, untrained

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from bot.local.telegram import Telegram
    from bot.writing.voices import Voice

    from bot.settings import Settings
    from model.writing.requests import Result


async def table(chat: Chat) -> dict[str, str]:
    """Ask for the status; returns its rows."""
    (shown,) = await chat.say("/status", ADMIN)
    return dict(re.split("  +", line, maxsplit=1) for line in shown.split("\n"))


async def test_a_bot_that_has_just_started(chat: Chat, settings: Settings) -> None:
    rows = await table(chat)
    assert re.fullmatch(r"\d s", rows.pop("up"))
    assert re.fullmatch(r"\d\d+\.\d MiB", rows.pop("memory"))
    assert re.fullmatch(rf"{settings.database}, 0\.\d MiB", rows.pop("database"))
    assert re.fullmatch(r"Mangosaurus \d+\.\d+\.\d+, Python \d+\.\d+\.\d+", rows.pop("runs on"))
    versions = {network: writer.checkpoint.version for network, writer in chat.mangosaurus.writers.items()}
    assert rows == versions | {
        "answers": "0, and 0 refused",
        "latency": "no answers yet",
        "waiting": "0 messages, 0 texts",
        "dropped": "0 messages",
        "last poll": "0 s ago, 0 silences",
        "errors": "none",
        "training": "none",
    }


async def test_answers_are_counted_and_timed(chat: Chat) -> None:
    for text in ("/dino", "/poem Shall I", "/help", "/seed"):
        await chat.say(text)
    await chat.press("another")
    rows = await table(chat)
    assert rows["answers"] == "3, and 0 refused"
    assert re.fullmatch(r"\d+ ms, 99 in 100 within \d+ ms", rows["latency"])


async def test_the_latency_counts_from_the_arrival_and_not_from_the_turn(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's second request waits for the first one, and that belongs to its latency."""
    write = Writer.write

    async def slow(self: Writer, *request: Any) -> Any:
        await asyncio.sleep(0.1)
        return await write(self, *request)

    monkeypatch.setattr(Writer, "write", slow)
    chat.telegram.say("/dino", ALICE)
    await chat.say("/dino", ALICE)
    median, slowest = map(int, re.findall(r"(\d+) ms", (await table(chat))["latency"]))
    assert median >= 150
    assert slowest >= 199


async def test_refusals_are_counted(settings: Settings, telegram: Telegram) -> None:
    async with serving(dataclasses.replace(settings, rate_limit=Rate(1, 60)), telegram) as chat:
        for _ in range(3):
            await chat.say("/dino")
        assert (await table(chat))["answers"] == "1, and 2 refused"


async def test_errors_are_counted_by_kind(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat.say("/seed minus one")  # an explanation is no error
    chat.telegram.refusals["sendMessage"].append(Refusal(403, "Forbidden: bot was blocked by the user"))
    await chat.say("/help")
    assert isinstance(chat.errors.pop(), Forbidden)

    async def busy(*_request: object) -> None:
        raise Busy("384 requests are waiting already")

    monkeypatch.setattr(Writer, "write", busy)
    for _ in range(2):
        await chat.say("/dino")
    rows = await table(chat)
    assert (rows["errors"], rows["answers"]) == ("Forbidden 1", "0, and 2 refused")


async def test_a_training_and_own_voices_are_shown(
    settings: Settings, telegram: Telegram, own_checkpoints: Path
) -> None:
    """A voice that has no weights yet does not serve."""
    voices = Folders(own_checkpoints).voices
    voices.add("keats", "verse", "text")
    trained = voices.add("pokémon", "names", "text")
    version = install(own_checkpoints / trained.network, untrained("names", 7))
    async with serving(dataclasses.replace(settings, checkpoints=own_checkpoints), telegram) as chat:
        chat.mangosaurus.retraining.running = Lesson("dino", "names")
        rows = await table(chat)
        chat.mangosaurus.retraining.running = None
    assert rows["training"] == "dino"
    assert rows["voice:pokémon"] == version
    assert "voice:keats" not in rows


async def test_texts_of_own_voices_wait_too(own_chat: Chat, pokemon: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    written = threading.Event()
    step = Decoder.step

    def slow(self: Decoder) -> list[Result]:
        assert written.wait(10)
        return step(self)

    monkeypatch.setattr(Decoder, "step", slow)
    for person in (ALICE, BOB):
        own_chat.telegram.say(f"/dino voice:{pokemon.name}", person)
    await until(lambda: own_chat.mangosaurus._archive.pending == 2)
    own_chat.telegram.say("/status", ADMIN)
    await until(lambda: bool(own_chat.texts()))
    written.set()
    await own_chat.settled()
    assert "0 messages, 2 texts\n" in own_chat.texts()[0]


async def test_a_database_that_fails_does_not_hide_the_rest(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_store: Store) -> int:
        raise StoreError("mangosaurus.db", "it is gone")

    monkeypatch.setattr(Store, "size", fail)
    rows = await table(chat)
    assert rows["database"].endswith(", no answer")
    assert rows["answers"] == "0, and 0 refused"


async def test_nobody_else_learns_of_it(chat: Chat) -> None:
    assert await chat.say("/status") == [texts.UNKNOWN_COMMAND]
    assert await chat.say("/status", chat=group(-5)) == []


def test_a_clock_that_is_set_back_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 <= tally.seconds < 60


async def test_percentiles_of_the_newest_latencies() -> None:
    tally, order = Tally(), PersonalOrder()

    async def answer(seconds: float) -> None:
        await asyncio.sleep(seconds)
        tally.count_answer()

    assert tally.latency(50) == []
    tally.count_answer()  # outside an update, as a report of a training
    assert tally.latency(50) == []
    await order.process_update(object(), answer(0.1))
    for _ in range(REMEMBERED - 1):
        await order.process_update(object(), answer(0))
    median, most = tally.latency(50, 100)
    assert median < 0.1 <= most
    await order.process_update(object(), answer(0))
    assert tally.latency(100)[0] < 0.1
    assert tally.answers == REMEMBERED + 2


def test_the_memory_where_the_system_does_not_tell_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = resident()
    monkeypatch.setattr(status, "STATM", tmp_path / "statm")
    assert now > 2**24
    assert resident() > 2**24
