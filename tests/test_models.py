"""`/models` and `/rollback`: versions as they are in their folders, promotion, comparison, and the way back."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
from bot.conversation import texts
from bot.local.contents import Refusal
from bot.local.markup import parse_html
from bot.local.telegram import group
from bot.training.choice import A_PAGE
from bot.training.commands import Comparison
from bot.training.lessons import Lesson
from bot.training.locks import LOCK, locked
from bot.writing.folders import Folders

from bot.training import choice as choosing
from model.checkpoint.versions import Versions, save
from tests.serving import ADMIN, ALICE, Chat, serving, untrained

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.local.telegram import Telegram

    from bot.settings import Settings
    from model.checkpoint.encoding import Checkpoint
    from model.text.forms import Form


@pytest.fixture
def dino(own_checkpoints: Path) -> Versions:
    return Versions(own_checkpoints / "dino")


@pytest.fixture
async def chat(settings: Settings, telegram: Telegram, own_checkpoints: Path) -> AsyncIterator[Chat]:
    async with serving(dataclasses.replace(settings, checkpoints=own_checkpoints), telegram) as chat:
        yield chat


def shown(html: str) -> str:
    return parse_html(html)[0]


def add(versions: Versions, day: int, loss: float, form: Form = "names") -> str:
    """Add a version that was made on a day of January 2025."""
    made = untrained(form, seed=day)
    description = dataclasses.replace(made.description, created=f"2025-01-{day:02}T12:00:00+00:00", held_out_loss=loss)
    path = versions.directory / "new"
    version = save(path, dataclasses.replace(made, description=description)).version
    versions.add(path)
    path.unlink()
    return version


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


async def test_versions_are_shown_the_newest_first(chat: Chat, dino: Versions) -> None:
    """By the date in them: in a clone, all files have the same."""
    newest, middle, first = add(dino, 9, 1.25), add(dino, 2, 2.0), dino.current()
    os.utime(dino.path(newest), (1, 1))
    (answer,) = await chat.say("/models", ADMIN)
    assert answer.split("\n\n") == [
        "Versions of dino, the newest first",
        f"{newest}\n2025-01-09, recipe TEST, 1 step, held-out loss 1.2500",
        f"{middle}\n2025-01-02, recipe TEST, 1 step, held-out loss 2.0000",
        f"{first} serves\n2024-01-01, recipe TEST, 1 step, held-out loss 3.0000",
    ]
    actions = [f"{action} {version}" for version in (newest, middle) for action in ("promote", "compare")]
    assert chat.buttons() == [*actions, "poem"]


async def test_a_damaged_version_is_listed_as_damaged_and_cannot_be_chosen(chat: Chat, dino: Versions) -> None:
    weights, header = add(dino, 9, 1.25), add(dino, 2, 2.0)
    damage(dino.path(weights))
    dino.path(header).write_bytes(b"no weights")
    (answer,) = await chat.say("/models dino", ADMIN)
    assert f"{weights}\ndamaged: its checksum does not match its content" in answer
    assert f"{header}\ndamaged: " in answer
    assert chat.buttons() == ["poem"]


async def test_older_versions_are_a_button_away(chat: Chat, dino: Versions) -> None:
    versions = [add(dino, day, 2.0) for day in range(1, 2 * A_PAGE)]
    oldest = dino.current()
    (answer,) = await chat.say("/models", ADMIN)
    assert answer.startswith("Versions of dino, the newest first, page 1 of 2\n")
    assert chat.buttons()[-2:] == ["older", "poem"]
    assert await chat.press("older", ADMIN) == []
    page = chat.texts()[-1]
    assert [line[:12] for line in page.split("\n\n")[1:]] == [*reversed(versions[: A_PAGE - 1]), oldest]
    assert chat.buttons()[-2:] == ["newer", "poem"]
    await chat.press("newer", ADMIN)
    assert chat.texts()[-1] == answer


async def test_other_networks_are_a_button_away(chat: Chat) -> None:
    await chat.say("/models", ADMIN)
    await chat.press("poem", ADMIN)
    assert chat.texts()[-1].startswith("Versions of poem, the newest first\n")
    assert chat.buttons() == ["dino"]


async def test_a_version_that_is_promoted_writes_from_then_on(chat: Chat, dino: Versions) -> None:
    old, new = dino.current(), add(dino, 9, 2.5)
    await chat.say("/models", ADMIN)
    assert await chat.press(f"promote {new}", ADMIN) == []
    assert chat.notice == texts.promoted(new)
    assert f"{new} serves" in chat.texts()[-1]
    assert chat.buttons()[:2] == [f"promote {old}", f"compare {old}"]
    assert dino.current() == new == chat.mangosaurus.writers["dino"].checkpoint.version
    await chat.say("/dino")
    (creation,) = await chat.mangosaurus.store.creations(ALICE.id)
    assert creation.version == new


async def test_what_cannot_be_promoted(chat: Chat, dino: Versions) -> None:
    old, damaged, foreign = dino.current(), add(dino, 9, 1.0), add(dino, 8, 1.0, "verse")
    await chat.say("/models", ADMIN)
    damage(dino.path(damaged))
    for version, reason in (
        (damaged, "damaged: its checksum does not match its content"),
        (foreign, "its weights write verse"),
    ):
        await chat.press(f"promote {version}", ADMIN)
        assert chat.notice == f"I can't do that: {version}.safetensors: {reason}. dino stays as it is."
    dino.path(damaged).unlink()
    await chat.press(f"promote {damaged}", ADMIN)
    assert (
        chat.notice
        == f"I can't do that: {damaged}.safetensors: cannot be read: No such file or directory. dino stays as it is."
    )
    assert dino.current() == old == chat.mangosaurus.writers["dino"].checkpoint.version


@pytest.mark.parametrize(("insists", "button"), [(True, texts.PROMOTE_ANYWAY), (False, texts.CANCEL)])
async def test_a_worse_version_is_promoted_only_if_its_admin_insists(
    chat: Chat, dino: Versions, insists: bool, button: str
) -> None:
    old, new = dino.current(), add(dino, 9, 3.5)
    (page,) = await chat.say("/models", ADMIN)
    await chat.press(f"promote {new}", ADMIN)
    assert chat.texts()[-1] == (
        f"Version {new} of dino is worse: 3.5000 nats per character on held-out text, where {old}, which serves, has "
        "3.0000. Promote it all the same?"
    )
    assert chat.buttons() == [texts.PROMOTE_ANYWAY, texts.CANCEL]
    assert dino.current() == old
    await chat.press(button, ALICE)
    assert chat.notice == texts.NOT_YOURS
    await chat.press(button, ADMIN)
    assert dino.current() == (new if insists else old) == chat.mangosaurus.writers["dino"].checkpoint.version
    assert (chat.texts()[-1] == page) is not insists
    if insists:
        assert (await chat.say("/rollback dino", ADMIN))[0].startswith(f"dino went back from version {new} ")
        assert (await chat.say("/rollback dino", ADMIN))[0].startswith(f"dino went back from version {old} ")
        assert dino.current() == new  # the way back never asks


async def test_a_version_of_another_text_is_promoted_only_if_its_admin_insists(chat: Chat, dino: Versions) -> None:
    cities = untrained("names", seed=9)
    path = dino.directory / "new"
    description = dataclasses.replace(cities.description, held_out_loss=1.0)
    cities = dataclasses.replace(cities, description=description, known_names=frozenset({"accra", "lima"}))
    new = save(path, cities).version
    old = dino.current()
    dino.add(path)
    await chat.say("/models", ADMIN)
    await chat.press(f"promote {new}", ADMIN)
    assert chat.texts()[-1] == (
        f"Version {new} of dino learned from another text than {old}, which serves. Promote it all the same?"
    )
    assert dino.current() == old
    await chat.press(texts.PROMOTE_ANYWAY, ADMIN)
    assert chat.notice == texts.promoted(new)
    assert dino.current() == new


@pytest.mark.parametrize(
    ("form", "known", "loss", "doubt"),
    [
        pytest.param("names", "a b c d", 3.0, None, id="the same text"),
        pytest.param("names", "a b x y", 3.0, None, id="half of it new"),
        pytest.param("names", "a w x y z", 1.0, "another text", id="most of it new"),
        pytest.param("verse", "a b c d", 1.0, "another text", id="another form"),
        pytest.param("names", "", 3.0, None, id="nothing known"),
        pytest.param("names", "a b c d", 3.019, None, id="names hardly worse"),
        pytest.param("names", "a b c d", 3.021, "worse", id="worse names"),
    ],
)
def test_what_is_doubtful_about_names(form: Form, known: str, loss: float, doubt: str | None) -> None:
    assert choosing.doubt_about(weights(form, known, loss), weights("names", "a b c d", 3.0)) == doubt


@pytest.mark.parametrize(
    ("known", "loss", "doubt"),
    [("a b", 1.2019, None), ("a b", 1.2021, "worse"), ("a x y", 1.0, "another text"), ("x y", 1.1, "another text")],
)
def test_what_is_doubtful_about_verse(known: str, loss: float, doubt: str | None) -> None:
    assert choosing.doubt_about(weights("verse", known, loss), weights("verse", "a b c d", 1.2)) == doubt


def weights(form: Form, known: str, loss: float) -> Checkpoint:
    made, words = untrained(form), frozenset(known.split())
    return dataclasses.replace(
        made,
        description=dataclasses.replace(made.description, held_out_loss=loss),
        known_names=words if form == "names" else frozenset(),
        known_words=words if form == "verse" else frozenset(),
    )


async def test_a_promotion_waits_for_whoever_compares(chat: Chat, dino: Versions) -> None:
    old, new = dino.current(), add(dino, 9, 2.5)
    await chat.say("/models", ADMIN)
    with locked(dino.directory / LOCK):
        pressing = asyncio.create_task(chat.press(f"promote {new}", ADMIN))
        await asyncio.sleep(0.3)
        assert dino.current() == old
    await pressing
    assert dino.current() == new


async def test_a_rollback_says_from_where_to_where(chat: Chat, dino: Versions) -> None:
    first, second = dino.current(), add(dino, 9, 2.5)
    await chat.say("/models", ADMIN)
    await chat.press(f"promote {second}", ADMIN)
    (answer,) = await chat.say("/rollback dino", ADMIN)
    assert answer.startswith(f"dino went back from version {second} (loss 2.5000) to {first} (loss 3.0000), ")
    assert dino.current() == first == chat.mangosaurus.writers["dino"].checkpoint.version
    (answer,) = await chat.say("/rollback DINO", ADMIN)
    assert answer.startswith(f"dino went back from version {first} (loss 3.0000) to {second} (loss 2.5000), ")


async def test_a_rollback_away_from_a_damaged_version(chat: Chat, dino: Versions) -> None:
    first, second = dino.current(), add(dino, 9, 3.5)
    dino.promote(second)
    dino.path(second).write_bytes(b"no weights")
    (answer,) = await chat.say("/rollback dino", ADMIN)
    assert answer.startswith(f"dino went back from version {second} to {first} (loss 3.0000), ")


async def test_a_rollback_that_cannot_be(chat: Chat, dino: Versions) -> None:
    assert await chat.say("/rollback dino", ADMIN) == [shown(texts.nothing_before("dino"))]
    first, second = dino.current(), add(dino, 9, 3.5)
    dino.promote(second)
    dino.path(first).unlink()
    (answer,) = await chat.say("/rollback dino", ADMIN)
    assert (
        answer
        == f"I can't do that: {first}.safetensors: cannot be read: No such file or directory. dino stays as it is."
    )
    assert dino.current() == second


@pytest.mark.parametrize("words", ["/rollback", "/rollback names", "/rollback dino poem", "/rollback voices/abcdefg"])
async def test_a_rollback_of_nothing(chat: Chat, words: str) -> None:
    assert await chat.say(words, ADMIN) == [shown(texts.ROLLBACK_USAGE)]


async def test_models_of_nothing(chat: Chat) -> None:
    assert await chat.say("/models names", ADMIN) == [shown(texts.MODELS_USAGE)]


async def test_versions_are_compared_by_a_child(chat: Chat, dino: Versions) -> None:
    """The real command, on the held-out dinosaurs: random weights, and the same ones."""
    old = chat.mangosaurus.writers["dino"].checkpoint
    path = dino.directory / "new"
    twin = save(path, dataclasses.replace(old, description=dataclasses.replace(old.description, seed=9))).version
    dino.add(path)
    await chat.say("/models", ADMIN)
    await chat.press(f"compare {twin}", ADMIN)
    assert chat.notice == texts.COMPARING
    (name,) = await chat.say("/dino")
    assert name
    await chat.mangosaurus.finished()
    loss = chat.texts()[-1].partition("which serves: ")[2][:6]
    assert chat.texts()[-1] == shown(
        texts.compared("dino", old.version, twin, Comparison(float(loss), 0.0, False, float(loss)))
    )
    assert chat.telegram.sent[-1]["reply_to_message"]["message_id"] == chat.telegram.sent[0]["message_id"]


async def test_versions_of_a_voice_are_compared_on_its_own_text(chat: Chat, own_checkpoints: Path) -> None:
    text = "\n".join(f"{a}{b}{c}ku" for a in "bdfg" for b in "aeiou" for c in "lmnprs")
    versions = Versions(own_checkpoints / Folders(own_checkpoints).voices.add("pokemon", "names", text).network)
    first, second = add(versions, 1, 2.0), add(versions, 2, 1.0)
    versions.promote(first)
    await chat.say("/models voice:pokemon", ADMIN)
    await chat.press(f"compare {second}", ADMIN)
    await chat.mangosaurus.finished()
    assert re.fullmatch(
        "Two versions of voice:pokemon on the same held-out text, in nats per character:\n\n"
        rf"{first}, which serves: 3\.\d{{4}}\n{second}: 3\.\d{{4}}\n\nThe difference is .*",
        chat.texts()[-1],
    )


async def test_a_comparison_that_fails_says_why(chat: Chat, dino: Versions) -> None:
    lost = add(dino, 9, 3.5)
    await chat.say("/models", ADMIN)
    dino.path(lost).unlink()
    await chat.press(f"compare {lost}", ADMIN)
    await chat.mangosaurus.finished()
    reason = f"{lost}.safetensors: cannot be read: No such file or directory"
    assert chat.texts()[-1] == f"I couldn't compare versions of dino: {reason}."


async def test_a_comparison_is_told_even_if_its_message_is_gone(chat: Chat, dino: Versions) -> None:
    new = add(dino, 9, 3.5)
    await chat.say("/models", ADMIN)
    await chat.press(f"compare {new}", ADMIN)
    chat.telegram._messages.clear()
    await chat.mangosaurus.finished()
    assert chat.texts()[-1].startswith("Two versions of dino")


async def test_there_is_no_comparison_while_a_training_runs(chat: Chat, dino: Versions) -> None:
    new = add(dino, 9, 3.5)
    await chat.say("/models", ADMIN)
    chat.mangosaurus.retraining.running = Lesson("poem", "verse")
    await chat.press(f"compare {new}", ADMIN)
    assert chat.notice == shown(texts.already_training("poem"))
    chat.mangosaurus.retraining.running = None
    await chat.mangosaurus.finished()
    assert len(chat.texts()) == 1


async def test_a_stop_ends_a_comparison(
    settings: Settings, telegram: Telegram, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = (sys.executable, "-S", "-c", "import signal; signal.alarm(60); signal.pause()")
    monkeypatch.setattr(choosing.Choice.__init__, "__kwdefaults__", {"command": waiting, "silence": 60})
    new = add(Versions(own_checkpoints / "dino"), 9, 3.5)
    async with serving(dataclasses.replace(settings, checkpoints=own_checkpoints), telegram) as chat:
        await chat.say("/models", ADMIN)
        await chat.press(f"compare {new}", ADMIN)
        await chat.press(f"compare {new}", ADMIN)
        assert chat.notice == texts.COMPARING_ALREADY
    assert chat.texts()[1:] == [shown(texts.not_compared("dino", "the bot stopped"))]


async def test_nobody_else_changes_what_serves(chat: Chat, dino: Versions) -> None:
    old, new = dino.current(), add(dino, 9, 3.5)
    for command in ("/models", "/rollback dino"):
        assert await chat.say(command) == [texts.UNKNOWN_COMMAND]
        assert await chat.say(command, chat=group(-5)) == []
    await chat.say("/models", ADMIN, group(-5))
    for button in chat.buttons():
        await chat.press(button, ALICE)
        assert chat.notice == texts.NOT_YOURS
    assert dino.current() == old
    assert new in chat.texts()[-1]


async def test_a_message_that_is_gone_does_not_hinder_a_promotion(chat: Chat, dino: Versions) -> None:
    new = add(dino, 9, 2.5)
    await chat.say("/models", ADMIN)
    chat.telegram.refusals["editMessageText"].append(Refusal(400, "Bad Request: message to edit not found"))
    await chat.press(f"promote {new}", ADMIN)
    assert chat.notice == texts.promoted(new)
    assert dino.current() == new


async def test_own_voices_have_versions_too(chat: Chat, own_checkpoints: Path) -> None:
    voices = Folders(own_checkpoints).voices
    voice = voices.add("pokémon", "names", "text")
    await chat.say("/models", ADMIN)
    assert chat.buttons() == ["poem", "voice:pokémon"]
    await chat.press("voice:pokémon", ADMIN)
    assert chat.texts()[-1] == "voice:pokémon has no weights yet."
    versions = Versions(own_checkpoints / voice.network)
    first, second = add(versions, 1, 2.0), add(versions, 2, 1.0)
    versions.promote(first)
    (answer,) = await chat.say("/models voice:POKE\u0301MON", ADMIN)
    assert f"{first} serves\n" in answer
    await chat.press(f"promote {second}", ADMIN)
    assert versions.current() == second
    assert (await chat.say("/rollback voice:pokémon", ADMIN))[0].startswith(
        f"voice:pokémon went back from version {second}"
    )
    await chat.say("/models voice:pokémon", ADMIN)
    voices.remove(voice.id)
    await chat.press(f"promote {second}", ADMIN)
    assert chat.notice == texts.VOICE_GONE


async def test_a_voice_with_a_new_text_has_versions_before_it_has_learned(chat: Chat, own_checkpoints: Path) -> None:
    folders = Folders(own_checkpoints)
    voice = folders.voices.add("pokemon", "names", "text")
    first, second = (add(folders[voice.network], day, 2.0) for day in (1, 2))
    folders[voice.network].promote(first)
    folders.voices.replace_text(voice, "other text")
    (answer,) = await chat.say("/models voice:pokemon", ADMIN)
    assert f"{first} serves" in answer
    assert f"voice:pokemon  {first}" in (await chat.say("/status", ADMIN))[0]
    assert await chat.say("/rollback voice:pokemon", ADMIN) == [shown(texts.nothing_before("voice:pokemon"))]
    await chat.say("/models voice:pokemon", ADMIN)
    await chat.press(f"promote {second}", ADMIN)
    assert folders[voice.network].current() == second


async def test_a_rollback_of_a_voice_without_weights(chat: Chat, own_checkpoints: Path) -> None:
    Folders(own_checkpoints).voices.add("pokemon", "names", "text")
    assert await chat.say("/rollback voice:pokemon", ADMIN) == [shown(texts.nothing_before("voice:pokemon"))]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Comparison(1.5, 0.02, True, 1.4), "The difference is 0.1000; up to 0.0200 can be luck. So b is better."),
        (Comparison(1.4, 0.02, False, 1.5), "The difference is 0.1000; up to 0.0200 can be luck. So a is better."),
        (
            Comparison(1.5, 0.2, False, 1.4),
            "The difference is 0.1000; up to 0.2000 can be luck. So I can't tell which is better.",
        ),
        (
            Comparison(1.20795086, 0.0000001, False, 1.20795004),
            "which serves: 1.2079509\nb: 1.2079500\n\nThe difference is 0.0000008; up to 0.0000001 can be luck. "
            "Less than 0.002 isn't worth a change.",
        ),
    ],
)
def test_which_is_better(found: Comparison, words: str) -> None:
    assert shown(texts.compared("dino", "a", "b", found)).endswith(words)
