"""Failures: people get one short sentence, the log gets the rest, and the bot goes on."""

from __future__ import annotations

import contextlib
import logging
import re
import sqlite3
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from telegram import Chat as TelegramChat
from telegram import Message, Update
from telegram.error import TimedOut

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.tally import Tally
from bot.handlers.failures import Failures
from bot.local.contents import Refusal
from bot.local.telegram import group
from bot.wire.request import NothingSentError
from bot.writing.writer import Busy, Stopped, Writer, WritingError
from model.errors import MangosaurusError, RequestError
from model.writing.requests import Request
from tests.serving import ALICE, BOB, Chat, uncoded

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.writing.desk import Text, Watch
    from model.writing.requests import Request


FULL = "CREATE TRIGGER full BEFORE INSERT ON creations BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def write(self: Writer, request: Request, *watch: Watch | None) -> Text:
        raise error

    monkeypatch.setattr(Writer, "write", write)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RequestError("temperature 0 always gives <one> name"), texts.no_new_name("")),
        (WritingError("the decoder crashed"), texts.NOT_WRITTEN),
        (Stopped("the writer was stopped"), texts.STOPPING),
        (Busy("384 requests are waiting already"), texts.BUSY),
        (MangosaurusError("checkpoint 0a1b is not there"), texts.NOT_POSSIBLE),
    ],
)
async def test_errors_of_ours_are_told_in_the_bots_own_words(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    fail(monkeypatch, error)
    assert await chat.say("/dino") == [sentence]


async def test_an_unforeseen_error_gets_an_apology_and_a_log_line(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        fail(patched, ZeroDivisionError("secret details"))
        (answer,) = await chat.say("/dino")
    assert isinstance(chat.errors.pop(), ZeroDivisionError)
    found = re.search(r"in my log as ([0-9a-f]{8})", answer)
    assert found
    assert "secret" not in answer
    assert "Traceback" not in answer
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert found[1] in record.getMessage()
    assert record.exc_info
    (answer,) = await chat.say("/dino")
    assert answer.split("\n")[0].isalpha()


async def test_an_apology_that_cannot_be_sent(
    chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail(monkeypatch, ZeroDivisionError())
    caplog.set_level(logging.INFO, "bot")
    telegram.refusals["sendMessage"].append(Refusal(403, "Forbidden: bot was blocked by the user"))
    assert await chat.say("/dino") == []
    chat.errors.clear()
    assert "A reply was not sent: Forbidden: Forbidden: bot was blocked by the user" in caplog.text


@pytest.mark.parametrize(
    ("refusal", "name"),
    [
        (Refusal(403, "Forbidden: bot was blocked by the user"), "Forbidden"),
        (Refusal(504, "Gateway Timeout"), "NetworkError"),
    ],
)
async def test_what_telegram_does_not_take_is_only_logged(
    chat: Chat, telegram: Telegram, refusal: Refusal, name: str
) -> None:
    telegram.refusals["sendMessage"].append(refusal)
    assert await chat.say("/help") == []
    assert type(chat.errors.pop()).__name__ == name


async def test_a_message_that_telegram_calls_wrong_is_a_bug(chat: Chat, telegram: Telegram) -> None:
    telegram.refusals["sendMessage"].append(Refusal(400, "Bad Request: can't parse entities"))
    (answer,) = await chat.say("/help", ALICE)
    assert answer.startswith("Something went wrong on my side")
    chat.errors.clear()


async def test_the_bot_outlives_a_failing_database(
    chat: Chat, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    before = await chat.say("/seed")
    with contextlib.closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("ALTER TABLE people RENAME TO hidden")
        for text in ("/seed 42", "/seed"):
            (answer,) = await chat.say(text)
            assert answer == texts.NO_MEMORY
        connection.execute("ALTER TABLE hidden RENAME TO people")
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [(record.getMessage(), record.exc_info) for record in logged] == [
        (f"StoreError: {settings.database}: this database cannot be used: no such table: people", None)
    ] * 2
    assert await chat.say("/seed") == before
    assert "42" in (await chat.say("/seed 42"))[0]


async def test_what_cannot_be_noted_down_is_said_and_comes_again(
    chat: Chat, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    await chat.say("/seed 42")
    with contextlib.closing(sqlite3.connect(settings.database)) as connection:
        connection.execute(FULL)
        poem, excuse = await chat.say("/poem my secret line")
        connection.execute("DROP TRIGGER full")
    assert excuse == texts.NOT_NOTED
    assert [record.exc_info for record in caplog.records if record.levelno == logging.ERROR] == [None]
    assert "secret" not in caplog.text  # as /forget could not delete it there
    assert await chat.press("another") == []
    assert chat.notice == texts.FORGOTTEN
    (again,) = await chat.say("/poem my secret line")
    assert uncoded(again) == uncoded(poem)


@pytest.mark.parametrize(
    "reason", ["Bad Request: not enough rights to send text messages to the chat", "Bad Request: TOPIC_CLOSED"]
)
async def test_the_bot_does_not_apologise_where_it_may_not_write(
    chat: Chat, telegram: Telegram, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    caplog.set_level(logging.INFO, "bot")
    telegram.refusals["sendMessage"].append(Refusal(400, reason))
    assert await chat.say("/help", ALICE, group(-5)) == []
    chat.errors.clear()
    assert [record.levelname for record in caplog.records if "was not sent" in record.getMessage()] == ["INFO"]


async def test_a_database_that_fails_while_somebody_types(
    chat: Chat, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("ALTER TABLE people RENAME TO hidden")
        assert await chat.inline("mango") == []
        connection.execute("ALTER TABLE hidden RENAME TO people")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().endswith(f"{settings.database}: this database cannot be used: no such table: people")


async def test_an_answer_that_is_lost_and_cannot_be_noted_down_either(
    chat: Chat, telegram: Telegram, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    await chat.say("/seed 42")
    with contextlib.closing(sqlite3.connect(settings.database)) as connection:
        connection.execute(FULL)
        telegram.refusals["sendMessage"].append(Refusal(504, "Gateway Timeout"))
        assert await chat.say("/dino") == []
        connection.execute("DROP TRIGGER full")
    assert type(chat.errors.pop()).__name__ == "NetworkError"
    assert "A reply may not have been sent" in caplog.text
    assert "this database cannot be used" in caplog.text


@pytest.mark.parametrize("method", ["answerCallbackQuery"])
@pytest.mark.parametrize("button", ["another", "wilder"])
async def test_a_press_that_did_its_work_and_is_not_released_is_no_failure(
    chat: Chat, telegram: Telegram, method: str, button: str
) -> None:
    (before,) = await chat.say("/dino")
    telegram.refusals[method].append(Refusal(504, "Gateway Timeout"))
    query = telegram.press(telegram.sent[-1], button, ALICE)
    await chat.settled()
    assert chat.texts() != [before]
    assert query not in telegram.queries.answers


async def test_a_button_where_we_may_not_write_any_more(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/dino", ALICE, group(-5))
    telegram.refusals["editMessageText"].append(Refusal(400, "Bad Request: not enough rights to edit the message"))
    await chat.press("another")
    chat.errors.clear()
    assert chat.notice == texts.MAY_NOT_WRITE


async def test_a_button_whose_reply_telegram_does_not_take_is_released(
    chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.pacing.RETRIED", 0.0)
    await chat.say("/dino")
    telegram.refusals["editMessageText"].append(Refusal(504, "Gateway Timeout"))
    await chat.press("another")
    chat.errors.clear()
    assert chat.notice == texts.NOT_SHOWN


def failing_context(error: Exception) -> Any:
    """Return the context that the library passes to an error handler."""
    return SimpleNamespace(error=error)


@pytest.mark.parametrize(
    "trouble", [RuntimeError("this client is closed"), TimedOut("too late"), ValueError("no text")]
)
async def test_the_error_handler_never_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(Message, "reply_html", fail)
    message = Message(1, datetime.now(UTC), TelegramChat(ALICE.id, "private"), text="/dino")
    await Failures(Tally()).on_error(Update(1, message=message), failing_context(ExplainedError("something")))
    (record,) = caplog.records
    assert record.name == "bot.handlers.failures"


async def test_the_error_handler_survives_a_sentence_that_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(texts, "apology")
    await Failures(Tally()).on_error(Update(1), failing_context(ZeroDivisionError()))
    assert [record.getMessage() for record in caplog.records][-1] == "An error could not be explained"


@pytest.mark.parametrize("update", [None, "no update", Update(1)])
async def test_the_error_handler_takes_any_update(update: object, caplog: pytest.LogCaptureFixture) -> None:
    await Failures(Tally()).on_error(update, failing_context(ZeroDivisionError()))
    (record,) = caplog.records
    assert record.exc_info


async def test_what_was_not_sent_is_logged_by_the_pacing_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await Failures(Tally()).on_error(Update(1), failing_context(NothingSentError("the bot stops")))
    assert caplog.records == []


async def test_an_update_that_cannot_be_parsed_is_a_line_in_the_log_and_the_rest_is_answered(
    chat: Chat, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    """A reply to a message without a number, as pages once sent it, stopped the bot for everybody."""
    telegram.say("a secret", BOB, reply_to_message={"inline_message_id": "inline-1", "date": 1})
    assert len(await chat.say("/dino")) == 1
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [
        "Update 1 cannot be parsed (TypeError) and is passed over"
    ]
    assert "secret" not in caplog.text
