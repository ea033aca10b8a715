"""`/retrain`: one message that shows how a training goes, and every way in which it can end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from telegram import Chat as TelegramChat
from telegram.error import BadRequest, TelegramError, TimedOut

from bot.conversation import texts
from bot.conversation.answers import ExplainedError
from bot.handlers.admin import Board, read_training
from bot.local.contents import Refusal
from bot.local.telegram import group
from bot.training.reporting import TrainingProgress
from bot.training.retraining import Outcome, Retraining, RetrainingError
from tests.serving import ADMIN, Chat, progress, serving, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telegram import Message

    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.training.reporting import Report

PROGRESS = progress("tune", fraction=0.25, held_out=2.25, best=2.125, seconds_left=75.0, sample="to be <or> not")
BETTER = Outcome("dino", True, "0123456789ab", 1.5, 2.0, 120.0)


class Script(Retraining):
    """A training that waits, reports and ends when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float | None]] = []
        self.told: asyncio.Queue[TrainingProgress | Outcome | Exception] = asyncio.Queue()
        self.reported = asyncio.Semaphore(0)
        self._running: str | None = None

    async def retrain(self, kind: str, minutes: float | None, report: Report) -> Outcome:
        if self._running:
            raise RetrainingError(f"{self._running} is being retrained already; try again when that has ended.")
        self._running = kind
        self.asked.append((kind, minutes))
        try:
            while isinstance(event := await self.told.get(), TrainingProgress):
                await report(event)
                self.reported.release()
            if isinstance(event, Exception):
                raise event
            return event
        finally:
            self._running = None

    async def report(self, progress: TrainingProgress) -> None:
        self.told.put_nowait(progress)
        await self.reported.acquire()

    async def stop(self) -> None:
        self.told.put_nowait(RetrainingError("The bot stopped, and the training with it; the old weights stay."))


class Doubtful:
    """A message of which nobody knows whether what was done to it was done."""

    def __init__(self, edits: TelegramError | None = None) -> None:
        self.calls: list[str] = []
        self.chat = TelegramChat(1, TelegramChat.PRIVATE)
        self._edits = edits or TimedOut()

    async def edit_text(self, text: str, parse_mode: str) -> None:
        self.calls.append("edit")
        raise self._edits

    async def reply_html(self, text: str) -> None:
        self.calls.append("send")
        raise TimedOut


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr("bot.application.Retraining", lambda *_rooms, **_options: script)
    monkeypatch.setattr("bot.handlers.admin.EDIT_EVERY", 0.0)
    monkeypatch.setattr("bot.handlers.admin.SHORT_WAIT", 0.01)
    monkeypatch.setattr("bot.handlers.admin.LONGER_WAIT", 0.01)
    return script


@pytest.fixture
async def chat(settings: Settings, telegram: Telegram, script: Script) -> AsyncIterator[Chat]:
    async with serving(settings, telegram) as chat:
        yield chat


async def end(chat: Chat, script: Script, outcome: Outcome | Exception) -> str:
    """Let the training end; returns what its message then says."""
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
    with pytest.raises(ExplainedError, match="what to train"):
        read_training(words.split())


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "1441", "ten", "1e9", "0.0001"])
def test_minutes_that_make_no_sense(minutes: str) -> None:
    with pytest.raises(ExplainedError, match="up to 1440 minutes"):
        read_training(["dino", minutes])


async def test_one_message_shows_a_training_from_beginning_to_end(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino 2", ADMIN) == [
        "Training dino for about 2 minutes. I will show here how it goes."
    ]
    await script.report(PROGRESS)
    await script.report(PROGRESS)
    assert chat.texts() == [
        "Training dino, reading the sonnets\n"
        "███░░░░░░░░░ 25%, 75 s left\n"
        "loss 2.500, held out 2.250 (best 2.125), 90,000 characters/s\n"
        "▁▁\n"
        "to be <or> not"
    ]
    assert await end(chat, script, BETTER) == (
        "Trained dino in 2 min, and it got better: 1.5000 nats per character on held-out text, before 2.0000. "
        "Version 0123456789ab writes from now on."
    )
    assert len(chat.texts()) == 1
    assert script.asked == [("dino", 2.0)]


async def test_weights_that_are_not_better(chat: Chat, script: Script) -> None:
    await chat.say("/retrain poem", ADMIN)
    answer = await end(chat, script, Outcome("poem", False, "0123456789ab", 2.5, 2.0, 5.0))
    assert answer == (
        "Trained poem in 5 s, and it did not get better: 2.5000 nats per character on held-out text, before 2.0000. "
        "The old weights stay."
    )


async def test_weights_that_may_only_be_lucky(chat: Chat, script: Script) -> None:
    await chat.say("/retrain poem", ADMIN)
    answer = await end(chat, script, Outcome("poem", False, "0123456789ab", 1.99, 2.0, 5.0, margin=0.0123))
    assert answer == (
        "Trained poem in 5 s, and it got hardly better: 1.9900 nats per character on held-out text, before 2.0000. "
        "0.0123 of difference can be luck. The old weights stay."
    )


async def test_the_bot_answers_while_it_trains(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    (answer,) = await chat.say("/dino", ADMIN)
    assert answer.split("\n")[0].isalpha()
    await end(chat, script, BETTER)


async def test_a_second_training_is_told_to_wait(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await chat.say("/retrain poem", ADMIN)
    await until(lambda: "already" in chat.texts()[1])
    assert chat.texts()[1] == "Dino is being retrained already; try again when that has ended."
    await end(chat, script, BETTER)
    assert chat.texts()[0].startswith("Trained dino")


@pytest.mark.parametrize(
    "reason", ["The training of dino failed: the process was killed (signal 9). The old weights stay.", "<b>no</b>."]
)
async def test_a_training_that_fails(chat: Chat, script: Script, reason: str) -> None:
    await chat.say("/retrain dino", ADMIN)
    assert await end(chat, script, RetrainingError(reason)) == reason


async def test_an_unforeseen_error_is_apologised_for(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    assert (await end(chat, script, ZeroDivisionError())).startswith("Something went wrong on my side")
    assert isinstance(chat.errors.pop(), ZeroDivisionError)


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(429, "Too Many Requests: retry after 900", retry_after=900),
        Refusal(400, "Bad Request: message to edit not found"),
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
    assert chat.texts() == ["Training dino. I will show here how it goes."]
    telegram.refusals["editMessageText"].append(refusal)
    answer = await end(chat, script, BETTER)
    assert answer.startswith("Trained dino")
    assert len(chat.texts()) == 2  # the last word is said anew


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
    assert chat.texts() == ["Training dino. I will show here how it goes."]
    assert (await end(chat, script, BETTER)).startswith("Trained dino")


async def test_a_group_is_left_room_for_its_answers(
    chat: Chat, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.handlers.admin.EDIT_A_GROUP_EVERY", 1000.0)
    for place, shown in ((None, True), (group(-5), False)):
        (message,) = await chat.say("/retrain dino", ADMIN, place)
        await script.report(PROGRESS)
        assert (chat.texts()[-1] != message) == shown
        await end(chat, script, BETTER)


async def test_a_flood_limit_is_waited_for(chat: Chat, telegram: Telegram, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    telegram.refusals["editMessageText"].append(Refusal(429, "Too Many Requests: retry after 900", retry_after=900))
    for _ in range(3):
        await script.report(PROGRESS)
    assert chat.texts() == ["Training dino. I will show here how it goes."]
    await end(chat, script, BETTER)


async def test_a_last_word_that_telegram_does_not_want_is_tried_three_times(
    chat: Chat, telegram: Telegram, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And there is no wait after the last time: a bot that stops waits for all of this."""
    waits: list[Exception] = []

    def pause(error: Exception) -> float:
        waits.append(error)
        return 0.0

    monkeypatch.setattr("bot.handlers.admin._pause", pause)
    await chat.say("/retrain dino", ADMIN)
    flood = Refusal(429, "Too Many Requests: retry after 900", retry_after=900)
    telegram.refusals["editMessageText"] += [flood] * 3
    telegram.refusals["sendMessage"] += [flood] * 3
    script.told.put_nowait(BETTER)
    await chat.mangosaurus.finished()
    assert [len(telegram.refusals[method]) for method in ("editMessageText", "sendMessage")] == [2, 1]
    assert len(waits) == 2


async def test_a_bot_that_stops_tells_before_it_is_gone(settings: Settings, telegram: Telegram, script: Script) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain dino", ADMIN)
    assert chat.texts() == ["The bot stopped, and the training with it; the old weights stay."]


async def test_an_administrator_may_train_in_a_group(chat: Chat, script: Script) -> None:
    (answer,) = await chat.say("/retrain dino", ADMIN, group(-5))
    assert answer.startswith("Training dino")
    await end(chat, script, BETTER)


async def test_whoever_speaks_for_a_chat_is_no_administrator(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino", chat=group(-5), sender_chat=group(ADMIN.id)) == []
    assert script.asked == []


async def test_a_network_that_was_missing_needs_a_new_start(
    settings: Settings, telegram: Telegram, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings, telegram) as chat:
        chat.mangosaurus.batchings.pop("poem")
        await chat.say("/retrain poem", ADMIN)
        answer = await end(chat, script, Outcome("poem", True, "0123456789ab", 1.5, None, 7000.0))
    assert answer == (
        "Trained poem in 1.9 h, and it got better: 1.5000 nats per character on held-out text. Version 0123456789ab "
        "is ready; start me again to use it."
    )


async def test_an_incomplete_command_is_explained(chat: Chat) -> None:
    assert await chat.say("/retrain", ADMIN) == [texts.RETRAIN_USAGE.replace("<code>", "").replace("</code>", "")]


@pytest.mark.usefixtures("script")
async def test_a_last_word_that_timed_out_is_edited_again_but_not_sent_again() -> None:
    message = Doubtful()
    await Board(cast("Message", message)).conclude("done")
    assert message.calls == ["edit", "edit", "edit"]
    message = Doubtful(edits=BadRequest("message to edit not found"))
    await Board(cast("Message", message)).conclude("done")
    assert message.calls == ["edit", "send"]
