"""How fast the bot speaks: what waits, for how long, and what is never sent twice."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from telegram.error import RetryAfter, TelegramError, TimedOut

from bot.application import Mangosaurus
from bot.local.contents import Refusal
from bot.local.request import LocalRequest
from bot.local.telegram import group
from bot.wire import pacing
from bot.wire.pacing import Pacing
from tests.serving import ALICE, BOB, serving, until

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from tests.serving import Chat

SOON = timedelta(milliseconds=1)
LATE = timedelta(hours=1)


class Server:
    """Raises its `errors` one by one, then answers; `asked` counts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def __call__(self) -> bool:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return True


async def ask(limiter: Pacing, server: Any, chat_id: int | None = 1) -> Any:
    data = {} if chat_id is None else {"chat_id": chat_id}
    return await limiter.process_request(server, (), {}, "sendMessage", data, None)


def flood(seconds: int) -> Refusal:
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


async def test_a_429_is_waited_for_and_the_answer_sent_once(chat: Chat, telegram: Telegram) -> None:
    begin = asyncio.get_running_loop().time()
    telegram.refusals["sendMessage"].append(flood(1))
    (answer,) = await chat.say("/start")
    assert answer.startswith("Hello")
    assert asyncio.get_running_loop().time() - begin >= 1


async def test_meanwhile_everybody_waits() -> None:
    limiter, refused, other = Pacing(None), Server(RetryAfter(timedelta(seconds=0.05))), Server()
    first = asyncio.create_task(ask(limiter, refused))
    await until(lambda: refused.asked == 1)
    second = asyncio.create_task(ask(limiter, other, chat_id=2))
    await asyncio.sleep(0)
    assert (refused.asked, other.asked) == (1, 0)
    await asyncio.gather(first, second)
    assert (refused.asked, other.asked) == (2, 1)


async def test_the_silence_lasts_though_others_end_meanwhile() -> None:
    limiter, refused, other, arrived = (
        Pacing(None),
        Server(RetryAfter(timedelta(seconds=0.2))),
        Server(),
        asyncio.Event(),
    )
    slow = asyncio.create_task(ask(limiter, arrived.wait, chat_id=3))  # on its way before the refusal
    await asyncio.sleep(0)
    first = asyncio.create_task(ask(limiter, refused))
    await until(lambda: refused.asked == 1)
    begin = asyncio.get_running_loop().time()
    arrived.set()
    await slow
    await ask(limiter, other, chat_id=2)
    assert asyncio.get_running_loop().time() - begin > 0.1
    await first


async def test_a_429_for_long_is_given_up_at_once_and_holds_nobody_up(chat: Chat, telegram: Telegram) -> None:
    telegram.refusals["sendMessage"].append(flood(3600))
    assert await chat.say("/start") == []
    assert [type(error) for error in chat.errors] == [RetryAfter]
    chat.errors.clear()
    (answer,) = await chat.say("/start", BOB)
    assert answer.startswith("Hello")


async def test_one_429_after_another_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", 0.3)
    server = Server(*[RetryAfter(SOON)] * 100)
    with pytest.raises(RetryAfter):
        await ask(Pacing(None), server)
    assert 2 <= server.asked <= 4


async def test_a_request_that_timed_out_may_have_been_done_and_is_not_repeated() -> None:
    server = Server(TimedOut())
    with pytest.raises(TimedOut):
        await ask(Pacing(30), server)
    assert server.asked == 1


async def test_messages_come_no_faster_than_the_rate() -> None:
    limiter, server = Pacing(20), Server()
    asking = [asyncio.create_task(ask(limiter, server, chat_id)) for chat_id in range(1, 24)]
    await asyncio.sleep(0)
    unlimited = Server()
    await ask(limiter, unlimited, chat_id=None)  # answers to buttons and inline queries, for one
    assert (server.asked, unlimited.asked) == (20, 1)
    await asyncio.gather(*asking)
    assert server.asked == 23


async def test_what_would_wait_too_long_for_its_turn_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", 0.05)
    limiter, server = Pacing(30), Server()
    results = await asyncio.gather(*[ask(limiter, server, -5) for _ in range(21)], return_exceptions=True)
    (lost,) = [result for result in results if result is not True]
    assert isinstance(lost, TelegramError)
    assert str(lost) == "sendMessage waited too long for its turn; nothing was sent"
    assert server.asked == 20
    assert await ask(limiter, server, 1) is True  # a full group holds up nobody else


async def test_what_could_not_get_its_turn_in_time_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", 6.0)  # in which a group gets two turns
    limiter, server = Pacing(30), Server()
    asking = [asyncio.create_task(ask(limiter, server, -5)) for _ in range(22)]
    await until(lambda: server.asked == 20)
    with pytest.raises(TelegramError, match="would wait too long"):
        async with asyncio.timeout(1):
            await ask(limiter, server, -5)
    assert await ask(limiter, server, -6) is True
    for task in asking[20:]:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert server.asked == 21


async def test_without_a_rate_nothing_waits() -> None:
    limiter, server = Pacing(None), Server()
    await asyncio.gather(*[ask(limiter, server, -5) for _ in range(500)])
    assert server.asked == 500


async def test_what_is_on_its_way_is_never_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", 0.01)
    monkeypatch.setattr(pacing, "LAST_PATIENCE", 0.0)
    limiter = Pacing(30)

    async def slow() -> str:
        await asyncio.sleep(0.05)
        return "done"

    asking = asyncio.create_task(ask(limiter, slow))
    await asyncio.sleep(0)
    limiter.hurry()
    assert await asking == "done"
    assert await ask(limiter, Server()) is True  # and what need not wait is sent to the end


async def test_a_bot_that_stops_does_not_wait_for_telegram(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "LAST_PATIENCE", 0.01)
    async with asyncio.timeout(pacing.PATIENCE / 2):
        async with Mangosaurus(settings, lambda: LocalRequest(telegram)).running():
            telegram.refusals["sendMessage"].append(flood(25))
            telegram.say("/start", ALICE)
            await until(lambda: not telegram.refusals["sendMessage"])
            telegram.say("/help", BOB)  # waits for the same
            await telegram.fetched()
    assert telegram.sent == []


async def test_a_group_gets_no_more_than_telegram_allows(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", 0.1)
    async with serving(dataclasses.replace(settings, message_rate=1000), telegram) as chat:
        sent = [len(await chat.say("/help", ALICE, group(-5))) for _ in range(21)]
        assert sent == [1] * 20 + [0]
        (answer,) = await chat.say("/start", BOB)
        assert answer.startswith("Hello")
        assert [type(error) for error in chat.errors] == [TelegramError]
        chat.errors.clear()
