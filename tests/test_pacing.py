"""When messages leave: in order and within the limits, and none is lost or sent twice.

The clock is a fake one that jumps, so minutes of waiting take no time.
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


class Queue:
    """A pacing, and a fake Telegram behind it that notes each message with its time.

    Before Telegram takes a message, it raises each of the `errors` for its name, one a try.
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

    async def simulate() -> Queue:
        queue = Queue()
        tasks = []
        for number, (time, chat_id, error) in enumerate(arrivals):
            await asyncio.sleep(time - now())
            queue.errors[str(number)] = [error] if error else []
            tasks.append(queue.start(str(number), chat_id))
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(end, str | TimedOut)
        assert queue.pacing.waiting == queue.pacing.given_up == 0
        return queue

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.telegram.pacing.RATE", rate)
        queue = run(simulate())
    last_try = {name: time for time, name in queue.tried}  # only the last try counts
    assert most_within(list(last_try.values()), 1) <= rate
    for chat_id in (1, 2, GROUP, OTHER_GROUP):
        names = [str(n) for n, (_, where, _) in enumerate(arrivals) if where == chat_id]
        assert list(dict.fromkeys(name for _, name in queue.tried if name in names)) == names
        times = [last_try[name] for name in names]
        assert most_within(times, 4) <= 4
        assert chat_id > 0 or most_within(times, 60) <= 20


@in_no_time
async def test_a_cancelled_message_gives_its_turn_back_even_as_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.pacing.RATE", 1)
    queue = Queue(latency=0)
    tasks = [queue.start(name) for name in "abcde"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    asyncio.get_running_loop().call_at(1, tasks[2].cancel)  # after the timer of its turn
    await asyncio.wait(tasks)
    assert queue.sent == {"a": 0, "d": 2, "e": 3}
    assert queue.pacing.waiting == 0


@in_no_time
async def test_a_429_holds_the_chat_that_earned_it_and_the_refused_message_goes_first() -> None:
    queue = Queue(latency=0.1)
    queue.errors["first"] = [wait_for(700), wait_for(2)]
    tasks = [queue.start("first")]
    # by then the chat's own rate allows a message again; only the 429 holds it
    await asyncio.sleep(5)
    with pytest.raises(NotDoneError):
        await queue.say_at_once("typing")
    tasks += [queue.start("second"), queue.start("other", 2)]
    await queue.say_at_once("press", 2)
    assert queue.pacing.wait(1) == pytest.approx(695, abs=0.1)
    await asyncio.gather(*tasks)
    assert [(round(time, 1), name) for time, name in queue.tried] == [
        (0, "first"),
        (5, "press"),
        (5, "other"),
        (700.1, "first"),
        (700.1, "second"),
        (702.2, "first"),
    ]


@in_no_time
async def test_a_second_chats_429_or_one_about_no_message_holds_everything() -> None:
    queue = Queue(latency=0)
    queue.errors = {"first": [wait_for(9)], "second": [wait_for(5)], "press": [wait_for(20)]}
    tasks = [queue.start("first", GROUP)]
    await asyncio.sleep(1)
    tasks.append(queue.start("second", 2))
    await asyncio.sleep(1)
    # the silence lasts 4 s of the next 30 s; then 25 of 30 messages a second may be answers
    assert queue.pacing.room(0, 30) == (30 - 4) * 25 - queue.pacing.waiting
    assert not queue.pacing.allow_refusal(3, 0)
    with pytest.raises(NotDoneError):  # it would be useless after the silence
        await queue.say_at_once("press", 3)
    await queue.start("third", 3)
    assert queue.sent["third"] == 6
    await asyncio.gather(*tasks)
    with pytest.raises(RetryAfter):
        await queue.say_at_once("press", 3)
    assert [queue.pacing.wait(4, 0, in_all) for in_all in (0, 50)] == [20, 22]


@in_no_time
async def test_a_refusal_is_spared_where_nothing_is_expected_or_after_five_messages() -> None:
    queue = Queue()
    assert all(queue.pacing.allow_refusal(1, 0) for _ in range(20))
    assert not queue.pacing.allow_refusal(1, 1)
    await asyncio.gather(*(queue.start(f"{n}", n) for n in range(5)))
    assert [queue.pacing.allow_refusal(1, 1) for _ in range(2)] == [True, False]
    waits = [
        queue.start(f"to a chat {n}", 9) for n in range(5)
    ]  # a chat takes four in four seconds
    await asyncio.sleep(1)
    assert not queue.pacing.allow_refusal(1, 0)
    await asyncio.gather(*waits)


@in_no_time
async def test_a_message_that_surely_failed_is_tried_again_for_ten_minutes_and_one_in_doubt_never(
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue = Queue()
    queue.errors = {"lost": [DOWN] * 999, "back": [DOWN] * 20, "x": [LOST], "y": [BadRequest("no")]}
    lost, back = queue.start("lost", 1), queue.start("back", 2)
    await queue.start("other", 3)  # another chat is not kept waiting
    assert now() < 0.1
    for name in "xy":
        with pytest.raises(type(queue.errors[name][0])):
            await queue.start(name, 3)
    assert await back == "back"
    with pytest.raises(NotDoneError):
        await lost
    assert 599 < now() < 601
    names = [name for _, name in queue.tried]
    assert (names.count("x"), names.count("y"), queue.pacing.given_up) == (1, 1, 1)
    assert caplog.messages[-1] == "A message to 1 was given up: no connection"


@in_no_time
async def test_an_edit_is_tried_again_even_if_it_may_have_arrived() -> None:
    queue = Queue()
    queue.errors = {"x": [LOST], "y": [NetworkError("broke off")] * 999, "z": [LOST, *[DOWN] * 999]}
    queue.errors["same"] = [BadRequest("message is not modified")]
    assert await queue.start("x", is_edit=True)
    for name, expected in (("y", NetworkError), ("z", NotDoneError), ("same", BadRequest)):
        with pytest.raises(expected) as caught:
            await queue.start(name, is_edit=True)
        assert type(caught.value) is expected
    assert 1200 < now() < 1206  # "y" and "z" were given up after 600 s each


@in_no_time
async def test_without_the_lock_nothing_leaves() -> None:
    queue = Queue()
    queue.may_send = False
    waits = queue.start("x")
    await asyncio.sleep(5)
    with pytest.raises(NotDoneError):
        await queue.say_at_once("press")
    assert queue.tried == []
    queue.may_send = True
    assert await waits == "x"


@in_no_time
async def test_a_message_that_still_waits_when_a_stop_ends_does_not_leave() -> None:
    queue = Queue(latency=2)
    queue.pacing.ends_at = 1
    await asyncio.wait([queue.start(f"{n}", n) for n in range(AT_ONCE + 1)], timeout=9)
    assert len(queue.tried) == AT_ONCE
