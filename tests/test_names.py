"""`/dino`: how many names, first letters, and the reply to a wish that makes no sense."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.commands.names import LONGEST_PREFIX, MOST
from bot.words import sentences
from tests.serving import ALICE, install, names_in, serving, uncoded, untrained

if TYPE_CHECKING:
    from pathlib import Path

    from bot.settings import Settings
    from tests.fake_chat import FakeChat


@pytest.mark.parametrize(
    ("words", "count", "prefix"),
    [
        ("", 1, ""),
        ("5", 5, ""),
        ("000000010", MOST, ""),
        ("mango", 1, "mango"),
        ("5 mango", 5, "mango"),
        ("mango 5", 5, "mango"),
        ("007 MANGO", 7, "mango"),
        ("Ægyptø", 1, "aegypto"),
        ("-mango-", 1, "mango"),
        ("<b>", 1, "b"),
        *((three, 3, "") for three in ("٣", "३", "𝟛", "three", "Three")),
        ("ten", MOST, ""),
        ("five mango", 5, "mango"),
        ("1 five", 1, "five"),
    ],
)
async def test_a_number_and_first_letters_in_either_order(chat: FakeChat, words: str, count: int, prefix: str) -> None:
    names = names_in((await chat.ask(f"/dino {words}")).html)
    assert len(set(names)) == count
    assert all(name.startswith(prefix.capitalize()) and name == name.capitalize() for name in names)


@pytest.mark.parametrize(
    "number", ["0", "-1", "11", "1e9", "½", "²", "5.0", "9" * 400, "0000000005", "1_0", "mango5", "٠", "0x10"]
)
async def test_numbers_that_are_none(chat: FakeChat, number: str) -> None:
    assert (await chat.ask(f"/dino {number}")).html == sentences.HOW_MANY.format(MOST)


@pytest.mark.parametrize("words", ["5 5", "1 2 3", "5 mango 5"])
async def test_too_many_words(chat: FakeChat, words: str) -> None:
    assert (await chat.ask(f"/dino {words}")).html == sentences.DINO_USAGE


@pytest.mark.parametrize("words", ["Mango saurus", "5 mango saurus"])
async def test_two_words(chat: FakeChat, words: str) -> None:
    assert (await chat.ask(f"/dino {words}")).html == "One word, please: <code>/dino mango</code>."


@pytest.mark.parametrize("word", ["恐竜", "🦖", "<>", "&!" * 30, "m" * (LONGEST_PREFIX + 1)])
async def test_letters_that_no_name_begins_with(chat: FakeChat, word: str) -> None:
    expected = sentences.FIRST_LETTERS.format(sentences.cut(word, 40), LONGEST_PREFIX)
    assert (await chat.ask(f"/dino {word}")).html == expected


async def test_what_a_reply_says(chat: FakeChat) -> None:
    await chat.ask("/seed 42")
    answer = await chat.ask("/dino")
    assert re.fullmatch(r"<b>[A-Z][a-z]+</b>\n\n<a>[2-9a-z]{7}</a>", answer.html)
    answer = await chat.ask("/DINO 3 ma")
    *lines, _, small = answer.html.split("\n")
    assert [re.fullmatch(r"<b>Ma[a-z]*</b>", line) is not None for line in lines] == [True] * 3
    assert re.fullmatch("<a>[2-9a-z]{7}</a>", small)


async def test_a_wrong_number_takes_no_turn(chat: FakeChat) -> None:
    shown = []
    for wrong in (False, True):
        await chat.ask("/seed 42")
        if wrong:
            await chat.ask("/dino 0")
        shown.append(uncoded((await chat.ask("/dino")).html))
    assert shown[0] == shown[1]


async def test_letters_that_lead_nowhere(own_settings: Settings, own_checkpoints: Path) -> None:
    endless = untrained("names")
    endless.language_model.parameters["b_y"][endless.vocabulary.newline] = -100
    install(own_checkpoints / "dino", endless)
    async with serving(own_settings) as chat:
        assert (await chat.ask("/dino mango")).html == sentences.NO_NEW_NAME_WITH.format("mango")
        assert (await chat.ask("/dino")).html == sentences.NO_TEXT["dino"]
        assert await chat.bot.store.creations(ALICE) == []


async def test_a_name_that_exists_is_never_given_and_that_is_said(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    faithful = untrained("names")
    faithful.language_model.parameters["b_y"][faithful.vocabulary.newline] = 100
    install(own_checkpoints / "dino", faithful)
    async with serving(own_settings) as chat:
        assert "never give one that I know to exist" in (await chat.ask("/dino mangosaurus")).html
