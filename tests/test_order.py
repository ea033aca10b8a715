"""The order of one person's updates, beside everybody else's."""

from __future__ import annotations

import asyncio
import gc
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from telegram import Update

from bot.conversation import texts
from bot.people.limits import Rate
from bot.wire.order import PersonalOrder, person_id
from bot.writing.batching import Batching
from tests.serving import ALICE, BOB, Chat, serving, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Person, Telegram
    from bot.settings import Settings
    from bot.writing.batching import Written
    from model.decoding.requests import Request

numbers = itertools.count(1)


def update(person: Person) -> Update:
    message = {"message_id": 1, "date": 1, "chat": person.chat(), "from": person.user(), "text": "x"}
    update = Update.de_json({"update_id": next(numbers), "message": message}, None)
    assert update
    return update


class Visits:
    """Handlers that note when they begin and end, and wait to be let go."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def visit(self, name: str) -> None:
        self.notes.append(f"{name} begins")
        await self.gates.setdefault(name, asyncio.Event()).wait()
        self.notes.append(f"{name} ends")

    def let_go(self, name: str) -> None:
        self.gates.setdefault(name, asyncio.Event()).set()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_person_in_order_and_others_meanwhile() -> None:
    order, visits = PersonalOrder(), Visits()
    who = {"a1": ALICE, "a2": ALICE, "b1": BOB, "a3": ALICE}
    tasks = [asyncio.create_task(order.process_update(update(p), visits.visit(name))) for name, p in who.items()]
    await settle()
    assert visits.notes == ["a1 begins", "b1 begins"]
    assert order.people == 2
    for name in ("a3", "a2", "b1", "a1"):
        visits.let_go(name)
    await asyncio.gather(*tasks)
    of_alice = [note for note in visits.notes if note.startswith("a")]
    assert of_alice == ["a1 begins", "a1 ends", "a2 begins", "a2 ends", "a3 begins", "a3 ends"]


async def test_nothing_is_left_of_people_who_have_gone() -> None:
    order, visits = PersonalOrder(), Visits()
    visits.let_go("x")
    for person in (ALICE, BOB):
        await order.process_update(update(person), visits.visit("x"))
    gc.collect()
    assert order.people == 0


async def test_a_handler_that_fails_lets_the_next_one_begin() -> None:
    async def fail() -> None:
        raise ValueError

    order, visits = PersonalOrder(), Visits()
    visits.let_go("x")
    with pytest.raises(ValueError, match=r"^$"):
        await order.process_update(update(ALICE), fail())
    await order.process_update(update(ALICE), visits.visit("x"))
    assert visits.notes == ["x begins", "x ends"]


async def test_what_nobody_sent_waits_for_nobody() -> None:
    order, visits = PersonalOrder(), Visits()
    things: list[Any] = ["no update at all", Update(1)]
    tasks = [asyncio.create_task(order.process_update(thing, visits.visit(str(n)))) for n, thing in enumerate(things)]
    await settle()
    assert visits.notes == ["0 begins", "1 begins"]
    for name in "01":
        visits.let_go(name)
    await asyncio.gather(*tasks)


async def test_no_more_at_once_than_allowed() -> None:
    order, visits = PersonalOrder(1), Visits()
    tasks = [
        asyncio.create_task(order.process_update(update(person), visits.visit(person.first_name)))
        for person in (ALICE, BOB)
    ]
    await settle()
    assert visits.notes == ["Alice begins"]
    visits.let_go("Alice")
    visits.let_go("Bob")
    await asyncio.gather(*tasks)


async def test_a_person_has_the_same_places_again_and_again() -> None:
    order = PersonalOrder(9, 2)
    for _ in range(3):
        visits = Visits()
        tasks = [asyncio.create_task(order.process_update(update(ALICE), visits.visit(name))) for name in "012"]
        await settle()
        for name in "01":
            visits.let_go(name)
        await asyncio.gather(*tasks)
        assert visits.notes == ["0 begins", "0 ends", "1 begins", "1 ends"]


def test_who_an_update_is_from() -> None:
    channel = {"id": -100, "type": "channel", "title": "News"}
    post = {"message_id": 1, "date": 1, "chat": channel, "text": "x"}
    assert person_id(update(ALICE)) == ALICE.id
    read = Update.de_json
    assert person_id(read({"update_id": 1, "channel_post": post}, None)) == -100
    assert person_id(Update(1)) is None


@pytest.fixture
async def limited(settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    """A bot with a roomy limit for each person, and few places."""
    monkeypatch.setattr("bot.application.SHARE", 64)
    async with serving(replace(settings, rate_limit=Rate(1000, 1), queue_limit=0), telegram) as chat:
        yield chat


async def test_without_limits_nothing_is_passed_over(chat: Chat, telegram: Telegram) -> None:
    for _ in range(300):
        telegram.say("/seed", ALICE)
    await chat.settled()
    assert len(chat.texts()) == 300


async def test_whoever_sends_more_and_more_leaves_room_for_others(
    limited: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = limited
    let_go, write = asyncio.Semaphore(0), Batching.write

    async def wait_and_write(self: Batching, request: Request) -> Written:
        await let_go.acquire()
        return await write(self, request)

    def answers() -> int:
        return sum("the nearest known name" in text for text in chat.texts())

    monkeypatch.setattr(Batching, "write", wait_and_write)
    await chat.say("/settings")
    menu = telegram.sent[-1]
    for _ in range(6):
        telegram.say("/dino", ALICE)
    await telegram.fetched()
    presses = [telegram.press(menu, "wild", ALICE) for _ in range(2)]
    await until(lambda: all(press in telegram.queries.answers for press in presses))
    assert {telegram.queries.answers[press]["text"] for press in presses} == {texts.PASSED_OVER}
    telegram.say("/seed 42", BOB)
    await until(lambda: "Your seed is now 42, and its sequence begins." in chat.texts())
    let_go.release()
    processor = chat.mangosaurus.application.update_processor
    await until(lambda: answers() == 1 and processor.current_concurrent_updates == 2)
    telegram.say("/dino", ALICE)  # which has a place again
    await telegram.fetched()
    for _ in range(3):
        let_go.release()
    await chat.settled()
    assert answers() == 4
