"""Inline mode: what is offered while somebody types. It takes no turn."""

import asyncio
from typing import Any

import pytest

from bot.asks import Typed
from bot.commands.inline import NAMES
from bot.creations import Creation
from bot.shelf import Shelf
from bot.writer import Text
from tests.fake_chat import FakeChat
from tests.serving import ALICE, uncoded, until


async def test_one_word_is_offered_names_that_begin_so(chat: FakeChat) -> None:
    for word in ("Mango", ""):
        offers = await chat.type(word)
        assert len({offer.title for offer in offers}) == NAMES
        for offer in offers:
            assert offer.title.startswith(word)
            assert offer.description == "new"
            assert offer.html == f"<b>{offer.title}</b>"


async def test_anything_but_the_beginning_of_a_name_is_offered_nothing(chat: FakeChat) -> None:
    for text in (
        "Shall I compare <b>thee",
        "😀",
        "Shall\u00a0I",
        "x" * 21,
        "\u200b",
        "\u00a0 \u00ad",
    ):
        assert await chat.type(text) == [], text


async def test_typing_takes_no_turn_and_the_same_words_offer_the_same(
    chat: FakeChat, bob: FakeChat
) -> None:
    await chat.ask("/seed 42")
    expected = await chat.ask("/dino")
    await chat.ask("/seed 42")
    offers = [await chat.type("ma") for _ in range(2)]
    assert offers[0] == offers[1]
    assert uncoded((await chat.ask("/dino")).html) == uncoded(expected.html)
    assert len(await chat.bot.store.creations(ALICE)) == 2
    for seed, is_same in ((42, True), (43, False)):
        await bob.ask(f"/seed {seed}")
        assert (await bob.type("ma") == offers[0]) == is_same


async def test_only_the_newest_of_what_is_typed_is_offered(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, go_on = Shelf.write, {prompt: asyncio.Event() for prompt in ("Shall I", "m", "ma")}
    begun: list[str] = []

    async def slow(shelf: Shelf, creation: Creation, watch: Any = None) -> Text:
        begun.append(creation.prompt)
        await go_on[creation.prompt].wait()
        return await write(shelf, creation, watch)

    monkeypatch.setattr(Shelf, "write", slow)
    poem = asyncio.create_task(chat.ask("/poem Shall I"))
    await until(lambda: begun)
    older = chat.bot.ask(Typed(person=ALICE, chat=chat, text="m"))
    await until(lambda: "m" in begun)
    newer = chat.bot.ask(Typed(person=ALICE, chat=chat, text="ma"))
    await older  # cancelled by the newer one
    assert chat.offers == []
    go_on["ma"].set()
    await newer
    assert chat.offers[0][0].title.startswith("Ma")
    assert not poem.done()
    go_on["Shall I"].set()
    assert "Shall I" in (await poem).html


async def test_a_failure_offers_nothing(chat: FakeChat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> Text:
        raise ZeroDivisionError

    monkeypatch.setattr(Shelf, "write", fail)
    assert await chat.type("ma") == []
    assert chat.bot.tally.errors == {"ZeroDivisionError": 1}
    chat.bot.tally.errors.clear()
