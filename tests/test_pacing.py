"""When messages leave: in which order, within which limits, and what is never lost or sent twice.

It is simulated on a clock that jumps, so that minutes of waiting take no time.
"""

import asyncio
import bisect
import functools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot.telegram.pacing import AT_ONCE, Pacing
from bot.telegram.request import NotDoneError
from tests.fake_clock import in_no_time, now, run

GROUP, OTHER_GROUP = -5, -6
LOST, DOWN = TimedOut("the response was lost"), NotDoneError("no connection")


def wait_for(seconds: float) -> RetryAfter:
    return RetryAfter(timedelta(seconds=seconds))


class Line:
    """A pacing, and a Telegram behind it that notes what is sent and when.

    Before it takes a message, it refuses it with each of its `errors`.
    """

    def __init__(self, latency: float = 0.05) -> None:
        self.may_send = True
        self.pacing = Pacing(lambda: self.may_send)
        self.latency = latency
        self.errors: dict[str, list[Exception]] = {}
        self.tried: list[tuple[float, str]] = []
        self.sent: dict[str, float] = {}

    def start(self, name: str, chat_id: int = 1, *, is_edit: bool = False) -> asyncio.Task[str]:
        call = functools.partial(self._call, name)
        place = self.pacing.place()
        return asyncio.create_task(self.pacing.send(call, chat_id, place, is_edit=is_edit))

    async def say_at_once(self, name: str, chat_id: int = 1) -> None:
        await self.pacing.send_at_once(functools.partial(self._call, name), chat_id)

    async def _call(self, name: str) -> str:
        self.tried.append((now(), name))
        await asyncio.sleep(self.latency)
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        assert name not in self.sent
        self.sent[name] = now() - self.latency
        return name


def most_within(times: Sequence[float], period: float) -> int:
    """Return the largest number of these times that lie within one period, its end excluded."""
    times = sorted(times)
    ends = (bisect.bisect_left(times, begin + period - 1e-6) for begin in times)
    return max((end - begin for begin, end in enumerate(ends)), default=0)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 20),
            st.sampled_from([1, 2, GROUP, OTHER_GROUP]),
            st.sampled_from([None, None, None, wait_for(2), wait_for(100), DOWN, LOST]),
        ),
        max_size=80,
    ),
    st.sampled_from([1, 3, 30]),
)
def test_whatever_comes_is_sent_once_in_order_within_the_limits(
    arrivals: list[tuple[float, int, Exception | None]], rate: int
) -> None:
    arrivals.sort(key=lambda arrival: arrival[0])

    async def simulate() -> Line:
        line = Line()
        tasks = []
        for number, (time, chat_id, error) in enumerate(arrivals):
            await asyncio.sleep(time - now())
            line.errors[str(number)] = [error] if error else []
            tasks.append(line.start(str(number), chat_id))
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(end, str | TimedOut)
        assert line.pacing.waiting == line.pacing.given_up == 0
        return line

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.telegram.pacing.RATE", rate)
        line = run(simulate())
    last_try = {name: time for time, name in line.tried}  # only the last try counts
    assert most_within(list(last_try.values()), 1) <= rate
    for chat_id in (1, 2, GROUP, OTHER_GROUP):
        names = [str(n) for n, (_, where, _) in enumerate(arrivals) if where == chat_id]
        assert list(dict.fromkeys(name for _, name in line.tried if name in names)) == names
        times = [last_try[name] for name in names]
        assert most_within(times, 4) <= 4
        assert chat_id > 0 or most_within(times, 60) <= 20


@in_no_time
async def test_a_cancelled_message_gives_its_turn_back_even_as_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.pacing.RATE", 1)
    line = Line(latency=0)
    tasks = [line.start(name) for name in "abcde"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    asyncio.get_running_loop().call_at(1, tasks[2].cancel)  # after the timer of its turn
    await asyncio.wait(tasks)
    assert line.sent == {"a": 0, "d": 2, "e": 3}
    assert line.pacing.waiting == 0


@in_no_time
async def test_a_429_holds_the_chat_that_earned_it_and_the_refused_message_goes_first() -> None:
    line = Line(latency=0.1)
    line.errors["first"] = [wait_for(700), wait_for(2)]
    tasks = [line.start("first")]
    await asyncio.sleep(5)  # so that nothing but the silence holds the chat
    with pytest.raises(NotDoneError):
        await line.say_at_once("typing")
    tasks += [line.start("second"), line.start("other", 2)]
    await line.say_at_once("press", 2)
    assert line.pacing.wait(1) == pytest.approx(695, abs=0.1)
    await asyncio.gather(*tasks)
    assert [(round(time, 1), name) for time, name in line.tried] == [
        (0, "first"),
        (5, "press"),
        (5, "other"),
        (700.1, "first"),
        (700.1, "second"),
        (702.2, "first"),
    ]


@in_no_time
async def test_a_second_chats_429_or_one_about_no_message_holds_everything() -> None:
    line = Line(latency=0)
    line.errors = {"first": [wait_for(9)], "second": [wait_for(5)], "press": [wait_for(20)]}
    tasks = [line.start("first", GROUP)]
    await asyncio.sleep(1)
    tasks.append(line.start("second", 2))
    await asyncio.sleep(1)
    assert line.pacing.room(0, 30) == (30 - 4) * 25 - line.pacing.waiting
    assert not line.pacing.allow_refusal(3, 0)
    with pytest.raises(NotDoneError):  # when the silence is over, nobody needs it
        await line.say_at_once("press", 3)
    await line.start("third", 3)
    assert line.sent["third"] == 6
    await asyncio.gather(*tasks)
    with pytest.raises(RetryAfter):
        await line.say_at_once("press", 3)
    assert [line.pacing.wait(4, 0, in_all) for in_all in (0, 50)] == [20, 22]


@in_no_time
async def test_a_refusal_is_spared_where_nothing_is_expected_or_after_five_messages() -> None:
    line = Line()
    assert all(line.pacing.allow_refusal(1, 0) for _ in range(20))
    assert not line.pacing.allow_refusal(1, 1)
    await asyncio.gather(*(line.start(f"{n}", n) for n in range(5)))
    assert [line.pacing.allow_refusal(1, 1) for _ in range(2)] == [True, False]
    waits = [line.start(f"to a chat {n}", 9) for n in range(5)]  # it takes four in four seconds
    await asyncio.sleep(1)
    assert not line.pacing.allow_refusal(1, 0)
    await asyncio.gather(*waits)


@in_no_time
async def test_what_surely_failed_is_tried_again_for_ten_minutes_and_what_may_have_arrived_never(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line()
    line.errors = {"lost": [DOWN] * 999, "back": [DOWN] * 20, "x": [LOST], "y": [BadRequest("no")]}
    lost, back = line.start("lost", 1), line.start("back", 2)
    await line.start("other", 3)  # another chat is not kept waiting
    assert now() < 0.1
    for name in "xy":
        with pytest.raises(type(line.errors[name][0])):
            await line.start(name, 3)
    assert await back == "back"
    with pytest.raises(NotDoneError):
        await lost
    assert 599 < now() < 601
    names = [name for _, name in line.tried]
    assert (names.count("x"), names.count("y"), line.pacing.given_up) == (1, 1, 1)
    assert caplog.messages[-1] == "A message to 1 was given up: no connection"


@in_no_time
async def test_an_edit_is_tried_again_even_if_it_may_have_arrived() -> None:
    line = Line()
    line.errors = {"x": [LOST], "y": [NetworkError("broke off")] * 999, "z": [LOST, *[DOWN] * 999]}
    line.errors["same"] = [BadRequest("message is not modified")]
    assert await line.start("x", is_edit=True)
    for name, expected in (("y", NetworkError), ("z", NotDoneError), ("same", BadRequest)):
        with pytest.raises(expected) as caught:
            await line.start(name, is_edit=True)
        assert type(caught.value) is expected
    assert 1200 < now() < 1206


@in_no_time
async def test_without_the_lock_nothing_leaves() -> None:
    line = Line()
    line.may_send = False
    waits = line.start("x")
    await asyncio.sleep(5)
    with pytest.raises(NotDoneError):
        await line.say_at_once("press")
    assert line.tried == []
    line.may_send = True
    assert await waits == "x"


@in_no_time
async def test_what_waits_for_others_to_arrive_when_a_stop_ends_does_not_leave() -> None:
    line = Line(latency=2)
    line.pacing.ends_at = 1
    await asyncio.wait([line.start(f"{n}", n) for n in range(AT_ONCE + 1)], timeout=9)
    assert len(line.tried) == AT_ONCE
