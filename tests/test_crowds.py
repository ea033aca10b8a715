"""Crowds at the door of Telegram, at 0.8 to five times what it lets a bot send, on a clock that
jumps."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from bot.capacity import Capacity
from markupsafe import Markup

from bot.chat import LiveMessage
from bot.health import SERVING, Health
from bot.settings import Settings
from bot.words import sentences
from tests.fake_clock import in_no_time, now
from tests.serving import ADMIN, ALICE, BOB, GROUP
from tests.telegram.request import Visit, door, visiting
from tests.telegram.server import Refusal, Server
from tests.test_capacity import TEXTS, FakeWriter, arrivals

RATE = 2
"""Messages a second."""
PEOPLE, TYPISTS = ["help", "help", "dino"], ["inline", "dino", "poem"]
REFUSALS = tuple(sentence.split("{}")[0] for sentence in (sentences.BUSY, sentences.LATE))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the dates of messages, and what the bot thinks of them, go by the clock that jumps."""
    monkeypatch.setattr("time.time", lambda: 1.7e9 + asyncio.get_running_loop().time())
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    monkeypatch.setattr("tests.test_capacity.SPEED", 6.0)
    monkeypatch.setattr("bot.capacity.POEMS_A_SECOND", 6.0)


@dataclass
class Asked:
    """One ask, by the id of its message or query, and the chat in which it is answered."""

    kind: str
    chat: int
    key: object


async def crowd(
    visit: Visit, coming: Sequence[tuple[float, str]], place: int | None
) -> list[Asked]:
    """Let asks come, each from another person, or all from one; or each in one group."""
    begun, server, asked = now(), visit.server, list[Asked]()
    for number, (time, kind) in enumerate(coming, 1000):
        await asyncio.sleep(begun + time - now())
        if kind == "inline":
            key: object = await server.query("inline_query", number, query="mango", offset="")
        else:
            person = place if place == ALICE else number
            text = f"/seed {number}" if place else TEXTS[kind]
            key = (await server.say(text, person, place or person))["message_id"]
        asked.append(Asked(kind, place or number, key))
    await visit.settled()
    return asked


def refused_in(visit: Visit, asked: Sequence[Asked]) -> int:
    """Return how many asks that are not inline were refused, and check what holds for
    every crowd."""
    server, answers, told = visit.server, 0, 0
    assert server.floods == 0
    fetched = [(one.chat, server.fetched_at[one.key]) for one in asked]
    for message, left in zip(server.sent, server.left, strict=True):
        if message["text"].startswith(REFUSALS):  # what is said is said at once
            told += 1
            assert any(
                chat == message["chat"]["id"] and 0 <= left - time <= 3 for chat, time in fetched
            )
        else:  # and what is accepted is answered in time
            answers += 1
            number = re.search("seed is now ([0-9]+)", message["text"])
            _, time = fetched[int(number[1] if number else message["chat"]["id"]) - 1000]
            assert left - time <= 30
        assert told <= 1 + answers / 5
    inline = [one for one in asked if one.kind == "inline"]
    offered = sum(bool(server.answers[str(one.key)]["results"]) for one in inline)
    refused = len(asked) - len(inline) - answers
    assert visit.bot.capacity.refusals.total() == refused + len(inline) - offered
    return refused


@pytest.mark.parametrize(("load", "shape"), [(0.8, "bursts"), (1.5, "steady"), (5.0, "bursts")])
@pytest.mark.parametrize(
    ("kinds", "place"), [(PEOPLE, None), (TYPISTS, None), (PEOPLE, ALICE), (PEOPLE, GROUP)]
)
@in_no_time
async def test_a_crowd(
    kinds: list[str], place: int | None, load: float, shape: str, settings: Settings
) -> None:
    async with visiting(settings, Server(), message_rate=RATE) as visit:
        asked = await crowd(visit, arrivals(kinds, load, shape, RATE)[:250], place)
        refused, refusals = refused_in(visit, asked), visit.bot.capacity.refusals
        if not place:
            assert refused == refusals["late"]  # nobody is refused because so many messages wait
            if load < 1:
                assert not refusals
            else:
                assert len(visit.server.sent) >= 0.9 * RATE * visit.server.left[-1]
        await asyncio.sleep(30)
        before = now()
        await visit.say("/dino", BOB)
        assert now() - before < 1
        assert "can't keep up" not in visit.server.texts[-1]


@in_no_time
async def test_in_a_pause_telegram_knows_what_has_arrived(settings: Settings) -> None:
    async with visiting(settings, Server(), message_rate=1) as visit:
        for person in range(1000, 1060):
            await visit.server.say("/help", person)
        await asyncio.sleep(5)
        assert visit.telegram.figures()["polling_paused_seconds"]
        # one has left, and 25 can leave in half a minute
        assert visit.server.unconfirmed == 60 - 26


@in_no_time
async def test_a_crowd_in_a_group_is_told_once_and_keeps_nobody_else_waiting(
    settings: Settings,
) -> None:
    async with visiting(settings, Server(), message_rate=30) as visit:
        for person in range(500, 525):
            await visit.server.say("/dino", person, GROUP)
        await visit.server.say("/dino", ALICE)
        await asyncio.sleep(1)
        assert [message["chat"]["id"] for message in visit.server.sent].count(ALICE) == 1
        await visit.settled()
        assert sum("I can't keep up" in text for text in visit.server.texts) == 1
        assert len(visit.server.sent) == 19
        assert visit.bot.capacity.refusals == {"busy": 8}


@in_no_time
async def test_what_was_asked_two_minutes_ago_is_refused_and_a_clock_may_be_wrong_by_a_minute(
    settings: Settings,
) -> None:
    async with visiting(settings, Server()) as visit:
        for age in (-60, 60, 119):
            (answer,) = await visit.say("/dino", ALICE, date=int(1.7e9 + now()) - age)
            await visit.press(answer | {"date": 1}, "another", ALICE)  # a press has no date
        assert not visit.bot.capacity.refusals
        (answer,) = await visit.say("/dino", ALICE, date=int(1.7e9 + now()) - 125)
        assert answer["text"] == sentences.plain(sentences.LATE)
        assert await visit.say("hello", ALICE, GROUP, date=1) == []  # that is not for the bot
        assert visit.bot.capacity.refusals == {"late": 1}


@in_no_time
async def test_while_nothing_may_leave_polling_pauses_and_everybody_can_see_it(
    settings: Settings,
) -> None:
    async with visiting(settings, Server(), message_rate=30) as visit:
        health, server = Health(), visit.server
        health.note(SERVING, visit.bot)
        await visit.say("/dino", ALICE)
        server.refusals["answerInlineQuery"].append(
            Refusal(429, "Too Many Requests", retry_after=700)
        )
        await server.query("inline_query", BOB, query="mango", offset="")
        await asyncio.sleep(11)
        await server.say("/dino", BOB)
        await asyncio.sleep(60)
        assert server.texts[1:] == []
        assert await health.failures() == {}
        assert "paused for" in visit.telegram.facts()["last poll"]
        figures = visit.telegram.figures()
        assert figures["last_poll_seconds"] < 1
        assert figures["polling_paused_seconds"] > 55
        assert figures["polling_pauses_total"] == 1
        await asyncio.sleep(600)
        assert "paused for 11 min" in (await health.failures())["polling"]
        await asyncio.sleep(60)
        assert await health.failures() == {}
        assert visit.bot.capacity.refusals == {"late": 1}
        (status,) = await visit.say("/status", ADMIN)
        assert "paused" not in status["text"]
        visit.bot.tally.errors.clear()


@pytest.mark.parametrize(("sonnets", "are_shown"), [(2, True), (8, False)])
@in_no_time
async def test_unfinished_states_delay_no_promised_answer(
    sonnets: int, are_shown: bool, settings: Settings
) -> None:
    """A group takes 20 messages a minute, and each change is one."""
    server, capacity = Server(), Capacity()
    server.chats.add(GROUP)
    async with door(settings, server, message_rate=30) as telegram, AsyncExitStack() as stack:
        chats = [telegram.chat(GROUP) for _ in range(sonnets)]
        lives = []
        for chat in chats:
            stack.enter_context(capacity.expected(chat, 1))
            lives.append(await stack.enter_async_context(LiveMessage(chat, capacity=capacity)))
        for number in range(100):
            for live in lives:
                live.show(Markup(str(number)))
            await asyncio.sleep(1)
        assert any(server.texts) == are_shown
        begun = now()
        await asyncio.gather(*(live.conclude(Markup("the end")) for live in lives))
        assert now() - begun <= 4


@in_no_time
async def test_a_lost_state_of_a_text_that_arrives_whole_needs_no_apology(
    settings: Settings,
) -> None:
    server = Server()
    server.chats.add(ALICE)
    server.refusals["sendMessage"].append(Refusal(429, "Too Many Requests", retry_after=38))
    async with door(settings, server, message_rate=30) as telegram:
        async with LiveMessage(telegram.chat(ALICE)) as live:
            live.show(Markup("the beginning"))
            await asyncio.sleep(12)
        await live.conclude(Markup("the end"))
        await asyncio.sleep(100)
    assert server.texts == ["the end"]
