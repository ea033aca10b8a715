"""`/forget` and `/export`: who is asked, who may answer, and what is deleted or sent."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation import texts
from bot.handlers.privacy import as_file
from bot.local.contents import Refusal
from bot.local.markup import parse_html
from bot.local.telegram import Person, group
from bot.people.limits import Rate
from tests.serving import ALICE, BOB, Chat, serving

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.settings import Settings


ANONYMOUS, CHANNEL = Person(1087968824, "Group"), Person(136817688, "Channel")
"""The senders that Telegram names in place of people who write as a group or a channel."""
GROUP = group(-5)


def shown(html: str) -> str:
    return parse_html(html)[0]


async def kept(chat: Chat, person: Person = ALICE) -> dict[str, Any]:
    return await chat.mangosaurus.store.export(person.id)


async def asked(chat: Chat) -> dict[str, Any]:
    """Let Alice use the bot and then ask to be forgotten; returns the question as it was sent."""
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
        assert (await chat.say(f"/again {code}"))[0].startswith("I don't know any creation")


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
    assert chat.texts()[-1] == texts.QUESTION_TOO_OLD
    assert (await kept(chat))["person"]


@pytest.mark.parametrize("button", [texts.FORGET_YES, texts.FORGET_NO])
async def test_a_press_that_telegram_has_forgotten_meanwhile_is_carried_out(chat: Chat, button: str) -> None:
    await asked(chat)
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    chat.telegram.refusals["answerCallbackQuery"].append(Refusal(400, too_old))
    chat.telegram.press(chat.telegram.sent[-1], button, ALICE)
    await chat.settled()
    assert chat.texts()[-1] == (texts.FORGET_DONE if button == texts.FORGET_YES else texts.FORGET_KEPT)


async def test_a_forgetting_that_is_not_shown_is_told_by_the_button(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.pacing.RETRIED", 0.0)
    await asked(chat)
    chat.telegram.refusals["editMessageText"].append(Refusal(504, "Gateway Timeout"))
    await chat.press(texts.FORGET_YES)
    chat.errors.clear()
    assert chat.notice == texts.NOT_SHOWN
    await chat.press(texts.FORGET_YES)
    assert chat.texts()[-1] == texts.FORGET_DONE


async def test_exports_count_as_answers(settings: Settings, telegram: Telegram) -> None:
    async with serving(replace(settings, rate_limit=Rate(2, 60)), telegram) as chat:
        assert await chat.say("/export") == await chat.say("/export") == [texts.EXPORT_CAPTION]
        (refusal,) = await chat.say("/export")
        assert refusal == texts.too_many(30)


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


@pytest.mark.parametrize("command", ["/forget", "/export", "/forget group", "/export group"])
async def test_a_channel_is_asked_to_speak_for_itself(chat: Chat, command: str) -> None:
    """The bot can neither see who is behind it nor ask Telegram for its administrators."""
    channel = {"id": -1007, "type": "channel", "title": "News"}
    assert await chat.say(command, CHANNEL, GROUP, sender_chat=channel) == [texts.AS_YOURSELF]


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
    assert await chat.say("/export", ALICE, GROUP) == [shown(texts.EXPORT_PRIVATELY)]
    assert chat.telegram.files == {}


async def owned_by_the_group(chat: Chat) -> dict[str, Any]:
    """Use the bot in the name of a group whose administrator is Alice; returns what is kept of it."""
    chat.telegram.administrators[-5] = [ALICE]
    for text in ("/seed 42", "/dino", "/poem Shall I"):
        await chat.say(text, ANONYMOUS, GROUP, sender_chat=GROUP)
    return await chat.mangosaurus.store.export(-5)


@pytest.mark.parametrize(("command", "speaker"), [("/forget", ANONYMOUS), ("/forget GROUP", ALICE)])
async def test_an_administrator_has_a_group_forgotten(chat: Chat, command: str, speaker: Person) -> None:
    assert (await owned_by_the_group(chat))["person"]["dino_turns"] == 1
    await chat.say("/dino", ALICE)
    sender = {"sender_chat": GROUP} if speaker is ANONYMOUS else {}
    assert await chat.say(command, speaker, GROUP, **sender) == [texts.FORGET_GROUP_QUESTION]
    assert chat.buttons() == [texts.FORGET_GROUP_YES, texts.FORGET_NO]
    await chat.press(1, BOB)
    assert chat.notice == texts.ADMINS_ONLY
    assert (await chat.mangosaurus.store.export(-5))["person"]
    await chat.press(1, ALICE)
    assert chat.texts()[-1] == texts.FORGET_GROUP_DONE
    assert (await chat.mangosaurus.store.export(-5))["person"] is None
    assert (await kept(chat, ALICE))["person"]


async def test_an_administrator_keeps_a_group(chat: Chat) -> None:
    before = await owned_by_the_group(chat)
    await chat.say("/forget group", ALICE, GROUP)
    await chat.press(texts.FORGET_NO, ALICE)
    assert chat.texts()[-1] == texts.FORGET_KEPT
    assert await chat.mangosaurus.store.export(-5) == before


async def test_an_administrator_gets_the_export_of_a_group_in_private(chat: Chat) -> None:
    owned = await owned_by_the_group(chat)
    await chat.say("/start", ALICE)
    sent = await chat.say("/export group", ALICE, GROUP)
    assert sent == [shown(texts.export_group_caption("A group")), texts.EXPORT_GROUP_SENT]
    document, said = chat.telegram.sent[-2:]
    assert (document["chat"]["id"], said["chat"]["id"]) == (ALICE.id, -5)
    assert document["document"]["file_name"] == "mangosaurus-5.json"
    assert list(chat.telegram.files.values()) == [as_file(owned)]


async def test_an_anonymous_administrator_shows_who_they_are_by_a_button(chat: Chat) -> None:
    await owned_by_the_group(chat)
    await chat.say("/start", ALICE)
    assert await chat.say("/export", ANONYMOUS, GROUP, sender_chat=GROUP) == [texts.EXPORT_GROUP_QUESTION]
    assert chat.buttons() == [texts.EXPORT_GROUP_BUTTON]
    assert await chat.press(1, BOB) == []
    assert chat.notice == texts.ADMINS_ONLY
    assert await chat.press(1, ALICE) == [shown(texts.export_group_caption("A group"))]
    assert chat.notice == texts.EXPORT_GROUP_SENT
    assert chat.telegram.sent[-1]["chat"]["id"] == ALICE.id


async def test_an_administrator_whom_the_bot_cannot_write_to_reads_why(chat: Chat) -> None:
    await owned_by_the_group(chat)
    assert await chat.say("/export group", ALICE, GROUP) == [texts.EXPORT_GROUP_NOT_SENT]
    await chat.say("/export", ANONYMOUS, GROUP, sender_chat=GROUP)
    chat.telegram.refusals["sendDocument"].append(Refusal(403, "Forbidden: bot was blocked by the user"))
    assert await chat.press(1, ALICE) == []
    assert chat.notice == texts.EXPORT_GROUP_NOT_SENT


@pytest.mark.parametrize("command", ["/forget group", "/export group"])
async def test_a_groups_data_is_for_its_administrators(chat: Chat, command: str) -> None:
    await owned_by_the_group(chat)
    await chat.say("/start", BOB)
    assert await chat.say(command, BOB, GROUP) == [texts.ADMINS_ONLY]
    assert await chat.say(command, BOB) == [texts.IN_THE_GROUP]
    assert chat.telegram.files == {}


async def test_a_button_of_one_group_does_not_work_in_another(chat: Chat) -> None:
    await owned_by_the_group(chat)
    chat.telegram.administrators[-6] = [BOB]
    await chat.say("/forget", ANONYMOUS, group(-6), sender_chat=group(-6))
    question = deepcopy(chat.telegram.sent[-1])
    question["reply_markup"]["inline_keyboard"][0][0]["callback_data"] = "1:forget:yes:-5"
    await chat.press(1, BOB, message=question)
    assert chat.notice == texts.FORGET_NOT_YOURS
    assert (await chat.mangosaurus.store.export(-5))["person"]
