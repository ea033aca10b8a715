"""Crowds on Telegram that ask for 0.8 to 5 times as much as the bot can answer, on a fake clock."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from bot.asks import Said
from bot.chat import LiveMessage
from bot.health import SERVING, Health
from bot.limits import CHATTER
from bot.settings import Settings
from bot.telegram.chat import TelegramChat
from bot.words import sentences
from bot.words.pieces import said
from tests.fake_clock import in_no_time, now
from tests.serving import ALICE, BOB, GROUP, SPEED, FakeWriter
from tests.telegram.request import Visit, visiting, words
from tests.telegram.server import Refusal, Server

RATE = 2
"""Messages a second."""
SECONDS = 40
"""How long a crowd asks."""
REFUSALS = tuple(str(sentence).split("{}")[0] for sentence in (sentences.BUSY, sentences.LATE))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let messages be dated, and the bot judge their age, by the fake clock."""
    monkeypatch.setattr("time.time", lambda: 1.7e9 + asyncio.get_running_loop().time())
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)


async def crowd(
    visit: Visit, load: float, place: int | None, lines: Sequence[str], most: float
) -> None:
    """Let people ask, in bursts, and check the promises to every crowd.

    The bot can answer `most` asks a second, and the crowd asks `load` times as many: each person in
    a chat of their own, or all of them in one place.
    """
    server, burst, fetched = visit.server, max(1, round(4 * load * most)), []
    for number in range(int(load * most * SECONDS)):
        if number and number % burst == 0:
            await asyncio.sleep(4)
        person = place if place == ALICE else 1000 + number
        line = lines[number % len(lines)].format(1000 + number)
        asked = await server.say(line, person, place or person)
        fetched.append(asked["message_id"])
    await visit.settled()
    assert server.floods == 0
    answers = refusals = 0
    for message, left in zip(server.sent, server.left, strict=True):
        if words(message).startswith(REFUSALS):
            refusals += 1
        else:  # an accepted ask is answered within 30 s
            answers += 1
            found = re.search("(?:seed is now|I count) ([0-9]+)", words(message))
            assert found  # each line has its number, counted from 1000
            assert left - server.fetched_at[fetched[int(found[1]) - 1000]] <= 30 + 1e-6  # rounding
        assert refusals <= 1 + answers / 5  # the first refusal, and one for five answers
    refused = visit.bot.limits.refusals
    assert refused.total() == len(fetched) - answers
    if place is None:
        if load <= 1:
            assert not refused
        elif len(lines) == 1:  # the bot answers at 75 % of its speed or faster
            assert answers >= 0.75 * most * server.left[-1]
        if lines == SEEDS:
            # asks are refused only as too late, never for a full queue
            assert refused.total() == refused["late"]


SEEDS, POEMS = ("/seed {}",), ("/poem I count {}",)
MIXTURE = (*SEEDS, *POEMS, *SEEDS, *SEEDS, *POEMS, "/sonnet I count {}")
"""Six asks with as much work as six poems: two poems, and a sonnet, which counts as four."""


@pytest.mark.parametrize(
    ("lines", "place", "load", "most"),
    [
        *((SEEDS, None, load, RATE) for load in (0.8, 1.5, 3.0, 5.0)),
        *((SEEDS, place, 3.0, RATE) for place in (ALICE, GROUP)),
        *((POEMS, None, load, SPEED) for load in (0.8, 1.5, 3.0)),
        *((MIXTURE, None, load, SPEED) for load in (0.8, 3.0)),
    ],
)
@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_in_a_crowd_accepted_asks_are_answered_in_time_and_refusals_are_few(
    lines: Sequence[str], place: int | None, load: float, most: float, settings: Settings
) -> None:
    async with visiting(settings, Server(), RATE) as visit:
        await crowd(visit, load, place, lines, most)
        await asyncio.sleep(30)
        before = now()
        (answer,) = await visit.say("/dino", BOB)
        assert now() - before < 1
        assert "Mangosaurus" in words(answer)


@in_no_time
async def test_an_ask_of_ten_minutes_ago_is_refused_and_a_clock_may_be_wrong_by_a_minute(
    settings: Settings,
) -> None:
    async with visiting(settings, Server()) as visit:
        for age in (-60, 60, 599):  # 600 s is the limit
            (answer,) = await visit.say("/dino", ALICE, date=int(1.7e9 + now()) - age)
        assert not visit.bot.limits.refusals
        (answer,) = await visit.say("/dino", ALICE, date=int(1.7e9 + now()) - 605)
        assert answer["text"] == str(sentences.LATE)
        # said to the group, not to the bot
        assert await visit.say("hello", ALICE, GROUP, date=1) == []
        assert visit.bot.limits.refusals == {"late": 1}


@in_no_time
async def test_polling_pauses_during_a_silence_and_no_ask_is_lost(
    settings: Settings,
) -> None:
    async with visiting(settings, Server(), 30) as visit:
        health, server = Health(None, [visit.telegram]), visit.server
        health.note(SERVING, visit.bot)
        await visit.say("/dino", ALICE)
        silence = Refusal(429, "Too Many Requests", retry_after=700)
        server.refusals["answerInlineQuery"].append(silence)
        await server.query("inline_query", BOB, query="mango", offset="")
        await asyncio.sleep(1)
        await server.say("/dino", BOB)
        await asyncio.sleep(599)  # 600 s after the refusal, so the silence lasts 100 s more
        assert (server.unconfirmed, server.texts[1:]) == (2, [])
        assert await health.failures() == {
            "Telegram": "it wants no message from this bot for 2 min"
        }
        await asyncio.sleep(160)  # the silence is over, and /dino is more than 600 s old
        assert await health.failures() == {}
        assert visit.bot.limits.refusals == {"late": 1}
        visit.bot.tally.errors.clear()


@pytest.mark.parametrize(("sonnets", "are_shown"), [(2, True), (8, False)])
@in_no_time
async def test_unfinished_states_delay_no_promised_answer(
    sonnets: int, are_shown: bool, settings: Settings
) -> None:
    """A group takes 20 messages a minute, and each change counts as one."""
    async with visiting(settings, Server(), 30) as visit, AsyncExitStack() as stack:
        limits, lives = visit.bot.limits, []
        for person in range(sonnets):
            chat = TelegramChat(visit.telegram, GROUP)
            ask = Said(person=person, chat=chat, text="/sonnet")
            stack.enter_context(limits.accepting(ask, CHATTER))
            live = LiveMessage(chat, may_edit=lambda chat=chat: limits.may_edit(chat))  # type: ignore[misc]
            lives.append(await stack.enter_async_context(live))
        for number in range(100):
            for live in lives:
                live.show(said(str(number)))
            await asyncio.sleep(1)
        assert any(visit.server.texts) == are_shown
        begun = now()
        await asyncio.gather(*(live.conclude(said("the end")) for live in lives))
        assert now() - begun <= 4
