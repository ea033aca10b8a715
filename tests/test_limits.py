"""Refusals: of people who ask too much, and of asks that the bot could not answer in half a minute.

Tests with crowds have a fake clock.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import Bot
from bot.asks import Ask, Said, Typed
from bot.chat import NotSent
from bot.creations import Creation
from bot.limits import LONGEST_WAIT_SECONDS, Buckets
from bot.running import running
from bot.settings import USUAL_RATE, Rate, Settings
from bot.words import sentences
from bot.words.pieces import Message
from model.text.forms import Genre
from tests.fake_chat import FakeChat
from tests.fake_clock import in_no_time, now
from tests.serving import ADMIN, ALICE, BOB, GROUP, SPEED, FakeWriter, serving, turn_of

# How much one person may ask


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 3)), max_size=60),
    st.integers(1, 5),
    st.integers(1, 60),
)
def test_nobody_gets_more_than_the_rate_allows_and_everybody_gets_that(
    asks: list[tuple[float, int]], most: int, seconds: int
) -> None:
    clock = 1000.0
    buckets = Buckets(Rate(most, seconds))
    allowed: dict[int, list[float]] = {1: [], 2: [], 3: []}
    for pause, person in asks:
        clock += pause
        times = allowed[person]
        with patch("bot.limits._now", return_value=clock):
            wait = buckets.spend(person, 1)
        if wait:
            assert len([when for when in times if clock - when < seconds]) >= most
            assert wait <= seconds
        else:
            times.append(clock)
        assert len(times) <= most + (clock - 1000) * most / seconds + 1e-6


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("line", "answered"),
    [
        ("/dino", 2),
        ("/me Anna", 2),
        ("/today", 4),
        ("/again {}", 2),
        ("/start {}", 2),
        ("/another {}", 2),
        ("/help", 4),
        ("/dinno", 4),
    ],
)
async def test_how_much_an_ask_costs(line: str, answered: int, settings: Settings) -> None:
    """No ask is both answered and refused, or charged twice."""
    async with serving(settings, rate_limit=Rate(2, 3600)) as chat:
        code = (await FakeChat(chat.bot, BOB).ask("/dino")).code
        for _ in range(answered + 1):
            await chat.ask(line.format(code))
        assert [message.refuses for message in chat.messages] == [False] * answered + [True]


async def test_mistakes_and_lost_answers_cost_half_a_text_and_a_lost_refusal_silences_nobody(
    settings: Settings,
) -> None:
    async with serving(settings, rate_limit=Rate(2, 3600)) as chat:
        await chat.ask("/sonnet one line\nand another")
        chat.failures = [NotSent("no way")]
        await chat.ask("/dino")  # 1 is left
        assert not (await chat.ask("/dino")).refuses
        chat.failures = [NotSent("no way")]
        await chat.ask("/dino")
        assert not chat.messages[-1].refuses
        assert (await chat.ask("/dino")).refuses
        chat.bot.tally.errors.clear()


async def test_a_failure_of_ours_costs_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings, rate_limit=Rate(2, 3600)) as chat:

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        for broken in ("bot.writer.Decoder.step", "bot.answering.layout.reply"):
            with monkeypatch.context() as patch:
                patch.setattr(broken, fail)
                for _ in range(3):
                    assert not (await chat.ask("/dino")).refuses
        for refuses in (False, False, True):
            assert (await chat.ask("/dino")).refuses == refuses
        assert chat.bot.tally.errors == {"Failed": 3, "ZeroDivisionError": 3}
        chat.bot.tally.errors.clear()


async def test_letters_typed_inline_cost_little_and_a_refusal_says_why(
    settings: Settings,
) -> None:
    async with serving(settings, rate_limit=Rate(1, 3600)) as chat:
        offers = [await chat.type("mango") for _ in range(14)]
        # twelve queries cost as much as one text
        assert [len(each) for each in offers] == [5] * 12 + [0] * 2
        assert chat.reason.startswith("You're faster than I can dream.")
        assert chat.messages == []


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_a_sonnet_costs_four_names_and_may_be_paid_afterwards(settings: Settings) -> None:
    async with serving(settings, rate_limit=Rate(10, 3600)) as chat:
        for line in ["/dino"] * 9 + ["/sonnet Shall I compare thee"]:
            assert not (await chat.ask(line)).refuses
        assert (await chat.ask("/dino")).message == sentences.TOO_MANY.format("24 min")


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_a_chat_reads_one_refusal_in_half_a_minute_and_each_button_says_its_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings, rate_limit=Rate(2, 36000)) as chat:
        too_many = str(sentences.TOO_MANY.format("5.0 h"))
        refuse = chat.refuse

        async def slowly(message: Message, expected: int) -> None:
            await asyncio.sleep(0.2)
            await refuse(message, expected)

        async def no_room(_message: Message, _expected: int) -> None:
            raise NotSent("answers come first")

        monkeypatch.setattr(chat, "refuse", slowly)
        await asyncio.gather(*(chat.ask("/dino") for _ in range(10)))
        texts = [message.text for message in chat.messages]
        assert texts.count(too_many) == 1
        assert len(texts) == 3
        for _ in range(2):
            await chat.press("another")
        assert chat.released == [too_many] * 2
        await asyncio.sleep(31)
        assert (await chat.ask("/dino")).text == too_many
        assert len(chat.messages) == 4
        await asyncio.sleep(31)
        # the chat has not read the first refusal, so the second one is said
        for refusing, shown in ((no_room, 4), (refuse, 5)):
            monkeypatch.setattr(chat, "refuse", refusing)
            await chat.ask("/dino")
            assert len(chat.messages) == shown
        status = await FakeChat(chat.bot, ADMIN, is_admin=True).ask("/status")
        assert "and 13 refused" in status.text  # 8 at first, 2 presses, and 3 later asks
        assert "Play" in (await FakeChat(chat.bot, BOB).ask("/help")).text


# What the bot can carry


async def test_a_refusal_of_a_busy_bot_costs_nothing_and_takes_no_turn(settings: Settings) -> None:
    async with serving(settings, rate_limit=Rate(2, 3600)) as chat:
        busy = str(sentences.BUSY.format("10 s"))
        group = FakeChat(chat.bot, GROUP, is_private=False)
        await group.ask("/dino", BOB)
        group.waiting = LONGEST_WAIT_SECONDS + 10
        for _ in range(3):
            await group.ask("/dino", ALICE)
        await group.press("another", ALICE)
        assert [message.text for message in group.messages[1:]] == [busy]
        assert group.released == [busy]
        assert await turn_of(chat, await chat.ask("/dino")) == 1  # other chats do not wait
        group.waiting = 0
        assert await turn_of(chat, await group.ask("/dino", ALICE)) == 2


@dataclass
class Asked:
    """One ask: when it came, the chat that shows its answer or refusal, and when it was done."""

    text: str
    time: float
    chat: FakeChat
    done: float = 0.0

    @property
    def is_answered(self) -> bool:
        return any(self.chat.offers) or any(not each.refuses for each in self.chat.messages)


async def crowd(
    bot: Bot, coming: Sequence[tuple[float, str]], person: int | None = None
) -> list[Asked]:
    """Let asks come, each from another person, or all from one; return them when all are done.

    A text without a slash is typed inline. Answers must come in time, and refusals at once.
    """
    begun, asked, tasks = now(), list[Asked](), list[asyncio.Task[None]]()
    for number, (time, text) in enumerate(coming, 1000):
        await asyncio.sleep(begun + time - now())
        chat = FakeChat(bot, number)
        ask: Ask = Typed(person=number, chat=chat, text=text)
        if text.startswith("/"):
            ask = Said(person=person or number, chat=chat, text=text)
        asked.append(one := Asked(text, now(), chat))
        tasks.append(task := bot.ask(ask))
        task.add_done_callback(lambda _, one=one: setattr(one, "done", now()))  # type: ignore[misc]
    await asyncio.gather(*tasks)
    for one in asked:
        # an answer waits for 30 s at most, an offer for 5 s; 6 s more are enough to write it
        longest = 3 if not one.is_answered else 36 if one.text.startswith("/") else 11
        assert one.done - one.time <= longest, one.text
    return asked


POEM = "/poem Shall I compare thee"


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_names_wait_for_no_verse(settings: Settings) -> None:
    async with running(settings) as bot:
        coming = [(0.0, POEM)] * 100 + [(0.0, "/dino"), (0.0, POEM)]
        *poems, name, last = await crowd(bot, coming)
        assert sum(one.is_answered for one in poems) == LONGEST_WAIT_SECONDS * SPEED
        assert name.is_answered
        assert name.done - name.time < 2
        assert not last.is_answered
        coming = [(0.0, "/dino")] * 270 + [(0.0, "Mango"), (4.0, "Mango")]
        *names, early, late = await crowd(bot, coming)
        assert all(one.is_answered for one in names)
        assert (early.is_answered, late.is_answered) == (False, True)  # an offer may wait for 5 s


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_what_nobody_wrote_counts_for_no_writing(settings: Settings) -> None:
    """People who make mistakes, or ask for what there is not, let the bot promise no more."""
    async with running(settings) as bot:
        texts = [(1.0 * n, POEM) for n in range(40)]
        nothing = [(0.2 * n, ("/poem", "/dino 99", "/export")[n % 3]) for n in range(200)]
        await crowd(bot, sorted(texts + nothing))
        poems = await crowd(bot, [(0.0, POEM)] * 100)
        answered = sum(one.is_answered for one in poems)
        assert answered == pytest.approx(LONGEST_WAIT_SECONDS * SPEED, abs=1)


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_promises_begin_with_what_this_machine_measured_last(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeWriter, "poems_a_second", SPEED / 2)
    async with running(settings) as bot:
        await crowd(bot, [(2.0 * n, POEM) for n in range(60)])
    assert json.loads(settings.speeds.read_text())["poem"] == pytest.approx(SPEED / 2, rel=0.1)
    async with running(settings) as bot:
        poems = await crowd(bot, [(0.0, POEM)] * 100)
        answered = sum(one.is_answered for one in poems)
        assert answered == pytest.approx(LONGEST_WAIT_SECONDS * SPEED / 2, rel=0.1)


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_each_network_has_a_speed_of_its_own(settings: Settings) -> None:
    """What is written fast in a voice lets the bot promise no more poems."""
    settings.speeds.write_text('{"poem": 0.5}')
    async with running(settings) as bot:
        voice = "/poem voice:letters Shall I"
        asked = await crowd(bot, [(0.0, POEM), (0.0, voice)] * 40)
        answered = [sum(one.is_answered for one in asked[first::2]) for first in (0, 1)]
        assert answered == [LONGEST_WAIT_SECONDS * 0.5, 40]


@pytest.mark.usefixtures("slow_writer")
@pytest.mark.parametrize("line", ["/export", "/sonnet"])
@in_no_time
async def test_a_bot_with_nothing_else_to_do_refuses_nobody_however_slow_it_is(
    settings: Settings, line: str
) -> None:
    settings.speeds.write_text('{"poem": 0.01}')
    async with running(settings) as bot:
        (only,) = await crowd(bot, [(0.0, line)])
        assert only.is_answered


async def test_whoever_wants_their_texts_first_is_forgotten_at_once_after_that(
    settings: Settings,
) -> None:
    async with serving(settings, rate_limit=USUAL_RATE) as chat:
        await chat.ask("/dino 2")
        await chat.ask("/forget")
        await chat.press(sentences.FORGET_EXPORT)
        assert (await chat.press(sentences.FORGET_YES)).text == str(sentences.FORGOTTEN_YOU)


@pytest.mark.usefixtures("slow_writer")
@pytest.mark.parametrize("line", ["/sonnet Shall I compare thee", "/export"])
@in_no_time
async def test_an_ask_behind_much_of_ones_own_is_answered_in_time_or_refused(
    line: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One person's texts are written one after the other, however many threads there are."""
    monkeypatch.setattr("bot.speeds.THREADS", 2)
    monkeypatch.setattr("bot.speeds.POEMS_A_SECOND", SPEED / 2)
    async with running(settings) as bot:
        version = bot.shelf.serving["poem"].version
        for n in range(30):
            code = f"aaaaaaaa{n + 22}"
            await bot.store.keep(Creation(code, ALICE, Genre.POEM, version, 0, n, "Shall I", 0.65))
        coming = [(0.0, line)] * 12 + [(0.0, "/help")]
        first, *_, last, _help = await crowd(bot, coming, ALICE)
        assert first.is_answered
        assert not last.is_answered


@pytest.mark.draws_cards
@in_no_time
async def test_cards_that_would_come_late_are_words_and_refused_to_whoever_asks_for_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def process(*_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(returncode=None)

    async def answer(*_: object) -> bytes:
        await asyncio.sleep(4)
        return b"a picture"

    monkeypatch.setattr("bot.cards.png.start_child", process)
    monkeypatch.setattr("bot.cards.png.end_child", process)
    monkeypatch.setattr("bot.cards.png._png_of", answer)
    monkeypatch.setattr("bot.speeds.PROCESSES", 1)
    monkeypatch.setattr("bot.speeds.CARDS_A_SECOND", 0.5)  # as a guess
    async with running(settings) as bot:
        others = [FakeChat(bot, 1000 + number) for number in range(24)]
        asks = []
        for each in others:
            asks.append(asyncio.create_task(each.ask("/dino")))
            await asyncio.sleep(0.1)
        await asyncio.gather(*asks)
        words = [each for each in others if not each.messages[-1].file]
        assert 0 < len(words) < len(others)
        assert all(each.messages[-1].names for each in others)
        await asyncio.gather(*(each.ask(f"/card {each.messages[-1].code}") for each in words))
        refused = [each for each in words if each.messages[-1].refuses]
        assert 0 < len(refused) < len(words)
        assert all(each.messages[-1].file for each in words if each not in refused)
