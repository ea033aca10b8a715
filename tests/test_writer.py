"""The writer: what many requests get from one decoding thread, whatever others ask for and whatever fails."""

from __future__ import annotations

import asyncio
import dataclasses
import string
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

import bot.writing.desk
import bot.writing.writer
from bot.writing.desk import Text
from bot.writing.nearest import Neighbourhood
from bot.writing.writer import ROWS, Busy, Stopped, Writer, WritingError
from model.checkpoint.encoding import Checkpoint, Description
from model.errors import RequestError
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.vocabulary import Vocabulary
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, Result, VerseRequest, generator_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

VOCABULARY = Vocabulary("\n " + string.ascii_lowercase)


def untrained(form: Literal["names", "verse"], version: str, seed: int) -> Checkpoint:
    architecture = Architecture("rnn", len(VOCABULARY), hidden_size=8)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    description = Description(form, "TEST", "0" * 64, 1, 3.0, seed, "2024-01-01T00:00:00+00:00", {})
    known_names = frozenset({"mango", "yi"} if form == "names" else ())
    return Checkpoint(language_model, VOCABULARY, description, known_names, version)


OLD, NEW, NAMES = untrained("verse", "old", 1), untrained("verse", "new", 2), untrained("names", "names", 3)


def verse(seed: int, characters: int = 40) -> VerseRequest:
    return VerseRequest(generator_for(seed, 0), min_characters=characters, max_characters=1000, max_lines=100)


def names(seed: int) -> NameRequest:
    return NameRequest(generator_for(seed, 0), count=2, max_length=200)


def alone(checkpoint: Checkpoint, request: Request) -> Text:
    texts = Decoder(checkpoint).generate([request])[0].texts
    is_verse = checkpoint.description.form == "verse"
    neighbours = () if is_verse else tuple(Neighbourhood(checkpoint.known_names).nearest(texts))
    return Text(texts, checkpoint.version, neighbours)


class Gate:
    """Holds the decoding thread before each step, and counts the steps."""

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

    monkeypatch.setattr(bot.writing.desk, "Decoder", GatedDecoder)
    yield gate
    gate.opened.set()


@asynccontextmanager
async def serving(checkpoint: Checkpoint, queue_limit: int = 256) -> AsyncIterator[Writer]:
    writer = Writer(checkpoint, queue_limit=queue_limit)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


@pytest.fixture
async def writer() -> AsyncIterator[Writer]:
    async with serving(OLD, queue_limit=2) as writer:
        yield writer


async def begun(*writes: asyncio.Task[Text]) -> None:
    """Let the tasks run to their first wait."""
    await asyncio.sleep(0)
    assert not any(write.done() for write in writes)


async def finished(gate: Gate, *writes: asyncio.Task[Text]) -> list[Text]:
    """Open the gate; returns the texts in the order in which they were finished."""
    order: list[asyncio.Task[Text]] = []
    for write in writes:
        write.add_done_callback(order.append)
    gate.opened.set()
    await asyncio.gather(*writes)
    return [write.result() for write in order]


def tasks(writer: Writer, count: int, first_seed: int = 0) -> list[asyncio.Task[Text]]:
    return [asyncio.create_task(writer.write(verse(first_seed + n))) for n in range(count)]


@pytest.mark.parametrize(("checkpoint", "request_of"), [(OLD, verse), (NAMES, names)], ids=["verse", "names"])
async def test_nobody_changes_what_another_gets(checkpoint: Checkpoint, request_of: Callable[[int], Request]) -> None:
    async with serving(checkpoint) as writer:
        written = await asyncio.gather(*(writer.write(request_of(seed)) for seed in range(100)))
    assert written == [alone(checkpoint, request_of(seed)) for seed in range(100)]


@pytest.mark.parametrize(("prompt", "between"), [("恐竜", "\n"), ("thee 🦕", " "), ("thee", "")])
async def test_a_verse_says_what_belongs_between_it_and_its_prompt(writer: Writer, prompt: str, between: str) -> None:
    text = await writer.write(dataclasses.replace(verse(1), prompt=prompt))
    assert text.between == between


async def test_a_request_joins_while_another_is_being_written(writer: Writer, gate: Gate) -> None:
    long = asyncio.create_task(writer.write(verse(1, characters=300)))
    await gate.reach()
    short = asyncio.create_task(writer.write(verse(2)))
    await begun(short)
    assert await finished(gate, short, long) == [alone(OLD, verse(2)), alone(OLD, verse(1, characters=300))]


async def test_nobody_formats_a_request(writer: Writer) -> None:
    class Unseen(VerseRequest):
        def __repr__(self) -> str:
            raise AssertionError("somebody formatted it")

    asked = verse(1)
    written = await writer.write(Unseen(asked.generator, asked.prompt, min_characters=40, max_characters=40))
    assert len(written.texts[0]) <= 40


async def test_the_queue_is_bounded_and_says_so_at_once(writer: Writer, gate: Gate) -> None:
    writes = tasks(writer, ROWS + 2)
    await begun(*writes)
    with pytest.raises(Busy, match=rf"^{ROWS + 2} requests are waiting already"):
        await writer.write(verse(0))
    gate.opened.set()
    assert await asyncio.gather(*writes) == [alone(OLD, verse(n)) for n in range(ROWS + 2)]
    assert await writer.write(verse(0)) == alone(OLD, verse(0))


@pytest.mark.parametrize("which", [0, -1], ids=["being written", "waiting"])
async def test_cancelling_makes_room_for_another(writer: Writer, gate: Gate, which: int) -> None:
    lengths = [40] * (ROWS + 2)
    lengths[which] = 1000
    writes = [asyncio.create_task(writer.write(verse(n, length))) for n, length in enumerate(lengths)]
    await gate.reach()
    writes[which].cancel()
    with pytest.raises(asyncio.CancelledError):
        await writes.pop(which)
    late = asyncio.create_task(writer.write(verse(1000)))
    await begun(late)
    gate.opened.set()
    assert await late == alone(OLD, verse(1000))
    await asyncio.gather(*writes)
    assert [decoder.active for decoder in gate.decoders] == [0]
    was_begun = which == 0
    assert len(gate.submitted) == len(writes) + 1 + was_begun


async def test_weights_are_swapped_under_running_requests(writer: Writer, gate: Gate) -> None:
    before = asyncio.create_task(writer.write(verse(1, characters=300)))
    await gate.reach()
    writer.swap(NEW)
    assert writer.checkpoint is NEW
    after = asyncio.create_task(writer.write(verse(1)))
    await begun(after)
    assert await finished(gate, after, before) == [alone(OLD, verse(1, characters=300)), alone(NEW, verse(1))]
    assert await writer.write(verse(2)) == alone(NEW, verse(2))


async def test_what_waits_is_written_by_the_new_weights(writer: Writer, gate: Gate) -> None:
    writes = tasks(writer, ROWS + 1)
    await gate.reach()
    writer.swap(NEW)
    gate.opened.set()
    versions = [written.version for written in await asyncio.gather(*writes)]
    assert versions == ["old"] * ROWS + ["new"]


async def test_stopping_fails_what_is_pending_and_ends_the_thread(writer: Writer, gate: Gate) -> None:
    writes = tasks(writer, ROWS + 2)
    await gate.reach()
    stop = asyncio.create_task(writer.stop())
    writes[0].cancel()  # its future is cancelled at once, its task hears of it later
    cancelled, *results = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(cancelled, asyncio.CancelledError)
    assert {type(result) for result in results} == {Stopped}
    gate.opened.set()
    await stop
    assert "decoding" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(Stopped):
        await writer.write(verse(1))


async def test_a_stopped_writer_can_be_started_again(writer: Writer) -> None:
    with pytest.raises(RuntimeError, match="started before"):
        await writer.start()
    await writer.stop()
    await writer.stop()
    await writer.start()
    assert await writer.write(verse(1)) == alone(OLD, verse(1))


@pytest.mark.parametrize("method", ["__init__", "submit", "step"])
async def test_a_crash_fails_the_requests_in_flight_and_no_others(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    def crash(*_: object) -> None:
        raise FloatingPointError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(Decoder, method, crash)
        results = await asyncio.gather(*tasks(writer, 3), return_exceptions=True)
    assert [type(result) for result in results] == [WritingError] * 3
    assert "a bug" in caplog.text
    assert "Writing with weights old failed" in caplog.text
    assert await writer.write(verse(1)) == alone(OLD, verse(1))


async def test_a_result_for_nobody_is_a_crash_that_leaves_no_one_waiting(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "step", lambda _: [Result(-1, ("lost",), None)])
        with pytest.raises(WritingError):
            await writer.write(verse(1))
    assert await writer.write(verse(1)) == alone(OLD, verse(1))


async def test_weights_that_cannot_be_set_up_fail_the_requests_and_leave_no_one_waiting(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(bot.writing.writer, "Desk", crash)
        with pytest.raises(WritingError):
            await writer.write(verse(1))
    assert "MemoryError" in caplog.text
    assert await writer.write(verse(1)) == alone(OLD, verse(1))


async def test_pending_counts_what_waits_and_what_is_being_written(writer: Writer, gate: Gate) -> None:
    writes = tasks(writer, ROWS + 1)
    await gate.reach()
    assert writer.pending == ROWS + 1
    gate.opened.set()
    await asyncio.gather(*writes)
    assert writer.pending == 0


async def test_a_refused_request_is_its_own_writers_alone(writer: Writer) -> None:
    results = await asyncio.gather(writer.write(names(1)), writer.write(verse(2)), return_exceptions=True)
    assert isinstance(results[0], RequestError)
    assert results[1] == alone(OLD, verse(2))


async def test_a_request_that_comes_to_nothing_raises_its_own_error() -> None:
    impossible = dataclasses.replace(names(1), prefix="mango", max_length=5, attempts=1)
    async with serving(NAMES) as writer:
        results = await asyncio.gather(writer.write(impossible), writer.write(names(2)), return_exceptions=True)
    assert isinstance(results[0], RequestError)
    assert "mango" in str(results[0])
    assert results[1] == alone(NAMES, names(2))


async def test_the_thread_sleeps_when_there_is_nothing_to_write(writer: Writer, gate: Gate) -> None:
    gate.opened.set()
    await writer.write(verse(1))
    steps = gate.steps
    for _ in range(1000):
        await asyncio.sleep(0)
    assert gate.steps == steps


def test_a_loop_that_was_closed_has_nobody_waiting(gate: Gate) -> None:
    """A process that drops its loop without stop() can exit, and sees no error from the thread."""

    async def scenario() -> None:
        writer = Writer(OLD)
        await writer.start()
        tasks(writer, 1)
        await gate.reach()

    asyncio.run(scenario())
    gate.opened.set()
