"""Too many requests at once: those that can be answered within half a minute are; others are refused in words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from telegram.error import RetryAfter

from bot.conversation import texts
from bot.conversation.admission import ASKS_OF_A_GROUP, Admission, RefusedError
from bot.local.telegram import Person, group
from bot.people.limits import Rate
from bot.wire.pacing import HeldError, Pacing
from tests.fake_clock import run
from tests.serving import ALICE, Chat, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Telegram
    from bot.settings import Settings

TO_A_GROUP = 19
"""Answers that a group gets at once. With a refusal, they are as many as Telegram takes in a minute."""
PEOPLE = [Person(500 + number) for number in range(25)]
GROUP = group(-5)


class Crowd:
    """People who ask, and messages that are sent in no time, on a clock that jumps."""

    def __init__(self, rate: int = 30) -> None:
        self.pacing = Pacing(rate)
        self.admission = Admission(self.pacing, None)
        self._sending: list[asyncio.Task[None]] = []

    async def asked(self, chat_id: int, person: int) -> str:
        """Let a person ask; returns the refusal, or nothing if they are accepted."""
        try:
            with self.admission.accepting(chat_id, person):
                pass
        except RefusedError as error:
            if error.said:
                return "in silence"
            refusal = str(error)
        else:
            refusal = ""
        self._send(chat_id)
        await asyncio.sleep(0)
        return refusal

    def hold(self, chat_id: int, seconds: float) -> None:
        """Let Telegram ask for silence."""
        self._send(chat_id, RetryAfter(timedelta(seconds=seconds)))

    def _send(self, chat_id: int, *errors: Exception) -> None:
        remaining = list(errors)

        async def sent() -> None:
            if remaining:
                raise remaining.pop()

        async def send() -> None:
            with contextlib.suppress(HeldError):
                await self.pacing.process_request(sent, (), {}, "sendMessage", {"chat_id": chat_id}, None)

        self._sending.append(asyncio.create_task(send()))


@pytest.fixture
async def paced(settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    """A bot that keeps to Telegram's limits, but for the pause between two messages to one chat."""
    monkeypatch.setattr("bot.wire.pacing.TO_A_CHAT", (20, 0.1))
    async with serving(replace(settings, message_rate=30), telegram) as chat:
        yield chat


async def test_a_crowd_in_a_group_is_told_once(paced: Chat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for person in PEOPLE:
        paced.telegram.say("/dino", person, GROUP)
    await paced.settled()
    assert paced.texts().count(texts.BUSY_GROUP) == 1
    assert len(paced.texts()) == TO_A_GROUP + 1
    assert caplog.text.count("A request was refused") == len(PEOPLE) - TO_A_GROUP


async def test_a_person_who_asks_too_much_is_told_once_and_every_request_is_logged(
    settings: Settings, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with serving(replace(settings, rate_limit=Rate(1, 60)), telegram) as chat:
        for _ in range(4):
            telegram.say("/dino", ALICE)
        await chat.settled()
        assert len(chat.texts()) == 2
    assert caplog.text.count("A request was refused") == 3


def test_a_crowd_that_has_quietened_is_told_again() -> None:
    async def simulate() -> list[Counter[str]]:
        crowds = []
        for _ in range(2):
            crowds.append(Counter([await crowd.asked(GROUP["id"], person.id) for person in PEOPLE]))
            await asyncio.sleep(120)
        return crowds

    crowd = Crowd()
    assert run(simulate()) == [{"": TO_A_GROUP, texts.BUSY_GROUP: 1, "in silence": len(PEOPLE) - TO_A_GROUP - 1}] * 2


async def test_a_group_does_not_keep_others_waiting(paced: Chat) -> None:
    for person in PEOPLE:
        paced.telegram.say("/dino", person, GROUP)
    paced.telegram.say("/dino", ALICE)
    await paced.settled()
    assert [sent["chat"]["id"] for sent in paced.telegram.sent].count(ALICE.id) == 1
    assert texts.BUSY not in paced.texts()


async def test_a_press_in_a_crowd_is_refused_by_its_button(paced: Chat) -> None:
    await paced.say("/dino", ALICE, GROUP)
    (message,) = paced.telegram.sent
    for person in PEOPLE:
        paced.telegram.say("/dino", person, GROUP)
    query = paced.telegram.press(message, "another", ALICE)
    await paced.settled()
    assert paced.telegram.queries.answers[query]["text"] == texts.BUSY_GROUP
    assert paced.texts().count(texts.BUSY_GROUP) == 1


def test_everybody_who_comes_beyond_what_can_be_sent_is_told() -> None:
    async def simulate() -> list[str]:
        return [await crowd.asked(person, person) for person in range(1, 70)]

    crowd = Crowd(rate=2)
    assert run(simulate()) == [""] * 62 + [texts.BUSY] * 7
    assert crowd.admission.refused == 7


def test_one_person_may_not_ask_for_more_than_their_chat_gets_in_half_a_minute() -> None:
    async def simulate() -> list[str]:
        return [await crowd.asked(1, 1) for _ in range(33)]

    crowd = Crowd()
    assert run(simulate()) == [""] * 32 + [texts.too_many(2)]


@pytest.mark.parametrize("chat_id", [1, GROUP["id"]])
def test_what_is_accepted_during_a_hold_counts_it(chat_id: int) -> None:
    async def simulate() -> list[str]:
        crowd.hold(chat_id, 60)
        await asyncio.sleep(20)
        before = [await crowd.asked(each, 7) for each in (chat_id, 2, chat_id)]
        await asyncio.sleep(15)
        return [*before, await crowd.asked(chat_id, 7)]

    crowd = Crowd()
    assert run(simulate()) == [texts.held(40), "", texts.held(40), ""]


async def test_what_is_refused_takes_no_turn_and_no_part_of_a_limit(paced: Chat) -> None:
    for person in PEOPLE[:TO_A_GROUP]:
        paced.telegram.say("/dino", person, GROUP)
    paced.telegram.say("/dino", ALICE, GROUP)
    await paced.settled()
    assert await paced.mangosaurus.store.creations(ALICE.id) == []


async def test_questions_for_help_do_not_make_a_whole_group_busy(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.pacing.TO_A_CHAT", (20, 0.1))
    async with serving(replace(settings, message_rate=30, rate_limit=Rate(10, 60)), telegram) as chat:
        for person in PEOPLE:
            telegram.say("/help@mangosaurus_bot", person, GROUP)
        await chat.settled()
        assert len(chat.texts()) == ASKS_OF_A_GROUP + 1
        for person in PEOPLE[:10]:
            assert texts.BUSY_GROUP not in await chat.say("/dino", person, GROUP)
        assert len(chat.texts()) == ASKS_OF_A_GROUP + 1 + 10
        assert len(await chat.say("/help", ALICE)) == 1
