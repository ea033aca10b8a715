"""How a creation is drafted, written, delivered and recorded, and what is left of it if something fails."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.chat import Gone, InDoubt, NotSent
from bot.shelf import Shelf
from bot.words import sentences
from model.checkpoint.versions import Versions
from tests.fake_chat import FakeChat
from tests.serving import ALICE, code_in, install, serving, turn_of, uncoded, until, untrained

if TYPE_CHECKING:
    from pathlib import Path

    from bot.creations import Creation
    from bot.settings import Settings
    from bot.shelf import Text, Watch


class Slow:
    """Lets the shelf begin to write only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[Creation] = []
        self.go_on = asyncio.Event()
        write = Shelf.write

        async def wait(shelf: Shelf, creation: Creation, watch: Watch | None = None) -> Text:
            self.begun.append(creation)
            await self.go_on.wait()
            return await write(shelf, creation, watch)

        monkeypatch.setattr(Shelf, "write", wait)


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(monkeypatch)


def noted(settings: Settings) -> list[tuple[str, int]]:
    """Return the codes in the database, each with whether its creation has arrived."""
    with closing(sqlite3.connect(settings.database)) as connection:
        return connection.execute("SELECT code, arrived FROM creations ORDER BY created").fetchall()


async def test_a_creation_is_noted_before_it_is_written_and_marked_when_it_has_arrived(
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


async def test_nothing_returns_after_forgetting(chat: FakeChat, settings: Settings, slow: Slow) -> None:
    answering = asyncio.create_task(chat.ask("/dino"))
    await until(lambda: slow.begun)
    await chat.bot.store.forget(ALICE)
    slow.go_on.set()
    await answering
    assert noted(settings) == []
    with closing(sqlite3.connect(settings.database)) as connection:
        assert connection.execute("SELECT * FROM people").fetchall() == []


@pytest.mark.parametrize("failure", [NotSent("no way"), Gone("blocked")])
async def test_what_surely_did_not_arrive_leaves_nothing(
    chat: FakeChat, settings: Settings, failure: Exception
) -> None:
    await chat.ask("/seed 42")
    chat.failures = [failure]
    await chat.ask("/dino")
    assert noted(settings) == []
    assert await turn_of(chat, await chat.ask("/dino")) == 1
    assert chat.bot.tally.answers == 1
    chat.bot.tally.errors.clear()


async def test_what_may_have_arrived_keeps_its_code_and_takes_no_turn(chat: FakeChat, settings: Settings) -> None:
    await chat.ask("/seed 42")
    chat.failures = [InDoubt("the response was lost")]
    await chat.ask("/dino")
    ((code, arrived),) = noted(settings)
    assert not arrived
    doubtful = await chat.ask(f"/again {code}")
    assert doubtful.labels == ["another", "wilder", "tamer", "details"]
    assert uncoded((await chat.ask("/dino")).html) == uncoded(doubtful.html)
    chat.bot.tally.errors.clear()


async def test_a_bot_that_is_killed_while_it_sends_leaves_a_code_and_buttons(
    chat: FakeChat, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = asyncio.Event()

    async def say(*_: object, **__: object) -> int:
        sent.set()
        return await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(chat, "say", say)
        answering = asyncio.create_task(chat.ask("/dino"))
        await sent.wait()
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await chat.bot.idle()
    ((code, _),) = noted(settings)
    shown = await chat.ask(f"/again {code}")
    assert await turn_of(chat, shown) == 1
    assert await turn_of(chat, await chat.press("another")) == 1


async def test_a_creation_is_written_by_the_version_that_it_was_drafted_with(
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
    assert uncoded((await own_chat.ask("/dino")).html) == uncoded(by_the_old.html) != uncoded(by_the_new.html)


async def test_what_cannot_be_marked_is_said_and_comes_again(chat: FakeChat, settings: Settings) -> None:
    await chat.ask("/seed 42")
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("CREATE TRIGGER f BEFORE UPDATE ON creations BEGIN SELECT RAISE(ABORT, 'full'); END")
        await chat.ask("/poem my secret line")
        connection.execute("DROP TRIGGER f")
    *_, poem, excuse = chat.messages
    assert excuse.html == sentences.NO_MEMORY
    assert uncoded((await chat.ask("/poem my secret line")).html) == uncoded(poem.html)
    chat.bot.tally.errors.clear()


async def test_the_same_seed_gives_the_same_to_everybody_at_any_load(settings: Settings) -> None:
    texts = ("/dino", "/poem Shall I", "/dino 3 ma", "/poem Shall I")
    async with serving(settings) as chat:

        async def sequence(person: int) -> list[str]:
            own = FakeChat(chat.bot, person)
            await own.ask("/seed 42")
            return [uncoded((await own.ask(text)).html) for text in texts]

        alone = await sequence(1)
        assert await asyncio.gather(*map(sequence, range(2, 12))) == [alone] * 10


async def test_each_answer_is_counted_with_its_latency(chat: FakeChat) -> None:
    latencies = []
    for text in ("/help", "/dino", "/dino", "/dino 0"):
        await chat.ask(text)
        latencies.append(chat.bot.tally.latency)
    assert chat.bot.tally.answers == 2
    assert latencies[0] is None
    assert latencies[1] is not None
    assert latencies[2] == latencies[3] is not None
    assert 0 < latencies[3][0] <= latencies[3][1]
