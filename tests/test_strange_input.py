"""Strange input to the whole bot: a sane answer or silence, never an error, and only the text of the sender.

`serving` sees to it that nothing unforeseen happens in any of these.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from telegram import Update

from bot.conversation import texts
from bot.local.contents import LONGEST_TEXT
from bot.local.markup import command_entities, parse_html, units
from bot.local.telegram import Person, group
from bot.values import Secret
from tests.serving import ALICE, BOB, Chat, names_in, serving

if TYPE_CHECKING:
    from bot.local.contents import Json
    from bot.local.telegram import Telegram
    from bot.settings import Settings

EMOJI = "🦖" * 2048 + "é" * 2048
CHANNEL = {"id": -100, "type": "channel", "title": "News"}


def shown(html: str) -> str:
    return parse_html(html)[0]


@pytest.mark.parametrize(
    "text",
    [
        "שלום עולם",
        "\u202egnirts\u202c a reversed one",
        "<b>bold</b> &amp; <script>alert(1)</script>",
        "</b></i></code>",
        "*bold* _italic_ [link](http://example.org) `code` ||spoiler||",
        "a\u200bb\u200dc\ufeffd\u2060",
        "Z̸̡a̷l̶g̵o̸ c̴o̶m̷e̶s̸",
        "line one\nline two\n\nline four",
        "\u0000 nothing",
        "{0} %s {username} $HOME",
        "' OR 1=1; DROP TABLE people; --",
    ],
)
async def test_lines_stay_word_for_word(chat: Chat, telegram: Telegram, text: str) -> None:
    for way in (text, f"/poem {text}"):
        (answer,) = await chat.say(way)
        assert answer.startswith(text)
        entities = [entity for entity in telegram.sent[-1]["entities"] if entity["type"] != "bot_command"]
        assert [entity["type"] for entity in entities] == ["bold", "italic", "code"]
        assert entities[0]["offset"] == 0
        assert entities[0]["length"] == units(text)


@pytest.mark.parametrize("line", ["a\0b", "\ud800 nothing", "\ufdd0\\x00"])
async def test_lines_that_a_database_cannot_hold_as_they_are(
    settings: Settings, telegram: Telegram, database: str, line: str
) -> None:
    server = Secret(database) if "://" in database else None
    async with serving(replace(settings, postgresql=server), telegram) as chat:
        (answer,) = await chat.say(f"/poem {line}")
        assert answer.startswith(line)
        (creation,) = await chat.mangosaurus.store.creations(ALICE.id)
        assert await chat.say(f"/again {creation.code}") == [answer]
        assert len(await chat.say("/export")) == 1
        (content,) = telegram.files.values()
        assert json.loads(content)["creations"][0]["prompt"] == line


@pytest.mark.parametrize("text", ["/poem", "/poem  ", "/poem \n\n", '/poem " "', "/poem \u200b\u200d", '/poem "\n\n"'])
async def test_lines_that_are_none(chat: Chat, text: str) -> None:
    assert await chat.say(text) == [shown(texts.POEM_USAGE)]


@pytest.mark.parametrize("text", [" ", "\n\n\n", "\u200b", "\u202e\u202c", "\ufeff"])
async def test_a_message_of_nothing(chat: Chat, text: str) -> None:
    """Telegram does not deliver blanks; a library or another server might."""
    await chat.say("/start")
    message = {"message_id": 7, "date": 1, "chat": ALICE.chat(), "from": ALICE.user(), "text": text}
    assert await chat.post(message=message) == [shown(texts.POEM_USAGE)]


@pytest.mark.parametrize("text", [EMOJI, f"/poem {EMOJI}"[:4096]])
async def test_a_message_as_long_as_can_be(chat: Chat, text: str) -> None:
    line = text.removeprefix("/poem ")
    assert await chat.say(text) == [texts.line_too_long(len(line), 200)]


async def test_a_message_as_long_as_can_be_for_the_others(chat: Chat) -> None:
    for command in ("dino", "seed", "again", "settings", "about", "help", "start", "nothing"):
        for text in (f"/{command} {EMOJI}", f"/{command} {'9' * 4000}", f"/{command} {'a b ' * 1000}"):
            (answer,) = await chat.say(text[:4096])
            assert 0 < units(answer) < 1000


@pytest.mark.parametrize("number", ["0", "-1", "11", "1e9", "9" * 400, "½", "²", "1.5", "0x10", "٠"])
async def test_numbers_out_of_range(chat: Chat, number: str) -> None:
    assert await chat.say(f"/dino {number}") == [shown(texts.how_many(10))]


@pytest.mark.parametrize("number", ["٣", "३", "3", "003", "𝟛"])
async def test_three_in_any_script(chat: Chat, number: str) -> None:
    (answer,) = await chat.say(f"/dino {number}")
    assert len(names_in(answer)) == 3


async def test_commands_in_captions_are_no_text(chat: Chat) -> None:
    await chat.say("/start")
    photo = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
    for caption in ("/dino", "/poem Shall I", "Shall I"):
        content = {"photo": photo, "caption": caption, "caption_entities": command_entities(caption)}
        message = {"message_id": 7, "date": 1, "chat": ALICE.chat(), "from": ALICE.user(), **content}
        assert await chat.post(message=message) == [texts.ONLY_TEXT]
        assert await chat.post(message={**message, "chat": group(-5)}) == []


@pytest.mark.parametrize("kind", ["channel_post", "edited_channel_post", "edited_message"])
@pytest.mark.parametrize(
    "text", ["/dino", "/poem Shall I", "/settings", "/seed 4", "/forget", "/again k7m2p9x", "Shall I"]
)
async def test_posts_and_edits_are_not_answered(chat: Chat, kind: str, text: str) -> None:
    sender = {"sender_chat": CHANNEL} if "channel" in kind else {"from": ALICE.user()}
    place = CHANNEL if "channel" in kind else ALICE.chat()
    message = {"message_id": 7, "date": 1, "chat": place, "text": text, "entities": command_entities(text), **sender}
    before = await chat.say("/seed")
    application = chat.mangosaurus.application
    await application.process_update(
        Update.de_json({"update_id": 1, kind: {**message, "edit_date": 2}}, application.bot)
    )
    assert len(chat.texts()) == 1
    assert await chat.say("/seed") == before


async def test_forwarded_commands_and_replies_are_requests_of_their_sender(chat: Chat) -> None:
    await chat.say("/seed 42")
    origin = {"type": "user", "sender_user": BOB.user(), "date": 1}
    (answer,) = await chat.say("/dino", forward_origin=origin)
    assert "seed 42, turn 1 " in answer
    replied = {"message_id": 3, "date": 1, "chat": ALICE.chat(), "from": BOB.user(), "text": "/dino 9"}
    (answer,) = await chat.say("/dino", reply_to_message=replied)
    assert "seed 42, turn 2 " in answer
    assert len(names_in(answer)) == 1
    (answer,) = await chat.say("Shall I", reply_to_message=replied)
    assert answer.startswith("Shall I")


async def test_writing_in_the_name_of_a_chat(chat: Chat) -> None:
    """An anonymous administrator, and a channel that writes in its discussion group: Telegram hides the person."""
    hidden, linked = Person(1087968824, "Group"), Person(136817688, "Channel")
    for person, sender in ((hidden, group(-5)), (linked, CHANNEL)):
        await chat.say("/seed 42", person, group(-5), sender_chat=sender)
        for command in ("/dino", "/poem Shall I"):
            (answer,) = await chat.say(command, person, group(-5), sender_chat=sender)
            assert "seed 42, turn 1 " in answer
        assert len(await chat.say("/settings", person, group(-5), sender_chat=sender)) == 1


async def test_commands_without_entities_are_neither_commands_nor_lines(chat: Chat) -> None:
    await chat.say("/start")
    message = {"message_id": 7, "date": 1, "chat": ALICE.chat(), "from": ALICE.user(), "text": "/dino"}
    assert await chat.post(message=message) == [texts.UNKNOWN_COMMAND]


@pytest.mark.parametrize(
    "content",
    [
        {"sticker": {"file_id": "x", "file_unique_id": "y", "type": "regular", "width": 1, "height": 1,
                     "is_animated": False, "is_video": False}},
        {"location": {"latitude": 0.0, "longitude": 0.0}},
        {"dice": {"emoji": "🎲", "value": 6}},
        {"contact": {"phone_number": "1", "first_name": "x"}},
    ],
)  # fmt: skip
async def test_what_is_no_text(chat: Chat, content: Json) -> None:
    await chat.say("/start")
    message: dict[str, Any] = {"message_id": 7, "date": 1, "chat": ALICE.chat(), "from": ALICE.user(), **content}
    assert await chat.post(message=message) == [texts.ONLY_TEXT]


@given(text=st.text(min_size=1, max_size=300).filter(str.strip))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_after_any_command(chat: Chat, text: str) -> None:
    for command in ("", "/dino ", "/poem ", "/seed ", "/again "):
        for answer in await chat.say(command + text):
            assert 0 < units(answer) <= LONGEST_TEXT
            assert "went wrong" not in answer or "went wrong" in text


@given(data=st.text(max_size=64))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_data_of_a_button(chat: Chat, data: str) -> None:
    await chat.say("/start")
    message = {"message_id": 1, "date": 1, "chat": ALICE.chat(), "text": "x"}
    query = {"id": "forged", "from": ALICE.user(), "chat_instance": "1", "data": data, "message": message}
    await chat.post(callback_query=query)
    assert chat.telegram.queries.answers.pop("forged")["text"]


@given(text=st.text(max_size=256))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_inline(chat: Chat, text: str) -> None:
    query = chat.telegram.inline(text, ALICE)
    await chat.settled()
    assert query in chat.telegram.queries.answers
