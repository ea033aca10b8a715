"""How a creation is drafted, written, delivered and recorded, what is left of it if something
fails, and `/again`."""

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Gone, InDoubt, NotSent
from bot.creations import MOODS, Creation
from bot.settings import Settings
from bot.shelf import Shelf
from bot.words import sentences
from bot.writer import Text
from model.weights.versions import Versions
from tests.databases import sql
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, code_in, install, serving, turn_of, uncoded, until, untrained


class Slow:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[Creation] = []
        self.go_on = asyncio.Event()
        write = Shelf.write

        async def wait(shelf: Shelf, creation: Creation, watch: Any = None) -> Text:
            self.begun.append(creation)
            await self.go_on.wait()
            return await write(shelf, creation, watch)

        monkeypatch.setattr(Shelf, "write", wait)


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(monkeypatch)


def noted(settings: Settings) -> list[tuple[str, int]]:
    """Return the codes in the database, each with whether its creation has arrived."""
    return sql(settings.database, "SELECT code, arrived FROM creations ORDER BY created")


async def test_a_creation_is_noted_before_it_is_written(
    chat: FakeChat, settings: Settings, slow: Slow
) -> None:
    answering = asyncio.create_task(chat.ask("/dino"))
    await until(lambda: slow.begun)
    code = slow.begun[0].code
    assert noted(settings) == [(code, 0)]
    assert await chat.bot.store.creations(ALICE) == []  # it is not exported
    slow.go_on.set()
    assert code_in((await answering).html) == code
    assert noted(settings) == [(code, 1)]


@pytest.mark.parametrize("failure", [NotSent("no way"), Gone("blocked")])
async def test_what_did_not_arrive_leaves_nothing(
    chat: FakeChat, settings: Settings, failure: Exception
) -> None:
    await chat.ask("/seed 42")
    chat.failures = [failure]
    await chat.ask("/dino")
    assert noted(settings) == []
    assert await turn_of(chat, await chat.ask("/dino")) == 1
    assert chat.bot.tally.answers == 1
    chat.bot.tally.errors.clear()


async def test_names_that_could_not_be_sent_are_not_called_broken_off(chat: FakeChat) -> None:
    first = await chat.ask("/dino")
    chat.failures = [Gone("deleted"), NotSent("no way")]
    assert await chat.press("another") is first
    chat.bot.tally.errors.clear()


async def test_what_may_have_arrived_keeps_its_code_and_takes_no_turn(
    chat: FakeChat, settings: Settings
) -> None:
    await chat.ask("/seed 42")
    chat.failures = [InDoubt("the response was lost")]
    await chat.ask("/dino")
    ((code, arrived),) = noted(settings)
    assert not arrived
    doubtful = await chat.ask(f"/again {code}")
    assert doubtful.labels == ["another", "wilder", "tamer", "details", "card"]
    assert uncoded((await chat.ask("/dino")).html) == uncoded(doubtful.html)
    chat.bot.tally.errors.clear()


async def test_the_version_of_the_draft_writes_it(
    own_chat: FakeChat, own_checkpoints: Path, slow: Slow
) -> None:
    await own_chat.ask("/seed 42")
    before = own_chat.bot.shelf.serving["dino"].version
    answering = asyncio.create_task(own_chat.ask("/dino"))
    await until(lambda: slow.begun)
    newer = install(own_checkpoints / "dino", untrained("names", seed=2))
    await own_chat.bot.shelf.refresh("dino")
    slow.go_on.set()
    by_the_old = await answering
    assert (await own_chat.bot.store.creations(ALICE))[0].version == before
    await own_chat.ask("/seed 42")
    by_the_new = await own_chat.ask("/dino")
    assert (await own_chat.bot.store.creations(ALICE))[1].version == newer
    Versions(own_checkpoints / "dino").promote(before)
    await own_chat.bot.shelf.refresh("dino")
    await own_chat.ask("/seed 42")
    assert (
        uncoded((await own_chat.ask("/dino")).html)
        == uncoded(by_the_old.html)
        != uncoded(by_the_new.html)
    )


async def test_a_poem_that_cannot_be_marked_as_arrived_comes_again(
    chat: FakeChat, settings: Settings
) -> None:
    await chat.ask("/seed 42")
    full = "BEGIN SELECT RAISE(ABORT, 'full'); END"
    sql(settings.database, f"CREATE TRIGGER full BEFORE UPDATE ON creations {full}")
    await chat.ask("/poem my secret line")
    sql(settings.database, "DROP TRIGGER full")
    *_, poem, excuse = chat.messages
    assert excuse.html == sentences.NO_MEMORY
    assert uncoded((await chat.ask("/poem my secret line")).html) == uncoded(poem.html)
    chat.bot.tally.errors.clear()


@pytest.mark.parametrize(("text", "length"), [("/dino 5 ma", 10), ('/poem "x "', 10), ("/dino", 7)])
async def test_anybody_gets_the_same_again_and_it_takes_no_turn(
    chat: FakeChat, bob: FakeChat, text: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bot.creations.CODE_LENGTH", length)  # codes of 0.1 have seven characters
        original = await chat.ask(text)
    code = code_in(original.html)
    assert len(code) == length
    links = (f"#{code}", f"https://t.me/mangosaurus_bot?start={code}", f"t.me/b?start={code}")
    for given in (code, code.upper(), *links, f"http://127.0.0.1:8765/#{code}"):
        for way in (f"/again {given}", f" {given} ", f"/start {given}"):
            again = await bob.ask(way)
            assert (again.html, again.labels) == (original.html, ["card"])
    assert await chat.ask(code) == original
    assert await chat.bot.store.creations(BOB) == []
    await chat.press_data(f"1:another:{code}", number=1)
    assert await turn_of(chat, original) == 2
    assert len(code_in(original.html)) == 10


async def test_what_is_no_code_and_a_code_that_nobody_knows(chat: FakeChat) -> None:
    for code in ("zzzzzzz", "k7m2p9", "恐竜", "<b>", "x" * 500, "0000000"):
        for command in ("/again", "/start"):
            expected = sentences.UNKNOWN_CODE.format(sentences.cut(code, 40))
            assert (await chat.ask(f"{command} {code}")).html == expected
    for code in ("#zzzzzzz", "z2z2z2z", "z2z2z2z2z2"):
        assert (await chat.ask(code)).html == sentences.UNKNOWN_CODE.format(code)
    # these only look like codes
    for line in ("teacher", "understand", '"z2z2z2z"', "z2z2z2z2", "z2z2z2z2z"):
        assert (await chat.ask(line)).html.startswith(f"<b>{line.strip(chr(34))}</b>")
    for text in ("/again", "/again two codes"):
        assert (await chat.ask(text)).html == sentences.AGAIN_USAGE


async def test_old_weights_write_it_until_they_are_gone(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    async with serving(own_settings) as chat:
        await chat.ask("/seed 42")
        made = [await chat.ask(text) for text in ("/dino 3", "/poem Shall I")]
        old = {
            network: checkpoint.version for network, checkpoint in chat.bot.shelf.serving.items()
        }
        (file,) = (own_checkpoints / "dino").glob("*.safetensors")
        away = file.rename(own_checkpoints / "away")
        # weights that serve need no file
        assert await chat.ask(f"/again {code_in(made[0].html)}") == made[0]
        away.rename(file)
        await chat.ask("/seed 43")
    install(own_checkpoints / "dino", untrained("names", seed=2))
    install(own_checkpoints / "poem", untrained("verse", seed=2))
    async with serving(own_settings) as chat:
        for original in [*made, *made]:
            assert await chat.ask(f"/again {code_in(original.html)}") == original
    for network, version in old.items():
        (own_checkpoints / network / f"{version}.safetensors").unlink()
    async with serving(own_settings) as chat:
        for original in made:
            assert (await chat.ask(f"/again {code_in(original.html)}")).html == sentences.GONE
    assert not [thread for thread in threading.enumerate() if thread.name == "writing"]


async def test_moods_multiply_the_temperature_of_the_weights_unless_the_operator_has_set_one(
    own_settings: Settings,
) -> None:
    async def temperatures(chat: FakeChat) -> list[str]:
        found = []
        for mood in MOODS:
            await chat.ask(f"/settings {mood}")
            await chat.ask("/poem Shall I")
            found.append(
                re.findall("temperature ([0-9.]+),", (await chat.press("details")).html)[0]
            )
        return found

    async with serving(own_settings) as chat:
        assert await temperatures(chat) == ["0.455", "0.65", "0.845"]
    async with serving(own_settings, temperature_poem=0.5) as chat:
        assert await temperatures(chat) == ["0.35", "0.5", "0.65"]
