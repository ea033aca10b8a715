"""Answers that have not arrived yet: each is sent once, or a word follows that says how to get it.

Telegram is in memory, and the databases are real.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from telegram.error import TimedOut

from bot.backup import backup, restore
from bot.chat import StartError
from bot.creations import Creation
from bot.inbox import Note
from bot.outbox import Row
from bot.settings import Settings
from bot.shelf import Shelf, Watch
from bot.store import Store
from bot.words import sentences
from tests.databases import sql
from tests.fake_clock import in_no_time, now
from tests.serving import ADMIN, ALICE, BOB, GROUP, FakeWriter, until
from tests.telegram.request import unreachable, visiting
from tests.telegram.server import Json, Refusal, Server

BAD_GATEWAY = Refusal(502, "Bad Gateway")
NOTE: dict[str, Any] = {"bot": 1, "person": ALICE, "chat": ALICE, "message": 1, "date": 0.0}


@pytest.fixture(autouse=True)
def stop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.STOP_SECONDS", 0.1)
    monkeypatch.setattr("bot.telegram.door.STOP_SECONDS", 0.1)
    monkeypatch.setattr("bot.telegram.sender.PAUSE_SECONDS", 0.01)


def waiting(settings: Settings) -> int:
    ((count,),) = sql(settings.database_address, "SELECT count(*) FROM answers")
    return int(count)


def delivering(server: Server, then: Callable[[], Awaitable[object]]) -> None:
    """Let Telegram deliver the next message, and let something else happen in place of its
    response."""

    async def deliver(parameters: Json) -> None:
        del server.before["sendMessage"]
        server._sendMessage(parameters)
        await then()

    server.before["sendMessage"] = deliver


async def fail(error: Exception) -> None:
    raise error


async def started(settings: Settings, server: Server) -> list[str]:
    """Start the bot again, and return the messages that it sends then."""
    before = len(server.sent)
    async with visiting(settings, server) as visit:
        await visit.settled()
        await visit.telegram.sender.idle()
        return server.texts[before:]


# An ask ends once


async def test_what_changes_something_is_said_also_after_a_stop(
    settings: Settings, server: Server
) -> None:
    server.before["sendMessage"] = unreachable
    people = range(1000, 1020)
    async with visiting(settings, server):
        for person in people:
            await server.say("/seed 7", person)
        await server.say("/forget yes", BOB)
        await until(lambda: waiting(settings) == 21)
    server.before.clear()
    texts = await started(settings, server)
    assert texts.count(str(sentences.SEED_SET.format(7))) == len(people)
    assert str(sentences.FORGOTTEN_YOU) in texts
    assert waiting(settings) == 0


async def test_an_ask_ends_once_however_often_the_database_carries_it_out(store: Store) -> None:
    note = Note(**NOTE, update=5, text="/dino", name="")
    await store.inbox.note(1, [note], 5)
    changes = list[object]()

    def row(number: int, token: str) -> Row:
        content = {"html": str(number)}
        return Row(bot=1, update=5, person=ALICE, chat=ALICE, content=content, token=token)

    for number in range(2):  # as if the connection had broken after the commit
        found = await store.outbox.end(row(number, "mine"), changes.append)
        assert found
        assert (found.content, found.token) == ({"html": "0"}, "mine")
    assert await store.outbox.end(row(2, "another process's"), changes.append) is None
    assert len(changes) == 1


async def test_of_two_processes_one_takes_a_row(database: str) -> None:
    """The other one may have slept while the lock was lost."""
    async with Store(database) as store, Store(database) as other:
        note = Note(**NOTE, update=5, text="/dino", name="")
        await store.inbox.note(1, [note], 5)
        row = Row(bot=1, update=5, person=1, chat=1, content={})
        mine = await store.outbox.end(row, None)
        assert mine
        (theirs,) = await other.outbox.left(1)
        takes = [
            await store.outbox.take(mine, "mine"),
            await store.outbox.take(mine, "mine"),  # the database may carry it out twice
            await other.outbox.take(theirs, "theirs"),
        ]
        assert takes == [True, True, False]
        await other.outbox.delete(theirs)
        assert sql(database, "SELECT token FROM answers") == [("mine",)]
        await store.outbox.delete(mine)
        assert sql(database, "SELECT * FROM answers") == []


async def test_an_update_that_comes_twice_is_answered_once(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_updates, earlier = server._get_updates, list[Json]()

    async def twice(parameters: Json) -> list[Json]:
        found = await get_updates(parameters)
        again = [*earlier, *found, *found] if found else []
        earlier.extend(found)
        return again

    monkeypatch.setattr(server, "_get_updates", twice)
    async with visiting(settings, server) as visit:
        for number in range(1, 4):
            assert len(await visit.say("/dino", ALICE)) == 1
            assert len(server.sent) == number


async def test_an_album_is_one_ask(settings: Settings, server: Server) -> None:
    photo = [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]
    async with visiting(settings, server) as visit:
        album = {"photo": photo, "media_group_id": "1"}
        for words in ("", "Shall I compare thee", ""):
            caption = {"caption": words} if words else {}
            await server.message(ALICE, None, **album | caption)
        await visit.settled()
        (poem,) = server.texts
        assert poem.startswith("Shall I compare thee")
        await server.message(BOB, photo=photo, media_group_id="2")
        await server.message(BOB, photo=photo, media_group_id="2")
        await visit.settled()
        assert server.texts[1:] == [str(sentences.ONLY_TEXT)]


# What may have arrived


@pytest.mark.parametrize(
    "failure",
    [TimedOut("no response"), *(Refusal(code, "Telegram fails") for code in (500, 502, 503, 504))],
    ids=repr,
)
async def test_what_may_have_arrived_is_followed_by_a_word(
    failure: Exception, settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        for line, what in {
            "/seed 7": "your seed is 7",
            "/help": "please ask again",
            "/forget yes": "I've forgotten you",
            "/dino 11": "please ask again",
            "/dino 2": "/again ",
        }.items():
            delivering(server, lambda: fail(failure))
            _, word = await visit.say(line, ALICE)
            assert word["text"].startswith(f"If my answer didn't reach you: {what}")
        code = word["text"].split()[-1].rstrip(".")
        (again,) = await visit.say(code, ALICE)
        assert again["text"] == server.texts[-3]  # as it was delivered
    assert waiting(settings) == 0


@pytest.mark.parametrize("line", ["/dino 11", "/dino 2"])
async def test_a_kill_while_a_message_is_sent_leaves_one_word(
    line: str, settings: Settings, server: Server
) -> None:
    delivering(server, asyncio.Event().wait)
    async with visiting(settings, server):
        await server.say(line, ALICE)
        await until(lambda: server.sent)
    (word,) = await started(settings, server)
    assert word.startswith("If my answer didn't reach you: ")
    assert await started(settings, server) == []


async def test_the_word_is_tried_until_telegram_takes_it_and_alone_may_come_twice(
    settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        server.refusals["sendMessage"].extend([BAD_GATEWAY] * 3)
        (word,) = await visit.say("/seed 7", ALICE)
        assert word["text"] == "If my answer didn't reach you: your seed is 7."

        async def deliver_again() -> None:
            delivering(server, lambda: fail(BAD_GATEWAY))
            await fail(BAD_GATEWAY)

        delivering(server, deliver_again)
        answer, *twice = (each["text"] for each in await visit.say("/seed 8", ALICE))
        assert answer == str(sentences.SEED_SET.format(8))
        assert twice == ["If my answer didn't reach you: your seed is 8."] * 2


@in_no_time
async def test_two_minutes_of_bad_gateways_put_one_answer_in_doubt(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.shelf.Writer", FakeWriter)
    monkeypatch.setattr("time.time", lambda: 1.7e9 + now())

    async def down(_parameters: Json) -> None:
        if now() < 120:
            raise BAD_GATEWAY

    async with visiting(settings, server) as visit:
        server.before |= {"sendMessage": down, "getMe": down}
        for person in range(1000, 1010):
            await server.say("/help", person)
            await asyncio.sleep(1)
        await visit.settled()
    assert now() >= 120
    doubts = [text for text in server.texts if text.startswith("If my answer")]
    assert (len(doubts), len(server.texts)) == (1, 10)


async def test_a_message_that_arrived_is_not_doubted_if_its_row_cannot_be_deleted(
    settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        sql(
            settings.database_address,
            "CREATE TRIGGER answers_stay BEFORE DELETE ON answers"
            " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
        )
        await server.say("/help", ALICE)
        await until(lambda: server.sent)
        await asyncio.sleep(0.05)
        sql(settings.database_address, "DROP TRIGGER answers_stay")
        await visit.settled()
    assert await started(settings, server) == []
    assert len(server.sent) == 1


# What surely did not arrive


async def test_a_token_that_is_revoked_loses_no_accepted_ask(
    settings: Settings, server: Server
) -> None:
    async def revoke(_parameters: Json) -> None:
        await server.revoke()
        raise Refusal(401, "Unauthorized")

    async with visiting(settings, server) as visit:
        server.before["sendMessage"] = revoke
        await server.say("/seed 7", ALICE)
        with pytest.raises(StartError, match="BotFather"):
            await asyncio.wait_for(asyncio.shield(visit.telegram.polling), 10)
        await until(
            lambda: sql(settings.database_address, "SELECT token FROM answers") == [(None,)]
        )
    server.before.clear()
    server.revoked = False
    assert await started(settings, server) == [str(sentences.SEED_SET.format(7))]


async def test_a_group_that_became_a_supergroup_gets_its_answer_there(
    settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        upgraded = Refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100)
        server.refusals["sendMessage"].append(upgraded)
        (answer,) = await visit.say("/poem Shall I", ALICE, GROUP)
        assert answer["chat"]["id"] == -100
        assert "replied" not in answer


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(403, "Forbidden: bot was blocked by the user"),
        Refusal(400, "Bad Request: not enough rights to send text messages"),
        Refusal(400, "Bad Request: TOPIC_CLOSED"),
        Refusal(400, "Bad Request: something new"),
    ],
    ids=str,
)
async def test_what_telegram_refuses_for_good_is_deleted_and_counted(
    refusal: Refusal, settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        server.refusals["sendMessage"].append(refusal)
        assert await visit.say("/poem Shall I", ALICE) == []
        assert waiting(settings) == 0
        assert visit.telegram.figures()["messages_refused_total"] == 1
        assert (await visit.bot.store.person(ALICE)).poem_turns == 1
        # what is no fault of a chat is a fault of ours
        assert bool(visit.bot.tally.errors) == ("new" in str(refusal))
        visit.bot.tally.errors.clear()


async def test_a_card_is_drawn_anew_by_the_next_start(
    settings: Settings, server: Server, pictures: list[str]
) -> None:
    server.before["sendPhoto"] = unreachable
    async with visiting(settings, server):
        for line, person in (("/dino", ALICE), ("/name mangosaurus", BOB), ("/export", ADMIN)):
            await server.say(line, person)
        server.before["sendDocument"] = unreachable
        await until(lambda: waiting(settings) == 3)
    server.before.clear()
    pictures.clear()
    await started(settings, server)
    kinds = [(each["chat"]["id"], "photo" in each, "document" in each) for each in server.sent]
    assert sorted(kinds) == [(ALICE, True, False), (BOB, True, False), (ADMIN, False, True)]
    assert len(pictures) == 2


async def test_a_message_that_is_gone_is_replaced_by_its_end_which_may_be_repeated(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def grow(_: Shelf, creation: Creation, watch: Watch | None = None) -> Creation:
        before = len(server.sent)
        assert watch
        watch(dataclasses.replace(creation, text="\no kiwi"))
        await until(lambda: len(server.sent) > before)
        return dataclasses.replace(creation, text="\no kiwi" * 13)

    monkeypatch.setattr("bot.chat.SLOW_SECONDS", 0)
    monkeypatch.setattr(Shelf, "write", grow)
    async with visiting(settings, server) as visit:
        server.refusals["editMessageText"].extend(
            [BAD_GATEWAY, Refusal(400, "Bad Request: message is not modified")]
        )
        (sonnet,) = await visit.say("/sonnet o mango", ALICE)
        assert sonnet["text"].endswith("\n…")  # as this Telegram says that it has the end already
        gone = Refusal(400, "Bad Request: message to edit not found")
        server.refusals["editMessageText"].append(gone)
        begun, whole = await visit.say("/sonnet o mango", ALICE)
        assert begun["text"].endswith("\n…")
        assert whole["text"].count("O kiwi") == 13


async def test_a_sonnet_that_is_given_up_keeps_no_dots(settings: Settings, server: Server) -> None:
    async with visiting(settings, server) as visit:
        (begun,) = await visit.say("/help", ALICE)
        note = Note(
            **NOTE | {"bot": visit.telegram.client.id, "date": 1e12},
            update=99,
            text="/sonnet o mango",
            name="",
            shown=begun["message_id"],
        )
        await visit.telegram.inbox.note(note.bot, [note], 1)
    sql(settings.database_address, "UPDATE asks SET begun = 2")  # as two crashes leave it
    assert await started(settings, server) == []
    assert server.texts == [str(sentences.GIVEN_UP)]


# Refusals, and what is private


@pytest.mark.parametrize("line", ["/poem Shall I compare thee", "/sonnet"])
@pytest.mark.usefixtures("slow_writer")
@in_no_time
async def test_in_a_burst_everybody_reads_an_answer_or_a_refusal(
    line: str, settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1.7e9 + now())
    async with visiting(settings, server, 30) as visit:
        begun, people = now(), range(1000, 1150)
        for person in people:
            await server.say(line, person)
        await visit.settled()
        assert {each["chat"]["id"] for each in server.sent} == {*people}
        assert max(server.left) - begun <= 36
        assert server.floods == 0


async def test_to_forget_deletes_what_waits_but_not_what_was_asked_afterwards(
    settings: Settings, server: Server, tmp_path: Path
) -> None:
    server.before["sendMessage"] = unreachable
    async with visiting(settings, server):
        await server.say("/poem xylophones", ALICE, GROUP)
        await until(lambda: waiting(settings) == 1)
        for line in ("/forget yes", "/dino 3"):
            await server.say(line, ALICE)
        await until(lambda: waiting(settings) == 2)
    assert not any(b"xylophones" in path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
    server.before.clear()
    forgotten, names = await started(settings, server)
    assert forgotten == str(sentences.FORGOTTEN_YOU)
    assert len(names.split("\n")) == 5


async def test_a_backup_sends_nothing(settings: Settings, server: Server, tmp_path: Path) -> None:
    server.before["sendMessage"] = unreachable
    async with visiting(settings, server):
        await server.say("/seed 7", ALICE)
        await until(lambda: waiting(settings) == 1)
        await backup(settings, str(tmp_path / "backup.db"))
    restored = dataclasses.replace(settings, database=tmp_path / "restored.db")
    await restore(restored, str(tmp_path / "backup.db"))
    server.before.clear()
    assert await started(restored, server) == []
    assert await started(settings, server) == [str(sentences.SEED_SET.format(7))]
