"""`/today` and `/guess` on other days and with other weights. Their chats are in tests/chats/."""

import asyncio
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.commands import games
from bot.commands.games import FAMOUS, little_known
from bot.settings import Settings
from bot.words import sentences
from model.text.sources import DINOSAURS, fossils
from tests.fake_chat import FakeChat
from tests.serving import BOB, install, serving, untrained


async def test_days_and_rounds_outlive_new_weights_and_a_restart(
    own_settings: Settings,
    own_checkpoints: Path,
    pictures: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The released version draws the dinosaur of the day, by the date in UTC."""

    def it_is(time: str) -> None:
        now = datetime.fromisoformat(time)
        monkeypatch.setattr(games, "datetime", SimpleNamespace(now=now.astimezone))

    it_is("2026-11-28T23:59:00+00:00")
    async with serving(own_settings) as chat:
        released = chat.bot.shelf.serving["dino"].version
        (own_checkpoints / "dino" / "released").write_text(released)
        day, guess = await chat.ask("/today"), await chat.ask("/guess")
        newer = install(own_checkpoints / "dino", untrained("names", seed=2))
        await chat.bot.shelf.use("dino", newer)
    async with serving(own_settings) as chat:
        bob = FakeChat(chat.bot, BOB)
        again = await bob.ask("/today")
        assert (again.message, again.file and again.file[1]) == (day.message, pictures[0].encode())
        answers = [await bob.ask(row[0].line) for row in guess.buttons]
        assert sorted(answer.text.split()[0] for answer in answers) == [
            "No,",
            "No,",
            "No,",
            "Right,",
        ]
        assert all(label in answers[0].text for label in guess.labels)
        it_is("2026-11-29T00:01:00+01:00")  # in London it is not midnight yet
        assert (await bob.ask("/today")).message == day.message
        it_is("2026-11-29T00:00:00+00:00")
        other = await bob.ask("/today")
        assert other.text.startswith("The dinosaur of 29 November 2026")
        assert other.code != day.code
        assert await bob.bot.store.creations(BOB) == []


@pytest.mark.parametrize("error", [OSError("resvg ended with 1"), TimeoutError()])
async def test_what_cannot_be_drawn(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(_svg: str) -> bytes:
        raise error

    monkeypatch.setattr("bot.cards.png_of", fail)
    day = await chat.ask("/today")
    assert day.names
    assert day.file is None
    for say in (chat.ask("/me Anna"), chat.press("card")):
        assert (await say).message == sentences.NOT_DRAWN
    assert chat.messages[1].names


async def test_cards_are_drawn_one_at_a_time(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = 0

    async def slowly(_svg: str) -> bytes:
        nonlocal drawing
        drawing += 1
        await asyncio.sleep(0)
        assert drawing == 1
        drawing -= 1
        return b"a picture"

    monkeypatch.setattr("bot.cards.png_of", slowly)
    chats = [FakeChat(chat.bot, 1000 + number) for number in range(5)]
    await asyncio.gather(*(each.ask("/today") for each in chats))
    assert all(each.messages[0].file for each in chats)


def test_the_real_ones_are_dinosaurs_that_few_know() -> None:
    famous = FAMOUS.read_text(encoding="ascii").split()
    assert {*famous} <= {*DINOSAURS.read_text(encoding="ascii").split()}
    assert not {*little_known()} & {*famous, *fossils()}
    assert len(little_known()) > 1000
