"""Buttons: each says its line for whoever presses it, and is released once."""

import asyncio
from pathlib import Path

import pytest

from bot.chat import Explained
from bot.creations import TEMPERATURES, Creation, Text, wilder
from bot.settings import Settings
from bot.words import admins, layout, sentences
from model.text.forms import USUAL_TEMPERATURE, Genre
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, Slow, install, serving, turn_of, until, untrained


def test_a_button_says_at_most_64_bytes() -> None:
    """Telegram takes no more."""
    version, voice = "0" * 12, "k7m2p9xb4q"  # each voice has an id, however long its name is
    poem = Creation("k7m2p9xb4q", ALICE, Genre.POEM, version, 0, 0, "", 0.65)
    below = layout.buttons_below(poem, Text(("and",)))
    for row in [*below, *admins.below_use(voice, "verse", version, version)]:
        assert all(len(button.line.encode()) <= 64 for button in row)


def test_wilder_goes_on_from_the_usual_temperatures() -> None:
    assert {*USUAL_TEMPERATURE.values()} < {*TEMPERATURES}
    assert [*map(wilder, TEMPERATURES)] == [*TEMPERATURES[1:], None]


@pytest.mark.parametrize(
    ("voice", "opens"), [("stars", "k7m2p9xb4q"), ("", "name-dooa")], ids=["voice", "dinosaurs"]
)
def test_the_link_of_a_card_opens_what_the_card_shows(voice: str, opens: str) -> None:
    """The card of a voice has all its names, which are no dinosaurs."""
    names = Creation("k7m2p9xb4q", ALICE, Genre.DINO, "0" * 12, 0, 0, "", 1.0, 2, voice=voice)
    assert layout.share_button(names, Text(("dooa", "ela"))).opens == opens


async def test_three_presses_at_once_are_one_ask_for_each_person(group: FakeChat) -> None:
    message = await group.ask("/dino", ALICE)
    presses = (ALICE, BOB, ALICE, BOB, ALICE)
    await asyncio.gather(*(group.press("another", person, message) for person in presses))
    assert group.released == [""] * 5
    assert len(group.messages) == 3
    turns = [len(await group.bot.store.creations(person)) for person in (ALICE, BOB)]
    assert turns == [2, 1]
    await group.press("another", ALICE, message)  # a press after the answer is another ask
    assert await turn_of(group, group.messages[-1]) == 3


async def test_a_button_is_released_before_earlier_asks_are_answered_and_fails_in_the_chat(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.ask("/dino")
    slow = Slow(monkeypatch)
    earlier = asyncio.create_task(chat.ask("/poem Shall I"))
    await until(lambda: slow.begun)
    press = asyncio.create_task(chat.press("another"))
    await until(lambda: chat.released)
    assert chat.released == [""]
    assert len(chat.messages) == 1

    async def fail(*_: object) -> Text:
        raise Explained(sentences.GONE)

    monkeypatch.setattr("bot.shelf.Shelf.write", fail)
    slow.go_on.set()
    await asyncio.gather(earlier, press)
    assert chat.messages[-1].message == sentences.GONE
    assert chat.released == [""]


async def test_a_poem_is_continued_three_times_at_most(chat: FakeChat) -> None:
    poem = await chat.ask("/poem Shall I compare thee")
    for _ in range(3):
        longer = await chat.press("continue", message=poem)
        assert longer.text_without_code.startswith(poem.text_without_code)
        poem = longer
    assert "continue" not in poem.labels
    assert (await chat.ask(f"/continue {poem.code}")).message == sentences.LONGEST_POEM


async def test_after_a_restart_a_poem_goes_on_by_its_weights_and_another_has_the_new_ones(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    async with serving(own_settings) as chat:
        poem = await chat.ask("/poem Shall I compare thee")
        newer = install(own_checkpoints / "poem", untrained("verse", seed=2))
        await chat.bot.shelf.use("poem", newer)
    async with serving(own_settings) as again:
        again.messages = chat.messages
        longer = await again.press("continue", message=poem)
        assert longer.text_without_code.startswith(poem.text_without_code)
        other = await again.press("another", message=poem)
        made = {each.version for each in await again.bot.store.creations(ALICE)}
        assert newer in made
        assert len(made) == 2
        assert await turn_of(again, other) == 2
        assert (await again.ask(f"/again {poem.code}")).message == poem.message
