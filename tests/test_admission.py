"""Which asks are answered, and when: rates, crowds, and each person's asks in order."""

from collections.abc import AsyncIterator

import pytest
from bot.admission import CHATTER, GROUP_CHATTER, LETTERS, Admission, Buckets
from bot.capacity import LONGEST_WAIT_SECONDS, Work
from hypothesis import given
from hypothesis import strategies as st

from bot.asks import Ask, Said
from bot.chat import Refused
from bot.settings import Rate, Settings
from bot.words import sentences
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, GROUP, serving, turn_of


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(chat: FakeChat, person: int = ALICE) -> Ask:
    return Said(person=person, chat=chat, text="")


def test_a_sweep_forgets_nobody_who_has_spent() -> None:
    clock = Clock()
    buckets = Buckets(Rate(1, 10), clock)
    for person in range(3000):
        clock.now += 0.001
        assert buckets.spend(person, 1) == 0
    assert {buckets.spend(person, 1) > 0 for person in range(3000)} == {True}


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5), st.integers(1, 60))
def test_never_more_than_the_rate_allows(pauses: list[float], answers: int, seconds: int) -> None:
    clock = Clock()
    buckets = Buckets(Rate(answers, seconds), clock)
    allowed = []
    for pause in pauses:
        clock.now += pause
        if not buckets.spend(1, 1):
            allowed.append(clock.now)
    for begin in range(len(allowed)):
        assert (
            len([when for when in allowed[begin:] if when - allowed[begin] < seconds])
            <= 2 * answers
        )
    assert len(allowed) <= answers + (clock.now - 1000) * answers / seconds + 1e-6


@pytest.fixture
async def limited(settings: Settings) -> AsyncIterator[FakeChat]:
    async with serving(settings, rate_limit=Rate(2, 3600)) as chat:
        yield chat


TOO_MANY = sentences.TOO_MANY.format("30 min")


async def test_whoever_asks_for_too_much_is_told_once_but_for_each_press(limited: FakeChat) -> None:
    for text in (
        "/dino",
        "/poem Shall I",
        "/dino 0",
        "/help",
        "/dino",
        "a plain line",
        "/seed",
        "/dino",
        "/poem x",
    ):
        await limited.ask(text)
    shown = [message.html for message in limited.messages]
    assert shown.count(TOO_MANY) == 1
    assert len(shown) == 6  # two texts, a mistake, help, the refusal and the seed
    assert limited.bot.capacity.refusals.total() == 4
    for _ in range(2):
        await limited.press("another")
    assert limited.notices == [sentences.plain(TOO_MANY)] * 2
    assert [made.turn for made in await limited.bot.store.creations(ALICE)] == [0, 0]
    assert "<b>" in (await FakeChat(limited.bot, BOB).ask("/dino")).html


async def test_letters_typed_inline_cost_little_and_are_refused_without_a_word(
    limited: FakeChat,
) -> None:
    offers = [await limited.type(f"m{'a' * (number % 9)}") for number in range(2 * LETTERS + 2)]
    assert [bool(offer) for offer in offers] == [True] * 2 * LETTERS + [False] * 2
    for _ in range(2):
        await limited.ask("/dino")
    assert [message.html for message in limited.messages] == [TOO_MANY]


async def test_ten_questions_do_not_make_a_group_busy(limited: FakeChat) -> None:
    group = FakeChat(limited.bot, -100, is_private=False)
    for _ in range(10):
        await group.ask("/help", ALICE)
    shown = [message.html for message in group.messages]
    assert [html.startswith("<b>Play") for html in shown] == [True] * GROUP_CHATTER.most + [False]
    assert "faster than I can dream" in shown[-1]
    assert "<a>" in (await group.ask("/dino", BOB)).html


async def test_chatter_has_a_limit_of_its_own_and_texts_do_not_count(chat: FakeChat) -> None:
    chat.bot.admission = Admission(Rate(100, 60), Clock())
    for text in ("/dino", "/help", "/dino 0"):
        for _ in range(CHATTER.most + 5):
            await chat.ask(text)
    shown = [message.html for message in chat.messages]
    assert len([html for html in shown if "<a>" in html]) == CHATTER.most + 5
    assert len([html for html in shown if html.startswith(("<b>Play", "/dino"))]) == CHATTER.most
    assert [html for html in shown if "dream" in html] == [sentences.TOO_MANY.format("2 s")]


async def test_a_crowd_is_told_once_in_half_a_minute_and_pays_nothing(limited: FakeChat) -> None:
    group = FakeChat(limited.bot, GROUP, is_private=False)
    group.waiting = LONGEST_WAIT_SECONDS + 10
    for person in range(5):
        await group.ask("/dino", person)
    assert [message.html for message in group.messages] == [sentences.BUSY.format("10 s")]
    assert limited.bot.capacity.refusals == {"busy": 5}
    assert "<a>" in (await limited.ask("/dino")).html  # nobody else waits for a group
    group.waiting = 0
    assert all(["<a>" in (await group.ask("/dino", 1)).html for _ in range(2)])


async def test_a_busy_bot_says_so_and_takes_no_turn(chat: FakeChat) -> None:
    message = await chat.ask("/dino")
    chat.waiting = LONGEST_WAIT_SECONDS + 1
    busy = sentences.BUSY.format("1 s")
    assert (await chat.ask("/poem Shall I")).html == busy
    await chat.press("another", message=message)
    assert chat.notices == [sentences.plain(busy)]
    chat.waiting = 0
    assert await turn_of(chat, await chat.ask("/poem Shall I")) == 1


async def test_a_sonnet_after_nine_names_is_written_and_what_comes_then_waits(
    settings: Settings,
) -> None:
    """It costs as much as ten names, and is paid for afterwards."""
    async with serving(settings, rate_limit=Rate(10, 60)) as chat:
        admission, ask = chat.bot.admission, said(chat)
        for work in [Work(0.1)] * 9 + [Work(60.0)]:
            admission.charge(ask, work)
        with pytest.raises(Refused) as error:
            admission.charge(ask, Work(0.1))
        assert error.value.sentence == sentences.TOO_MANY.format("60 s")
        admission.charge(said(chat, BOB), Work(0.1))
