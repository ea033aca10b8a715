"""Inline mode: what is offered while somebody types. It takes no turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.handlers.inline import LONGEST_LINE, NAMES, VERSES, is_name
from bot.writing.writer import Busy, Writer
from tests.serving import ALICE, BOB, Chat, uncoded, until

if TYPE_CHECKING:
    from bot.local.telegram import Person, Telegram
    from bot.writing.desk import Text, Watch
    from model.writing.requests import Request


async def offered(chat: Chat, text: str, person: Person = ALICE, offset: str = "") -> dict[str, Any]:
    query = chat.telegram.inline(text, person, offset)
    await chat.settled()
    return chat.telegram.queries.answers[query]


def messages(answer: dict[str, Any]) -> list[str]:
    return [result["message"]["text"] for result in answer["results"]]


@pytest.mark.parametrize(
    ("line", "name"), [("", True), ("mango", True), ("恐竜", True), ("ok.", False), ("a b", False), ("x" * 21, False)]
)
def test_names_and_lines(line: str, name: bool) -> None:
    assert is_name(line) == name


@given(st.text())
def test_any_text_is_one_of_both(text: str) -> None:
    assert is_name(text) in (True, False)


async def test_names_that_begin_so(chat: Chat) -> None:
    answer = await offered(chat, "Mango")
    assert (answer["is_personal"], answer["cache_time"]) == (True, 60)
    titles = [result["title"] for result in answer["results"]]
    assert len(set(titles)) == NAMES
    for title, result in zip(titles, answer["results"], strict=True):
        assert title.startswith("Mango")
        assert result["description"].startswith("new; the closest name I know is Mangosaurus, ")
        text = result["message"]["text"]
        assert text.startswith(f"{title}\nnew; ")
        assert "turn" not in text
        assert "reply_markup" not in result["message"]


@pytest.mark.parametrize("text", ["Shall I compare <b>thee", "Alas!", "😀", "  Shall I "])
async def test_verse_that_continues_a_line(chat: Chat, text: str) -> None:
    answer = await offered(chat, text)
    found = messages(answer)
    assert len(set(found)) == VERSES
    assert all(message.startswith(text.strip()) for message in found)
    assert not any(", turn " in message for message in found)


async def test_typing_takes_no_turn_and_the_same_words_offer_the_same(chat: Chat) -> None:
    await chat.say("/seed 42")
    (expected,) = await chat.say("/dino")
    await chat.say("/seed 42")
    first, again = await offered(chat, "ma"), await offered(chat, "ma")
    assert messages(first) == messages(again)
    await offered(chat, "shall i")
    assert uncoded(*await chat.say("/dino")) == uncoded(expected)
    assert len(await chat.mangosaurus.store.creations(ALICE.id)) == 2
    await chat.say("/seed 42", BOB)
    assert messages(await offered(chat, "ma", BOB)) == messages(first)
    await chat.say("/seed 43", BOB)
    assert messages(await offered(chat, "ma", BOB)) != messages(first)


@pytest.mark.parametrize("text", ["x" * 250, "\u200b", "\u00a0 \u00ad"])
async def test_nothing_to_offer(chat: Chat, text: str) -> None:
    answer = await offered(chat, text)
    assert (answer["results"], answer["cache_time"]) == ([], 0)


@pytest.mark.parametrize(
    "text", ["my love \U0001f469\u200d\U0001f680 flies", "Shall\u00a0I compare thee", "x" * LONGEST_LINE]
)
async def test_every_line_with_something_to_see_has_verse(chat: Chat, text: str) -> None:
    answer = await offered(chat, text)
    assert len(messages(answer)) == VERSES
    assert all(message.startswith(text) for message in messages(answer))


async def test_there_is_no_second_page(chat: Chat) -> None:
    assert (await offered(chat, "ma", offset="5"))["results"] == []


async def test_a_full_queue_offers_nothing(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(self: Writer, request: Request, *watch: Watch | None) -> Text:
        raise Busy("9 requests are waiting already")

    monkeypatch.setattr(Writer, "write", full)
    answer = await offered(chat, "ma")
    assert (answer["results"], answer["cache_time"]) == ([], 0)


async def test_only_the_newest_of_what_is_typed_is_written(
    chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, begun, go_on = Writer.write, asyncio.Event(), asyncio.Event()

    async def slow(self: Writer, request: Request, *watch: Watch | None) -> Text:
        begun.set()
        await go_on.wait()
        return await write(self, request, *watch)

    monkeypatch.setattr(Writer, "write", slow)
    older = telegram.inline("m", ALICE)
    await begun.wait()
    newer, of_bob = telegram.inline("ma", ALICE), telegram.inline("m", BOB)
    await telegram.fetched()
    go_on.set()
    await chat.settled()
    assert older not in telegram.queries.answers
    assert messages(telegram.queries.answers[newer])
    assert messages(telegram.queries.answers[of_bob])


async def test_typing_does_not_wait_for_a_poem(chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    write, go_on = Writer.write, asyncio.Event()

    async def slow(self: Writer, request: Request, *watch: Watch | None) -> Text:
        if self is chat.mangosaurus.writers["poem"]:
            await go_on.wait()
        return await write(self, request, *watch)

    monkeypatch.setattr(Writer, "write", slow)
    telegram.say("/poem Shall I", ALICE)
    query = telegram.inline("ma", ALICE)
    await until(lambda: query in telegram.queries.answers)
    go_on.set()
    await chat.settled()
    assert chat.texts()[0].startswith("Shall I")


async def test_an_offer_that_is_sent(chat: Chat, telegram: Telegram) -> None:
    query = telegram.inline("ma", ALICE)
    await chat.settled()
    message = telegram.choose(query, "0", ALICE)
    await chat.settled()
    assert message["text"].startswith("Ma")
    assert chat.texts() == []
