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
from telegram.error import BadRequest, RetryAfter, TimedOut

from bot.telegram.pacing import AT_ONCE, REFUSAL, Pacing
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

    def start(
        self, name: str, chat_id: int = 1, *, seconds: float = 600, is_refusal: bool = False
    ) -> asyncio.Task[str]:
        call = functools.partial(self._call, name)
        place = REFUSAL if is_refusal else self.pacing.place()
        return asyncio.create_task(self.pacing.send(call, chat_id, place, seconds=seconds))

    async def say_at_once(self, name: str, chat_id: int = 1) -> None:
        await self.pacing.send_at_once(functools.partial(self._call, name), chat_id)

    async def _call(self, name: str) -> str:
        self.pacing.check()
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
        (702.2, "first"),
        (702.3, "second"),
    ]


@in_no_time
async def test_a_second_chats_429_or_one_about_no_message_holds_everything() -> None:
    queue = Queue(latency=0)
    queue.errors = {"first": [wait_for(9)], "second": [wait_for(5)], "press": [wait_for(20)]}
    tasks = [queue.start("first", GROUP)]
    await asyncio.sleep(1)
    tasks.append(queue.start("second", 2))
    await asyncio.sleep(1)
    # the silence lasts 4 s of the next 30 s
    assert queue.pacing.room(0, 30) == (30 - 4) * 30 - queue.pacing.waiting
    with pytest.raises(NotDoneError):  # it would be useless after the silence
        await queue.say_at_once("press", 3)
    await queue.start("third", 3)
    assert queue.sent["third"] == 6
    await asyncio.gather(*tasks)
    with pytest.raises(RetryAfter):
        await queue.say_at_once("press", 3)
    assert [queue.pacing.wait(4, 0, in_all) for in_all in (0, 60)] == [20, 22]


@in_no_time
async def test_a_refusal_leaves_behind_every_answer_or_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.pacing.RATE", 1)
    queue = Queue(latency=0)
    refusals = [queue.start(f"no {n}", n, seconds=6.5, is_refusal=True) for n in range(2, 9)]
    await asyncio.sleep(0)  # the first leaves at once
    answers = [queue.start(f"{n}", n) for n in range(12, 15)]
    await asyncio.wait([*refusals, *answers])
    assert list(queue.sent) == ["no 2", "12", "13", "14", "no 3", "no 4", "no 5"]
    assert [type(each.exception()) for each in refusals[4:]] == [TimeoutError] * 3
    assert queue.pacing.waiting == 0


@in_no_time
async def test_a_turn_that_begins_at_once_is_counted_and_can_be_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.pacing.RATE", 2)
    queue = Queue(latency=0)
    assert [queue.pacing.begin(chat) for chat in (1, 2, 3)] == [True, True, False]
    waiting = queue.start("3", 3)
    queue.pacing.end(1)
    call = functools.partial(queue._call, "2")
    await queue.pacing.send(call, 2, queue.pacing.place(), has_begun=True)
    await waiting
    assert queue.sent == {"2": 0, "3": 1}


@in_no_time
async def test_nothing_leaves_while_it_is_closed() -> None:
    queue = Queue(latency=0)
    queue.pacing.close()
    waiting = queue.start("x")
    await asyncio.sleep(5)
    assert not queue.pacing.begin(2)
    assert queue.tried == []
    queue.pacing.open()
    assert await waiting == "x"


@in_no_time
async def test_a_message_that_surely_failed_is_tried_again_for_a_time_and_one_in_doubt_never(
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
