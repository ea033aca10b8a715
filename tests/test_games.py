"""`/today` and `/guess` on other days and with other weights. Their chats are in tests/chats/."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.commands import games
from bot.commands.games import FAMOUS, little_known
from bot.settings import Settings
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


def test_the_real_ones_are_dinosaurs_that_few_know() -> None:
    famous = FAMOUS.read_text(encoding="ascii").split()
    assert {*famous} <= {*DINOSAURS.read_text(encoding="ascii").split()}
    assert not {*little_known()} & {*famous, *fossils()}
    assert len(little_known()) > 1000
