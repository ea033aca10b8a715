"""`/again` and links: the same text for anybody, byte for byte, while the weights that wrote it are on disk."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from bot.creations import Creation, request_for
from bot.words import sentences
from model.text.forms import Genre
from model.writing.requests import Sampling, VerseRequest, generator_for
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, code_in, install, serving, turn_of, untrained

if TYPE_CHECKING:
    from pathlib import Path

    from bot.app import Bot
    from bot.settings import Settings


@pytest.mark.parametrize("length", [0, 1, 3])
def test_the_request_for_a_creation_never_changes(length: int) -> None:
    """Other numbers would change the texts of creations whose codes people have."""
    request = request_for(Creation("k7m2p9x", 1, Genre.POEM, "", 42, 7, "Shall I", 0.8, length=length))
    assert isinstance(request, VerseRequest)
    assert (request.min_characters, request.max_characters, request.max_lines) == (160, 800, 14)
    assert request.parts == length + 1
    assert (request.prompt, request.sampling) == ("Shall I", Sampling(0.8))
    assert request.generator.random() == generator_for(42, 7).random()


@pytest.mark.parametrize("text", ["/dino", "/dino 5 ma", "/poem Shall I compare Thee", '/poem "x "', "恐竜 <b>&"])
async def test_anybody_gets_the_same_again_and_only_the_owner_the_buttons(chat: FakeChat, text: str) -> None:
    original = await chat.ask(text)
    code, bob = code_in(original.html), FakeChat(chat.bot, BOB)
    for way in (f"/again {code}", f"/again {code.upper()}", f"/start {code}"):
        again = await bob.ask(way)
        assert (again.html, again.buttons) == (original.html, [])
        assert await chat.ask(way) == original
    assert await chat.bot.store.creations(BOB) == []
    assert len(await chat.bot.store.creations(ALICE)) == 1


async def test_a_code_alone_or_a_link_to_it_opens_the_creation(chat: FakeChat) -> None:
    original = await chat.ask("/dino")
    code = code_in(original.html)
    for given in (
        code,
        code.upper(),
        f" #{code} ",
        f"https://t.me/mangosaurus_bot?start={code}",
        f"t.me/b?start={code}",
    ):
        assert await chat.ask(given) == original
        assert await chat.ask(f"/again {given}") == original
    assert await chat.ask(f"http://127.0.0.1:8765/#{code}") == original
    assert (await chat.ask("#zzzzzzz")).html == sentences.UNKNOWN_CODE.format("#zzzzzzz")
    assert (await chat.ask("z2z2z2z")).html == sentences.UNKNOWN_CODE.format("z2z2z2z")
    assert (await chat.ask("teacher")).html.startswith("<b>teacher</b>")  # a word that looks like a code
    assert (await chat.ask(f'"{code}"')).html.startswith(f"<b>{code}</b>")


async def test_again_takes_no_turn(chat: FakeChat) -> None:
    code = code_in((await chat.ask("/dino")).html)
    await chat.ask(f"/again {code}")
    assert await turn_of(chat, await chat.ask("/dino")) == 2


async def test_old_weights_write_it_until_they_are_gone(own_settings: Settings, own_checkpoints: Path) -> None:
    async with serving(own_settings) as chat:
        await chat.ask("/seed 42")
        made = [await chat.ask(text) for text in ("/dino 3", "/poem Shall I")]
        await chat.ask("/seed 43")
    old = [checkpoint.version for checkpoint in (chat.bot.shelf.serving["dino"], chat.bot.shelf.serving["poem"])]
    install(own_checkpoints / "dino", untrained("names", seed=2))
    install(own_checkpoints / "poem", untrained("verse", seed=2))
    async with serving(own_settings) as chat:
        for original in [*made, *made]:
            assert await chat.ask(f"/again {code_in(original.html)}") == original
    for network, version in zip(("dino", "poem"), old, strict=True):
        (own_checkpoints / network / f"{version}.safetensors").unlink()
    async with serving(own_settings) as chat:
        for original in made:
            assert (await chat.ask(f"/again {code_in(original.html)}")).html == sentences.GONE
    assert not [thread for thread in threading.enumerate() if thread.name == "decoding"]


async def test_weights_that_serve_need_no_file(own_chat: FakeChat, own_checkpoints: Path) -> None:
    original = await own_chat.ask("/dino")
    (file,) = (own_checkpoints / "dino").glob("*.safetensors")
    file.unlink()
    assert await own_chat.ask(f"/again {code_in(original.html)}") == original


@pytest.mark.parametrize("code", ["zzzzzzz", "k7m2p9", "恐竜", "<b>", "x" * 500, "0000000"])
async def test_unknown_codes(chat: FakeChat, code: str) -> None:
    for command in ("/again", "/start"):
        expected = sentences.UNKNOWN_CODE.format(sentences.cut(code, 40))
        assert (await chat.ask(f"{command} {code}")).html == expected


@pytest.mark.parametrize("text", ["/again", "/again two codes"])
async def test_how_to_ask(chat: FakeChat, text: str) -> None:
    assert (await chat.ask(text)).html == sentences.AGAIN_USAGE


async def test_an_answer_in_a_group_belongs_to_whoever_asked(bot: Bot) -> None:
    group = FakeChat(bot, -5, is_private=False)
    answer = await group.ask("/dino", ALICE)
    assert answer.labels == ["another", "wilder", "tamer", "details"]
    assert (await group.ask(f"/again {code_in(answer.html)}", BOB)).buttons == []
