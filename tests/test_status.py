"""`/status`, for admins: counts since the start, and the versions in use."""

import asyncio
import re
import threading

import pytest

from bot.admission import resident
from bot.chat import Gone
from bot.settings import Rate, Settings
from bot.store import Store, StoreError
from bot.training.folder import Run
from bot.voices import Voice, Voices
from model.writing.decoder import Decoder
from model.writing.requests import Result
from tests.fake_chat import FakeChat
from tests.serving import ADMIN, ALICE, BOB, serving, until


async def table(chat: FakeChat) -> dict[str, str]:
    """Ask for the status, and return its rows."""
    message = await FakeChat(chat.bot, ADMIN, is_admin=True).ask("/status")
    lines = message.html.removeprefix("<pre>").removesuffix("</pre>").split("\n")
    return dict(re.split("  +", line, maxsplit=1) for line in lines)


async def test_a_bot_that_has_just_started(admin: FakeChat, own_settings: Settings) -> None:
    rows = await table(admin)
    assert re.fullmatch(r"\d s", rows.pop("up"))
    assert re.fullmatch(r"\d\d+\.\d MiB", rows.pop("memory"))
    assert re.fullmatch(rf"{own_settings.database}, 0\.\d MiB", rows.pop("database"))
    assert re.fullmatch(r"Mangosaurus \d+\.\d+\.\d+\S*, Python \d+\.\d+\.\d+", rows.pop("runs on"))
    versions = {network: checkpoint.version for network, checkpoint in admin.bot.shelf.serving.items()}
    assert rows == versions | {
        "answers": "0, and 0 refused",
        "latency": "no answers yet",
        "waiting": "0 texts",
        "waiting to be sent": "0 messages",  # as the door says
        "errors": "none",
        "training": "none",
    }


async def test_answers_refusals_and_errors_are_counted(settings: Settings) -> None:
    async with serving(settings, rate_limit=Rate(3, 60)) as chat:
        await chat.ask("/help")  # no answer of which the latency counts
        assert (await table(chat))["latency"] == "no answers yet"
        await chat.ask("/dino")
        assert re.fullmatch(r"usually (\d+) ms; 99 of 100 take at most \1 ms", (await table(chat))["latency"])
        for text in ("/poem Shall I", "/seed", "/seed minus one"):
            await chat.ask(text)
        await chat.press("another")
        for _ in range(2):
            await chat.ask("/dino")
        chat.failures.append(Gone("the bot was blocked"))
        await chat.ask("/help")
        rows = await table(chat)
        assert rows["answers"] == "3, and 2 refused"
        assert re.fullmatch(r"usually \d+ ms; 99 of 100 take at most \d+ ms", rows["latency"])
        assert rows["errors"] == "Gone 1"
        chat.bot.tally.errors.clear()


async def test_a_training_and_custom_voices_are_shown_and_their_texts_wait_too(
    admin: FakeChat, voices: Voices, pokemon: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A voice is in memory, and in /status, once somebody has asked for it."""
    may_write, step = threading.Event(), Decoder.step

    def slow(self: Decoder) -> list[Result]:
        assert may_write.wait(10)
        return step(self)

    voices.add("keats", "verse", "text")
    assert "voice:pokemon" not in await table(admin)
    monkeypatch.setattr(Decoder, "step", slow)
    asking = [asyncio.create_task(FakeChat(admin.bot, person).ask("/dino voice:pokemon")) for person in (ALICE, BOB)]
    await until(lambda: admin.bot.shelf.pending == 2)
    admin.bot.runs.running = Run("dino", "names", "dino")
    rows = await table(admin)
    admin.bot.runs.running = None
    may_write.set()
    await asyncio.gather(*asking)
    assert (rows["waiting"], rows["training"]) == ("2 texts", "dino")
    assert rows["voice:pokemon"] == admin.bot.shelf.versions(pokemon.network).current()
    assert "voice:keats" not in rows


async def test_a_database_that_fails_does_not_hide_the_rest(admin: FakeChat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_store: Store) -> int:
        raise StoreError("mangosaurus.db", "it is gone")

    monkeypatch.setattr(Store, "size", fail)
    rows = await table(admin)
    assert rows["database"].endswith(", no answer")
    assert rows["answers"] == "0, and 0 refused"


def test_the_memory_where_the_system_does_not_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    assert resident() > 2**24
    monkeypatch.setattr("pathlib.Path.read_text", missing)
    assert resident() > 2**24
