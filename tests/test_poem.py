"""`/poem` and plain text: the line word for word, the verse behind it, and what is no line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.lines import LONGEST_LINE
from bot.handlers.poem import read_line
from bot.local.markup import parse_html
from bot.local.telegram import group
from tests.serving import ALICE, Chat

USAGE, _ = parse_html(texts.POEM_USAGE)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" Shall I compare thee", "Shall I compare thee"),
        (' "Forsooth this maketh no sense "', "Forsooth this maketh no sense "),
        (" “Forsooth ”", "Forsooth "),
        (" „Ach ”", "Ach "),
        (" „Ach “", "Ach "),
        (" « Hélas »", " Hélas "),
        (' "To be" or "not to be"', '"To be" or "not to be"'),
        (' "', '"'),
        (' "open', '"open'),
        ("\nOne line,\nand another", "One line,\nand another"),
        (' "kept\n"', "kept\n"),
        (" É😀 <b>&amp;</b>", "É😀 <b>&amp;</b>"),
        (" " + "x" * LONGEST_LINE, "x" * LONGEST_LINE),
    ],
)
def test_lines(text: str, line: str) -> None:
    assert read_line(text) == line


@pytest.mark.parametrize("text", ["", " ", "\n\n", '""', '" "', '"\n\n"', "\u200b\u200d\ufeff", "“ ”", "\u202e\u202c"])
def test_nothing_to_continue(text: str) -> None:
    with pytest.raises(ExplainedError) as caught:
        read_line(text)
    assert str(caught.value) == texts.POEM_USAGE


def test_a_line_that_is_too_long() -> None:
    with pytest.raises(ExplainedError, match="has 4,096 characters, and I can take up to 200"):
        read_line("😀" * 4096)


@given(st.text())
def test_any_text_is_a_line_or_explained(text: str) -> None:
    try:
        line = read_line(text)
    except ExplainedError:
        return
    assert line in text
    assert len(line) <= LONGEST_LINE


@pytest.mark.parametrize(
    "line",
    [
        "Shall I compare thee",
        "ÉTOILE & <b>bold</b> <i>&lt;",
        "a😀b👩‍👩‍👧 c",
        "</b><script>alert('x')</script>",
        "One line,\nand another",
    ],
)
async def test_the_line_stands_word_for_word_in_bold_and_verse_follows(chat: Chat, line: str) -> None:
    (answer,) = await chat.say(f"/poem {line}")
    assert answer.startswith(line)
    assert len(answer) > len(line) + 100
    entity, small, code = (one for one in chat.telegram.sent[0]["entities"] if one["type"] != "bot_command")
    assert (small["type"], code["type"]) == ("italic", "code")
    assert entity == {"type": "bold", "offset": 0, "length": len(line.encode("utf-16-le")) // 2}


async def test_a_space_at_the_end_counts_in_quotes(chat: Chat) -> None:
    line = "Forsooth this maketh no sense "
    (answer,) = await chat.say(f'/poem "{line}"')
    assert answer.startswith(line)
    await chat.say("/seed 1")
    (with_space,) = await chat.say(f'/poem "{line}"')
    await chat.say("/seed 1")
    (without,) = await chat.say(f"/poem {line}")
    assert with_space.removeprefix(line) != without.removeprefix(line.rstrip())


@pytest.mark.parametrize("line", ["שלום עולם", "😀", "恐竜"])
async def test_what_the_network_cannot_read_gets_verse_below(chat: Chat, line: str) -> None:
    (answer,) = await chat.say(f"/poem {line}")
    assert answer.startswith(line + "\n")


@pytest.mark.parametrize("line", ["Shall I compare thee 🦕", "Shall I compare thee 123"])
async def test_verse_keeps_off_what_the_network_cannot_read(chat: Chat, line: str) -> None:
    await chat.say("/seed 1")
    (answer,) = await chat.say(f"/poem {line}")
    await chat.say("/seed 1")
    (read,) = await chat.say('/poem "Shall I compare thee "')
    verse, _small = read.removeprefix("Shall I compare thee").rsplit("\n\n", 1)
    assert answer.startswith(f"{line}{verse}\n\n")


async def test_plain_text_is_a_line(chat: Chat) -> None:
    (answer,) = await chat.say("When I do count the clock")
    assert answer.startswith("When I do count the clock")


async def test_no_line(chat: Chat) -> None:
    assert await chat.say("/poem") == [USAGE]
    assert await chat.say('/poem " "') == [USAGE]


async def test_thousands_of_emoji(chat: Chat) -> None:
    assert await chat.say("😀" * 4096) == [texts.line_too_long(4096, 200)]


async def test_a_command_in_the_middle_is_part_of_the_line(chat: Chat) -> None:
    (answer,) = await chat.say("I said /dino to thee")
    assert answer.startswith("I said /dino to thee")


@pytest.mark.parametrize(
    "kind", ["edited_message", "channel_post", "edited_channel_post", "business_message", "edited_business_message"]
)
async def test_what_is_no_new_message_is_ignored(chat: Chat, kind: str) -> None:
    message: dict[str, Any] = {
        "message_id": 1,
        "date": 1,
        "chat": ALICE.chat(),
        "text": "/poem Shall I",
        "edit_date": 2,
    }
    message["entities"] = [{"type": "bot_command", "offset": 0, "length": 5}]
    if "channel" in kind:
        message["chat"] = {"id": -100, "type": "channel", "title": "News"}
        message["sender_chat"] = message["chat"]
    else:
        message["from"] = ALICE.user()
    application = chat.mangosaurus.application
    for text in ("/poem Shall I", "Shall I"):
        update = Update.de_json({"update_id": 1, kind: {**message, "text": text}}, application.bot)
        await application.process_update(update)
    assert await chat.post(**{kind: message}) == []


async def test_a_forwarded_line_is_a_line(chat: Chat) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "W. S.", "date": 1}
    (answer,) = await chat.say("From fairest creatures", forward_origin=origin)
    assert answer.startswith("From fairest creatures")


async def test_plain_text_in_a_group_is_ignored(chat: Chat) -> None:
    assert await chat.say("Shall I compare thee", chat=group(-5)) == []
    (answer,) = await chat.say("/poem Shall I compare thee", chat=group(-5))
    assert answer.startswith("Shall I compare thee")


async def test_what_was_chosen_inline_is_no_line(chat: Chat) -> None:
    via = {"id": 7, "is_bot": True, "first_name": "Mangosaurus", "username": "mangosaurus_bot"}
    assert await chat.say("Mangosaurus\nnew", via_bot=via) == []
    assert len(await chat.say("Mangosaurus")) == 1
