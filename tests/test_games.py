"""`/me`, `/today` and `/guess`: dinosaurs that are the same for everybody, and real ones among
those of the bot."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.chat import NotSent
from bot.commands import games
from bot.commands.games import FAMOUS, little_known
from bot.commands.names import LONGEST_PREFIX
from bot.settings import Settings
from bot.words import sentences
from model.text.sources import DINOSAURS, fossils
from model.weights.versions import Versions
from tests.fake_chat import FakeChat, Message
from tests.serving import ADMIN, ALICE, BOB, code_in, install, names_in, serving, uncoded, untrained
from tests.telegram.request import visiting
from tests.telegram.server import Server

pytestmark = pytest.mark.usefixtures("pictures", "rounds")


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every run of a test play the same rounds."""
    numbers = count()
    monkeypatch.setattr(games, "secrets", SimpleNamespace(randbelow=lambda _: next(numbers)))


@contextmanager
def at(day: str) -> Iterator[None]:
    """Let it be noon of a day, in UTC."""
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(games, "datetime", SimpleNamespace(now=noon.astimezone))
        yield


# Names and days


async def test_every_anna_is_the_same_dinosaur(
    chat: FakeChat, bob: FakeChat, settings: Settings
) -> None:
    """Whatever their seeds, turns and moods are, and after a restart. It takes no turn."""
    await bob.ask("/seed 7")
    await bob.ask("/settings wild 5")
    await bob.ask("/dino")
    await chat.ask("/me Anna")
    name, card = chat.messages
    assert names_in(name.html)[0].startswith("Anna")
    assert name.html.startswith("Here's Anna as a dinosaur:")
    assert card.html == f"<a>{code_in(name.html)}</a>"
    assert card.file
    assert card.file[0] == f"{names_in(name.html)[0].lower()}-{code_in(name.html)}.png"
    anna = uncoded(name.html).partition("\n\n")[2]
    async with serving(settings) as again:
        for other, text in (
            (bob, "/me ÁNNA"),
            (bob, "/me anna Maria"),
            (FakeChat(again.bot, BOB), "/me 🦕 A.n.n.a"),
        ):
            await other.ask(text)
            assert uncoded(other.messages[-2].html).partition("\n\n")[2] == anna
    for text, beginning in (("/me", anna), ("/me Bob", "<b>Bob")):
        await bob.ask(text, name="Anna ✨")
        assert bob.messages[-2].html.partition("\n\n")[2].startswith(beginning)
    assert [(await chat.bot.store.person(person)).dino_turns for person in (ALICE, BOB)] == [0, 1]
    await chat.press("another", message=name)  # this takes one
    assert names_in(name.html)[0].startswith("Anna")
    assert (await chat.bot.store.person(ALICE)).dino_turns == 1
    await chat.ask("/export")
    exported = json.loads(chat.messages[-1].file[1]) if chat.messages[-1].file else {}
    assert [made["prompt"] for made in exported["creations"]] == ["anna", "anna"]


async def test_a_name_that_cannot_begin_one(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await chat.ask("/me")).html == sentences.ME_WHO
    refused = sentences.ME_NAME.format(LONGEST_PREFIX)
    for name in ("Анна", "🦕", "李", "x" * (LONGEST_PREFIX + 1)):
        assert (
            (await chat.ask(f"/me {name}")).html
            == (await chat.ask("/me", name=name)).html
            == refused
        )
    assert (await chat.ask("/me", name="Hitler")).html == refused
    assert (await chat.ask(f"/me {'x' * LONGEST_PREFIX}")).html != refused


async def test_the_dinosaur_of_a_day_is_one_for_all(
    own_settings: Settings, own_checkpoints: Path, pictures: list[str]
) -> None:
    """The version that came with the program draws it, and it stays when those who asked are
    forgotten."""
    versions = Versions(own_checkpoints / "dino")
    (own_checkpoints / "dino" / "released").write_text(versions.current())
    async with serving(own_settings) as chat:
        with at("2026-11-28"):
            first = (await chat.ask("/today")).html
        await chat.ask("/forget yes")
    assert "The dinosaur of 28 November 2026" in first
    install(own_checkpoints / "dino", untrained("names", seed=2))
    async with serving(own_settings) as bob:
        await bob.ask("/settings wild 5")
        with at("2026-11-28"):
            second = await bob.ask("/today")
        assert (second.html, second.file and second.file[1], second.labels) == (
            first,
            pictures[0].encode(),
            [],
        )
        assert uncoded((await bob.ask(f"/again {code_in(first)}")).html) in first
        with at("2026-11-29"):
            other = (await bob.ask("/today")).html
        assert names_in(other) != names_in(first)
        assert code_in(other) != code_in(first)
        assert (await bob.bot.store.person(BOB)).dino_turns == 0
        assert await bob.bot.store.creations(BOB) == []
    assert len(pictures) == 3


async def test_a_card_that_cannot_be_drawn(chat: FakeChat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_svg: str) -> bytes:
        raise OSError("resvg ended with 1")

    monkeypatch.setattr("bot.cards.png_of", fail)
    day = await chat.ask("/today")
    assert (day.html.startswith("The dinosaur of"), day.file) == (True, None)
    await chat.ask("/me Anna")
    assert [len(names_in(chat.messages[-2].html)), chat.messages[-1].html] == [
        1,
        sentences.NOT_DRAWN,
    ]


# Guesses


def real(message: Message) -> str:
    (found,) = {label.lower() for label in message.labels} & {*little_known()}
    return found.capitalize()


def false(message: Message) -> str:
    return next(label for label in message.labels if label != real(message))


async def test_a_round_and_its_answer(chat: FakeChat) -> None:
    streaks = []
    for is_right in (True, True, False, True):
        message = await chat.ask("/guess")
        labels, found = message.labels, real(message)
        assert (message.html, len(set(labels))) == (sentences.GUESS, 4)
        chosen = found if is_right else false(message)
        assert await chat.press(chosen) is message
        verdict, names = message.html.split("\n\n")
        assert [
            f"<b>{label}</b>" in line for label, line in zip(labels, names.split("\n"), strict=True)
        ] == [True] * 4
        assert [", real" in line for line in names.split("\n")] == [
            label == found for label in labels
        ]
        assert found in verdict
        assert message.labels == [sentences.ANOTHER_ROUND]
        streaks.append((await chat.bot.store.person(ALICE)).streak)
        assert (f"{streaks[-1]} in a row" in verdict) == (streaks[-1] > 1)
    assert streaks == [1, 2, 0, 1]
    assert (await chat.press(sentences.ANOTHER_ROUND)).html == sentences.GUESS
    await chat.press(real(chat.messages[-1]))
    version = chat.bot.shelf.serving["dino"].version
    assert await chat.bot.store.guesses(version) == (5, 4)
    assert "this many rounds: 4 of 5, 80%; chance gives 25%" in (await chat.ask("/about")).html
    assert (
        "4 of 5, 80%; chance gives 25%"
        in (await FakeChat(chat.bot, ADMIN, is_admin=True).ask("/status")).html
    )
    await chat.ask("/export")
    assert chat.messages[-1].file
    assert json.loads(chat.messages[-1].file[1])["person"]["streak"] == 2
    await chat.ask("/forget yes")
    assert (await chat.bot.store.person(ALICE)).streak == 0
    assert await chat.bot.store.guesses(version) == (5, 4)


async def test_the_first_press_counts(group: FakeChat) -> None:
    """In a group, anybody may be the first."""
    message = await group.ask("/guess", ALICE)
    data = {button.label: button.data for row in message.buttons for button in row}
    right, wrong = data[real(message)], data[false(message)]
    await group.press_data(right, BOB, 1)
    answer = message.html
    await group.press_data(wrong, BOB, 1)  # a double tap
    await group.press_data(wrong, ALICE, 1)
    assert (message.html, group.notices[-2:]) == (answer, ["", sentences.plain(sentences.TOO_LATE)])
    assert [(await group.bot.store.person(person)).streak for person in (ALICE, BOB)] == [0, 1]
    assert await group.bot.store.guesses(group.bot.shelf.serving["dino"].version) == (1, 1)


async def test_a_press_that_was_refused_or_not_shown_can_be_repeated(group: FakeChat) -> None:
    message = await group.ask("/guess", ALICE)
    chosen = real(message)
    group.waiting = 100.0
    await group.press(chosen, BOB)
    assert group.notices[-1].startswith("So many people are writing to me")
    group.waiting = 0.0
    group.failures.append(NotSent("Bad Gateway"))
    for _ in range(2):
        await group.press(chosen, ALICE, message)
    assert message.html.startswith("<b>Right</b>")
    assert await group.bot.store.guesses(group.bot.shelf.serving["dino"].version) == (1, 1)
    group.bot.tally.errors.clear()


async def test_a_round_outlives_a_restart_and_new_weights(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    async with serving(own_settings) as chat:
        message = await chat.ask("/guess")
        data = next(
            button.data
            for row in message.buttons
            for button in row
            if button.label == real(message)
        )
        old = chat.bot.shelf.serving["dino"].version
    install(own_checkpoints / "dino", untrained("names", seed=2))
    async with serving(own_settings) as again:
        await again.say(sentences.GUESS, message.buttons)
        answer = await again.press_data(data)
        assert answer.html.startswith(f"<b>Right</b>, {real(message)} is real.")
        assert all(f"<b>{label}</b>" in answer.html for label in message.labels)
        assert (await again.bot.store.guesses(old))[0] == 1
        (own_checkpoints / "dino" / f"{old}.safetensors").unlink()
    async with serving(own_settings) as later:
        await later.say(sentences.GUESS, message.buttons)
        await later.press_data(data)
        assert later.notices[-1] == sentences.plain(sentences.GONE)


def test_the_real_ones_are_dinosaurs_that_few_know() -> None:
    famous = FAMOUS.read_text(encoding="ascii").split()
    assert sorted({*famous} & {*DINOSAURS.read_text(encoding="ascii").split()}) == famous
    assert not {*little_known()} & {*famous, *fossils()}
    assert len(little_known()) > 1000


# Doors


async def test_on_telegram_the_profile_says_the_name(settings: Settings, server: Server) -> None:
    async with visiting(settings, server) as visit:
        name, card = await visit.say("/me", ALICE)  # her first name is Person 101 there
        assert "Here's Person as a dinosaur:\n\nPerson" in name["text"]
        assert card["caption"] == name["text"].split()[-1]
        (day,) = await visit.say("/today", ALICE)
        assert day["caption"].startswith("The dinosaur of")
        (question,) = await visit.say("/guess", ALICE)
        labels = [row[0]["text"] for row in question["reply_markup"]["inline_keyboard"]]
        await visit.press(question, labels[0], ALICE)
        assert all(label in question["text"] for label in labels)
