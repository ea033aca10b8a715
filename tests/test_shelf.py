"""The weights that write: threads for each version in use, old versions, and what is missing or
damaged."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import Explained, StartError
from bot.creations import Creation
from bot.settings import Settings
from bot.shelf import KEPT, Shelf
from bot.voices import UNFINISHED, Voices
from bot.words import sentences
from bot.writer import ROWS, Neighbour, Text, Writer, nearest
from model.errors import RequestError
from model.text.forms import Genre
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, Result, VerseRequest, generator_for
from tests.serving import install, install_both, serving, untrained

VERSE = dataclasses.replace(untrained("verse"), version="verse")


def verse(seed: int, parts: int = 1) -> VerseRequest:
    return VerseRequest(generator_for(seed, 0), parts=parts, rows=1)


def alone(request: Request) -> Text:
    return Text(Decoder(VERSE).generate([request])[0].texts)


@pytest.fixture(params=[1, 3])
async def writer(request: pytest.FixtureRequest) -> AsyncIterator[Writer]:
    writer = Writer(VERSE)
    writer.threads = request.param
    yield writer
    await writer.close()


class Gate:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.reached, self.steps = threading.Event(), threading.Event(), 0
        step = Decoder.step

        def wait(decoder: Decoder) -> list[Result]:
            self.decoder, self.steps = decoder, self.steps + 1
            self.reached.set()
            assert self.opened.wait(10)
            return step(decoder)

        monkeypatch.setattr(Decoder, "step", wait)

    async def reach(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 10)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.opened.set()


def tasks(writer: Writer, *parts: int) -> list[asyncio.Task[Text]]:
    return [asyncio.create_task(writer.write(verse(n, count))) for n, count in enumerate(parts)]


async def test_nobody_changes_what_another_gets(writer: Writer) -> None:
    written = await asyncio.gather(*(writer.write(verse(seed)) for seed in range(2 * ROWS)))
    expected = Decoder(VERSE).generate([verse(seed) for seed in range(2 * ROWS)])
    assert [text.texts for text in written] == [result.texts for result in expected]
    assert written[7] == alone(verse(7))


@pytest.mark.parametrize("which", [0, -1], ids=["being written", "waiting"])
async def test_cancelling_makes_room_for_another(writer: Writer, gate: Gate, which: int) -> None:
    parts = [1] * (ROWS + 2)
    parts[which] = 9
    writes = tasks(writer, *parts)
    await gate.reach()
    writes[which].cancel()
    with pytest.raises(asyncio.CancelledError):
        await writes.pop(which)
    late = asyncio.create_task(writer.write(verse(1000)))
    await asyncio.sleep(0)
    gate.opened.set()
    assert await late == alone(verse(1000))
    await asyncio.gather(*writes)
    assert gate.decoder.active == 0
    steps = gate.steps
    await asyncio.sleep(0.01)
    assert gate.steps == steps  # the thread sleeps when there is nothing to write


@pytest.mark.parametrize("method", ["__init__", "submit", "step"])
async def test_a_crash_fails_the_requests_in_flight_and_no_others(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    def crash(*_: object) -> None:
        raise FloatingPointError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(Decoder, method, crash)
        results = await asyncio.gather(*tasks(writer, 1, 1, 1), return_exceptions=True)
    assert [str(result) for result in results] == [sentences.NOT_WRITTEN] * 3
    assert "Writing with weights verse failed" in caplog.text
    assert "a bug" in caplog.text
    with monkeypatch.context() as patch:
        # a result for nobody
        patch.setattr(Decoder, "step", lambda _: [Result(-1, ("lost",), None)])
        with pytest.raises(Explained, match="while I was writing"):
            await writer.write(verse(1))
    impossible, fine = await asyncio.gather(
        writer.write(NameRequest(generator_for(1, 0))),
        writer.write(verse(2)),
        return_exceptions=True,
    )
    assert isinstance(impossible, RequestError)  # it is refused alone
    assert fine == alone(verse(2))


def creation(version: str) -> Creation:
    return Creation("k7m2p9x", 1, Genre.DINO, version, 42, 0, "", 0.8)


def threads() -> int:
    return [thread.name for thread in threading.enumerate()].count("writing")


async def test_each_version_writes_its_own_and_only_a_few_stay(tmp_path: Path) -> None:
    folder = install_both(tmp_path / "many")
    versions = [install(folder / "dino", untrained("names", seed)) for seed in range(2, KEPT + 4)]
    shelf = Shelf(folder)
    await shelf.open()
    texts = [await shelf.write(creation(version)) for version in versions]
    assert [await shelf.write(creation(version)) for version in versions] == texts
    assert len({text.texts for text in texts}) == len(versions)
    assert threads() == KEPT
    for _ in range(2):
        assert (
            await asyncio.gather(*(shelf.write(creation(version)) for version in versions * 4))
            == texts * 4
        )
    assert threads() == KEPT
    await shelf.close()


async def test_a_stop_refuses_what_waits_for_any_thread(writer: Writer, gate: Gate) -> None:
    writes = tasks(writer, *[40] * (4 * ROWS))
    await gate.reach()
    closing = asyncio.create_task(writer.close())
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert {str(end) for end in ends} == {str(sentences.STOPPING)}
    gate.opened.set()
    await closing
    assert not writer.pending
    assert threads() == 0


async def test_one_missing_network(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commands = {"dino": "/dino", "poem": "/poem x"}
    for missing, other in (("dino", "poem"), ("poem", "dino")):
        install(tmp_path / missing / other, untrained("verse" if other == "poem" else "names"))
        async with serving(settings, checkpoints=tmp_path / missing) as chat:
            assert (await chat.ask(commands[missing])).html == sentences.NO_NETWORK[missing]
            assert f"/{missing} is not served: " in caplog.text
            assert "is CHECKPOINTS right?" in caplog.text
            assert "<a>" in (await chat.ask(commands[other])).html
            assert (await chat.ask("/about")).html.count("3.000 nats") == 1


async def test_what_a_start_finds_damaged(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = install_both(tmp_path / "damaged")
    (file,) = (directory / "dino").glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-9])
    voice = Voices(directory / "voices").add("keats", "verse", "Ode\n")
    half = directory / "voices" / f"{UNFINISHED}x1" / "k3x7abc"
    half.mkdir(parents=True)
    (half / "text.txt").write_text("somebody's own verse\n")
    async with serving(settings, checkpoints=directory) as chat:
        assert list(chat.bot.shelf.serving) == ["poem"]
        assert not half.parent.exists()
        assert chat.bot.shelf.voices.all() == [voice]
    assert "/dino is not served" in caplog.text
    assert file.name in caplog.text


async def test_a_bot_without_weights(settings: Settings, tmp_path: Path) -> None:
    async def complaint() -> str:
        with pytest.raises(StartError) as caught:
            async with serving(settings, checkpoints=tmp_path):
                pass
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "is CHECKPOINTS right? python -m model train makes weights in " in await complaint()
    assert f"{tmp_path / 'dino'} holds none" in await complaint()
    install(tmp_path / "dino", untrained("verse"))
    assert "its weights write verse, not names" in await complaint()


WORDS = st.text("abcé恐", max_size=9)


def textbook(a: str, b: str) -> int:
    """Return the distance as the definition has it, one cell at a time."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        before, row = row, [i]
        for j, other in enumerate(b, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other)))
    return row[-1]


@given(
    st.lists(WORDS, min_size=1, max_size=4),
    st.frozensets(WORDS, min_size=1, max_size=12).map(sorted),
)
def test_the_nearest_name_is_found_and_of_equals_the_first(
    names: list[str], known: list[str]
) -> None:
    assert nearest(names, []) == (None,) * len(names)
    expected = [min((textbook(name, other), other) for other in known) for name in names]
    assert nearest(names, known) == tuple(
        Neighbour(other, distance) for distance, other in expected
    )
