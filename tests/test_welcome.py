"""`/start`, `/help`, `/about`, and what no other room answers."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from bot.conversation import texts
from bot.local.markup import parse_html
from bot.local.telegram import group
from tests.serving import ADMIN, ALICE, Chat

UNKNOWN = texts.UNKNOWN_COMMAND


async def test_hello(chat: Chat) -> None:
    assert await chat.say("/start") == [parse_html(texts.START)[0]]


async def test_about(chat: Chat) -> None:
    (answer,) = await chat.say("/about")
    for writer in chat.mangosaurus.writers.values():
        assert f"version {writer.checkpoint.version}, 3.000 nats per character" in answer
    assert "1 names" in answer


async def test_help_shows_administrators_their_command(chat: Chat) -> None:
    shown, _ = parse_html(texts.help_for("mangosaurus_bot", is_admin=False))
    assert "@mangosaurus_bot mango" in shown
    assert await chat.say("/help") == [shown]
    (answer,) = await chat.say("/help", ADMIN)
    assert "/retrain" in answer


@pytest.mark.parametrize("text", ["/dance", "/dinosaur", "/retrain dino", "/retrain@mangosaurus_bot dino", "/DANCE x"])
async def test_a_command_that_does_not_exist(chat: Chat, text: str) -> None:
    assert await chat.say(text) == [UNKNOWN]


@pytest.mark.parametrize("text", ["/dino@other_bot", "/dance@other_bot", "/poem@other_bot Shall I"])
async def test_commands_for_another_bot_are_ignored(chat: Chat, text: str) -> None:
    assert await chat.say(text) == []
    assert await chat.say(text, chat=group(-5)) == []


async def test_silence_in_groups(chat: Chat) -> None:
    for text in ("/dance", "/retrain dino", "hello", "/dance@mangosaurus_bot"):
        assert await chat.say(text, chat=group(-5)) == []
    assert await chat.say("/start", chat=group(-5)) != []


async def test_a_picture_is_no_text(chat: Chat) -> None:
    photo = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
    message = {"message_id": 7, "date": 1, "chat": ALICE.chat(), "from": ALICE.user(), "photo": photo}
    entities = [{"type": "bot_command", "offset": 0, "length": 5}]
    await chat.say("/start")
    assert await chat.post(message=message) == [texts.ONLY_TEXT]
    captioned = message | {"caption": "/dino", "caption_entities": entities}
    assert await chat.post(message=captioned) == [texts.ONLY_TEXT]
    assert await chat.post(message=captioned | {"chat": group(-5)}) == []


@pytest.mark.parametrize("text", ["/nope", "/", "//", "/ dino", "/größe", "/nope@mangosaurus_bot", "/1", "/\nShall I"])
async def test_what_begins_with_a_slash_is_no_line(chat: Chat, text: str) -> None:
    assert await chat.say(text) == [UNKNOWN]
    assert await chat.say(text, chat=group(-5)) == []


@pytest.mark.parametrize("line", ["and/or", "#1", "#x", "1/2 of it", "@all", "?/"])
async def test_what_only_looks_odd_is_a_line(chat: Chat, line: str) -> None:
    (answer,) = await chat.say(line)
    assert answer.startswith(line)
    (answer,) = await chat.say('"/ in quotes"')
    assert answer.startswith("/ in quotes")


async def test_a_service_message_is_not_answered(chat: Chat) -> None:
    pinned = {"message_id": 7, "date": 1, "chat": ALICE.chat(), "from": ALICE.user(), "group_chat_created": True}
    assert await chat.post(message=pinned) == []


async def test_other_updates_are_not_answered(chat: Chat) -> None:
    poll = {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False, "is_anonymous": True}
    poll |= {"type": "regular", "allows_multiple_answers": False, "members_only": False}
    poll |= {"allows_revoting": False}
    application = chat.mangosaurus.application
    await application.process_update(Update.de_json({"update_id": 1, "poll": poll}, application.bot))
    assert chat.texts() == []


async def test_an_album_is_answered_once(chat: Chat) -> None:
    def album(name: str) -> list[dict[str, Any]]:
        photo = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
        about = {"date": 1, "chat": ALICE.chat(), "from": ALICE.user(), "photo": photo, "media_group_id": name}
        return [{"message_id": number} | about for number in range(3)]

    await chat.say("/start")
    for name in ("1234", "1235"):
        answers = [await chat.post(message=picture) for picture in album(name)]
        assert answers == [[texts.ONLY_TEXT], [], []]
