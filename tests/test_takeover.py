"""A bot that loses its lock: it sends nothing more, ends, and can serve again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.__main__ import serve_while_allowed
from bot.application import Mangosaurus, TokenError
from bot.local.contents import Refusal
from bot.local.request import LocalRequest
from bot.people.standby import Standby
from bot.writing.writer import Writer
from tests.serving import ALICE, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.local.telegram import Telegram
    from bot.settings import Settings


class Lock(Standby):
    """A lock that a test takes away."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def lost(self) -> None:
        await self.gone.wait()


@pytest.fixture
def bot(settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Mangosaurus]:
    async def nothing(_writer: Writer) -> None:
        """Make no tables for sonnets, which takes a second."""

    monkeypatch.setattr(Writer, "prepare", nothing)
    return lambda: Mangosaurus(settings, lambda: LocalRequest(telegram))


async def test_a_bot_that_loses_its_lock_ends_and_another_one_serves(
    bot: Callable[[], Mangosaurus], telegram: Telegram
) -> None:
    for turn in range(1, 3):
        lock = Lock()
        serving = asyncio.create_task(serve_while_allowed(bot(), lock))
        telegram.say("/dino", ALICE)
        await until(lambda: len(telegram.sent) == turn)  # noqa: B023 - awaited here
        lock.gone.set()
        async with asyncio.timeout(5):
            await serving


async def test_what_is_written_when_the_lock_is_lost_is_not_sent(
    bot: Callable[[], Mangosaurus],
    telegram: Telegram,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write, begun, lock = Writer.write, asyncio.Event(), Lock()

    async def slow(self: Writer, *request: object) -> object:
        begun.set()
        await lock.gone.wait()
        return await write(self, *request)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "write", slow)
    telegram.say("/dino", ALICE)
    serving = asyncio.create_task(serve_while_allowed(bot(), lock))
    await begun.wait()
    lock.gone.set()
    await serving
    assert telegram.sent == []
    lost = [message for name, _, message in caplog.record_tuples if name == "bot.wire.pacing"]
    assert lost == [f"sendMessage to {ALICE.id} was given up: the bot stops, or another one serves in its place"]


async def test_a_lock_that_is_lost_before_telegram_is_reached_ends_the_start(
    bot: Callable[[], Mangosaurus], telegram: Telegram
) -> None:
    telegram.refusals["getMe"].extend([Refusal(504, "Gateway Timeout")] * 9)
    lock = Lock()
    serving = asyncio.create_task(serve_while_allowed(bot(), lock))
    await asyncio.sleep(0.1)
    lock.gone.set()
    async with asyncio.timeout(0.8):
        await serving


async def test_a_lock_that_is_lost_during_a_stop_ends_the_sending_but_not_the_stop(
    bot: Callable[[], Mangosaurus], telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, begun, lock = Writer.write, asyncio.Event(), Lock()

    async def slow(self: Writer, *request: object) -> object:
        begun.set()
        await asyncio.sleep(0.3)
        return await write(self, *request)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "write", slow)
    telegram.say("/dino", ALICE)
    serving = asyncio.create_task(serve_while_allowed(bot(), lock))
    await begun.wait()
    serving.cancel()
    await asyncio.sleep(0.1)
    lock.gone.set()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert telegram.sent == []


async def test_what_ends_the_bot_is_raised_and_ends_the_watch(
    bot: Callable[[], Mangosaurus], telegram: Telegram
) -> None:
    tasks = asyncio.all_tasks()
    telegram.revoke()
    with pytest.raises(TokenError):
        await serve_while_allowed(bot(), Lock())
    assert asyncio.all_tasks() == tasks


async def test_an_unforeseen_failure_of_the_watch_ends_the_bot(bot: Callable[[], Mangosaurus]) -> None:
    class Broken(Lock):
        async def lost(self) -> None:
            await asyncio.sleep(0.05)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await serve_while_allowed(bot(), Broken())
