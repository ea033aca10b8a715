"""Too many requests at once: those that can be answered within half a minute are; others are refused in words."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.conversation import texts
from bot.local.telegram import Person, group
from bot.people.limits import Rate
from tests.serving import ALICE, Chat, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Telegram
    from bot.settings import Settings

TO_A_GROUP = 10
"""Messages that Telegram lets a bot send to a group in half a minute."""
PEOPLE = [Person(500 + number) for number in range(25)]
GROUP = group(-5)


@pytest.fixture
async def paced(settings: Settings, telegram: Telegram) -> AsyncIterator[Chat]:
    """A bot that keeps to Telegram's limits."""
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


async def test_a_crowd_that_has_quietened_is_told_again(paced: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.wire.pacing.ACCEPTED", 15)  # seconds: five messages, so that both crowds can be told
    for crowds in (1, 2):
        for person in PEOPLE:
            paced.telegram.say("/dino", person, GROUP)
        await paced.settled()
        assert paced.texts().count(texts.BUSY_GROUP) == crowds
        assert len(paced.texts()) == crowds * (5 + 1)


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


async def test_everybody_who_comes_beyond_what_can_be_sent_is_told(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.pacing.ACCEPTED", 0.1)  # seconds: three messages
    async with serving(replace(settings, message_rate=30), telegram) as chat:
        for person in PEOPLE:
            telegram.say("/dino", person)
        await chat.settled()
        assert chat.texts().count(texts.BUSY) == len(PEOPLE) - 3
        assert len(chat.texts()) == len(PEOPLE)
        assert len(await chat.mangosaurus.store.creations(PEOPLE[0].id)) == 1


async def test_what_is_refused_takes_no_turn_and_no_part_of_a_limit(paced: Chat) -> None:
    for person in PEOPLE[:TO_A_GROUP]:
        paced.telegram.say("/dino", person, GROUP)
    paced.telegram.say("/dino", ALICE, GROUP)
    await paced.settled()
    assert await paced.mangosaurus.store.creations(ALICE.id) == []
