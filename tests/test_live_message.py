"""A message that is rewritten while something goes on, at the pace of its chat."""

import asyncio
import math
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from markupsafe import Markup

from bot.chat import (
    SLOW_SECONDS,
    TYPING_AT_ONCE,
    TYPING_SECONDS,
    Gone,
    InDoubt,
    LiveMessage,
    NotSent,
)
from tests.fake_chat import FakeChat
from tests.fake_clock import in_no_time

END = Markup("end")


def chat_at(pace: float) -> FakeChat:
    chat = FakeChat(cast("Any", None))
    chat.edit_seconds = pace
    return chat


async def count(live: LiveMessage, seconds: int) -> None:
    for number in range(10 * seconds):
        live.show(Markup(str(number)))
        await asyncio.sleep(0.1)


@in_no_time
async def test_changes_keep_their_distance_and_show_the_newest() -> None:
    chat = chat_at(3.0)
    async with LiveMessage(chat) as live:
        await count(live, 10)
    await live.conclude(END)
    (message,) = chat.messages
    *numbers, end = message.history  # after 0.5, 3.5, 6.5 and 9.5 seconds, and in the end
    assert list(map(int, numbers)) == pytest.approx([5, 35, 65, 95], abs=1)
    assert end == "end"


@in_no_time
async def test_the_same_again_changes_nothing() -> None:
    chat = chat_at(1.0)
    async with LiveMessage(chat) as live:
        for _ in range(100):
            live.show(Markup("same"))
            await asyncio.sleep(0.1)
    assert chat.messages[0].history == ["same"]


@in_no_time
async def test_somebody_sees_that_the_bot_is_typing_until_there_is_something_to_show() -> None:
    """In a crowd, not everybody sees it: each sign is a request, and would delay the answers."""
    chats = [chat_at(3.0) for _ in range(3 * TYPING_AT_ONCE)]
    async with AsyncExitStack() as stack:
        for chat in chats:
            await stack.enter_async_context(LiveMessage(chat))
        await asyncio.sleep(1)
    assert sum(bool(chat.typed) for chat in chats) == TYPING_AT_ONCE
    chat = chat_at(3.0)
    async with LiveMessage(chat) as live:
        await asyncio.sleep(SLOW_SECONDS + 2.5 * TYPING_SECONDS)
        assert chat.typed == 3
        live.show(Markup("begun"))
        await asyncio.sleep(10)
        assert chat.typed == 3
    assert chat.messages[0].history == ["begun"]


async def test_what_is_shown_just_before_the_end_does_not_hold_it_up() -> None:
    """In Python 3.11, wait_for swallows a cancellation that comes as soon as what it waits for."""
    chat = chat_at(0.0)
    async with asyncio.timeout(5), LiveMessage(chat) as live:
        while not chat.typed:  # noqa: ASYNC110 - the chat gives no sign
            await asyncio.sleep(0)
        live.show(Markup("begun"))
    await live.conclude(END)
    assert [message.history for message in chat.messages] == [["end"]]


@pytest.mark.parametrize(
    ("pace", "waiting", "seconds"),
    [(math.inf, 0.0, 20), (3.0, 1.0, 20), (3.0, 0.0, 0)],
    ids=["a pipe", "messages wait", "done within a moment"],
)
@in_no_time
async def test_nothing_unfinished_is_shown(pace: float, waiting: float, seconds: int) -> None:
    chat = chat_at(pace)
    chat.waiting = waiting
    async with LiveMessage(chat) as live:
        live.show(Markup("begun"))
        await asyncio.sleep(SLOW_SECONDS - 0.1)
        assert chat.typed == 0
        await count(live, seconds)
    await live.conclude(END)
    assert [message.history for message in chat.messages] == [["end"]]


@in_no_time
async def test_no_unfinished_text_appears_after_the_end() -> None:
    """What is on its way arrives before the end; what is shown later never appears."""
    chat = chat_at(1.0)
    change = chat.change

    async def slow(
        message: int, html: Markup | None, buttons: object = (), *, unfinished: bool = False
    ) -> None:
        await asyncio.sleep(30)
        await change(message, html, unfinished=unfinished)

    async with LiveMessage(chat) as live:
        live.show(Markup("first"))
        await asyncio.sleep(2)
        chat.change = slow  # type: ignore[method-assign]
        live.show(Markup("second"))
        await asyncio.sleep(2)
    await live.conclude(END)
    live.show(Markup("late"))
    await asyncio.sleep(100)
    assert chat.messages[0].history == ["first", "second", "end"]


@in_no_time
async def test_a_failure_ends_nothing_and_a_message_that_is_gone_is_replaced() -> None:
    chat = chat_at(1.0)
    chat.failures = [NotSent("no"), InDoubt("perhaps")]
    async with LiveMessage(chat) as live:
        await count(live, 5)
        chat.failures = [Gone("deleted")]
        await count(live, 2)
        chat.failures = [Gone("deleted")]
    await live.conclude(END)
    assert [message.html for message in chat.messages[1:]] == ["end"]
    assert live.message == 2


@in_no_time
async def test_an_end_that_may_have_arrived_is_not_said_again() -> None:
    chat = chat_at(0.0)
    number = await chat.say(Markup("begun"))
    for live in (LiveMessage(chat, number), LiveMessage(chat)):
        chat.failures = [InDoubt("lost")]
        with pytest.raises(InDoubt):
            await live.conclude(END)
    assert len(chat.messages) == 1


@in_no_time
async def test_a_bug_in_a_chat_is_logged_and_no_bug_of_what_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chat = chat_at(0.0)
    chat.failures = [ValueError("can't parse entities")] * 100
    async with LiveMessage(chat) as live:
        await count(live, 2)
    chat.failures.clear()
    await live.conclude(END)
    (record,) = caplog.records
    assert (record.levelname, record.exc_info and record.exc_info[0]) == ("ERROR", ValueError)
    assert chat.messages[0].history == ["end"]
