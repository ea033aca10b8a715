"""Asks that came on Telegram before the bot ended are answered at its next start, once and in
words."""

import asyncio
import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from bot.creations import Creation, Text
from bot.inbox import Note
from bot.settings import Rate, Settings
from bot.shelf import Shelf
from bot.store import Store
from bot.telegram.pacing import Pacing
from bot.words import sentences
from bot.words.pieces import Message
from bot.writer import Watch
from tests.databases import sql
from tests.fake_clock import in_no_time, now
from tests.serving import ADMIN, ALICE, BOB, FakeWriter, Slow, until
from tests.telegram.request import visiting
from tests.telegram.server import Json, Refusal, Server
from tests.training import Script


@pytest.fixture(autouse=True)
def stop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.STOP_SECONDS", 0.1)
    monkeypatch.setattr("bot.telegram.door.STOP_SECONDS", 0.1)


async def stopped(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch, *said: tuple[str, int]
) -> None:
    """Let people ask, and stop the bot before it has written anything."""
    with monkeypatch.context() as patch:
        slow = Slow(patch)
        async with visiting(settings, server):
            for text, person in said:
                await server.say(text, person)
            await server.fetched()
            ((people,),) = sql(settings.database_address, "SELECT count(DISTINCT person) FROM asks")
            await until(lambda: len(slow.begun) >= people)
            # a try is counted before it begins, because the try may end the process
            assert sql(settings.database_address, "SELECT DISTINCT begun FROM asks") == [(1,)]
        assert not server.sent


async def started(settings: Settings, server: Server) -> list[str]:
    """Start the bot again, and return the messages that it sends then."""
    before = len(server.sent)
    async with visiting(settings, server) as visit:
        await visit.settled()
        return server.texts[before:]


async def test_an_ask_that_a_stop_cuts_off_is_answered_by_the_next_start(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stopped(settings, server, monkeypatch, ("/dino", ALICE), ("/poem Shall I", BOB))
    for _ in range(2):  # a stop does not count as a try
        await stopped(settings, server, monkeypatch)
    codes = sql(settings.database_address, "SELECT code FROM creations ORDER BY created")
    texts = await started(settings, server)
    assert sorted(text.split()[-1] for text in texts) == sorted(code for (code,) in codes)
    assert await started(settings, server) == []
    assert sql(settings.database_address, "SELECT * FROM asks") == []


async def test_whoever_may_not_have_got_an_answer_is_told_how_to_get_it(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_their_way = list[Json]()

    async def hang(message: Json) -> None:
        on_their_way.append(message)
        await asyncio.Event().wait()

    server.before["sendMessage"] = hang
    async with visiting(settings, server):
        await server.say("/dino 3", ALICE)
        await server.say("/help", BOB)
        await until(lambda: len(on_their_way) == 2)
    server.before.clear()
    ((code,),) = sql(settings.database_address, "SELECT code FROM creations")
    assert sorted(await started(settings, server)) == [
        f"If my answer didn't reach you: /again {code}.",
        "If my answer didn't reach you: please ask again.",
    ]
    assert await started(settings, server) == []


async def test_an_answer_that_surely_did_not_arrive_is_sent_by_the_next_start(
    settings: Settings, server: Server
) -> None:
    server.refusals["sendMessage"].extend([Refusal(502, "Bad Gateway")] * 99)
    async with visiting(settings, server):
        await server.say("/seed", ALICE)
        await until(lambda: len(server.refusals["sendMessage"]) < 99)
        await until(lambda: sql(settings.database_address, "SELECT is_sending FROM asks") == [(0,)])
    server.refusals.clear()
    (text,) = await started(settings, server)
    assert text.startswith("Your seed is")


async def test_nothing_leaves_if_the_lock_is_lost_while_an_answer_is_noted_as_on_its_way(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, mark = asyncio.Event(), Store.mark

    async def mark_then_lose_the_lock(store: Store, note: Note, **values: Any) -> None:
        await mark(store, note, **values)
        lost.set()

    monkeypatch.setattr(Store, "mark", mark_then_lose_the_lock)
    monkeypatch.setattr("bot.telegram.door.Pacing", lambda _: Pacing(lambda: not lost.is_set()))
    async with visiting(settings, server):
        await server.say("/seed", ALICE)
        await lost.wait()
        await until(lambda: sql(str(settings.database), "SELECT is_sending FROM asks") == [(0,)])
    assert server.sent == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (f"date = {time.time() - 660}", [sentences.LATE]),  # said once to a chat
        (f"date = {time.time() - 86460}", []),
        ("begun = 2", [sentences.GIVEN_UP, sentences.GIVEN_UP]),
        ("begun = 1, bot = 1", []),
    ],
    ids=["ten minutes", "a day", "tried twice", "another bot's"],
)
async def test_which_asks_are_not_tried_again(
    change: str,
    said: list[Message],
    settings: Settings,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await stopped(settings, server, monkeypatch, ("/dino", ALICE), ("/dino", BOB), ("/dino", BOB))
    sql(settings.database_address, f"UPDATE asks SET {change} WHERE person = {BOB}")
    texts = await started(settings, server)
    assert [each["text"] for each in server.sent if each["chat"]["id"] == BOB] == list(
        map(str, said)
    )
    assert len(texts) == len(said) + 1  # Alice has her answer
    # another bot's asks stay as they are
    assert sql(settings.database_address, "SELECT begun FROM asks") == [(1,)] * 2 * (
        "bot" in change
    )
    assert (f"An ask of {BOB} is given up" in caplog.text) == (change == "begun = 2")


async def test_after_a_crash_each_ask_is_tried_once_more(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = (ALICE, BOB, ADMIN)
    await stopped(settings, server, monkeypatch, *(("/dino", person) for person in people))
    database = str(settings.database)
    sql(database, "UPDATE asks SET begun = 1")  # as a crash leaves the notes
    with monkeypatch.context() as patch:
        slow = Slow(patch)
        async with visiting(settings, server) as visit:
            await until(lambda: len(slow.begun) == len(people))
            assert sql(database, "SELECT begun FROM asks") == [(2,)] * len(people)
            slow.go_on.set()
            await visit.settled()
    assert str(sentences.GIVEN_UP) not in server.texts
    assert len(server.texts) == len(people)


async def test_after_a_crash_a_persons_earlier_asks_are_answered_before_new_ones(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await stopped(
        settings, server, monkeypatch, ("/dino", BOB), ("/seed 1", BOB), ("/poem xylophones", ALICE)
    )
    sql(settings.database_address, "UPDATE asks SET begun = 1")
    await server.say("/forget yes", ALICE)
    await server.say("/seed 2", BOB)
    assert len(await started(settings, server)) == 5
    assert sql(settings.database_address, "SELECT id, seed FROM people") == [(BOB, 2)]
    assert not any(b"xylophones" in path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240


async def test_an_ask_is_struck_off_together_with_its_change_and_chatter_is_not_noted(
    settings: Settings, server: Server
) -> None:
    async with visiting(settings, server):
        server.before["sendMessage"] = lambda _: asyncio.Event().wait()
        await server.say("hello all", ALICE, -5)
        await server.say("/seed 42", ADMIN)
        await server.fetched()
        await until(lambda: sql(settings.database_address, "SELECT seed FROM people") == [(42,)])
        assert sql(settings.database_address, "SELECT * FROM asks") == []


async def test_a_button_that_was_pressed_before_the_end_is_answered_after_it(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visiting(settings, server) as visit:
        (answer,) = await visit.say("/dino", ALICE)
        slow = Slow(monkeypatch)
        await server.press(answer, "another", BOB)
        await until(lambda: slow.begun)
    monkeypatch.undo()
    (text,) = await started(settings, server)
    assert text.endswith(f"\n\n{slow.begun[0].code}")
    assert server.sent[-1]["chat"]["id"] == ALICE


async def test_a_sonnet_that_grows_goes_on_in_its_message(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begin(_shelf: Shelf, _creation: Creation, watch: Watch | None = None) -> Text:
        assert watch
        watch(Text(("\no kiwi",)))
        await asyncio.Event().wait()
        raise AssertionError

    async def write(*_: object) -> Text:
        return Text(("\no kiwi" * 13,))

    monkeypatch.setattr("bot.chat.SLOW_SECONDS", 0)
    monkeypatch.setattr(Shelf, "write", begin)
    async with visiting(settings, server):
        await server.say("/sonnet o mango", ALICE)
        await until(
            lambda: sql(settings.database_address, "SELECT count(shown) FROM asks") == [(1,)]
        )
    assert server.texts[0].endswith("\n…")
    monkeypatch.setattr(Shelf, "write", write)
    assert await started(settings, server) == []
    assert server.texts[0].count("O kiwi") == 13


@pytest.mark.parametrize("loss", [1.5, 2.5], ids=["better", "no better"])
async def test_a_training_that_a_stop_ended_begins_anew_in_its_message(
    loss: float, script: Script, own_settings: Settings, server: Server
) -> None:
    """However long it goes on, it is noted until its end."""
    async with visiting(own_settings, server):
        await server.say("/retrain dino", ADMIN)
        await until(lambda: script.folders)
    sql(own_settings.database_address, "UPDATE asks SET date = date - 3600")
    async with visiting(own_settings, server) as visit:
        await until(lambda: len(script.folders) == 2)
        script.trained(loss)
        await visit.bot.runs.ended()
        assert sql(own_settings.database_address, "SELECT * FROM asks") == []
    (text,) = server.texts
    assert text.startswith("Trained dino in ")


@pytest.mark.parametrize(
    ("change", "offset"),
    [("at = at - 180", 3), ("at = at - 2 * 86400", None), ("bot = 1", None)],
    ids=["three minutes", "two days", "another bot"],
)
async def test_polling_goes_on_from_the_last_update_of_the_same_bot_and_day(
    change: str, offset: int | None, settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        await visit.say("/dino", ALICE)
        await visit.say("/dino", BOB)
    sql(settings.database_address, f"UPDATE polled SET {change}")
    before = len(server.calls)
    await server.say("/dino", ALICE, date=int(time.time()) - 180)
    assert len(await started(settings, server)) == 1
    polls = [asked for method, asked in server.calls[before:] if method == "getUpdates"]
    assert polls[0].get("offset") == offset


async def test_an_ask_noted_twice_is_answered_once(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the database goes away at the commit, the bot notes the ask again."""
    note = Store.note

    async def twice(*arguments: Any) -> Any:
        await note(*arguments)
        return await note(*arguments)

    monkeypatch.setattr(Store, "note", twice)
    async with visiting(settings, server) as visit:
        assert len(await visit.say("/dino", ALICE)) == 1


async def test_a_refused_or_forgotten_ask_leaves_nothing_behind(
    settings: Settings, server: Server, tmp_path: Path
) -> None:
    settings = dataclasses.replace(settings, rate_limit=Rate(3, 60))
    async with visiting(settings, server) as visit:
        await visit.say("/poem xylophones at noon", ALICE)
        await visit.say("/forget yes", ALICE)
        for path in list(tmp_path.iterdir()):  # noqa: ASYNC240
            assert b"xylophones" not in path.read_bytes()
        await visit.say("/dino 10", ALICE)
        (refusal,) = await visit.say("/dino", ALICE)
        assert refusal["text"].startswith("You're faster than I can dream.")
        assert sql(settings.database_address, "SELECT * FROM asks") == []


async def test_an_answer_whose_ask_cannot_be_struck_off_is_not_sent_again(
    settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        sql(
            settings.database_address,
            "CREATE TRIGGER asks_stay BEFORE DELETE ON asks"
            " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
        )
        assert len(await visit.say("/help", ALICE)) == 1
        sql(settings.database_address, "DROP TRIGGER asks_stay")
    (text,) = await started(settings, server)
    assert text == "If my answer didn't reach you: please ask again."


@in_no_time
async def test_an_ask_that_cannot_be_noted_waits_for_twenty_seconds_and_is_refused(
    settings: Settings,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says so once."""
    monkeypatch.setattr("time.time", lambda: 1.7e9 + now())
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    async with visiting(settings, server) as visit:
        for table in ("asks", "creations"):
            sql(
                settings.database_address,
                f"CREATE TRIGGER {table}_full BEFORE INSERT ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
            )
        await server.say("/dino", ALICE)
        await server.say("/help", BOB)
        await asyncio.sleep(19)  # less than the 20 s for which the bot tries to note them
        assert (server.unconfirmed, server.sent) == (2, [])
        await asyncio.sleep(6)
        assert str(sentences.NO_MEMORY) in server.texts
        assert len(server.texts) == 2
        assert caplog.text.count("Asks cannot be noted") == 1
        for table in ("asks", "creations"):
            sql(settings.database_address, f"DROP TRIGGER {table}_full")
        (answer,) = await visit.say("/dino", ALICE)
        assert answer["caption"].startswith("Mangosaurus")
        visit.bot.tally.errors.clear()


@in_no_time
async def test_a_stop_cuts_off_no_message_that_is_on_its_way_also_if_the_database_fails(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = time.time()
    monkeypatch.setattr("time.time", lambda: begun + now())
    for place in ("bot.app", "bot.telegram.door"):
        monkeypatch.setattr(f"{place}.STOP_SECONDS", 3.0)
    server.before["sendMessage"] = lambda _: asyncio.sleep(0.45)
    people = range(1000, 1020)
    async with visiting(settings, server, 2):
        for person in people:
            await server.say("/seed", person)
        await server.fetched()
        # the database fails when the stop resets `begun` to 0
        sql(
            settings.database_address,
            "CREATE TRIGGER begun_stays BEFORE UPDATE OF begun ON asks WHEN NEW.begun = 0"
            " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
        )
    assert 0 < len(server.sent) < len(people)
    async with visiting(settings, server, 2) as visit:
        await visit.settled()
    assert [text[:12] for text in server.texts] == ["Your seed is"] * len(people)
