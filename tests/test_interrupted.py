"""Trainings that a stop or a crash ended: they are offered at the next start, and go on or are dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bot.conversation import texts
from bot.conversation.board import LAST_TRIES
from bot.people.records import Training
from bot.people.store import Store

from tests.serving import ADMIN, BOB, serving, until
from tests.test_retrain import (
    AWAY,
    BETTER,
    DINO,
    DRAWN,
    DROP,
    GO_ON,
    GONE,
    POEM,
    PROGRESS,
    STOPPED,
    Script,
    end,
    script,
    shown,
)

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.training.lessons import Lesson
    from bot.writing.folders import Folders
    from bot.writing.voices import Voice

    from bot.settings import Settings

__all__ = ["script"]

OFFERED = shown(texts.training_offered(POEM, 0.5))
LOST = shown(texts.training_lost("poem"))


async def crash(settings: Settings, telegram: Telegram, script: Script, *, left: bool = True) -> Lesson:
    """Leave what a bot leaves that was killed during a training: its note, its message, and maybe a folder."""
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain poem", ADMIN)
        await script.report(PROGRESS)
        message = dict(telegram.sent[0])
        (note,) = await chat.mangosaurus.store.interrupted_trainings()
        await end(chat, script, BETTER)
    script.told.get_nowait()  # of the stop, which found nothing to end
    telegram.sent[0].clear()
    telegram.sent[0].update(message)
    await put(settings, note)
    lesson = script.asked.pop()
    if left:
        script.left[lesson.key] = (lesson, 0.5)
    return lesson


async def put(settings: Settings, note: Training) -> None:
    store = Store(settings.database)
    await store.open()
    await store.training_began(note)
    await store.close()


async def restarted(settings: Settings, telegram: Telegram) -> list[str]:
    async with serving(settings, telegram) as chat:
        await chat.mangosaurus.finished()
    return chat.texts()


async def notes(settings: Settings) -> list[Training]:
    store = Store(settings.database)
    await store.open()
    try:
        return await store.interrupted_trainings()
    finally:
        await store.close()


async def test_a_bot_that_stops_says_so_and_offers_to_go_on(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain poem", ADMIN)
        await until(lambda: script.running is not None)
    assert chat.texts() == [shown(texts.training_failed(POEM, STOPPED))]
    (lesson,) = script.asked
    script.left[lesson.key] = (lesson, 0.5)
    assert await restarted(settings, telegram) == [OFFERED]


async def test_a_training_goes_on_in_its_message(settings: Settings, telegram: Telegram, script: Script) -> None:
    lesson = await crash(settings, telegram, script)
    async with serving(settings, telegram) as chat:
        await until(lambda: chat.texts() == [OFFERED])
        assert chat.buttons() == [GO_ON, DROP]
        await chat.press(GO_ON, ADMIN)
        assert chat.notice == texts.TRAINING_CHOICES["on"]
        await script.report(PROGRESS)
        assert script.asked == [lesson]
        assert (script.asked[0].key, script.asked[0].seed) == (lesson.key, lesson.seed)
        assert chat.texts() == [shown(texts.training(POEM, PROGRESS))]
        await end(chat, script, DRAWN)
    assert chat.texts()[0] == shown(texts.training_over(POEM, DRAWN))
    assert await notes(settings) == []


async def test_a_training_is_offered_at_each_start_until_somebody_decides(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    lesson = await crash(settings, telegram, script)
    for _ in range(2):
        assert await restarted(settings, telegram) == [OFFERED]
    async with serving(settings, telegram) as chat:
        await until(lambda: chat.buttons() == [GO_ON, DROP])
        pressed = dict(telegram.sent[0])
        await chat.press(DROP, ADMIN)
        assert chat.texts() == [shown(texts.TRAINING_DROPPED)]
        assert lesson.key not in script.left
        assert chat.buttons() == []
        await chat.press(GO_ON, ADMIN, pressed)
        assert chat.notice == texts.NOTHING_TO_GO_ON
    assert await restarted(settings, telegram) == [shown(texts.TRAINING_DROPPED)]


async def test_two_presses_at_once_go_on_once(settings: Settings, telegram: Telegram, script: Script) -> None:
    lesson = await crash(settings, telegram, script)
    async with serving(settings, telegram) as chat:
        await until(lambda: chat.buttons() == [GO_ON, DROP])
        for _ in range(3):
            telegram.press(telegram.sent[0], GO_ON, ADMIN)
        await chat.settled()
        await script.report(PROGRESS)
        assert chat.texts() == [shown(texts.training(POEM, PROGRESS))]
        assert script.asked == [lesson]
        assert [note.key for note in await chat.mangosaurus.store.interrupted_trainings()] == [lesson.key]
        await end(chat, script, BETTER)


async def test_others_decide_nothing(settings: Settings, telegram: Telegram, script: Script) -> None:
    lesson = await crash(settings, telegram, script)
    async with serving(settings, telegram) as chat:
        await until(lambda: chat.buttons() == [GO_ON, DROP])
        for button in (GO_ON, DROP):
            await chat.press(button, BOB)
            assert chat.notice == texts.NOT_YOURS
    assert lesson.key in script.left
    assert script.asked == []


async def test_a_training_waits_for_the_one_that_runs(settings: Settings, telegram: Telegram, script: Script) -> None:
    await crash(settings, telegram, script)
    async with serving(settings, telegram) as chat:
        await until(lambda: chat.buttons() == [GO_ON, DROP])
        offer = dict(telegram.sent[0])
        await chat.say("/retrain dino", ADMIN)
        await until(lambda: script.running is not None)
        await chat.press(GO_ON, ADMIN, offer)
        assert chat.notice == texts.notice(texts.already_training("dino"))
        await end(chat, script, BETTER)
        await chat.press(GO_ON, ADMIN, offer)
        await until(lambda: [lesson.network for lesson in script.asked] == ["dino", "poem"])
        await end(chat, script, BETTER)


async def test_what_another_process_goes_on_with_is_not_offered(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    lesson = await crash(settings, telegram, script)
    script.busy.add(lesson.key)
    assert await restarted(settings, telegram) == [shown(texts.training(POEM, PROGRESS))]
    script.busy.clear()
    async with serving(settings, telegram) as chat:
        await until(lambda: chat.buttons() == [GO_ON, DROP])
        script.busy.add(lesson.key)
        for button in (GO_ON, DROP):
            await chat.press(button, ADMIN)
            assert chat.notice == texts.TRAINING_ELSEWHERE


async def test_a_training_of_which_nothing_is_left_is_told_in_its_message(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    await crash(settings, telegram, script, left=False)
    assert telegram.sent[0]["text"] == shown(texts.training(POEM, PROGRESS))
    assert await restarted(settings, telegram) == [LOST]
    assert await notes(settings) == []


@pytest.mark.parametrize("removed", [True, False])
async def test_of_a_voice_its_name_is_told(
    own_settings: Settings, telegram: Telegram, script: Script, folders: Folders, pokemon: Voice, removed: bool
) -> None:
    async with serving(own_settings, telegram) as chat:
        await chat.say("/start", ADMIN)
    await put(own_settings, Training(pokemon.network, ADMIN.id, telegram.sent[0]["message_id"], "k7m2p9xa"))
    if removed:
        folders.voices.remove(pokemon.id)
    told = shown(texts.VOICE_GONE if removed else texts.training_lost("pokemon"))
    assert await restarted(own_settings, telegram) == [told]


@pytest.mark.parametrize("left", [True, False])
async def test_if_its_message_is_gone_a_new_one_tells(
    settings: Settings, telegram: Telegram, script: Script, left: bool
) -> None:
    await crash(settings, telegram, script, left=left)
    telegram.refusals["editMessageText"].append(GONE)
    _, new = await restarted(settings, telegram)
    assert new == (OFFERED if left else LOST)
    assert [note.message_id for note in await notes(settings)] == [telegram.sent[1]["message_id"]] * left
    assert len(await restarted(settings, telegram)) == 2


async def test_what_cannot_be_told_at_a_start_is_told_when_telegram_is_back(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    await crash(settings, telegram, script, left=False)
    telegram.refusals["editMessageText"] += [AWAY] * 10
    assert await restarted(settings, telegram) == [LOST]


async def test_the_verdict_that_a_stopping_bot_could_not_tell_is_told_at_the_next_start(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain dino", ADMIN)
        telegram.refusals["editMessageText"] += [AWAY] * 1000
        script.told.put_nowait(BETTER)
        await until(lambda: len(telegram.refusals["editMessageText"]) < 999)
    assert chat.texts() == [shown(texts.training_begins(DINO))]
    telegram.refusals["editMessageText"].clear()
    assert await restarted(settings, telegram) == [shown(texts.trained(DINO, BETTER, served=True))]
    assert await notes(settings) == []


async def test_a_stop_that_could_not_be_told_is_told_at_the_next_start(
    settings: Settings, telegram: Telegram, script: Script
) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/retrain poem", ADMIN)
        telegram.refusals["editMessageText"] += [AWAY] * LAST_TRIES
    assert chat.texts() == [shown(texts.training_begins(POEM))]
    assert await restarted(settings, telegram) == [LOST]
