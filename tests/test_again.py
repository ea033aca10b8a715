"""`/again` and links: the same text for anybody, byte for byte, while the weights that wrote it are on disk."""

from __future__ import annotations

import threading
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.replies import request_for
from bot.handlers.again import read_code
from bot.local.markup import parse_html
from bot.people.records import CODE_CHARACTERS, CODE_LENGTH, Creation
from model.text.forms import Genre
from model.writing.requests import Sampling, VerseRequest, generator_for
from tests.serving import ALICE, BOB, Chat, install, serving, untrained

if TYPE_CHECKING:
    from pathlib import Path

    from bot.local.telegram import Telegram
    from bot.settings import Settings


def content(message: dict[str, Any]) -> dict[str, Any]:
    return {key: deepcopy(message.get(key)) for key in ("text", "entities")}


async def created(chat: Chat, text: str) -> tuple[Creation, dict[str, Any]]:
    """Ask for something; returns its creation, and the message as it was sent."""
    await chat.say(text)
    creation = (await chat.mangosaurus.store.creations(ALICE.id))[-1]
    return creation, content(chat.telegram.sent[-1])


async def again(chat: Chat, code: str) -> dict[str, Any]:
    """Ask for a creation as somebody else."""
    assert len(await chat.say(f"/again {code}", BOB)) == 1
    return content(chat.telegram.sent[-1])


@given(st.text())
def test_any_word_is_a_code_or_explained(word: str) -> None:
    try:
        code = read_code(word.split())
    except ExplainedError:
        return
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(CODE_CHARACTERS)


@pytest.mark.parametrize(("length", "limits"), [(0, (160, 800, 14)), (1, (320, 1600, 28)), (3, (640, 3200, 56))])
def test_the_request_for_a_creation_never_changes(length: int, limits: tuple[int, int, int]) -> None:
    """Other numbers would change the texts of creations whose codes people have."""
    request = request_for(Creation("k7m2p9x", 1, Genre.POEM, "", 42, 7, "Shall I", 0.8, length=length))
    assert isinstance(request, VerseRequest)
    assert (request.min_characters, request.max_characters, request.max_lines) == limits
    assert (request.prompt, request.sampling) == ("Shall I", Sampling(0.8))
    assert request.generator.random() == generator_for(42, 7).random()


@pytest.mark.parametrize("text", ["/dino", "/dino 5 ma", "/poem Shall I compare Thee", '/poem "x "', "恐竜 <b>&"])
async def test_anybody_gets_the_same_again(chat: Chat, text: str) -> None:
    creation, original = await created(chat, text)
    assert await again(chat, creation.code) == original
    assert await again(chat, creation.code.upper()) == original
    await chat.say(f"/start {creation.code}", BOB)
    assert content(chat.telegram.sent[-1]) == original


async def test_only_the_owner_gets_the_buttons(chat: Chat) -> None:
    creation, _ = await created(chat, "/poem Shall I")
    buttons = chat.buttons()
    assert "continue the poem" in buttons
    await chat.say(f"/again {creation.code}")
    assert chat.buttons() == buttons
    await chat.say(f"/again {creation.code}", BOB)
    assert chat.buttons() == []


async def test_again_takes_no_turn_and_makes_no_creation(chat: Chat) -> None:
    for person in (ALICE, BOB):
        await chat.say("/seed 42", person)
    creation, original = await created(chat, "/dino")
    await again(chat, creation.code)
    assert await chat.mangosaurus.store.creations(BOB.id) == []
    await chat.say("/dino", BOB)
    assert chat.texts()[-1].split("\n")[0] == original["text"].split("\n")[0]


async def test_a_creation_outlives_the_seed_and_the_bot(settings: Settings, telegram: Telegram) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/seed 42")
        creation, original = await created(chat, "/poem Shall I")
        await chat.say("/seed 43")
    async with serving(settings, telegram) as chat:
        assert await again(chat, creation.code) == original


async def test_old_weights_write_it_until_they_are_gone(
    own_checkpoints: Path, settings: Settings, telegram: Telegram
) -> None:
    settings = replace(settings, checkpoints=own_checkpoints)
    async with serving(settings, telegram) as chat:
        made = [await created(chat, text) for text in ("/dino 3", "/poem Shall I")]
    install(own_checkpoints / "dino", untrained("names", seed=2))
    install(own_checkpoints / "poem", untrained("verse", seed=2))
    async with serving(settings, telegram) as chat:
        for _ in range(2):
            for creation, original in made:
                assert await again(chat, creation.code) == original
    for creation, _original in made:
        (own_checkpoints / creation.network / f"{creation.version}.safetensors").unlink()
    async with serving(settings, telegram) as chat:
        for creation, _original in made:
            (answer,) = await chat.say(f"/again {creation.code}")
            assert answer.startswith(f"I remember {creation.code}, but the network that wrote it is gone")


async def test_old_weights_leave_no_thread_behind(
    own_checkpoints: Path, settings: Settings, telegram: Telegram
) -> None:
    settings = replace(settings, checkpoints=own_checkpoints)
    async with serving(settings, telegram) as chat:
        creation, original = await created(chat, "/dino")
    install(own_checkpoints / "dino", untrained("names", seed=2))
    async with serving(settings, telegram) as chat:
        assert await again(chat, creation.code) == original
    assert not [thread for thread in threading.enumerate() if thread.name == "decoding"]


async def test_weights_that_serve_need_no_file(own_checkpoints: Path, settings: Settings, telegram: Telegram) -> None:
    async with serving(replace(settings, checkpoints=own_checkpoints), telegram) as chat:
        for text in ("/dino", "/poem Shall I"):
            creation, original = await created(chat, text)
            (own_checkpoints / creation.network / f"{creation.version}.safetensors").unlink()
            assert await again(chat, creation.code) == original


async def test_a_swap_while_the_bot_runs(own_checkpoints: Path, settings: Settings, telegram: Telegram) -> None:
    async with serving(replace(settings, checkpoints=own_checkpoints), telegram) as chat:
        creation, original = await created(chat, "/dino")
        newer = untrained("names", seed=2)
        chat.mangosaurus.writers["dino"].swap(replace(newer, version="f" * 12))
        assert await again(chat, creation.code) == original


@pytest.mark.parametrize("code", ["zzzzzzz", "k7m2p9", "恐竜", "<b>", "x" * 500, "0000000"])
async def test_unknown_codes(chat: Chat, code: str) -> None:
    for command in ("/again", "/start"):
        (answer,) = await chat.say(f"{command} {code}")
        assert answer.startswith(f"I don't know any creation with the code {code[:39]}")


@pytest.mark.parametrize("text", ["/again", "/again two codes"])
async def test_how_to_ask(chat: Chat, text: str) -> None:
    assert await chat.say(text) == [parse_html(texts.AGAIN_USAGE)[0]]


async def test_a_start_without_a_code_is_a_greeting(chat: Chat) -> None:
    assert await chat.say("/start") == [parse_html(texts.START)[0]]
