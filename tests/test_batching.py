"""Batching: what many writers get from one decoding thread, whatever the others, the operator and the Decoder do."""

from __future__ import annotations

import asyncio
import dataclasses
import string
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

import bot.writing.batching
from bot.writing.batching import FAILED, ROWS, STOPPED, Batching, Busy, WritingError, Written
from bot.writing.nearest import Neighbourhood
from model.checkpoint.encoding import Checkpoint, Description
from model.decoding.decoder import Decoder
from model.decoding.requests import NameRequest, Request, RequestError, Result, VerseRequest, generator_for
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel
from model.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

VOCABULARY = Vocabulary("\n " + string.ascii_lowercase)


def untrained(kind: Literal["names", "verse"], version: str, seed: int) -> Checkpoint:
    architecture = Architecture("rnn", len(VOCABULARY), hidden_size=8)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    description = Description(kind, "TEST", "0" * 64, 1, 3.0, seed, "2024-01-01T00:00:00+00:00", {})
    known_names = frozenset({"mango", "yi"} if kind == "names" else ())
    return Checkpoint(language_model, VOCABULARY, description, known_names, version)


OLD, NEW, NAMES = untrained("verse", "old", 1), untrained("verse", "new", 2), untrained("names", "names", 3)


def verse(seed: int, characters: int = 40) -> VerseRequest:
    return VerseRequest(generator_for(seed, 0), min_characters=characters, max_characters=1000, max_lines=100)


def names(seed: int) -> NameRequest:
    return NameRequest(generator_for(seed, 0), count=2, max_length=200)


def alone(checkpoint: Checkpoint, request: Request) -> Written:
    texts = Decoder(checkpoint).generate([request])[0].texts
    return Written(texts, checkpoint.version, tuple(Neighbourhood(checkpoint.known_names).nearest(texts)))


class Gate:
    """Holds the decoding thread before a step, and counts the steps that were begun."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.reached = threading.Event()
        self.steps = 0
        self.decoders: list[Decoder] = []
        self.submitted: list[Request] = []

    def pass_through(self) -> None:
        self.steps += 1
        self.reached.set()
        assert self.opened.wait(10)

    async def reach(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 10)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()

    class GatedDecoder(Decoder):
        def __init__(self, checkpoint: Checkpoint) -> None:
            super().__init__(checkpoint)
            gate.decoders.append(self)

        def submit(self, request: Request) -> int:
            gate.submitted.append(request)
            return super().submit(request)

        def step(self) -> list[Result]:
            gate.pass_through()
            return super().step()

    monkeypatch.setattr(bot.writing.batching, "Decoder", GatedDecoder)
    yield gate
    gate.opened.set()


@asynccontextmanager
async def serving(checkpoint: Checkpoint, queue_limit: int = 256) -> AsyncIterator[Batching]:
    batching = Batching(checkpoint, queue_limit=queue_limit)
    await batching.start()
    try:
        yield batching
    finally:
        await batching.stop()


@pytest.fixture
async def batching() -> AsyncIterator[Batching]:
    async with serving(OLD, queue_limit=2) as batching:
        yield batching


async def begun(*writes: asyncio.Task[Written]) -> None:
    """Let the tasks run to their first wait."""
    await asyncio.sleep(0)
    assert not any(write.done() for write in writes)


async def finished(gate: Gate, *writes: asyncio.Task[Written]) -> list[Written]:
    """Open the gate; what was written, in the order in which it was finished."""
    order: list[asyncio.Task[Written]] = []
    for write in writes:
        write.add_done_callback(order.append)
    gate.opened.set()
    await asyncio.gather(*writes)
    return [write.result() for write in order]


def tasks(batching: Batching, count: int, first_seed: int = 0) -> list[asyncio.Task[Written]]:
    return [asyncio.create_task(batching.write(verse(first_seed + n))) for n in range(count)]


@pytest.mark.parametrize(("checkpoint", "request_of"), [(OLD, verse), (NAMES, names)], ids=["verse", "names"])
async def test_nobody_changes_what_another_gets(checkpoint: Checkpoint, request_of: Callable[[int], Request]) -> None:
    async with serving(checkpoint) as batching:
        written = await asyncio.gather(*(batching.write(request_of(seed)) for seed in range(100)))
    assert written == [alone(checkpoint, request_of(seed)) for seed in range(100)]


async def test_a_request_joins_while_another_is_being_written(batching: Batching, gate: Gate) -> None:
    long = asyncio.create_task(batching.write(verse(1, characters=300)))
    await gate.reach()
    short = asyncio.create_task(batching.write(verse(2)))
    await begun(short)
    assert await finished(gate, short, long) == [alone(OLD, verse(2)), alone(OLD, verse(1, characters=300))]


async def test_an_answer_takes_no_picture_of_its_request(batching: Batching) -> None:
    class Unseen(VerseRequest):
        def __repr__(self) -> str:
            raise AssertionError("somebody looked")

    asked = verse(1)
    written = await batching.write(Unseen(asked.generator, asked.prompt, min_characters=40, max_characters=40))
    assert len(written.texts[0]) <= 40


async def test_the_queue_is_bounded_and_says_so_at_once(batching: Batching, gate: Gate) -> None:
    writes = tasks(batching, ROWS + 2)
    await begun(*writes)
    with pytest.raises(Busy, match=rf"^{ROWS + 2} requests are waiting already; please try again"):
        await batching.write(verse(0))
    gate.opened.set()
    assert await asyncio.gather(*writes) == [alone(OLD, verse(n)) for n in range(ROWS + 2)]
    assert await batching.write(verse(0)) == alone(OLD, verse(0))


@pytest.mark.parametrize("place", [0, -1], ids=["being written", "waiting"])
async def test_cancelling_frees_the_slot(batching: Batching, gate: Gate, place: int) -> None:
    lengths = [40] * (ROWS + 2)
    lengths[place] = 1000
    writes = [asyncio.create_task(batching.write(verse(n, length))) for n, length in enumerate(lengths)]
    await gate.reach()
    writes[place].cancel()
    with pytest.raises(asyncio.CancelledError):
        await writes.pop(place)
    late = asyncio.create_task(batching.write(verse(1000)))
    await begun(late)
    gate.opened.set()
    assert await late == alone(OLD, verse(1000))
    await asyncio.gather(*writes)
    assert [decoder.active for decoder in gate.decoders] == [0]
    was_begun = place == 0
    assert len(gate.submitted) == len(writes) + 1 + was_begun


async def test_weights_are_swapped_under_running_requests(batching: Batching, gate: Gate) -> None:
    before = asyncio.create_task(batching.write(verse(1, characters=300)))
    await gate.reach()
    batching.swap(NEW)
    assert batching.checkpoint is NEW
    after = asyncio.create_task(batching.write(verse(1)))
    await begun(after)
    assert await finished(gate, after, before) == [alone(NEW, verse(1)), alone(OLD, verse(1, characters=300))]
    assert await batching.write(verse(2)) == alone(NEW, verse(2))


async def test_what_waits_is_written_by_the_new_weights(batching: Batching, gate: Gate) -> None:
    writes = tasks(batching, ROWS + 1)
    await gate.reach()
    batching.swap(NEW)
    gate.opened.set()
    versions = [written.version for written in await asyncio.gather(*writes)]
    assert versions == ["old"] * ROWS + ["new"]


async def test_stopping_fails_what_is_pending_and_ends_the_thread(batching: Batching, gate: Gate) -> None:
    writes = tasks(batching, ROWS + 2)
    await gate.reach()
    stop = asyncio.create_task(batching.stop())
    writes[0].cancel()  # once its future is cancelled, before its writer knows
    cancelled, *results = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(cancelled, asyncio.CancelledError)
    assert {str(result) for result in results} == {STOPPED}
    assert all(isinstance(result, WritingError) for result in results)
    gate.opened.set()
    await stop
    assert "decoding" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(WritingError, match="not running"):
        await batching.write(verse(1))


async def test_a_stopped_batching_can_be_started_again(batching: Batching) -> None:
    with pytest.raises(RuntimeError, match="started before"):
        await batching.start()
    await batching.stop()
    await batching.stop()
    await batching.start()
    assert await batching.write(verse(1)) == alone(OLD, verse(1))


@pytest.mark.parametrize("method", ["__init__", "submit", "step"])
async def test_a_crash_fails_the_requests_in_flight_and_no_others(
    batching: Batching, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    def crash(*_: object) -> None:
        raise FloatingPointError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(Decoder, method, crash)
        results = await asyncio.gather(*tasks(batching, 3), return_exceptions=True)
    assert [type(result) for result in results] == [WritingError] * 3
    assert str(results[0]) == "Something went wrong while this was being written; please try again."
    assert "a bug" in caplog.text
    assert "weights old" in caplog.text
    assert await batching.write(verse(1)) == alone(OLD, verse(1))


async def test_an_answer_to_nobody_is_a_crash_that_leaves_no_one_waiting(
    batching: Batching, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "step", lambda _: [Result(-1, ("lost",), None)])
        with pytest.raises(WritingError):
            await batching.write(verse(1))
    assert await batching.write(verse(1)) == alone(OLD, verse(1))


async def test_a_failure_of_the_thread_itself_leaves_no_one_waiting(
    batching: Batching, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(bot.writing.batching, "_Desk", crash)
    with pytest.raises(WritingError, match=FAILED):
        await batching.write(verse(1))
    with pytest.raises(WritingError, match=FAILED):
        await batching.write(verse(1))
    assert "decoding thread" in caplog.text


async def test_a_refused_request_is_its_own_writers_alone(batching: Batching) -> None:
    results = await asyncio.gather(batching.write(names(1)), batching.write(verse(2)), return_exceptions=True)
    assert isinstance(results[0], RequestError)
    assert results[1] == alone(OLD, verse(2))


async def test_a_request_that_comes_to_nothing_raises_its_own_error() -> None:
    impossible = dataclasses.replace(names(1), prefix="mango", max_length=5, attempts=1)
    async with serving(NAMES) as batching:
        results = await asyncio.gather(batching.write(impossible), batching.write(names(2)), return_exceptions=True)
    assert isinstance(results[0], RequestError)
    assert "mango" in str(results[0])
    assert results[1] == alone(NAMES, names(2))


async def test_the_thread_sleeps_when_there_is_nothing_to_write(batching: Batching, gate: Gate) -> None:
    gate.opened.set()
    await batching.write(verse(1))
    steps = gate.steps
    for _ in range(1000):
        await asyncio.sleep(0)
    assert gate.steps == steps


def test_a_loop_that_was_closed_has_nobody_waiting(gate: Gate) -> None:
    """A process that drops its loop without stop() must not be held back, nor see an error from the thread."""

    async def scenario() -> None:
        batching = Batching(OLD)
        await batching.start()
        tasks(batching, 1)
        await gate.reach()

    asyncio.run(scenario())
    gate.opened.set()
