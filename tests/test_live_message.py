"""A message that is rewritten while something goes on, at the pace of its chat."""

import asyncio
import math
from typing import Any, cast

import pytest

from bot.asks import Said
from bot.chat import (
    SLOW_SECONDS,
    TYPING_SECONDS,
    Answer,
    Buttons,
    Gone,
    InDoubt,
    LiveMessage,
    NotSent,
)
from bot.words.pieces import Message, said
from tests.fake_chat import FakeChat
from tests.fake_clock import in_no_time

END = said("end")


def chat_at(pace: float) -> FakeChat:
    chat = FakeChat(cast("Any", None))
    chat.edit_seconds = pace
    return chat


def ask_in(chat: FakeChat) -> Said:
    return Said(person=1, chat=chat, text="")


async def end_of(live: LiveMessage) -> None:
    """End the ask to which a message belongs."""
    await live.ask.chat.end(Answer(END), cast("Any", None), live.ask.shown)


async def count(live: LiveMessage, seconds: int) -> None:
    for number in range(10 * seconds):
        live.show(said(str(number)))
        await asyncio.sleep(0.1)


@in_no_time
async def test_changes_keep_their_distance_and_show_only_new_text() -> None:
    chat = chat_at(3.0)
    async with LiveMessage(ask_in(chat)) as live:
        await count(live, 10)
        for _ in range(100):
            live.show(said("same"))
            await asyncio.sleep(0.1)
    await end_of(live)
    (message,) = chat.messages
    *numbers, same, end = message.history  # after 0.5, 3.5, 6.5, 9.5 and 12.5 s, and in the end
    assert list(map(int, numbers)) == pytest.approx([5, 35, 65, 95], abs=1)
    assert (same, end) == ("same", "end")


@in_no_time
async def test_somebody_sees_that_the_bot_is_typing_until_there_is_something_to_show() -> None:
    chat = chat_at(3.0)
    async with LiveMessage(ask_in(chat)) as live:
        await asyncio.sleep(SLOW_SECONDS + 2.5 * TYPING_SECONDS)
        assert chat.typed == 3
        live.show(said("begun"))
        await asyncio.sleep(10)
        assert chat.typed == 3
    assert chat.messages[0].history == ["begun"]


@pytest.mark.parametrize(
    ("pace", "waiting", "seconds"),
    [(math.inf, 0.0, 20), (3.0, 1.0, 20), (3.0, 0.0, 0)],
    ids=["a pipe", "messages wait", "done within a moment"],
)
@in_no_time
async def test_nothing_unfinished_is_shown(pace: float, waiting: float, seconds: int) -> None:
    chat = chat_at(pace)
    chat.waiting = waiting
    async with LiveMessage(ask_in(chat)) as live:
        live.show(said("begun"))
        await asyncio.sleep(SLOW_SECONDS - 0.1)
        await count(live, seconds)
    await end_of(live)
    assert chat.typed == 0
    assert [message.history for message in chat.messages] == [["end"]]


@in_no_time
async def test_no_unfinished_text_appears_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that is on its way arrives before the end; a later one never appears."""
    chat = chat_at(1.0)
    change = chat.change

    async def slow(
        number: int, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        await asyncio.sleep(30)
        await change(number, message, buttons, unfinished=unfinished)

    async with LiveMessage(ask_in(chat)) as live:
        live.show(said("first"))
        await asyncio.sleep(2)
        monkeypatch.setattr(chat, "change", slow)
        live.show(said("second"))
        await asyncio.sleep(2)
    await end_of(live)
    live.show(said("late"))
    await asyncio.sleep(100)
    assert chat.messages[0].history == ["first", "second", "end"]


@in_no_time
async def test_a_failure_ends_nothing_and_a_message_that_is_gone_is_replaced() -> None:
    chat = chat_at(1.0)
    chat.failures = [NotSent("no")]
    async with LiveMessage(ask_in(chat)) as live:
        await count(live, 5)
        chat.failures = [Gone("deleted")]
        await count(live, 2)
        chat.failures = [Gone("deleted")]
    await end_of(live)
    assert [message.text for message in chat.messages[1:]] == ["end"]


@in_no_time
async def test_after_a_beginning_that_may_have_arrived_only_the_end_follows_once() -> None:
    chat = chat_at(1.0)
    chat.failures = [InDoubt("lost")]
    async with LiveMessage(ask_in(chat)) as live:
        await count(live, 10)
    assert chat.messages == []
    await end_of(live)
    assert [message.history for message in chat.messages] == [["end"]]
