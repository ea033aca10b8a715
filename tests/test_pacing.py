"""How fast the bot speaks: in which order, within which limits, and what is never lost or sent
twice.

Most of it is simulated on a clock that jumps, so that minutes of waiting take no time.
"""

import asyncio
import bisect
import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot.telegram import limits as module
from bot.telegram.pacing import AT_ONCE, REFUSAL_SECONDS, SHARE, Pacing, Place
from bot.telegram.request import NothingSentError, ServerError
from tests.fake_clock import in_no_time, now, run

GROUP, OTHER_GROUP = -5, -6


class Line:
    """A pacing, and a Telegram behind it that notes what is sent, when, and raises its `errors` for
    a name first.

    Until `works_at`, every request fails with `failure`. `told` holds the apologies that arrived.
    """

    def __init__(self, rate: int | None = 30, latency: float = 0.05) -> None:
        self.pacing = Pacing(rate, lambda: True)
        self.latency = latency
        self.errors: dict[str, list[Exception]] = {}
        self.tried: list[tuple[float, str]] = []
        self.sent: dict[str, float] = {}
        self.chats: dict[str, int | None] = {}
        self.on_their_way = self.most = 0
        self.failure, self.works_at = NetworkError(""), 0.0
        self.told: list[tuple[float, object, int]] = []
        self.pacing.apologise = self._apologise

    async def send(self, name: str, chat_id: int | None = 1, endpoint: str = "sendMessage") -> str:
        self.chats[name] = chat_id
        data: dict[str, Any] = {} if chat_id is None else {"chat_id": chat_id, "text": "a secret"}
        place = self.pacing.place()
        # edits of one message
        place = place._replace(asks=frozenset({-1})) if endpoint.startswith("edit") else place
        return str(
            await self.pacing.process_request(self._call, (name,), {}, endpoint, data, place)
        )

    async def refuse(self, name: str, chat_id: int) -> str:
        self.chats[name] = chat_id
        place = self.pacing.place()._replace(is_refusal=True)
        return str(
            await self.pacing.process_request(
                self._call, (name,), {}, "sendMessage", {"chat_id": chat_id}, place
            )
        )

    def start(
        self, name: str, chat_id: int | None = 1, endpoint: str = "sendMessage"
    ) -> asyncio.Task[str]:
        return asyncio.create_task(self.send(name, chat_id, endpoint), name=name)

    async def _apologise(self, chat_id: object, place: Place) -> None:
        data, name = {"chat_id": chat_id, "text": "sorry"}, f"sorry {chat_id}"
        with contextlib.suppress(NetworkError):
            await self.pacing.process_request(self._call, (name,), {}, "sendMessage", data, place)
            self.told.append((now(), chat_id, len(place.asks)))

    async def _call(self, name: str) -> str:
        self.tried.append((now(), name))
        self.on_their_way += 1
        self.most = max(self.most, self.on_their_way)
        try:
            await asyncio.sleep(self.latency)
        finally:
            self.on_their_way -= 1
        if now() < self.works_at:
            raise self.failure
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        assert name not in self.sent
        self.sent[name] = now() - self.latency
        return name


def most_within(times: Sequence[float], period: float) -> int:
    """Return how many of these times lie within the fullest period, open at its end."""
    times = sorted(times)
    ends = (bisect.bisect_left(times, begin + period - 1e-6) for begin in times)
    return max((end - begin for begin, end in enumerate(ends)), default=0)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 20),
            st.sampled_from([1, 2, GROUP, OTHER_GROUP, None]),
            st.sampled_from(
                [
                    None,
                    None,
                    None,
                    RetryAfter(timedelta(seconds=2)),
                    NothingSentError("x"),
                    TimedOut(),
                ]
            ),
        ),
        max_size=80,
    ),
    st.sampled_from([1, 3, 30]),
)
def test_whatever_comes_is_sent_once_in_order_within_the_limits(
    arrivals: list[tuple[float, int | None, Exception | None]], rate: int
) -> None:
    async def simulate() -> Line:
        line = Line(rate)
        tasks = []
        for number, (time, chat_id, error) in enumerate(
            sorted(arrivals, key=lambda arrival: arrival[0])
        ):
            await asyncio.sleep(time - now())
            line.errors[str(number)] = [error] if error else []
            tasks.append(line.start(str(number), chat_id))
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(end, str | TimedOut)
        assert line.pacing.waiting == 0
        return line

    line = run(simulate())
    assert set(line.chats) == {name for _, name in line.tried}
    assert line.pacing.dropped == 0
    last_try = {name: time for time, name in line.tried}  # the one that counts
    messages = [last_try[name] for name, chat_id in line.chats.items() if chat_id is not None]
    assert most_within(messages, 1) <= rate
    for chat_id in (1, 2, GROUP, OTHER_GROUP, None):
        of_chat = [name for name in line.chats if line.chats[name] == chat_id]
        assert (
            list(dict.fromkeys(name for _, name in line.tried if line.chats[name] == chat_id))
            == of_chat
        )
        assert chat_id is None or most_within([last_try[name] for name in of_chat], 4) <= 4
        assert (
            chat_id not in (GROUP, OTHER_GROUP)
            or most_within([last_try[name] for name in of_chat], 60) <= 20
        )


@in_no_time
async def test_a_slow_telegram_gets_few_requests_at_once_and_all_of_them() -> None:
    line = Line(latency=4)
    tasks = [line.start(str(number), number) for number in range(1, 101)]
    await asyncio.sleep(3)
    assert line.on_their_way == AT_ONCE
    await asyncio.gather(*tasks)
    assert line.most == AT_ONCE
    assert [name for _, name in line.tried] == [str(number) for number in range(1, 101)]


@in_no_time
async def test_without_a_rate_nothing_waits() -> None:
    line = Line(None, latency=0)
    assert line.pacing.wait(GROUP, 1000, 1000) == 0
    await asyncio.gather(*[line.start(str(number), GROUP) for number in range(500)])
    assert now() == 0


@in_no_time
async def test_no_crowd_makes_the_bot_forget_whom_it_must_not_write_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_CHATS", 50)
    line = Line(latency=0)
    line.errors["held"] = [RetryAfter(timedelta(seconds=20))]
    held = line.start("held", 1)
    await asyncio.gather(*[line.start(str(number), GROUP) for number in range(20)])
    for number in range(1000, 1200):
        line.pacing.wait(number)
        await line.send(f"to {number}", number)
    assert line.pacing.wait(GROUP) > 30
    await held
    assert line.sent["held"] == 20


@in_no_time
async def test_a_refusal_leaves_soon_or_never_and_five_messages_leave_for_each() -> None:
    line = Line(30)
    answers = [line.start(f"a{person}", person) for person in range(600)]
    said = []
    for person in range(10_000, 12_000):
        await asyncio.sleep(0.01)
        if line.pacing.spares(person):
            said.append((now(), asyncio.create_task(line.refuse(f"no {person}", person))))
    await asyncio.gather(*answers, *(task for _, task in said))
    assert len(said) > 60
    assert all(line.sent[task.result()] - begun <= REFUSAL_SECONDS for begun, task in said)
    order = [name.startswith("no") for name in sorted(line.sent, key=line.sent.__getitem__)]
    assert all(
        order[: n + 1].count(True) <= 1 + order[: n + 1].count(False) / SHARE
        for n in range(len(order))
    )
    assert most_within(list(line.sent.values()), 1) <= 30


@pytest.mark.parametrize("chat_id", [7, GROUP])
@in_no_time
async def test_no_message_waits_for_longer_than_was_said(chat_id: int) -> None:
    line = Line(10, latency=0)
    tasks = [
        line.start(f"a{number}", chat_id, ("sendMessage", "editMessageText")[number % 2])
        for number in range(10)
    ]
    tasks += [line.start(f"b{number}", 100 + number) for number in range(35)]
    await asyncio.sleep(0)
    assert line.pacing.waiting == 35
    promised = {
        number: now() + line.pacing.wait(chat_id, 6 + number, 35 + number) for number in range(10)
    }
    assert [line.pacing.wait(99, 0, ahead) for ahead in (0, 35, 41, 42)] == [5, 5, 5, 6]
    tasks += [line.start(f"c{number}", chat_id) for number in range(10)]
    await asyncio.gather(*tasks)
    assert line.pacing.waiting == line.pacing.wait(99) == 0
    assert all(promised[number] >= line.sent[f"c{number}"] for number in range(10))
    assert [line.sent[f"a{number}"] for number in range(10)] == pytest.approx(
        [0] * 4 + [4] * 4 + [8] * 2
    )


@in_no_time
async def test_a_cancelled_request_gives_its_turn_back_even_as_it_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line(1, latency=0)
    tasks = [line.start(name) for name in "abcde"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    asyncio.get_running_loop().call_at(1, tasks[2].cancel)  # behind the timer that lets it go
    await asyncio.wait(tasks)
    assert line.sent == {"a": 0, "d": 1, "e": 2}
    assert line.pacing.dropped == 2
    assert caplog.messages == ["sendMessage to 1 was given up: it was cancelled"] * 2


@in_no_time
async def test_a_429_holds_the_chat_that_earned_it_and_the_refused_message_goes_first() -> None:
    line = Line(latency=0.1)
    line.errors["first"] = [RetryAfter(timedelta(seconds=7)), RetryAfter(timedelta(seconds=2))]
    tasks = [line.start("first")]
    await asyncio.sleep(1)
    tasks += [
        line.start("second"),
        line.start("other", 2),
        line.start("press", None, "answerCallbackQuery"),
    ]
    assert await line.send("typing", 1, "sendChatAction") == "False"
    await asyncio.gather(*tasks)
    tried = [
        (0, "first"),
        (1, "other"),
        (1, "press"),
        (7.1, "first"),
        (7.1, "second"),
        (9.2, "first"),
    ]
    assert [(round(time, 1), name) for time, name in line.tried] == tried


@pytest.mark.parametrize("second", [2, None])
@in_no_time
async def test_a_second_chats_429_or_one_that_belongs_to_no_chat_holds_everything(
    second: int | None,
) -> None:
    line = Line(latency=0)
    line.errors["first"] = [RetryAfter(timedelta(seconds=9))]
    line.errors["second"] = [RetryAfter(timedelta(seconds=5))]
    tasks = [line.start("first", GROUP)] if second else []
    await asyncio.sleep(1)
    tasks += [line.start("second", second)]
    await asyncio.sleep(1)
    tasks += [line.start("third", 3), line.start("press", None, "answerCallbackQuery")]
    await asyncio.gather(*tasks)
    tried = sorted((time, name) for time, name in line.tried if name != "first")
    assert tried == [(1, "second"), (6, "press"), (6, "second"), (6, "third")]


@pytest.mark.parametrize(
    ("error", "chat_id"), [(NothingSentError("no connection"), GROUP), (ServerError("502"), 1)]
)
@in_no_time
async def test_what_was_not_sent_is_tried_again_for_half_a_minute_and_what_may_have_arrived_never(
    error: NetworkError, chat_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    line, surely_not_sent = Line(), isinstance(error, NothingSentError)
    line.errors = {
        "lost": [error] * 99,
        "x": [TimedOut()],
        "y": [NetworkError("broke off")],
        "z": [BadRequest("no")],
    }
    lost = line.start("lost", chat_id)
    await asyncio.sleep(0.1)
    assert await line.send("other", 2)
    # a failing server delays no other
    assert line.sent["other"] == pytest.approx(1.05 if surely_not_sent else 0.1)
    with pytest.raises(type(error)):
        await lost
    assert 29 < now() < 31
    assert len(line.tried) > 20
    line.tried.clear()
    for name in "xyz":
        with pytest.raises(type(line.errors[name][0])):
            await line.send(name)
    assert [name for _, name in line.tried] == list("xyz")
    assert line.pacing.dropped == surely_not_sent
    assert "a secret" not in caplog.text


@pytest.mark.parametrize("error", [TimedOut(), NetworkError("broke off"), ServerError("500")])
@in_no_time
async def test_an_edit_is_tried_again_for_half_a_minute(error: NetworkError) -> None:
    """It may have arrived, and stays in doubt when its last tries surely did not."""
    line = Line()
    line.errors = {"x": [error], "y": [error] * 99, "z": [BadRequest("message is not modified")]}
    line.errors["doubt"] = [TimedOut("lost"), *[NothingSentError("no connection")] * 99]
    assert await line.send("x", endpoint="editMessageText")
    for name, expected, seconds in (
        ("y", type(error), 30),
        ("z", BadRequest, 0),
        ("doubt", TimedOut, 30),
    ):
        begin = now()
        with pytest.raises(expected):
            await line.send(name, endpoint="editMessageText")
        assert now() - begin == pytest.approx(seconds, abs=2)
    assert line.pacing.dropped == 0


@pytest.mark.parametrize("failure", [NothingSentError("no connection"), ServerError("502")])
@in_no_time
async def test_when_telegram_answers_again_each_chat_reads_once_what_was_not_answered(
    failure: NetworkError,
) -> None:
    """A message that was changed after all is no loss."""
    line = Line(latency=0)
    line.failure, line.works_at = failure, 200.0
    lost = [
        line.start("a", 1),
        line.start("b", 1),
        line.start("c", GROUP),
        line.start("d", 3, "editMessageText"),
    ]
    assert {type(end) for end in await asyncio.gather(*lost, return_exceptions=True)} == {
        type(failure)
    }
    await asyncio.sleep(199 - now())
    # a try for each chat in half a minute
    assert sum(name.startswith("sorry") for _, name in line.tried) <= 3 * 6
    await line.send("changed", 3, "editMessageText")
    await asyncio.sleep(1000)
    assert sorted(told[1:] for told in line.told) == [(GROUP, 1), (1, 2)]
    assert all(200 <= told[0] <= 231 for told in line.told)


@in_no_time
async def test_at_the_stop_what_waits_too_long_is_given_up_counted_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    line = Line(10)
    tasks = [line.start(str(number), number) for number in range(1, 101)]
    await asyncio.sleep(1)
    line.pacing.deadline(now() + 3.5, now() + 5)
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert now() == pytest.approx(4.5)
    assert Counter(type(end) for end in ends) == {str: 50, NothingSentError: 50}
    await asyncio.sleep(1)
    assert await line.send("at once") == "at once"
    line.errors["refused"] = [RetryAfter(timedelta(seconds=5))]
    with pytest.raises(NothingSentError):
        await line.send("refused")
    assert line.pacing.dropped == 51
    assert sum("was given up" in message for message in caplog.messages) == 51
    assert caplog.messages[0].startswith("sendMessage to 51 was given up: ")
    assert "a secret" not in caplog.text
