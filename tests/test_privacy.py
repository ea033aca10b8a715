"""`/forget` and `/export`: who is asked, who may answer, and what is left."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation import texts
from bot.handlers.privacy import as_file, question_buttons
from bot.local.contents import Refusal
from bot.local.telegram import Person, group
from bot.people.limits import Rate
from tests.serving import ALICE, BOB, Chat, serving

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.settings import Settings


async def kept(chat: Chat, person: Person = ALICE) -> dict[str, Any]:
    return await chat.mangosaurus.store.export(person.id)


async def asked(chat: Chat) -> dict[str, Any]:
    """Have something kept of Alice, and let her ask to be forgotten; returns the question as it was sent."""
    for text in ("/seed 42", "/dino", "/poem Shall I"):
        await chat.say(text)
    await chat.mangosaurus.store.set_preferences(ALICE.id, mood="wild")
    assert await chat.say("/forget") == [texts.FORGET_QUESTION]
    assert chat.buttons() == [texts.FORGET_YES, texts.FORGET_NO]
    return deepcopy(chat.telegram.sent[-1])


async def test_yes_deletes_everything_of_that_person_alone(chat: Chat) -> None:
    await chat.say("/seed 7", BOB)
    await chat.say("/dino", BOB)
    others = await kept(chat, BOB)
    await asked(chat)
    codes = [creation["code"] for creation in (await kept(chat))["creations"]]
    assert await chat.press(texts.FORGET_YES) == []
    assert chat.texts()[-1] == texts.FORGET_DONE
    assert chat.buttons() == []
    assert await kept(chat) == {"person": None, "preferences": {"mood": "bold", "names": 1}, "creations": []}
    assert await kept(chat, BOB) == others
    for code in codes:
        assert (await chat.say(f"/again {code}"))[0].startswith("I know no creation")


async def test_no_keeps_everything(chat: Chat) -> None:
    await asked(chat)
    before = await kept(chat)
    await chat.press(texts.FORGET_NO)
    assert chat.texts()[-1] == texts.FORGET_KEPT
    assert chat.buttons() == []
    assert await kept(chat) == before


@pytest.mark.parametrize("button", [1, 2])
async def test_nobody_else_may_press(chat: Chat, button: int) -> None:
    await asked(chat)
    before = await kept(chat)
    await chat.press(button, BOB)
    assert chat.notice == texts.FORGET_NOT_YOURS
    assert await kept(chat) == before
    assert chat.buttons() == [texts.FORGET_YES, texts.FORGET_NO]


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 2)])
async def test_pressed_twice(chat: Chat, first: int, second: int) -> None:
    question = await asked(chat)
    for button in (first, second):
        assert await chat.press(button, message=question) == []
    assert chat.texts()[-1] == (texts.FORGET_DONE if second == 1 else texts.FORGET_KEPT)
    assert ((await kept(chat))["person"] is None) == (first == 1)


async def test_pressed_after_a_restart(settings: Settings, telegram: Telegram) -> None:
    async with serving(settings, telegram) as chat:
        await asked(chat)
    async with serving(settings, telegram) as chat:
        await chat.press(1)
        assert chat.texts()[-1] == texts.FORGET_DONE
        assert (await kept(chat))["person"] is None


async def test_pressed_too_late(chat: Chat) -> None:
    await asked(chat)
    chat.telegram.sent[-1]["date"] = int(time.time()) - 3700
    await chat.press(1)
    assert chat.texts()[-1] == texts.FORGET_TOO_OLD
    assert (await kept(chat))["person"]


@pytest.mark.parametrize("button", [texts.FORGET_YES, texts.FORGET_NO])
async def test_a_press_that_telegram_has_forgotten_meanwhile_is_carried_out(chat: Chat, button: str) -> None:
    await asked(chat)
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    chat.telegram.refusals["answerCallbackQuery"].append(Refusal(400, too_old))
    chat.telegram.press(chat.telegram.sent[-1], button, ALICE)
    await chat.settled()
    assert chat.texts()[-1] == (texts.FORGET_DONE if button == texts.FORGET_YES else texts.FORGET_KEPT)


async def test_a_forgetting_that_is_not_shown_is_told_by_the_button(chat: Chat) -> None:
    await asked(chat)
    chat.telegram.refusals["editMessageText"].append(Refusal(502, "Bad Gateway"))
    await chat.press(texts.FORGET_YES)
    chat.errors.clear()
    assert chat.notice == texts.NOT_SHOWN
    await chat.press(texts.FORGET_YES)
    assert chat.texts()[-1] == texts.FORGET_DONE


async def test_exports_count_as_answers(settings: Settings, telegram: Telegram) -> None:
    async with serving(replace(settings, rate_limit=Rate(2, 60)), telegram) as chat:
        assert await chat.say("/export") == await chat.say("/export") == [texts.EXPORT_CAPTION]
        (refusal,) = await chat.say("/export")
        assert refusal.startswith("You are faster than I can dream.")


async def test_a_question_that_is_deleted_meanwhile(chat: Chat) -> None:
    question = await asked(chat)
    chat.telegram.refusals["editMessageText"].append(Refusal(400, "Bad Request: message to edit not found"))
    await chat.press(1, message=question)
    assert (await kept(chat))["person"] is None


@pytest.mark.parametrize("data", ["1:forget:yes:", "1:forget:yes:101x", "1:forget:yes:101\n", "2:forget:yes:101"])
async def test_forged_data_forgets_nobody(chat: Chat, data: str) -> None:
    question = await asked(chat)
    question["reply_markup"]["inline_keyboard"][0][0]["callback_data"] = data
    await chat.press(1, message=question)
    assert (await kept(chat))["person"]


async def test_in_a_group_only_the_person_who_asked_may_press(chat: Chat) -> None:
    await chat.say("/seed 42")
    assert await chat.say("/forget", ALICE, group(-5)) == [texts.FORGET_QUESTION]
    await chat.press(1, BOB)
    assert chat.notice == texts.FORGET_NOT_YOURS
    await chat.press(1, ALICE)
    assert (await kept(chat))["person"] is None


async def test_nobody_is_forgotten_in_the_name_of_a_chat(chat: Chat) -> None:
    hidden = Person(1087968824, "Group")
    assert await chat.say("/forget", hidden, group(-5), sender_chat=group(-5)) == [texts.FORGET_AS_YOURSELF]


@pytest.mark.parametrize("person", [1, 2**52, -(2**52)])
def test_the_buttons_fit(person: int) -> None:
    rows = question_buttons(person).inline_keyboard
    assert all(len(str(button.callback_data).encode()) <= 64 for row in rows for button in row)


async def test_an_export_is_a_file_with_everything(chat: Chat) -> None:
    await chat.say("/seed 42")
    await chat.say("/poem Ünïcödé <b>")
    assert await chat.say("/export") == [texts.EXPORT_CAPTION]
    document = chat.telegram.sent[-1]["document"]
    assert document["file_name"] == f"mangosaurus-{ALICE.id}.json"
    content = chat.telegram.files[document["file_id"]].decode()
    assert "Ünïcödé <b>" in content
    assert content.encode() == as_file(await kept(chat))


async def test_an_export_counts_turns_as_the_chat_does(chat: Chat) -> None:
    await chat.say("/seed 42")
    answers = [*await chat.say("/dino"), *await chat.say("/dino"), *await chat.say("/poem Shall I")]
    await chat.say("/export")
    (content,) = chat.telegram.files.values()
    export = json.loads(content)
    turns = [(creation["code"], f"turn {creation['turn']} ") for creation in export["creations"]]
    assert [turn for _, turn in turns] == ["turn 1 ", "turn 2 ", "turn 1 "]
    assert all(turn + code in answer for (code, turn), answer in zip(turns, answers, strict=True))
    assert (export["person"]["dino_turns"], export["person"]["poem_turns"]) == (2, 1)


async def test_an_export_of_nothing(chat: Chat) -> None:
    await chat.say("/export")
    (content,) = chat.telegram.files.values()
    assert json.loads(content)["creations"] == []


async def test_an_export_is_not_shown_to_a_group(chat: Chat) -> None:
    assert await chat.say("/export", ALICE, group(-5)) == [texts.EXPORT_PRIVATELY]
    assert chat.telegram.files == {}
