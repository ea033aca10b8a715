"""The weights that write: threads for each version in use, old versions, and weights that are
missing or damaged."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.chat import Explained, Failed, StartError
from bot.creations import Creation, Text
from bot.limits import TEXTS
from bot.settings import Settings
from bot.shelf import KEPT, Shelf
from bot.speeds import SURE_SECONDS, Speed, Speeds
from bot.store import Store
from bot.words import sentences
from bot.writer import Writer
from model.errors import RequestError
from model.text.forms import Form, Genre
from model.verse.prosody import prosody
from model.weights.checkpoint import CheckpointError
from model.writing.decoder import Decoder
from model.writing.requests import (
    NameRequest,
    Request,
    Result,
    SonnetRequest,
    VerseRequest,
    generator_for,
)
from tests.databases import sql
from tests.serving import install, serving, untrained, untrained_poet
from tests.training import content_of

ROWS = 12
VERSE = dataclasses.replace(untrained("verse"), version="verse")
NAMES = frozenset(prosody().dictionary.of_poems)  # so all words get capitals
POET = dataclasses.replace(untrained_poet(), version="poet", proper_names=NAMES)


def verse(seed: int, parts: int = 1) -> VerseRequest:
    return VerseRequest(generator_for(seed, 0), parts=parts, rows=1)


def alone(request: Request) -> Text:
    return Text(Decoder(VERSE).generate([request])[0].texts)


@pytest.fixture(params=[1, 3])
async def writer(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Writer]:
    monkeypatch.setattr("bot.writer.ROWS", ROWS)
    writer = Writer(VERSE, Speeds().of("poem"))
    writer.threads = request.param
    yield writer
    await writer.close()


class Gate:
    """Stops the decoder before its next step until `opened` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.reached = threading.Event(), threading.Event()
        step = Decoder.step

        def wait(decoder: Decoder) -> list[Result]:
            self.decoder = decoder
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
    """Begin to write poems, each with so many parts."""
    return [
        asyncio.create_task(writer.write(verse(n, count), Genre.POEM))
        for n, count in enumerate(parts)
    ]


async def test_requests_do_not_change_each_others_texts(writer: Writer) -> None:
    written = await asyncio.gather(
        *(writer.write(verse(seed), Genre.POEM) for seed in range(ROWS + 9))
    )
    expected = Decoder(VERSE).generate([verse(seed) for seed in range(ROWS + 9)])
    assert [text.texts for text in written] == [result.texts for result in expected]
    assert written[7] == alone(verse(7))


async def test_a_sonnet_is_watched_line_by_line() -> None:
    seen, writer = list[Text](), Writer(POET, Speeds().of("poem"))
    sonnet = SonnetRequest(generator_for(1, 0), "Shall I compare thee to a summer's day?")
    (whole,) = (await writer.write(sonnet, Genre.SONNET, seen.append)).texts
    await writer.close()
    assert all(whole.startswith(f"{text.texts[0]}\n") for text in seen)
    assert any(map(str.isupper, whole))
    shown = [text.texts[0] for text in seen] + [whole]
    assert [len([*filter(None, text.split("\n"))]) for text in shown] == [*range(1, 14)]


@pytest.mark.parametrize("index", [0, -1], ids=["being written", "waiting"])
async def test_cancelling_makes_room_for_another(writer: Writer, gate: Gate, index: int) -> None:
    parts = [1] * (ROWS + 2)
    parts[index] = 9
    writes = tasks(writer, *parts)
    await gate.reach()
    writes[index].cancel()
    with pytest.raises(asyncio.CancelledError):
        await writes.pop(index)
    late = asyncio.create_task(writer.write(verse(1000), Genre.POEM))
    await asyncio.sleep(0)
    gate.opened.set()
    assert await late == alone(verse(1000))
    await asyncio.gather(*writes)
    assert gate.decoder.active == 0


async def test_a_writer_measures_its_seconds_of_work_over_what_it_has_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A request that cannot be fulfilled is no writing."""
    clock, steps, step = 0.0, 0, Decoder.step

    def slow_step(decoder: Decoder) -> list[Result]:
        nonlocal clock, steps
        clock += 0.5
        steps += 1
        return step(decoder)

    monkeypatch.setattr(Decoder, "step", slow_step)
    monkeypatch.setattr("bot.writer.ENOUGH", TEXTS[Genre.DINO])
    monkeypatch.setattr("bot.writer.time", SimpleNamespace(monotonic=lambda: clock))
    # a name has at most 40 letters, so the network knows both that begin with 39 times "a"
    known = ("a" * 40, "a" * 39 + "b")
    names = untrained("names", characters="\nab", known=known)
    writer = Writer(names, Speed(guess=2.0, workers=1))
    try:
        with pytest.raises(RequestError):
            await writer.write(NameRequest(generator_for(1, 0), prefix="a" * 39), Genre.DINO)
        assert steps > 0
        assert writer.speed.of_one == 2.0
        await writer.write(NameRequest(generator_for(2, 0)), Genre.DINO)
        made, seconds = 2.0 * SURE_SECONDS + TEXTS[Genre.DINO], SURE_SECONDS + 0.5 * steps
        assert writer.speed.of_one == pytest.approx(made / seconds)
    finally:
        await writer.close()


@pytest.mark.parametrize("method", ["__init__", "submit", "step"])
async def test_a_crash_fails_the_requests_in_flight_and_no_others(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    def crash(*_: object) -> None:
        raise FloatingPointError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(Decoder, method, crash)
        results = await asyncio.gather(*tasks(writer, 1, 1, 1), return_exceptions=True)
    assert all(isinstance(result, Failed) for result in results)
    assert "An error ended writing with the weights verse" in caplog.text
    assert "a bug" in caplog.text
    with monkeypatch.context() as patch:
        # the decoder returns a result that nobody asked for
        patch.setattr(Decoder, "step", lambda _: [Result(-1, ("lost",), None)])
        with pytest.raises(Failed, match="writing with the weights verse failed: KeyError"):
            await writer.write(verse(1), Genre.POEM)
    impossible, fine = await asyncio.gather(
        writer.write(NameRequest(generator_for(1, 0)), Genre.DINO),
        writer.write(verse(2), Genre.POEM),
        return_exceptions=True,
    )
    assert isinstance(impossible, RequestError)  # refused, and the other is written
    assert fine == alone(verse(2))


def creation(version: str, network: str = "dino") -> Creation:
    return Creation("k7m2p9xb4q", 1, Genre(network), version, 42, 0, "", 0.8)


def writing_threads() -> int:
    return [thread.name for thread in threading.enumerate()].count("writing")


# The versions of a network


@asynccontextmanager
async def shelf_of(database: str | Path, folder: Path) -> AsyncIterator[Shelf]:
    async with Store(database) as store:
        shelf = Shelf(store, folder)
        await shelf.open()
        yield shelf
        await shelf.close()


async def learned(database: str | Path, year: int) -> str:
    """Keep new weights for names in the database, and return their version."""
    async with Store(database) as store:
        return await store.keep_weights("dino", content_of(untrained("names", year, year=year)))


async def test_each_version_writes_its_own_and_only_a_few_stay(
    own_checkpoints: Path, tmp_path: Path
) -> None:
    dino = own_checkpoints / "dino"
    versions = [install(dino, untrained("names", seed)) for seed in range(3, KEPT + 5)]
    async with shelf_of(tmp_path / "people.db", own_checkpoints) as shelf:
        texts = [await shelf.write(creation(version)) for version in versions]
        assert [await shelf.write(creation(version)) for version in versions] == texts
        assert len({text.texts for text in texts}) == len(versions)
        assert writing_threads() == KEPT
        for _ in range(2):
            assert (
                await asyncio.gather(*(shelf.write(creation(version)) for version in versions * 4))
                == texts * 4
            )
        assert writing_threads() == KEPT


async def test_a_version_that_is_found_serves_only_once_it_is_chosen(
    database: str, own_checkpoints: Path
) -> None:
    """Versions come from the program, from a training of its own, and from the database."""
    learned_version = await learned(database, 2026)
    released = install(own_checkpoints / "dino", untrained("names", 8))
    (own_checkpoints / "dino" / "released").write_text(released)
    async with shelf_of(database, own_checkpoints) as shelf:
        trained = install(own_checkpoints / "dino", untrained("names", 9))
        assert (await shelf.refresh("dino")).version == released
        found = {each.version for each in await shelf.versions("dino")}
        assert found > {learned_version, trained, released}
        assert await shelf.use("dino", trained)
        assert (await shelf.current("dino")).version == trained


async def test_a_choice_serves_in_every_process_and_after_a_restart(
    database: str, own_checkpoints: Path
) -> None:
    new = await learned(database, 2026)
    sql(database, f"UPDATE weights SET candidate_since = '2026' WHERE version = '{new}'")
    async with (
        shelf_of(database, own_checkpoints) as shelf,
        shelf_of(database, own_checkpoints) as other,
    ):
        old = (await shelf.current("dino")).version
        assert await shelf.use("dino", new, expected=old)
        assert not await shelf.use("dino", old, expected=old)
        # no longer a candidate, so it is kept
        assert sql(database, "SELECT count(candidate_since) FROM weights") == [(0,)]
        assert (await shelf.current("dino")).version == new
        assert (await other.refresh("dino")).version == new
    async with shelf_of(database, own_checkpoints) as shelf:
        assert (await shelf.current("dino")).version == new


async def test_a_version_that_is_gone_or_writes_another_form_is_not_chosen(
    database: str, own_checkpoints: Path
) -> None:
    async with shelf_of(database, own_checkpoints) as shelf, Store(database) as store:
        before, verse = await shelf.current("dino"), await shelf.current("poem")
        with pytest.raises(CheckpointError, match="cannot be read"):
            await shelf.use("dino", "0" * 12)
        await store.keep_weights("dino", content_of(verse))
        with pytest.raises(CheckpointError, match="writes verse, not names"):
            await shelf.use("dino", verse.version)
        assert (await shelf.current("dino")).version == before.version
        await store.keep_weights("letters", content_of(before))
        with pytest.raises(CheckpointError, match="writes names, not verse"):
            await shelf.use("letters", before.version)
        with pytest.raises(Explained) as raised:
            await shelf.write(creation("0" * 12))
        assert raised.value.sentence == sentences.GONE


async def test_damaged_weights_are_refused_and_others_serve_until_a_copy_mends_them(
    database: str, own_checkpoints: Path, caplog: pytest.LogCaptureFixture
) -> None:
    older, worse, new = [await learned(database, year) for year in (2025, 2026, 2027)]
    sql(database, f"UPDATE weights SET candidate_since = '2025' WHERE version = '{worse}'")
    async with shelf_of(database, own_checkpoints) as shelf:
        await shelf.use("dino", older)
        await shelf.use("dino", new)
        released = (await shelf.current("poem")).version
        await shelf.write(creation(released, "poem"))
    kind = "bytea" if "://" in database else "BLOB"
    is_damaged = f"version NOT IN ('{older}', '{worse}')"
    sql(database, f"UPDATE weights SET content = CAST('x' AS {kind}) WHERE {is_damaged}")
    async with shelf_of(database, own_checkpoints) as shelf:
        assert (await shelf.current("dino")).version == older
        assert f": its version {new} is damaged" in caplog.text
        assert f"Serving dino {older} instead" in caplog.text
        assert (await shelf.current("poem")).version == released
    caplog.clear()
    (own_checkpoints / "poem" / f"{released}.safetensors").unlink()
    assert install(own_checkpoints / "dino", untrained("names", 3)) != new
    async with shelf_of(database, own_checkpoints) as shelf:
        assert await shelf.load("poem", released)  # a good file replaced the damaged copy
        assert f"its version {released} is damaged" not in caplog.text


async def test_without_one_network_the_other_is_served(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commands = {"dino": "/dino", "poem": "/poem x"}
    for missing, other in (("dino", "poem"), ("poem", "dino")):
        form: Form = "verse" if other == "poem" else "names"
        install(tmp_path / missing / other, untrained(form))
        database = tmp_path / f"{missing}.db"
        async with serving(settings, checkpoints=tmp_path / missing, database=database) as chat:
            assert (await chat.ask(commands[missing])).text == str(sentences.NO_NETWORK[missing])
            assert f"/{missing} is not served: " in caplog.text
            assert (await chat.ask(commands[other])).code
            letters = await chat.ask("/poem voice:letters x")
            assert letters.message == sentences.VOICE_UNTRAINED
            assert chat.bot.tally.errors.pop("Failed") == 1


async def test_without_usable_weights_a_bot_says_why_and_does_not_start(
    settings: Settings, tmp_path: Path
) -> None:
    async def complaint() -> str:
        with pytest.raises(StartError) as caught:
            async with serving(settings, checkpoints=tmp_path):
                pass
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "mangosaurus train makes weights in " in await complaint()
    version = install(tmp_path / "dino", untrained("verse"))
    assert f"version {version} writes verse, not names" in await complaint()
    damaged = tmp_path / "dino" / f"{version}.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert f"{damaged}: damaged" in await complaint()
