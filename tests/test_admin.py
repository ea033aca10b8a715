"""`/retrain`: one message shows how a training goes, and every way in which it can end, a restart included."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from telegram.error import BadRequest, Forbidden, TelegramError, TimedOut

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.handlers.admin import LAST_TRIES, Board, read_training
from bot.local.contents import Refusal
from bot.local.markup import parse_html
from bot.local.telegram import group
from bot.people.records import Training
from bot.people.store import Store, StoreError
from bot.training.commands import Reason, RetrainingError
from bot.training.reporting import TrainingProgress
from bot.training.retraining import Outcome, Retraining
from model.text.forms import Network
from tests.serving import ADMIN, Chat, progress, serving, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telegram import Bot

    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.training.reporting import Report

PROGRESS = progress("tune", fraction=0.25, held_out=2.25, best=2.125, seconds_left=75.0, sample="to be <or> not")
BETTER = Outcome("dino", True, "0123456789ab", 1.5, 2.0, 120.0)
STOPPED = RetrainingError(Reason.STOPPED)
GONE = Refusal(400, "Bad Request: message to edit not found")


class Script(Retraining):
    """A training that waits, reports and ends when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float | None]] = []
        self.told: asyncio.Queue[TrainingProgress | Outcome | Exception] = asyncio.Queue()
        self.reported = asyncio.Semaphore(0)
        self.running = None

    async def retrain(self, network: str, minutes: float | None, report: Report) -> Outcome:
        if self.running:
            raise RetrainingError(Reason.BUSY, self.running)
        self.running = network
        self.asked.append((network, minutes))
        try:
            while isinstance(event := await self.told.get(), TrainingProgress):
                await report(event)
                self.reported.release()
            if isinstance(event, Exception):
                raise event
            return event
        finally:
            self.running = None

    async def report(self, progress: TrainingProgress) -> None:
        self.told.put_nowait(progress)
        await self.reported.acquire()

    async def stop(self) -> None:
        self.told.put_nowait(STOPPED)


class Refusing:
    """A bot whose edits and messages fail."""

    def __init__(self, edits: TelegramError, messages: TelegramError) -> None:
        self.calls: list[str] = []
        self._edits = edits
        self._messages = messages

    async def edit_message_text(self, text: str, chat_id: int, message_id: int, parse_mode: str) -> None:
        self.calls.append("edit")
        raise self._edits

    async def send_message(self, chat_id: int, text: str, parse_mode: str, reply_to_message_id: int) -> None:
        self.calls.append("send")
        raise self._messages


def shown(html: str) -> str:
    return parse_html(html)[0]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr("bot.application.Retraining", lambda *_rooms, **_options: script)
    monkeypatch.setattr("bot.handlers.admin.EDIT_EVERY", 0.0)
    monkeypatch.setattr("bot.handlers.admin.LAST_PAUSE", 0.01)
    return script


@pytest.fixture
async def chat(settings: Settings, telegram: Telegram, script: Script) -> AsyncIterator[Chat]:
    async with serving(settings, telegram) as chat:
        yield chat


async def end(chat: Chat, script: Script, outcome: Outcome | Exception) -> str:
    """Let the training end; returns what the last message then says."""
    script.told.put_nowait(outcome)
    await chat.mangosaurus.finished()
    return chat.texts()[-1]


@pytest.mark.parametrize(
    ("words", "training"),
    [
        ("dino", ("dino", None)),
        ("POEM 10", ("poem", 10.0)),
        ("dino 0.5", ("dino", 0.5)),
        ("dino 1440", ("dino", 1440)),
        ("dino 0.01", ("dino", 0.01)),
    ],
)
def test_trainings(words: str, training: tuple[str, float | None]) -> None:
    assert read_training(words.split()) == training


@pytest.mark.parametrize("words", ["", "names", "dino 5 minutes", "5 dino"])
def test_what_cannot_be_trained(words: str) -> None:
    with pytest.raises(ExplainedError) as refusal:
        read_training(words.split())
    assert str(refusal.value) == texts.RETRAIN_USAGE


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "1441", "ten", "1e9", "0.0001"])
def test_minutes_that_make_no_sense(minutes: str) -> None:
    with pytest.raises(ExplainedError) as refusal:
        read_training(["dino", minutes])
    assert str(refusal.value) == texts.minutes_range(1440)


async def test_one_message_shows_a_training_from_beginning_to_end(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino 2", ADMIN) == [shown(texts.training_begins(Network.DINO, 2.0))]
    await script.report(PROGRESS)
    await script.report(PROGRESS)
    assert chat.texts() == [shown(texts.training(Network.DINO, PROGRESS, [2.5, 2.5]))]
    assert await end(chat, script, BETTER) == shown(texts.trained(BETTER, served=True))
    assert len(chat.texts()) == 1
    assert script.asked == [("dino", 2.0)]


async def test_the_bot_answers_while_it_trains(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    (answer,) = await chat.say("/dino", ADMIN)
    assert answer.split("\n")[0].isalpha()
    await end(chat, script, BETTER)


async def test_a_second_training_is_told_to_wait(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await chat.say("/retrain poem", ADMIN)
    await until(lambda: chat.texts()[1:] == [shown(texts.already_training("dino"))])
    await end(chat, script, BETTER)
    assert chat.texts()[0] == shown(texts.trained(BETTER, served=True))


async def test_of_two_trainings_asked_for_at_once_one_begins(chat: Chat, script: Script) -> None:
    for network in Network:
        chat.telegram.say(f"/retrain {network}", ADMIN)
    await chat.settled()
    await until(lambda: shown(texts.already_training("dino")) in chat.texts())
    await end(chat, script, BETTER)
    assert script.asked == [("dino", None)]
    assert await chat.mangosaurus.store.interrupted_trainings() == []


@pytest.mark.parametrize("reason", Reason)
async def test_a_training_that_fails(chat: Chat, script: Script, reason: Reason) -> None:
    error = RetrainingError(reason, "<b>9</b>")
    await chat.say("/retrain dino", ADMIN)
    assert await end(chat, script, error) == shown(texts.training_failed(Network.DINO, error))


async def test_an_unforeseen_error_is_apologised_for(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    assert (await end(chat, script, ZeroDivisionError())) != chat.texts()[0]
    assert isinstance(chat.errors.pop(), ZeroDivisionError)
    assert await chat.mangosaurus.store.interrupted_trainings() == []


@pytest.mark.parametrize(
    "refusal",
    [
        GONE,
        Refusal(403, "Forbidden: bot was kicked"),
        Refusal(502, "Bad Gateway"),
    ],
)
async def test_an_edit_that_fails_does_not_end_a_training(
    chat: Chat, telegram: Telegram, script: Script, refusal: Refusal
) -> None:
    await chat.say("/retrain dino", ADMIN)
    telegram.refusals["editMessageText"].append(refusal)
    await script.report(PROGRESS)
    assert chat.texts() == [shown(texts.training_begins(Network.DINO, None))]
    telegram.refusals["editMessageText"].append(refusal)
    assert await end(chat, script, BETTER) == shown(texts.trained(BETTER, served=True))
    assert len(chat.texts()) == (1 if refusal.code == 502 else 2)  # a new message if this one cannot be edited


async def test_telegram_saying_that_nothing_changed_is_no_failure(
    chat: Chat, telegram: Telegram, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    await chat.say("/retrain dino", ADMIN)
    telegram.refusals["editMessageText"].append(Refusal(400, "Bad Request: message is not modified: same"))
    await end(chat, script, BETTER)
    assert len(chat.texts()) == 1
    assert "not shown" not in caplog.text


async def test_edits_keep_their_distance(
    chat: Chat, telegram: Telegram, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.handlers.admin.EDIT_EVERY", 1000.0)
    await chat.say("/retrain dino", ADMIN)
    for _ in range(5):
        await script.report(PROGRESS)
    assert chat.texts() == [shown(texts.training_begins(Network.DINO, None))]
    assert await end(chat, script, BETTER) == shown(texts.trained(BETTER, served=True))


async def test_a_group_is_left_room_for_its_answers(
    chat: Chat, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.handlers.admin.EDIT_A_GROUP_EVERY", 1000.0)
    for place, edited in ((None, True), (group(-5), False)):
        (message,) = await chat.say("/retrain dino", ADMIN, place)
        await script.report(PROGRESS)
        assert (chat.texts()[-1] != message) == edited
        await end(chat, script, BETTER)


async def test_a_bot_that_stops_tells_before_it_is_gone(settings: Settings, telegram: Telegram, script: Script) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain dino", ADMIN)
    assert chat.texts() == [shown(texts.training_failed(Network.DINO, STOPPED))]
    async with serving(settings, telegram) as chat:
        assert await chat.mangosaurus.store.interrupted_trainings() == []
    assert len(chat.texts()) == 1


async def test_a_training_is_noted_while_it_runs(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await script.report(PROGRESS)
    message = chat.telegram.sent[-1]
    noted = Training(Network.DINO, ADMIN.id, message["message_id"])
    assert await chat.mangosaurus.store.interrupted_trainings() == [noted]
    await end(chat, script, BETTER)
    assert await chat.mangosaurus.store.interrupted_trainings() == []


async def test_what_a_stop_could_not_tell_is_told_at_the_next_start(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    """In the same message: the edits of the bot that stopped have all failed."""
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain dino", ADMIN)
        telegram.refusals["editMessageText"] += [Refusal(502, "Bad Gateway")] * LAST_TRIES
    assert chat.texts() == [shown(texts.training_begins(Network.DINO, None))]
    assert await told_after_a_restart(settings, telegram) == [shown(texts.training_interrupted(Network.DINO))]


async def test_a_training_that_a_crash_ended_is_told_in_its_message(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    await crash(settings, telegram, script)
    assert telegram.sent[0]["text"] == shown(texts.training(Network.POEM, PROGRESS, [2.5]))
    assert await told_after_a_restart(settings, telegram) == [shown(texts.training_interrupted(Network.POEM))]
    assert await told_after_a_restart(settings, telegram) == [shown(texts.training_interrupted(Network.POEM))]


async def test_if_its_message_is_gone_a_new_one_tells(settings: Settings, telegram: Telegram, script: Script) -> None:
    await crash(settings, telegram, script)
    telegram.refusals["editMessageText"].append(GONE)
    _, new = await told_after_a_restart(settings, telegram)
    assert new == shown(texts.training_interrupted(Network.POEM))
    assert len(await told_after_a_restart(settings, telegram)) == 2


async def test_what_cannot_be_told_at_a_start_is_told_at_the_next(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    await crash(settings, telegram, script)
    telegram.refusals["editMessageText"] += [Refusal(502, "Bad Gateway")] * LAST_TRIES
    assert await told_after_a_restart(settings, telegram) == [shown(texts.training(Network.POEM, PROGRESS, [2.5]))]
    assert await told_after_a_restart(settings, telegram) == [shown(texts.training_interrupted(Network.POEM))]


async def test_a_new_training_is_not_taken_for_an_interrupted_one(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    """Not even if it is asked for before the bot has started."""
    telegram.say("/retrain dino", ADMIN)
    async with serving(settings, telegram) as chat:
        await chat.settled()
        assert await end(chat, script, BETTER) == shown(texts.trained(BETTER, served=True))
    assert len(chat.texts()) == 1


async def test_a_training_goes_on_if_the_database_fails(
    chat: Chat, script: Script, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_note: object) -> None:
        raise StoreError("mangosaurus.db", "it is full")

    monkeypatch.setattr(Store, "training_began", fail)
    await chat.say("/retrain dino", ADMIN)
    assert await end(chat, script, BETTER) == shown(texts.trained(BETTER, served=True))
    assert "A training was not noted" in caplog.text


async def crash(settings: Settings, telegram: Telegram, script: Script) -> None:
    """Leave what a bot leaves that was killed during a training: its note, and its message as it was."""
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain poem", ADMIN)
        await script.report(PROGRESS)
        message = dict(telegram.sent[0])
        (note,) = await chat.mangosaurus.store.interrupted_trainings()
    telegram.sent[0].update(message)
    store = Store(settings.database)
    await store.open()
    await store.training_began(note.network, note.chat_id, note.message_id)
    await store.close()


async def told_after_a_restart(settings: Settings, telegram: Telegram) -> list[str]:
    async with serving(settings, telegram) as chat:
        await chat.mangosaurus.finished()
    return chat.texts()


async def test_an_administrator_may_train_in_a_group(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino", ADMIN, group(-5)) == [shown(texts.training_begins(Network.DINO, None))]
    await end(chat, script, BETTER)


async def test_whoever_speaks_for_a_chat_is_no_administrator(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino", chat=group(-5), sender_chat=group(ADMIN.id)) == []
    assert script.asked == []


async def test_a_network_that_was_missing_needs_a_new_start(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    outcome = Outcome("poem", True, "0123456789ab", 1.5, None, 7000.0)
    async with serving(settings, telegram) as chat:
        chat.mangosaurus.writers.pop("poem")
        await chat.say("/retrain poem", ADMIN)
        assert await end(chat, script, outcome) == shown(texts.trained(outcome, served=False))


async def test_an_incomplete_command_is_explained(chat: Chat) -> None:
    assert await chat.say("/retrain", ADMIN) == [shown(texts.RETRAIN_USAGE)]


@pytest.mark.usefixtures("script")
@pytest.mark.parametrize(
    ("edits", "messages", "calls", "told"),
    [
        (TimedOut(), TimedOut(), ["edit"] * LAST_TRIES, False),
        (BadRequest("message to edit not found"), TimedOut(), ["edit", "send"], False),
        (BadRequest("message to edit not found"), Forbidden("bot was blocked"), ["edit", "send"], True),
    ],
)
async def test_an_edit_that_timed_out_is_repeated_and_a_message_is_not(
    edits: TelegramError, messages: TelegramError, calls: list[str], told: bool
) -> None:
    bot = Refusing(edits, messages)
    assert await Board(cast("Bot", bot), 1, 2).conclude("done") == told
    assert bot.calls == calls
