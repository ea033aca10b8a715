"""What the bot can carry: crowds of every kind, at half to five times what it can do, on a clock
that jumps."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from bot.app import Bot
from bot.asks import Said, Typed
from bot.running import running
from bot.settings import Settings
from bot.writer import Text
from model.weights.checkpoint import Checkpoint
from model.writing.requests import LineRequest, NameRequest, Request, SonnetRequest
from tests.fake_chat import FakeChat, Outbox
from tests.fake_clock import in_no_time

RATE = 3
"""Messages a second."""
SPEED = 1.5
"""Poems a second: as on two cores, half as many as messages."""
SECONDS = 40.0


class FakeWriter:
    """Writes one text after the other, as fast as `SPEED` says, in the time of the
    jumping clock."""

    is_stuck = False

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.pending: set[object] = set()
        self._free_at = 0.0

    async def write(self, request: Request, *_: object) -> Text:
        if isinstance(request, LineRequest):
            return Text(("",))
        self.pending.add(request)
        try:
            poems = (
                10.0
                if isinstance(request, SonnetRequest)
                else 0.1
                if isinstance(request, NameRequest)
                else 1.0
            )
            now = asyncio.get_running_loop().time()
            self._free_at = max(now, self._free_at) + poems / SPEED
            await asyncio.sleep(self._free_at - now)
        finally:
            self.pending.discard(request)
        return (
            Text(("mangosaurus",), (None,))
            if isinstance(request, NameRequest)
            else Text(("o mango\n" * 13,))
        )

    async def close(self) -> None: ...


@dataclass
class Asked:
    """One ask: when it came, the chat that shows what became of it, and when it was done."""

    kind: str
    time: float
    chat: FakeChat
    done: float = 0.0

    @property
    def is_refused(self) -> bool:
        return not self.chat.offers[0] if self.kind == "inline" else not self.is_answered

    @property
    def is_answered(self) -> bool:
        return bool(self.chat.offers and self.chat.offers[0]) or any(
            not each.refuses for each in self.chat.messages
        )

    @property
    def is_told(self) -> bool:
        return any(each.refuses for each in self.chat.messages)


TEXTS = {
    "dino": "/dino",
    "poem": "/poem Shall I compare thee",
    "sonnet": "/sonnet Shall I compare thee",
    "help": "/help",
}
COST = {"dino": 0.1, "poem": 1.0, "sonnet": 10.0, "help": 0.0, "inline": 0.1}
"""Texts of each kind, in poems; every kind but inline sends a message."""


def arrivals(
    kinds: Sequence[str], load: float, shape: str, rate: float = RATE
) -> list[tuple[float, str]]:
    """Return when asks of each kind come, in turns, at `load` times what the bot can do: steadily,
    or in bursts."""
    messages = sum(kind != "inline" for kind in kinds) / len(kinds) / rate
    texts = sum(COST[kind] for kind in kinds) / len(kinds) / SPEED
    pause = max(messages, texts) / load
    burst = 1 if shape == "steady" else max(1, round(4 / pause))  # all of four seconds at once
    return [
        (number // burst * burst * pause, kinds[number % len(kinds)])
        for number in range(int(SECONDS / pause))
    ]


async def crowd(bot: Bot, outbox: Outbox, coming: Sequence[tuple[float, str]]) -> list[Asked]:
    loop = asyncio.get_running_loop()
    begun, asked, tasks = loop.time(), list[Asked](), list[asyncio.Task[None]]()
    for number, (time, kind) in enumerate(coming):
        await asyncio.sleep(begun + time - loop.time())
        chat = FakeChat(bot, 1000 + number, outbox=outbox)
        if kind == "inline":
            ask: Any = Typed(person=chat.id, chat=chat, text="Mango")
        else:
            ask = Said(person=chat.id, chat=chat, text=TEXTS[kind])
        asked.append(one := Asked(kind, loop.time(), chat))
        tasks.append(task := bot.ask(ask))
        task.add_done_callback(lambda _, one=one: setattr(one, "done", loop.time()))  # type: ignore[misc]
    await asyncio.gather(*tasks)
    return asked


@in_no_time
async def test_names_wait_for_no_verse(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    monkeypatch.setattr("bot.capacity.POEMS_A_SECOND", SPEED)
    async with running(settings) as bot:
        asked = await crowd(bot, Outbox(30), [(0.0, "poem")] * 100 + [(0.0, "dino"), (0.0, "poem")])
        *poems, name, last = asked
        assert sum(one.is_answered for one in poems) == 30 * SPEED
        assert name.is_answered
        assert name.done - name.time < 2
        assert last.is_refused


MIXES = {
    "names": ["dino"],
    "poems": ["poem"],
    "sonnets": ["dino", "help", "dino", "dino", "poem", "poem", "sonnet"],
    "inline": ["inline", "inline", "inline", "dino", "poem"],
}


@pytest.mark.parametrize(("load", "shape"), [(0.85, "bursts"), (1.5, "steady"), (5.0, "bursts")])
@pytest.mark.parametrize("mix", MIXES)
@in_no_time
async def test_a_crowd(
    mix: str, load: float, shape: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    monkeypatch.setattr("bot.capacity.POEMS_A_SECOND", SPEED)
    async with running(settings) as bot:
        outbox = Outbox(RATE)
        asked = await crowd(bot, outbox, arrivals(MIXES[mix], load, shape))
        for one in asked:
            if one.is_answered:  # what is accepted is answered in time
                assert one.done - one.time <= (30 if one.kind != "inline" else 5) + 6, one.kind
            elif one.is_told:  # and a refusal that is said is said at once
                assert one.done - one.time <= 3
        refusals = sum(is_refusal for _, is_refusal in outbox.left)
        assert refusals <= 1 + (len(outbox.left) - refusals) / Outbox.SHARE
        refused = [one for one in asked if one.is_refused]
        if load < 0.9:
            assert not refused
        elif mix == "names":  # messages are scarce, and no time for them is lost
            end = max(time for time, _ in outbox.left)
            assert len(outbox.left) >= 0.9 * RATE * end
        elif mix == "poems":  # here, writing is scarce
            assert len(asked) - len(refused) >= 0.9 * SPEED * max(
                one.done for one in asked if one.is_answered
            )
        assert len(refused) == bot.capacity.refusals.total()
        await asyncio.sleep(30)
        before = asyncio.get_running_loop().time()
        (last,) = await crowd(bot, outbox, [(0.0, "dino")])
        assert last.is_answered
        assert last.done - before < 1
