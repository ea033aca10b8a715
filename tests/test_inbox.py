"""What was asked on Telegram before the bot ended is answered after it, once and in words."""

import asyncio
import time

import pytest

from bot.settings import Settings
from bot.telegram.request import NotDoneError
from bot.words import sentences
from bot.words.pieces import Message
from tests.databases import sql
from tests.serving import ADMIN, ALICE, BOB, Slow, until
from tests.telegram.request import visiting
from tests.telegram.server import Json, Server


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.STOP_SECONDS", 0.1)


async def stopped(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch, *said: tuple[str, int]
) -> None:
    """Let people ask, and stop the bot before it has written anything."""
    with monkeypatch.context() as patch:
        Slow(patch)
        async with visiting(settings, server):
            for text, person in said:
                await server.say(text, person)
            await server.fetched()
        assert not server.sent


async def started(settings: Settings, server: Server) -> list[str]:
    """Start the bot again, and return what it says by itself."""
    before = len(server.sent)
    async with visiting(settings, server) as visit:
        await visit.settled()
        return server.texts[before:]


async def test_a_stop_leaves_noted_what_the_next_start_answers(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stopped(settings, server, monkeypatch, ("/dino", ALICE), ("/poem Shall I", BOB))
    codes = sql(str(settings.database), "SELECT code FROM creations ORDER BY created")
    texts = await started(settings, server)
    assert sorted(text.split()[-1] for text in texts) == sorted(code for (code,) in codes)
    assert await started(settings, server) == []
    assert sql(str(settings.database), "SELECT * FROM asks") == []


async def test_whose_answer_was_on_its_way_reads_how_to_get_it(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_its_way = asyncio.Event()

    async def hang(_parameters: Json) -> None:
        on_its_way.set()
        await asyncio.Event().wait()

    server.before["sendMessage"] = hang
    async with visiting(settings, server):
        await server.say("/dino", ALICE)
        await on_its_way.wait()
        await server.say("/help", BOB)
        await server.fetched()
        await until(
            lambda: sql(str(settings.database), "SELECT sum(is_sending) FROM asks") == [(2,)]
        )
    server.before.clear()
    ((code,),) = sql(str(settings.database), "SELECT code FROM creations")
    assert sorted(await started(settings, server)) == [
        f"If my answer didn't reach you: /again {code}.",
        "If my answer didn't reach you: please ask again.",
    ]
    assert await started(settings, server) == []


async def test_an_answer_that_surely_did_not_arrive_is_not_on_its_way(
    settings: Settings, server: Server
) -> None:
    refused = asyncio.Event()

    async def refuse(_parameters: Json) -> None:
        refused.set()
        raise NotDoneError("no connection")

    server.before["sendMessage"] = refuse
    async with visiting(settings, server):
        await server.say("/seed", ALICE)
        await refused.wait()
        await until(lambda: sql(str(settings.database), "SELECT is_sending FROM asks") == [(0,)])
    server.before.clear()
    (text,) = await started(settings, server)
    assert text.startswith("Your seed is")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (f"date = {time.time() - 660}", [sentences.LATE]),  # one word a chat
        (f"date = {time.time() - 86460}", []),
        ("begun = 2", [sentences.GIVEN_UP, sentences.GIVEN_UP]),
        ("bot = 1", []),
    ],
    ids=["ten minutes", "a day", "tried twice", "another bot's"],
)
async def test_what_is_not_tried_again(
    change: str,
    said: list[Message],
    settings: Settings,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await stopped(settings, server, monkeypatch, ("/dino", ALICE), ("/dino", BOB), ("/dino", BOB))
    sql(str(settings.database), f"UPDATE asks SET {change} WHERE person = {BOB}")
    texts = await started(settings, server)
    assert [each["text"] for each in server.sent if each["chat"]["id"] == BOB] == list(
        map(str, said)
    )
    assert len(texts) == len(said) + 1  # Alice has her answer
    assert (f"An ask of {BOB} has ended the bot 2 times" in caplog.text) == (change == "begun = 2")


async def test_what_is_asked_in_a_group_or_to_change_something_is_noted_once(
    settings: Settings, server: Server
) -> None:
    async with visiting(settings, server):
        server.before["sendMessage"] = lambda _: asyncio.Event().wait()
        await server.say("hello all", ALICE, -5)
        await server.say("/seed 42", ADMIN)
        await server.fetched()
        await until(lambda: sql(str(settings.database), "SELECT seed FROM people") == [(42,)])
        assert sql(str(settings.database), "SELECT * FROM asks") == []
