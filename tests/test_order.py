"""The order of one person's updates, beside everybody else's."""

from __future__ import annotations

import asyncio
import gc
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from telegram import Update

from bot.wire.order import PersonalOrder, person_id
from tests.serving import ALICE, BOB

if TYPE_CHECKING:
    from bot.local.telegram import Person, Telegram
    from tests.serving import Chat

numbers = itertools.count(1)


def update(person: Person) -> Update:
    message = {"message_id": 1, "date": 1, "chat": person.chat(), "from": person.user(), "text": "x"}
    update = Update.de_json({"update_id": next(numbers), "message": message}, None)
    assert update
    return update


class Visits:
    """Handlers that note when they begin and end, and last until they are told to end."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def visit(self, name: str) -> None:
        self.notes.append(f"{name} begins")
        await self.gates.setdefault(name, asyncio.Event()).wait()
        self.notes.append(f"{name} ends")

    def end(self, *names: str) -> None:
        for name in names:
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
    visits.end("a3", "a2", "b1", "a1")
    await asyncio.gather(*tasks)
    of_alice = [note for note in visits.notes if note.startswith("a")]
    assert of_alice == ["a1 begins", "a1 ends", "a2 begins", "a2 ends", "a3 begins", "a3 ends"]


async def test_nothing_is_left_of_people_who_have_gone() -> None:
    order, visits = PersonalOrder(), Visits()
    visits.end("x")
    for person in (ALICE, BOB):
        await order.process_update(update(person), visits.visit("x"))
    gc.collect()
    assert order.people == 0


async def test_a_handler_that_fails_lets_the_next_one_begin() -> None:
    async def fail() -> None:
        raise ValueError

    order, visits = PersonalOrder(), Visits()
    visits.end("x")
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
    visits.end("0", "1")
    await asyncio.gather(*tasks)


async def test_a_person_who_sends_more_and_more_keeps_nobody_waiting() -> None:
    order, visits = PersonalOrder(), Visits()
    crowd = [asyncio.create_task(order.process_update(update(ALICE), visits.visit(f"a{n}"))) for n in range(2000)]
    other = asyncio.create_task(order.process_update(update(BOB), visits.visit("b")))
    await settle()
    assert visits.notes == ["a0 begins", "b begins"]
    visits.end("b", *(f"a{n}" for n in range(2000)))
    await asyncio.gather(other, *crowd)
    assert len(visits.notes) == 2 * 2001


async def test_no_update_is_passed_over(chat: Chat, telegram: Telegram) -> None:
    for _ in range(300):
        telegram.say("/seed", ALICE)
    await chat.settled()
    assert len(chat.texts()) == 300


def test_who_an_update_is_from() -> None:
    channel = {"id": -100, "type": "channel", "title": "News"}
    post = {"message_id": 1, "date": 1, "chat": channel, "text": "x"}
    assert person_id(update(ALICE)) == ALICE.id
    read = Update.de_json
    assert person_id(read({"update_id": 1, "channel_post": post}, None)) == -100
    assert person_id(Update(1)) is None
