"""What is refused: who asks too much, and what the bot could not answer in half a minute.

The crowds come on a clock that jumps.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import Bot
from bot.asks import Ask, Said, Typed
from bot.chat import NotSent
from bot.creations import Creation
from bot.limits import LONGEST_WAIT_SECONDS, Buckets
from bot.running import running
from bot.settings import Rate, Settings
from bot.words import sentences
from bot.words.pieces import Message
from bot.writer import Text
from model.text.forms import Genre
from model.weights.checkpoint import Checkpoint
from model.writing.requests import LineRequest, NameRequest, Request, SonnetRequest
from tests.fake_chat import FakeChat, Outbox
from tests.fake_clock import in_no_time, now
from tests.serving import ALICE, BOB, GROUP, serving, turn_of

RATE = 3
"""Messages a second."""
SPEED = 1.5
"""Poems a second: as on two cores, half as many as messages."""
SECONDS = 40.0


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
    buckets = Buckets(Rate(most, seconds), lambda: clock)
    allowed: dict[int, list[float]] = {1: [], 2: [], 3: []}
    for pause, person in asks:
        clock += pause
        times = allowed[person]
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
        ("/me Anna", 1),
        ("/again {}", 2),
        ("/start {}", 2),
        ("/another {}", 2),
        ("/help", 4),
        ("/dinno", 4),
    ],
)
async def test_what_an_ask_costs(line: str, answered: int, settings: Settings) -> None:
    """Nothing is answered and refused, or charged twice."""
    async with serving(settings, rate_limit=Rate(2, 3600)) as chat:
        code = (await FakeChat(chat.bot, BOB).ask("/dino")).code
        for _ in range(answered + 1):
            await chat.ask(line.format(code))
        assert [message.refuses for message in chat.messages] == [False] * answered + [True]


async def test_mistakes_and_what_is_lost_cost_half_a_text_and_a_lost_refusal_silences_nobody(
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


async def test_letters_typed_inline_cost_little_and_are_refused_without_a_word(
    settings: Settings,
) -> None:
    async with serving(settings, rate_limit=Rate(1, 3600)) as chat:
        offers = [await chat.type("mango") for _ in range(14)]
        assert list(map(bool, offers)) == [True] * 12 + [False] * 2
        assert chat.messages == []


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_a_sonnet_costs_ten_names_and_may_be_paid_afterwards(settings: Settings) -> None:
    async with serving(settings, rate_limit=Rate(10, 3600)) as chat:
        for line in ["/dino"] * 9 + ["/sonnet Shall I compare thee"]:
            assert not (await chat.ask(line)).refuses
        assert (await chat.ask("/dino")).message == sentences.TOO_MANY.format("60 min")


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_a_chat_reads_one_refusal_in_half_a_minute_and_each_button_says_its_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings, rate_limit=Rate(2, 36000)) as chat:
        too_many = str(sentences.TOO_MANY.format("5.0 h"))
        refuse = chat.refuse

        async def slowly(message: Message) -> None:
            await asyncio.sleep(0.2)
            await refuse(message)

        async def no_room(_: Message) -> None:
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
        for refusing, shown in ((no_room, 4), (refuse, 5)):  # it has not read the first one
            monkeypatch.setattr(chat, "refuse", refusing)
            await chat.ask("/dino")
            assert len(chat.messages) == shown
        assert chat.bot.limits.refusals == {"often": 13}
        assert "Play" in (await FakeChat(chat.bot, BOB).ask("/help")).text


# What the bot can carry


async def test_what_a_busy_bot_refuses_costs_nothing_and_takes_no_turn(settings: Settings) -> None:
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
        assert await turn_of(chat, await chat.ask("/dino")) == 1  # no other chat waits for it
        group.waiting = 0
        late = await FakeChat(chat.bot).ask("/dino", ALICE, is_late=True)
        assert late.message == sentences.LATE
        assert await turn_of(chat, await group.ask("/dino", ALICE)) == 2


class FakeWriter:
    """Writes one text after the other, as fast as `SPEED` says, in the time of the jumping
    clock."""

    is_stuck = False

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.pending: set[object] = set()
        self._free_at = 0.0

    async def write(self, request: Request, *_: object) -> Text:
        if isinstance(request, LineRequest):
            return Text(("",))
        self.pending.add(request)
        poems, text = 1.0, "o mango\n" * 13
        if isinstance(request, SonnetRequest):
            poems = 10.0
        elif isinstance(request, NameRequest):
            poems, text = 0.1, "mangosaurus"
        self._free_at = max(now(), self._free_at) + poems / SPEED
        await asyncio.sleep(self._free_at - now())
        self.pending.discard(request)
        return Text((text,))

    async def close(self) -> None: ...


@dataclass
class Asked:
    """One ask: when it came, the chat that shows what became of it, and when it was done."""

    kind: str
    time: float
    chat: FakeChat
    done: float = 0.0

    @property
    def is_answered(self) -> bool:
        return any(self.chat.offers) or any(not each.refuses for each in self.chat.messages)

    @property
    def is_told(self) -> bool:
        return any(each.refuses for each in self.chat.messages)


LINES = {
    "dino": "/dino",
    "poem": "/poem Shall I compare thee",
    "sonnet": "/sonnet Shall I compare thee",
    "help": "/help",
    "export": "/export",
    "me": "/me {}",
    "kept": "/me kept",
}
COST = {"dino": 0.1, "poem": 1.0, "sonnet": 10.0, "help": 0.0, "inline": 0.1}
"""Texts of each kind, in poems; every kind but inline sends a message."""


def arrivals(kinds: Sequence[str], load: float, shape: str) -> Iterator[tuple[float, str]]:
    """Return when asks of each kind come, in turns, at `load` times what the bot can do: steadily,
    or in bursts."""
    messages = sum(kind != "inline" for kind in kinds) / len(kinds) / RATE
    texts = sum(COST[kind] for kind in kinds) / len(kinds) / SPEED
    pause = max(messages, texts) / load
    burst = 1 if shape == "steady" else max(1, round(4 / pause))  # all of four seconds at once
    for number in range(int(SECONDS / pause)):
        yield number // burst * burst * pause, kinds[number % len(kinds)]


async def crowd(
    bot: Bot, outbox: Outbox, coming: Sequence[tuple[float, str]], person: int | None = None
) -> list[Asked]:
    """Let asks come, each from another person, or all from one; return what became of them.

    What is accepted is answered in time, and a refusal that is said is said at once.
    """
    begun, asked, tasks = now(), list[Asked](), list[asyncio.Task[None]]()
    for number, (time, kind) in enumerate(coming, 1000):
        await asyncio.sleep(begun + time - now())
        chat = FakeChat(bot, number, outbox=outbox)
        ask: Ask = Typed(person=number, chat=chat, text="Mango")
        if kind != "inline":
            text = LINES[kind].format("".join("abcdefghij"[int(digit)] for digit in str(number)))
            ask = Said(person=person or number, chat=chat, text=text)
        asked.append(one := Asked(kind, now(), chat))
        tasks.append(task := bot.ask(ask))
        task.add_done_callback(lambda _, one=one: setattr(one, "done", now()))  # type: ignore[misc]
    await asyncio.gather(*tasks)
    for one in asked:
        if one.is_answered:
            assert one.done - one.time <= (5 if one.kind == "inline" else 30) + 6, one.kind
        elif one.is_told:
            assert one.done - one.time <= 3, one.kind
    return asked


@pytest.fixture
def slow_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    monkeypatch.setattr("bot.limits.POEMS_A_SECOND", SPEED)
    monkeypatch.setattr("bot.limits.Limits._threads_gain", 1.0)  # on a machine of any size


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_names_wait_for_no_verse(settings: Settings) -> None:
    async with running(settings) as bot:
        coming = [(0.0, "poem")] * 100 + [(0.0, "dino"), (0.0, "poem")]
        *poems, name, last = await crowd(bot, Outbox(30), coming)
        assert sum(one.is_answered for one in poems) == 30 * SPEED
        assert name.is_answered
        assert name.done - name.time < 2
        assert not last.is_answered


@pytest.mark.usefixtures("slow_writer")
@pytest.mark.parametrize("kind", ["sonnet", "export"])
@in_no_time
async def test_what_comes_behind_ones_own_work_is_in_time_or_refused(
    kind: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One person's texts are written one after the other, however many threads there are."""
    monkeypatch.setattr("bot.limits.Limits._threads_gain", 2.0)
    async with running(settings) as bot:
        version = bot.shelf.serving["poem"].version
        for n in range(30):
            code = f"aaaaaaaa{n + 22}"
            await bot.store.keep(Creation(code, ALICE, Genre.POEM, version, 0, n, "Shall I", 0.65))
        coming = [(0.0, kind)] * 12 + [(0.0, "help")]
        first, *_, last, _help = await crowd(bot, Outbox(30), coming, ALICE)
        assert first.is_answered
        assert not last.is_answered


@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_cards_are_promised_by_the_speed_at_which_they_are_drawn(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is kept waits for no other."""

    async def nothing(*_: object) -> None: ...

    async def answer(*_: object) -> bytes:
        await asyncio.sleep(4)
        return b"a picture"

    monkeypatch.setattr("bot.cards.png._start", nothing)
    monkeypatch.setattr("bot.cards.png._end", nothing)
    monkeypatch.setattr("bot.cards.png._answer", answer)
    monkeypatch.setattr("bot.cards.png.PROCESSES", 1)
    monkeypatch.setattr("bot.cards.png.CARD_SECONDS", 2.0)  # as a guess
    async with running(settings) as bot:
        await bot.ask(Said(person=ALICE, chat=FakeChat(bot), text="/me kept"))
        coming = [(2.0 * number, "me") for number in range(30)]
        *asked, last, kept = await crowd(bot, Outbox(30), [*coming, (59.0, "me"), (59.0, "kept")])
        assert sum(one.is_answered for one in asked) > 15
        assert not last.is_answered
        assert kept.is_answered
        assert kept.done - kept.time < 1


MIXES = {
    "names": ["dino"],
    "poems": ["poem"],
    "sonnets": ["dino", "help", "dino", "dino", "poem", "poem", "sonnet"],
    "inline": ["inline", "inline", "inline", "dino", "poem"],
}


@pytest.mark.usefixtures("slow_writer")
@pytest.mark.parametrize(
    ("mix", "load", "shape"),
    [
        ("names", 0.85, "bursts"),
        ("names", 1.5, "steady"),
        ("names", 3.0, "bursts"),
        ("poems", 1.5, "steady"),
        ("poems", 3.0, "bursts"),
        ("sonnets", 0.85, "bursts"),
        ("sonnets", 3.0, "bursts"),
        ("inline", 1.5, "steady"),
    ],
)
@in_no_time
async def test_a_crowd(mix: str, load: float, shape: str, settings: Settings) -> None:
    async with running(settings) as bot:
        outbox = Outbox(RATE)
        asked = await crowd(bot, outbox, [*arrivals(MIXES[mix], load, shape)])
        answered = [one for one in asked if one.is_answered]
        end = max(one.done for one in answered)
        if load < 1:
            assert len(answered) == len(asked)
        elif mix == "names":  # messages are scarce, and no time for them is lost
            assert len(answered) >= 0.9 * RATE * end
        elif mix == "poems":  # writing is scarce
            assert len(answered) >= 0.9 * SPEED * end
        assert len(asked) - len(answered) == bot.limits.refusals.total()
        await asyncio.sleep(30)
        (last,) = await crowd(bot, outbox, [(0.0, "dino")])
        assert last.is_answered
        assert last.done - last.time < 1
