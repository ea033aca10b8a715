"""Failures: people get one short sentence, the log gets the rest, and the bot goes on."""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.chat import Explained, Gone, InDoubt, NotSent
from bot.shelf import Shelf, Writer
from bot.words import sentences
from model.decoding.requests import RequestError
from model.errors import MangosaurusError
from tests.serving import uncoded

if TYPE_CHECKING:
    from bot.settings import Settings
    from tests.fake_chat import FakeChat


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type = Writer) -> None:
    async def write(*_: object) -> None:
        raise error

    monkeypatch.setattr(kind, "write", write)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RequestError("temperature 0 always gives <one> name"), sentences.NO_NEW_NAME),
        (Explained(sentences.STOPPING), sentences.STOPPING),
        (MangosaurusError("checkpoint 0a1b is not there"), sentences.NOT_POSSIBLE),
    ],
)
async def test_errors_of_ours_are_told_in_the_bots_own_words(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    message = await chat.ask("/dino")
    with monkeypatch.context() as patch:
        fail(patch, error)
        assert (await chat.ask("/dino")).html == sentence
        await chat.press("another", message=message)
    assert chat.notices == [sentences.plain(sentence)]  # type: ignore[arg-type]
    chat.bot.tally.errors.clear()
    assert "turn 2<" in (await chat.ask("/dino")).html


@pytest.mark.parametrize("kind", [Writer, Shelf])
async def test_an_unforeseen_error_gets_an_apology_and_a_log_line(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: type
) -> None:
    with monkeypatch.context() as patch:
        fail(patch, ZeroDivisionError("secret details"), kind)
        answer = await chat.ask("/dino")
    found = re.search(r"in my log as <code>([0-9a-f]{8})</code>", answer.html)
    assert found
    assert "secret" not in answer.html
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert found[1] in record.getMessage()
    assert record.exc_info
    assert chat.bot.tally.errors == {"ZeroDivisionError": 1}
    chat.bot.tally.errors.clear()
    assert "turn 1<" in (await chat.ask("/dino")).html


@pytest.mark.parametrize("trouble", [NotSent("stopping"), InDoubt("lost"), Gone("blocked"), ValueError("no text")])
async def test_an_apology_that_cannot_be_said_is_logged(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    caplog.set_level(logging.INFO, "bot.commands")
    await chat.ask("/start")
    fail(monkeypatch, ZeroDivisionError())
    chat.failures = [trouble]
    await chat.ask("/dino")
    assert len(chat.messages) == 1
    assert "could not be explained" in caplog.text or "was not explained" in caplog.text
    chat.bot.tally.errors.clear()


@pytest.mark.parametrize("failure", [Gone("blocked"), InDoubt("bad gateway"), NotSent("stopping")])
async def test_what_a_chat_does_not_take_is_counted_and_not_apologised_for(chat: FakeChat, failure: Exception) -> None:
    await chat.ask("/start")
    chat.failures = [failure]
    await chat.ask("/help")
    assert len(chat.messages) == 1
    assert chat.bot.tally.errors == {type(failure).__name__: 1}
    chat.bot.tally.errors.clear()


async def test_the_bot_outlives_a_failing_database(
    chat: FakeChat, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "bot.commands")
    before, message = await chat.ask("/seed"), await chat.ask("/dino")
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("ALTER TABLE people RENAME TO hidden")
        for text in ("/seed 42", "/seed", "/dino", "/poem my secret line"):
            assert (await chat.ask(text)).html == sentences.NO_MEMORY
        assert await chat.type("mango") == []
        await chat.press("another", message=message)
        connection.execute("ALTER TABLE hidden RENAME TO people")
    assert chat.notices == [sentences.plain(sentences.NO_MEMORY)]
    logged = [record for record in caplog.records if record.name == "bot.commands"]
    assert [(record.getMessage(), record.exc_info) for record in logged] == [
        (f"{settings.database}: this database cannot be used: no such table: people", None)
    ] * 6
    assert "secret" not in caplog.text  # as /forget could not delete it there
    chat.bot.tally.errors.clear()
    assert (await chat.ask("/seed")).html == before.html


async def test_a_note_that_cannot_be_made_lets_nothing_be_sent(chat: FakeChat, settings: Settings) -> None:
    await chat.ask("/seed 42")
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("CREATE TRIGGER f BEFORE INSERT ON creations BEGIN SELECT RAISE(ABORT, 'full'); END")
        assert (await chat.ask("/dino")).html == sentences.NO_MEMORY
        assert len(chat.messages) == 2
        connection.execute("DROP TRIGGER f")
    chat.bot.tally.errors.clear()
    first = uncoded((await chat.ask("/dino")).html)
    await chat.ask("/seed 42")
    assert uncoded((await chat.ask("/dino")).html) == first
