"""Crowds at the door of Telegram, at 0.8 to five times what it lets a bot send, on a clock that jumps."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.app import running  # noqa: F401
from bot.health import Health
from bot.words import sentences
from tests.fake_clock import in_no_time
from tests.serving import ADMIN, ALICE, BOB, GROUP
from tests.telegram.request import Visit, visiting
from tests.telegram.server import Refusal, Server
from tests.test_capacity import MIXES, RATE, TEXTS, FakeWriter, arrivals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.settings import Settings

REFUSALS = tuple(sentence.split("{}")[0] for sentence in (sentences.BUSY, sentences.LATE))


@pytest.fixture
def crowded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    monkeypatch.setattr("bot.capacity.POEMS_A_SECOND", 6.0)
    return settings


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the dates of messages, and what the bot thinks of them, go by the clock that jumps."""
    monkeypatch.setattr("time.time", lambda: 1.7e9 + asyncio.get_running_loop().time())


@dataclass
class Asked:
    """One ask, and the chat in which it is answered."""

    kind: str
    chat: int
    key: object


async def crowd(visit: Visit, coming: Sequence[tuple[float, str]], crowd_in: int | None) -> list[Asked]:
    """Let asks come, each from another person; all of them in one chat if it is given. Nobody asks for the same."""
    loop, server, asked = asyncio.get_running_loop(), visit.server, list[Asked]()
    begun = loop.time()
    for number, (time, kind) in enumerate(coming, 1000):
        await asyncio.sleep(begun + time - loop.time())
        if kind == "inline":
            key: object = await server.query("inline_query", number, query="Shall I compare thee", offset="")
        else:
            person = crowd_in if crowd_in and crowd_in > 0 else number
            text = f"/seed {number}" if crowd_in else TEXTS[kind]
            key = (await server.say(text, person, crowd_in or person))["message_id"]
        asked.append(Asked(kind, crowd_in or number, key))
    await visit.settled()
    return asked


def check(visit: Visit, asked: Sequence[Asked]) -> int:
    """Check what holds for every crowd; return how many were refused."""
    server = visit.server
    assert server.floods == 0
    fetched: dict[int, list[float]] = {}
    for one in asked:
        fetched.setdefault(one.chat, []).append(server.fetched_at[one.key])
    answers, refused = 0, 0
    for message, left in zip(server.sent, server.left, strict=True):
        if message["text"].startswith(REFUSALS):  # what is said is said at once
            refused += 1
            assert any(0 <= left - time <= 3 for time in fetched[message["chat"]["id"]])
        else:  # and what is accepted is answered in time
            answers += 1
            number = re.search("seed is now ([0-9]+)", message["text"])
            one = asked[int(number[1]) - 1000 if number else message["chat"]["id"] - 1000]
            assert left - server.fetched_at[one.key] <= 30
        assert refused <= 1 + answers / 5
    answers += sum(bool(server.answers[str(one.key)]["results"]) for one in asked if one.kind == "inline")
    assert answers + visit.bot.capacity.refusals.total() == len(asked)
    return visit.bot.capacity.refusals.total()


@pytest.mark.parametrize("shape", ["steady", "bursts"])
@pytest.mark.parametrize("load", [0.8, 1.5, 5.0])
@pytest.mark.parametrize(("mix", "crowd_in"), [("names", None), ("inline", None), ("names", ALICE), ("names", GROUP)])
@pytest.mark.usefixtures("clock")
@in_no_time
async def test_a_crowd(mix: str, crowd_in: int | None, load: float, shape: str, crowded: Settings) -> None:
    async with visiting(crowded, Server(), message_rate=RATE) as visit:
        asked = await crowd(visit, arrivals(MIXES[mix], load, shape), crowd_in)
        refused = check(visit, asked)
        print(mix, crowd_in, load, shape, len(asked), visit.bot.capacity.refusals, sum(m['text'].startswith(REFUSALS) for m in visit.server.sent), len(visit.server.sent), visit.server.left[-1], visit.telegram.figures()['polling_pauses_total'], max([l for l in visit.server.fetched_at.values()]))
        if not crowd_in:
            if load < 1:
                assert not refused
            elif mix == "names":  # then only the messages are scarce, and no time is lost
                assert len(visit.server.sent) >= 0.9 * RATE * visit.server.left[-1]
                assert set(visit.bot.capacity.refusals) <= {"late"}
        await asyncio.sleep(30)
        before = asyncio.get_running_loop().time()
        await visit.say("/dino", BOB)
        assert asyncio.get_running_loop().time() - before < 1
