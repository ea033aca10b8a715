"""How much one person may ask for: the buckets, on a clock of the test's own, and what people read about them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import texts
from bot.conversation.admission import ASKS, Admission, RefusedError
from bot.people.limits import LETTERS, SWEEP_AT, Limits, Rate, Verdict
from bot.wire.pacing import Pacing
from bot.writing.writer import Busy, Writer
from model.text.forms import Genre
from tests.fake_clock import run
from tests.serving import ALICE, BOB, serving

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.settings import Settings


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_steady_rate() -> None:
    clock = Clock()
    limits = Limits(Rate(10, 60), clock)
    assert [limits.spend(1) for _ in range(10)] == [Verdict.ALLOWED] * 10
    assert limits.wait(1) == 6
    assert [limits.spend(1) for _ in range(3)] == [Verdict.REFUSED, Verdict.REFUSED_AGAIN, Verdict.REFUSED_AGAIN]
    clock.now += 5.9
    assert limits.spend(1) is Verdict.REFUSED_AGAIN
    clock.now += 0.2
    assert limits.wait(1) == 0
    assert [limits.spend(1), limits.spend(1)] == [Verdict.ALLOWED, Verdict.REFUSED]


def test_a_part_of_an_answer_costs_a_part() -> None:
    limits = Limits(Rate(2, 60), Clock())
    assert [limits.spend(1, 1 / LETTERS) for _ in range(LETTERS)] == [Verdict.ALLOWED] * LETTERS
    assert [limits.spend(1), limits.spend(1, 1 / LETTERS)] == [Verdict.ALLOWED, Verdict.REFUSED]
    assert limits.wait(1) == 30


def test_people_do_not_limit_each_other() -> None:
    limits = Limits(Rate(1, 60), Clock())
    assert [limits.spend(person) for person in (1, 2, 1, 2)] == [Verdict.ALLOWED] * 2 + [Verdict.REFUSED] * 2


def test_no_limit() -> None:
    limits = Limits(None, Clock())
    assert {limits.spend(1) for _ in range(1000)} == {Verdict.ALLOWED}
    assert (limits.wait(1), limits.people) == (0, 0)


def test_nobody_is_remembered_for_ever() -> None:
    clock = Clock()
    limits = Limits(Rate(2, 10), clock)
    for person in range(SWEEP_AT):
        limits.spend(person)
    clock.now += 4
    limits.spend(0)
    clock.now += 1
    limits.spend(SWEEP_AT)
    assert limits.people == 2
    for person in range(10 * SWEEP_AT):  # all of them now: nobody's bucket is full, so nobody is forgotten
        limits.spend(person)
    assert limits.people == 10 * SWEEP_AT


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5), st.integers(1, 60))
def test_never_more_than_the_rate_allows(pauses: list[float], answers: int, seconds: int) -> None:
    clock = Clock()
    limits = Limits(Rate(answers, seconds), clock)
    allowed = []
    for pause in pauses:
        clock.now += pause
        if limits.spend(1) is Verdict.ALLOWED:
            allowed.append(clock.now)
    for begin in range(len(allowed)):
        within = [when for when in allowed[begin:] if when - allowed[begin] < seconds]
        assert len(within) <= 2 * answers
    assert len(allowed) <= answers + (clock.now - 1000) * answers / seconds + 1e-6


@pytest.fixture
async def limited(settings: Settings) -> Settings:
    return replace(settings, rate_limit=Rate(2, 3600))


async def test_whoever_asks_for_too_much_is_told_once(limited: Settings, telegram: Telegram) -> None:
    async with serving(limited, telegram) as chat:
        for text in ("/dino", "/poem Shall I"):
            assert len(await chat.say(text)) == 1
        assert await chat.say("/dino") == [texts.too_many(1800)]
        for text in ("/dino", "a plain line", "/poem x"):
            assert await chat.say(text) == []
        assert len(await chat.say("/seed")) == 1  # which costs nothing to answer
        assert len(await chat.say("/dino", BOB)) == 1


async def test_what_is_refused_takes_no_turn_and_what_is_explained_no_token(
    limited: Settings, telegram: Telegram
) -> None:
    async with serving(limited, telegram) as chat:
        for text in ("/dino 0", "/poem", "/dino 11"):
            await chat.say(text)
        await chat.say("/seed 42")
        for _ in range(4):
            await chat.say("/dino")
        assert [creation.turn for creation in await chat.mangosaurus.store.creations(ALICE.id)] == [0, 1]
        assert (await chat.mangosaurus.store.draft(ALICE.id, Genre.DINO, "", temperature=1)).turn == 2


async def test_again_and_buttons_count_too(limited: Settings, telegram: Telegram) -> None:
    async with serving(limited, telegram) as chat:
        await chat.say("/dino")
        (creation,) = await chat.mangosaurus.store.creations(ALICE.id)
        assert len(await chat.say(f"/again {creation.code}")) == 1
        before = chat.texts()
        for _ in range(2):  # each press needs an answer, and gets it in words
            await chat.press("another")
            assert chat.notice == texts.too_many(1800)
        assert await chat.say(f"/again {creation.code}") == []
        assert chat.texts() == before


async def test_inline_queries_count_for_little_and_are_refused_without_a_word(
    limited: Settings, telegram: Telegram
) -> None:
    async with serving(limited, telegram) as chat:
        offers = [await chat.inline(f"m{'a' * (number % 9)}") for number in range(2 * LETTERS + 2)]
        assert [bool(offer) for offer in offers] == [True] * 2 * LETTERS + [False] * 2
        assert await chat.say("/dino") == [texts.too_many(1800)]
        assert await chat.say("/dino") == []


STICKER = {"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1, "is_animated": False, "is_video": False}


@pytest.mark.parametrize("ask", ["/help", "/seed", "/settings", "/unknown", "/dino 0", "/poem", "a sticker"])
async def test_what_makes_no_text_has_a_generous_limit_of_its_own(
    limited: Settings, telegram: Telegram, ask: str
) -> None:
    said = {"message_id": 1, "date": 1, "chat": ALICE.chat(), "from": ALICE.user()}
    async with serving(limited, telegram) as chat:
        assert len(await chat.say("/start")) == 1
        for _ in range(ASKS + 5):
            if ask == "a sticker":
                telegram.post(message=said | {"sticker": STICKER | {"type": "regular"}})
            else:
                telegram.say(ask, ALICE)
        await chat.settled()
        _, *answers, refusal = chat.texts()
        assert len(set(answers)) == 1
        assert len(answers) == ASKS - 1
        assert refusal.startswith(texts.too_many(60).split(".")[0])
        assert await chat.say("/help") == []
        assert len(await chat.say("/help", BOB)) == 1
        assert await chat.say("/dino") != []


async def test_buttons_that_make_no_text_are_refused_by_a_notice(limited: Settings, telegram: Telegram) -> None:
    async with serving(limited, telegram) as chat:
        await chat.say("/settings")
        notices = []
        for _ in range(ASKS + 1):
            await chat.press(1)
            notices.append(str(chat.notice))
        too_many = [notice.startswith(texts.too_many(60).split(".")[0]) for notice in notices]
        assert too_many == [False] * (ASKS - 1) + [True] * 2


def test_the_limit_of_what_makes_no_text_is_over_after_a_minute() -> None:
    async def simulate() -> list[str]:
        said = []
        for pause in [0] * (ASKS + 2) + [40, 19.9, 0.1]:
            clock.now += pause
            try:
                admission.ask(1, 1)
                said.append("")
            except RefusedError as error:
                said.append("in silence" if error.said else str(error))
        return said

    clock = Clock()
    admission = Admission(Pacing(None), Rate(1, 1), clock)
    assert run(simulate()) == [""] * ASKS + [texts.too_many(60)] + ["in silence"] * 3 + [""]


async def test_a_request_that_finds_the_queue_full_costs_no_token(
    limited: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_request: object) -> None:
        raise Busy("384 requests are waiting already")

    async with serving(limited, telegram) as chat:
        with monkeypatch.context() as patched:
            patched.setattr(Writer, "write", busy)
            for _ in range(5):
                assert await chat.say("/dino") == [texts.BUSY]
                assert await chat.inline("mango") == []
        for _ in range(2):
            assert texts.BUSY not in await chat.say("/dino")
        assert await chat.say("/dino") == [texts.too_many(1800)]
