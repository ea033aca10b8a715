"""`/retrain` and its buttons: one message shows how a training goes, and every way in which it can end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.handlers.retrain import read_lesson
from bot.local.buttons import buttons
from bot.local.contents import Refusal
from bot.local.markup import parse_html
from bot.local.telegram import group
from bot.people.store import Store, StoreError
from bot.training.choice import Choice, Entry, OvertakenError
from bot.training.commands import Reason, RetrainingError
from bot.training.lessons import Lesson
from bot.training.reporting import TrainingProgress
from bot.training.retraining import Outcome, Retraining

from model.checkpoint.encoding import CheckpointError
from model.text.forms import Network
from tests.serving import ADMIN, BOB, Chat, progress, serving, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Telegram
    from bot.training.reporting import Report

    from bot.settings import Settings

PROGRESS = progress("tune", fraction=0.25, held_out=2.25, best=2.125, seconds_left=75.0, sample="to be <or> not")
DINO, POEM = Lesson("dino", "names"), Lesson("poem", "verse")
OLD, NEW = "0" * 12, "0123456789ab"
BETTER = Outcome("dino", True, NEW, 1.5, 2.0, 120.0)
WORSE = Outcome("dino", False, OLD, 2.5, 2.0, 120.0)
DRAWN = Outcome("dino", True, NEW, 1.5, 2.0, 120.0, picture=b"\x89PNG")
STOPPED = RetrainingError(Reason.STOPPED)
CANCELLED = RetrainingError(Reason.CANCELLED)
GONE = Refusal(400, "Bad Request: message to edit not found")
AWAY = Refusal(504, "Gateway Timeout")
STOP, CANCEL, GO_ON, DROP, UNDO = (*texts.TRAINING_BUTTONS.values(), texts.UNDO)


class Script(Retraining):
    """A training that waits, reports and ends when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Lesson] = []
        self.told: asyncio.Queue[TrainingProgress | Outcome | Exception] = asyncio.Queue()
        self.reported = asyncio.Semaphore(0)
        self.running = None
        self.left: dict[str, tuple[Lesson, float | None]] = {}
        self.busy: set[str] = set()
        self.back: Exception | None = None
        self.undone: list[tuple[str, str | None]] = []

    async def retrain(self, lesson: Lesson, report: Report) -> Outcome:
        if self.running:
            raise RetrainingError(Reason.BUSY, self.running.title)
        self.running = lesson
        self.asked.append(lesson)
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

    def finish(self) -> None:
        self.told.put_nowait(Outcome("dino", False, OLD, 2.5, 2.0, 60.0, early=True))

    def cancel(self) -> None:
        self.told.put_nowait(CANCELLED)

    async def stop(self) -> None:
        self.told.put_nowait(STOPPED)

    async def interrupted(self, key: str) -> tuple[Lesson, float | None] | None:
        if key in self.busy:
            raise BlockingIOError
        return self.left.get(key)

    async def drop(self, key: str) -> None:
        if key in self.busy:
            raise BlockingIOError
        self.left.pop(key, None)

    async def roll_back(self, _choice: Choice, network: str, version: str | None = None) -> tuple[Entry, Entry]:
        self.undone.append((network, version))
        if self.back:
            raise self.back
        self.back = OvertakenError()
        return Entry(NEW), Entry(OLD)


def shown(html: str) -> str:
    return parse_html(html)[0]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr("bot.application.Retraining", lambda *_rooms, **_options: script)
    monkeypatch.setattr(Choice, "rollback", lambda *asked: script.roll_back(*asked))
    monkeypatch.setattr("bot.conversation.board.EDIT_EVERY", 0.0)
    monkeypatch.setattr("bot.conversation.board.PAUSE", 0.01)
    monkeypatch.setattr("bot.conversation.board.LONGEST_PAUSE", 0.01)
    return script


@pytest.fixture
async def chat(settings: Settings, telegram: Telegram, script: Script) -> AsyncIterator[Chat]:
    async with serving(settings, telegram) as chat:
        yield chat


async def begin(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await until(lambda: script.running is not None)


async def end(chat: Chat, script: Script, outcome: Outcome | Exception) -> str:
    """Let the training end; returns what the last message then says."""
    script.told.put_nowait(outcome)
    await chat.mangosaurus.finished()
    return chat.texts()[-1]


@pytest.mark.parametrize(
    ("words", "lesson"),
    [
        ("dino", DINO),
        ("POEM 10", Lesson("poem", "verse", 10.0)),
        ("dino 0.5", Lesson("dino", "names", 0.5)),
        ("dino 1440", Lesson("dino", "names", 1440.0)),
        ("dino 0.01 FRESH", Lesson("dino", "names", 0.01, fresh=True)),
        ("poem fresh 7", Lesson("poem", "verse", 7.0, fresh=True)),
        ("poem fresh", Lesson("poem", "verse", fresh=True)),
    ],
)
def test_lessons(words: str, lesson: Lesson) -> None:
    assert read_lesson(words.split()) == lesson


@pytest.mark.parametrize(
    "words", ["", "names", "dino 5 minutes", "5 dino", "dino fresh fresh", "fresh", "dino ten", "dino five fresh"]
)
def test_what_cannot_be_trained(words: str) -> None:
    with pytest.raises(ExplainedError) as refusal:
        read_lesson(words.split())
    assert str(refusal.value) == texts.RETRAIN_USAGE


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "1441", "1e9", "0.0001"])
def test_minutes_that_make_no_sense(minutes: str) -> None:
    with pytest.raises(ExplainedError) as refusal:
        read_lesson(["dino", minutes])
    assert str(refusal.value) == texts.minutes_range(1440)


def test_two_trainings_are_two() -> None:
    one, other = read_lesson(["dino"]), read_lesson(["dino"])
    assert one.key != other.key
    assert one.seed != other.seed


async def test_one_message_shows_a_training_from_beginning_to_end(chat: Chat, script: Script) -> None:
    lesson = Lesson("dino", "names", 2.0)
    assert await chat.say("/retrain dino 2", ADMIN) == [shown(texts.training_begins(lesson))]
    assert chat.buttons() == [STOP, CANCEL]
    await script.report(PROGRESS)
    await script.report(PROGRESS)
    assert chat.texts() == [shown(texts.training(lesson, PROGRESS))]
    assert chat.buttons() == [STOP, CANCEL]
    assert await end(chat, script, WORSE) == shown(texts.trained(lesson, WORSE, served=True))
    assert len(chat.texts()) == 1
    assert chat.buttons() == []
    assert script.asked == [lesson]


async def test_the_verdict_is_the_caption_of_the_picture(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    assert await end(chat, script, DRAWN) == shown(texts.trained(DINO, DRAWN, served=True))
    assert chat.texts()[0] == shown(texts.training_over(DINO, DRAWN))
    (photo,) = chat.telegram.sent[1]["photo"]
    assert chat.telegram.files[photo["file_id"]] == DRAWN.picture
    assert chat.telegram.sent[1]["reply_to_message"]["message_id"] == chat.telegram.sent[0]["message_id"]
    assert chat.buttons() == [UNDO]
    assert await chat.mangosaurus.store.interrupted_trainings() == []


@pytest.mark.parametrize("refusal", [Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED"), AWAY])
async def test_without_the_picture_the_verdict_is_told_in_words(
    chat: Chat, telegram: Telegram, script: Script, refusal: Refusal
) -> None:
    await chat.say("/retrain dino", ADMIN)
    telegram.refusals["sendPhoto"].append(refusal)
    assert await end(chat, script, DRAWN) == shown(texts.trained(DINO, DRAWN, served=True))
    assert len(chat.texts()) == 1
    assert chat.buttons() == [UNDO]


async def test_a_promotion_is_undone_once(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await end(chat, script, DRAWN)
    verdict = chat.telegram.sent[-1]
    pressed = dict(verdict)
    assert await chat.press(UNDO, ADMIN) == [shown(texts.undone("dino", OLD))]
    assert buttons(verdict) == []
    assert await chat.press(UNDO, ADMIN, pressed) == []  # twice, before the button has gone
    assert chat.notice == texts.PROMOTION_OVER
    assert script.undone == [("dino", NEW)] * 2


@pytest.mark.parametrize("failure", [CheckpointError("there is no earlier version"), STOPPED])
async def test_an_undo_that_is_not_possible(chat: Chat, script: Script, failure: Exception) -> None:
    await chat.say("/retrain dino", ADMIN)
    await end(chat, script, DRAWN)
    script.back = failure
    assert await chat.press(UNDO, ADMIN) == []
    assert chat.notice == texts.notice(texts.not_changed("dino", str(failure)))
    assert chat.buttons() == [UNDO]


async def test_first_weights_cannot_be_undone(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await end(chat, script, Outcome("dino", True, NEW, 1.5, None, 120.0, picture=b"PNG"))
    assert chat.buttons() == []


async def test_a_training_is_stopped_and_judged(chat: Chat, script: Script) -> None:
    await begin(chat, script)
    assert await chat.press(STOP, ADMIN) == []
    assert chat.notice == texts.TRAINING_CHOICES["finish"]
    await chat.mangosaurus.finished()
    assert "stopped early" in chat.texts()[0]


async def test_a_training_is_cancelled(chat: Chat, script: Script) -> None:
    await begin(chat, script)
    pressed = dict(chat.telegram.sent[0])
    await chat.press(CANCEL, ADMIN)
    assert chat.notice == texts.TRAINING_CHOICES["cancel"]
    await chat.mangosaurus.finished()
    assert chat.texts() == [shown(texts.training_failed(DINO, CANCELLED))]
    assert chat.buttons() == []
    for button in (STOP, CANCEL):
        await chat.press(button, ADMIN, pressed)
        assert chat.notice == texts.TRAINING_OVER
    assert script.told.empty()


async def test_the_buttons_of_an_old_training_do_not_end_a_new_one(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    old = dict(chat.telegram.sent[0])
    await end(chat, script, WORSE)
    await chat.say("/retrain dino", ADMIN)
    await until(lambda: script.running is not None)
    await chat.press(CANCEL, ADMIN, old)
    assert chat.notice == texts.TRAINING_OVER
    assert script.running
    await end(chat, script, WORSE)


@pytest.mark.parametrize("button", [STOP, CANCEL])
async def test_nobody_else_ends_a_training(chat: Chat, script: Script, button: str) -> None:
    await chat.say("/retrain dino", ADMIN, group(-5))
    assert await chat.press(button, BOB) == []
    assert chat.notice == texts.NOT_YOURS
    assert script.told.empty()
    await end(chat, script, DRAWN)
    await chat.press(UNDO, BOB)
    assert chat.notice == texts.NOT_YOURS
    assert script.undone == []


async def test_the_bot_answers_while_it_trains(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    (answer,) = await chat.say("/dino", ADMIN)
    assert answer.split("\n")[0].isalpha()
    await end(chat, script, BETTER)


async def test_a_second_training_is_told_to_wait(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await until(lambda: script.running is not None)
    assert await chat.say("/retrain poem", ADMIN) == [shown(texts.already_training("dino"))]
    await end(chat, script, BETTER)
    assert chat.texts()[0] == shown(texts.trained(DINO, BETTER, served=True))


async def test_of_two_trainings_asked_for_at_once_one_begins(chat: Chat, script: Script) -> None:
    for network in Network:
        chat.telegram.say(f"/retrain {network}", ADMIN)
    await chat.settled()
    await until(lambda: shown(texts.already_training("dino")) in chat.texts())
    await end(chat, script, BETTER)
    assert script.asked == [DINO]
    assert await chat.mangosaurus.store.interrupted_trainings() == []


@pytest.mark.parametrize("reason", Reason)
async def test_a_training_that_fails(chat: Chat, script: Script, reason: Reason) -> None:
    error = RetrainingError(reason, "<b>9</b>")
    await chat.say("/retrain dino", ADMIN)
    assert await end(chat, script, error) == shown(texts.training_failed(DINO, error))


async def test_an_unforeseen_error_is_apologised_for(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    assert await end(chat, script, ZeroDivisionError()) == shown(texts.training_broke(DINO))
    assert len(chat.texts()) == 1
    assert isinstance(chat.errors.pop(), ZeroDivisionError)
    assert chat.buttons() == []
    assert await chat.mangosaurus.store.interrupted_trainings() == []


@pytest.mark.parametrize("refusal", [GONE, Refusal(403, "Forbidden: bot was kicked"), AWAY])
async def test_an_edit_that_fails_does_not_end_a_training(
    chat: Chat, telegram: Telegram, script: Script, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.pacing.RETRIED", 0.0)
    await chat.say("/retrain dino", ADMIN)
    telegram.refusals["editMessageText"].append(refusal)
    await script.report(PROGRESS)
    assert chat.texts() == [shown(texts.training_begins(DINO))]
    telegram.refusals["editMessageText"].append(refusal)
    assert await end(chat, script, BETTER) == shown(texts.trained(DINO, BETTER, served=True))
    assert len(chat.texts()) == (1 if refusal.code == 504 else 2)  # a new message if this one cannot be edited


async def test_last_words_wait_until_telegram_is_back(
    chat: Chat, telegram: Telegram, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.pacing.PAUSE", 0.01)
    await chat.say("/retrain dino", ADMIN)
    telegram.refusals["editMessageText"] += [AWAY] * 20
    await script.report(PROGRESS)
    assert await end(chat, script, BETTER) == shown(texts.trained(DINO, BETTER, served=True))
    assert len(chat.texts()) == 1


async def test_a_group_that_became_a_supergroup_is_told_there(chat: Chat, telegram: Telegram, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN, group(-5))
    await chat.say("/start", ADMIN, group(-1005))
    migrated = Refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1005)
    telegram.refusals["editMessageText"].append(migrated)
    assert await end(chat, script, BETTER) == shown(texts.trained(DINO, BETTER, served=True))
    assert telegram.sent[-1]["chat"]["id"] == -1005
    assert await chat.mangosaurus.store.interrupted_trainings() == []


async def test_a_message_that_somebody_deleted_is_replaced(chat: Chat, telegram: Telegram, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    telegram._messages.clear()
    await script.report(PROGRESS)
    assert await end(chat, script, BETTER) == shown(texts.trained(DINO, BETTER, served=True))


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
    monkeypatch.setattr("bot.conversation.board.EDIT_EVERY", 1000.0)
    await chat.say("/retrain dino", ADMIN)
    for _ in range(5):
        await script.report(PROGRESS)
    assert chat.texts() == [shown(texts.training_begins(DINO))]
    assert await end(chat, script, BETTER) == shown(texts.trained(DINO, BETTER, served=True))


async def test_a_group_is_left_room_for_its_answers(
    chat: Chat, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.board.EDIT_A_GROUP_EVERY", 1000.0)
    for place, edited in ((None, True), (group(-5), False)):
        (message,) = await chat.say("/retrain dino", ADMIN, place)
        await script.report(PROGRESS)
        assert (chat.texts()[-1] != message) == edited
        await end(chat, script, BETTER)


async def test_a_training_is_noted_while_it_runs(chat: Chat, script: Script) -> None:
    await chat.say("/retrain dino", ADMIN)
    await script.report(PROGRESS)
    (noted,) = await chat.mangosaurus.store.interrupted_trainings()
    (lesson,) = script.asked
    message = chat.telegram.sent[-1]
    assert (noted.network, noted.chat_id, noted.message_id) == ("dino", ADMIN.id, message["message_id"])
    assert (noted.key, noted.last_words) == (lesson.key, "")
    await end(chat, script, BETTER)
    assert await chat.mangosaurus.store.interrupted_trainings() == []


async def test_a_new_training_is_not_taken_for_an_interrupted_one(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    """Not even if it is asked for before the bot has started."""
    telegram.say("/retrain dino", ADMIN)
    async with serving(settings, telegram) as chat:
        await chat.settled()
        assert await end(chat, script, BETTER) == shown(texts.trained(DINO, BETTER, served=True))
    assert len(chat.texts()) == 1


async def test_a_training_goes_on_if_the_database_fails(
    chat: Chat, script: Script, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_note: Any) -> None:
        raise StoreError("mangosaurus.db", "it is full")

    for method in ("training_began", "training_concluded", "training_ended"):
        monkeypatch.setattr(Store, method, fail)
    await chat.say("/retrain dino", ADMIN)
    assert await end(chat, script, DRAWN) == shown(texts.trained(DINO, DRAWN, served=True))
    assert "A training was not noted" in caplog.text


async def test_an_administrator_may_train_in_a_group(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino", ADMIN, group(-5)) == [shown(texts.training_begins(DINO))]
    await end(chat, script, BETTER)


async def test_whoever_speaks_for_a_chat_is_no_administrator(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino", chat=group(-5), sender_chat=group(ADMIN.id)) == []
    assert script.asked == []


async def test_to_others_the_command_does_not_exist(chat: Chat, script: Script) -> None:
    assert await chat.say("/retrain dino", BOB) == [texts.UNKNOWN_COMMAND]


async def test_a_network_that_was_missing_needs_a_new_start(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    outcome = Outcome("poem", True, NEW, 1.5, None, 7000.0)
    async with serving(settings, telegram) as chat:
        chat.mangosaurus.writers.pop("poem")
        await chat.say("/retrain poem", ADMIN)
        assert await end(chat, script, outcome) == shown(texts.trained(POEM, outcome, served=False))


async def test_an_incomplete_command_is_explained(chat: Chat) -> None:
    assert await chat.say("/retrain", ADMIN) == [shown(texts.RETRAIN_USAGE)]
