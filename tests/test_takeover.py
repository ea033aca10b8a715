"""A bot that loses its lock: it sends nothing more, ends, and can serve again."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

import pytest

from bot.__main__ import serve_while_allowed
from bot.shelf import Shelf
from bot.standby import Standby
from bot.telegram.door import TokenError
from bot.values import Secret
from tests.serving import ALICE, until
from tests.telegram.request import door
from tests.telegram.server import TOKEN, Refusal, Server

if TYPE_CHECKING:
    from bot.settings import Settings


class Lock(Standby):
    """A lock that a test takes away, with an error if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.gone, self.error = asyncio.Event(), error

    async def lost(self) -> None:
        await self.gone.wait()
        if self.error:
            raise self.error


@pytest.fixture
def served(settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a bot that reaches the server."""
    monkeypatch.setattr("bot.telegram.door.Telegram", lambda settings: door(settings, server))
    return dataclasses.replace(settings, token=Secret(TOKEN))


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Tells that a text is being written, which takes a fifth of a second."""
    write, begun = Shelf.write, asyncio.Event()

    async def slow(self: Shelf, *request: object) -> object:
        begun.set()
        await asyncio.sleep(0.2)
        return await write(self, *request)  # type: ignore[arg-type]

    monkeypatch.setattr(Shelf, "write", slow)
    return begun


async def test_a_bot_that_loses_its_lock_ends_and_another_one_serves(served: Settings, server: Server) -> None:
    for turn in range(1, 3):
        lock = Lock()
        serving = asyncio.create_task(serve_while_allowed(served, lock))
        await server.say("/dino", ALICE)
        await until(lambda: len(server.sent) == turn)  # noqa: B023 - awaited here
        lock.gone.set()
        async with asyncio.timeout(5):
            await serving


async def test_what_is_written_when_the_lock_is_lost_is_not_sent(
    served: Settings, server: Server, begun: asyncio.Event, caplog: pytest.LogCaptureFixture
) -> None:
    lock = Lock()
    await server.say("/dino", ALICE)
    serving = asyncio.create_task(serve_while_allowed(served, lock))
    await begun.wait()
    lock.gone.set()
    await serving
    assert server.sent == []
    lost = [message for name, _, message in caplog.record_tuples if name == "bot.telegram.pacing"]
    assert lost == [f"sendMessage to {ALICE} was given up: the bot stops, or another one serves in its place"]


async def test_a_lock_that_is_lost_before_telegram_is_reached_ends_the_start(served: Settings, server: Server) -> None:
    server.refusals["getMe"].extend([Refusal(502, "Bad Gateway")] * 99)
    lock = Lock()
    serving = asyncio.create_task(serve_while_allowed(served, lock))
    await until(lambda: len(server.refusals["getMe"]) < 99)
    lock.gone.set()
    async with asyncio.timeout(5):
        await serving


async def test_a_lock_that_is_lost_during_a_stop_ends_the_sending_but_not_the_stop(
    served: Settings, server: Server, begun: asyncio.Event
) -> None:
    lock = Lock()
    await server.say("/dino", ALICE)
    serving = asyncio.create_task(serve_while_allowed(served, lock))
    await begun.wait()
    serving.cancel()
    await asyncio.sleep(0.05)
    lock.gone.set()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert server.sent == []


async def test_what_ends_the_bot_is_raised_and_ends_the_watch(served: Settings, server: Server) -> None:
    tasks = asyncio.all_tasks()
    await server.revoke()
    with pytest.raises(TokenError):
        await serve_while_allowed(served, Lock())
    assert asyncio.all_tasks() == tasks


async def test_an_unforeseen_failure_of_the_watch_ends_the_bot(served: Settings, server: Server) -> None:
    lock = Lock(ZeroDivisionError())
    serving = asyncio.create_task(serve_while_allowed(served, lock))
    await server.fetched()
    lock.gone.set()
    with pytest.raises(ZeroDivisionError):
        await serving
