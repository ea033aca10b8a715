"""`/models`: versions as they are in their folders, which one is in use, the questions before a
change, and Undo."""

import asyncio
import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Gone
from bot.locks import locked
from bot.voices import Voices
from bot.words import admins, sentences
from model.text.forms import Form
from model.weights.versions import Versions, save
from tests.checkpoints import damage
from tests.fake_chat import FakeChat
from tests.serving import untrained


@pytest.fixture
def dino(own_checkpoints: Path) -> Versions:
    return Versions(own_checkpoints / "dino")


def add(
    versions: Versions,
    day: int,
    loss: float,
    form: Form = "names",
    known: str = "mangosaurus",
    **tables: Any,
) -> str:
    """Add a version that was made on a day of January 2025, and knows these names or words."""
    words, made = frozenset(known.split()), untrained(form, day)
    facts = dataclasses.replace(
        made.description, created=f"2025-01-{day:02}T12:00:00+00:00", held_out_loss=loss
    )
    knows = {"known_names" if form == "names" else "known_words": words} | tables
    path = versions.directory / "new"
    version = save(path, dataclasses.replace(made, description=facts, **knows)).version
    versions.add(path)
    path.unlink()
    return version


async def test_the_last_eight_are_shown_the_newest_first(admin: FakeChat, dino: Versions) -> None:
    """The date in them counts, as all files of a clone have the same."""
    newest, middle, first = add(dino, 9, 1.25), add(dino, 2, 2.0), dino.current()
    os.utime(dino.path(newest), (1, 1))
    message = await admin.ask("/models")
    assert message.html.split("\n\n") == [
        "Versions of <b>dino</b>, the newest first",
        f"<code>{newest}</code>\n2025-01-09, recipe TEST, 1 step, held-out loss 1.2500",
        f"<code>{middle}</code>\n2025-01-02, recipe TEST, 1 step, held-out loss 2.0000",
        (
            f"<code>{first}</code> <b>in use</b>\n2024-01-01, recipe TEST, 1 step, held-out loss"
            " 3.0000"
        ),
    ]
    assert message.labels == [f"use {newest}", f"use {middle}", "poem"]
    one, other = add(dino, 3, 2.0), add(dino, 3, 2.0, sequences=frozenset({"man"}))
    rows = dict(row.split("\n") for row in (await admin.ask("/models")).html.split("\n\n")[1:])
    assert rows[f"<code>{other}</code>"] == rows[f"<code>{one}</code>"] + ", with rules for names"
    for day in range(10, 20):
        newest = add(dino, day, 2.0)
    message = await admin.ask("/models dino")
    assert len(message.labels) == 9
    assert message.labels[0] == f"use {newest}"
    assert len((await admin.press("poem")).labels) == 1
    assert message.html.startswith("Versions of <b>poem</b>")


async def test_a_version_that_is_chosen_writes_from_then_on(
    admin: FakeChat, dino: Versions
) -> None:
    old, new = dino.current(), add(dino, 9, 3.0)
    await admin.ask("/models")
    admin.failures.append(Gone("message to edit not found"))  # the change is made all the same
    await admin.press(f"use {new}")
    admin.bot.tally.errors.clear()
    assert dino.current() == new == admin.bot.shelf.serving["dino"].version
    await admin.ask("/models dino")
    message = await admin.press(f"use {old}")
    assert admin.notices[-1] == f"{old} is in use now."
    assert f"<code>{old}</code> <b>in use</b>" in message.html
    assert message.labels[0] == f"use {new}"
    assert "<a>" in (await admin.ask("/dino")).html


async def test_damaged_and_missing_versions_are_refused(admin: FakeChat, dino: Versions) -> None:
    old, damaged, header = dino.current(), add(dino, 9, 1.0), add(dino, 2, 2.0)
    await admin.ask("/models")
    damage(dino.path(damaged))
    dino.path(header).write_bytes(b"no weights")
    for reason in (
        "damaged: its sha256 does not begin with its name",
        "cannot be read: No such file or directory",
    ):
        await admin.press(f"use {damaged}")
        assert (
            admin.notices[-1]
            == f"I can't do that: dino/{damaged}.safetensors: {reason}. dino stays as it is."
        )
        message = await FakeChat(admin.bot, 900, is_admin=True).ask("/models")
        assert message.labels == ["poem"]
        assert f"<code>{header}</code>\ndamaged: " in message.html
        assert ("damaged: its sha256 does not begin with its name" in message.html) == dino.path(
            damaged
        ).exists()
        dino.path(damaged).unlink(missing_ok=True)
    assert dino.current() == old == admin.bot.shelf.serving["dino"].version


async def test_a_change_waits_for_whoever_holds_the_folder(admin: FakeChat, dino: Versions) -> None:
    old, new = dino.current(), add(dino, 9, 2.5)
    await admin.ask("/models")
    with locked(dino.directory):
        pressing = asyncio.create_task(admin.press(f"use {new}"))
        await asyncio.sleep(0.1)
        assert dino.current() == old
    await pressing
    assert dino.current() == new


async def test_a_doubtful_version_is_asked_about(admin: FakeChat, own_checkpoints: Path) -> None:
    await admin.ask("/models")
    cases: list[tuple[Form, str, float, str]] = [
        ("names", "a b c d", 3.0, ""),
        ("names", "a b x y", 3.0, ""),  # half of them new
        ("names", "a w x y z", 1.0, "learned from another text than"),  # most of them new
        ("names", "", 3.0, ""),
        ("names", "a b c d", 3.019, ""),  # hardly worse
        ("names", "a b c d", 3.021, "is worse: 3.0210 nats per character"),
        ("verse", "a b", 3.0019, ""),
        ("verse", "a b", 3.0021, "is worse: 3.0021 nats per character"),
        ("verse", "a x y", 1.0, "learned from another text than"),
    ]
    for day, (form, known, loss, doubt) in enumerate(cases, start=2):
        network = "dino" if form == "names" else "poem"
        versions = Versions(own_checkpoints / network)
        old = add(versions, 1, 3.0, form, "a b c d")
        await admin.press_data(f"1:anyway:{network}:{old}")
        new = add(versions, day, loss, form, known)
        message = await admin.press_data(f"1:promote:{network}:{new}")
        if doubt:
            assert message.html.startswith(
                f"Version <code>{new}</code> of <b>{network}</b> {doubt}"
            )
            assert f" <code>{old}</code>, which is in use" in message.html
            await admin.press(admins.LEAVE_IT)
            assert f"<code>{old}</code> <b>in use</b>" in message.html
            assert versions.current() == old
            await admin.press_data(f"1:promote:{network}:{new}")
            await admin.press(admins.USE_ANYWAY)
        assert versions.current() == new == admin.bot.shelf.serving[network].version


async def test_undo_works_as_long_as_its_version_is_in_use(admin: FakeChat, dino: Versions) -> None:
    """It never asks, even if the version before is worse.

    Buttons of earlier versions look like this too.
    """
    first, second, third = dino.current(), add(dino, 8, 2.0), add(dino, 9, 1.0)
    await admin.ask("/models")
    await admin.press(f"use {second}")
    await admin.press(f"use {third}")
    await admin.press_data(f"1:undo:dino:{second}")
    assert admin.notices[-1] == sentences.plain(admins.UNDO_OVER)
    message = await admin.press_data(f"1:undo:dino:{third}")
    assert message.html == f"Undone: version <code>{second}</code> of <b>dino</b> is in use again."
    assert dino.current() == second == admin.bot.shelf.serving["dino"].version
    await admin.press_data(f"1:undo:dino:{third}")
    assert admin.notices[-1] == sentences.plain(admins.UNDO_OVER)
    assert first in dino.list()


async def test_an_undo_to_a_version_that_is_lost(admin: FakeChat, dino: Versions) -> None:
    first, second = dino.current(), add(dino, 9, 2.0)
    await admin.ask("/models")
    await admin.press(f"use {second}")
    dino.path(first).unlink()
    await admin.press_data(f"1:undo:dino:{second}")
    assert "cannot be read: No such file or directory. dino stays as it is." in admin.notices[-1]
    assert dino.current() == second


async def test_custom_voices_have_versions_too(admin: FakeChat, voices: Voices) -> None:
    for words in ("names", "sonnet", "voice:", "voices/abcdefg", "dino 2"):
        assert (await admin.ask(f"/models {words}")).html == admins.MODELS_USAGE.format(words)
    voice = voices.add("pokémon", "names", "text")
    assert (await admin.ask("/models")).labels == ["poem", "voice:pokémon"]
    assert (await admin.press("voice:pokémon")).html == "<b>voice:pokémon</b> has no weights yet."
    versions = Versions(voices.folder(voice.id))
    first, second = add(versions, 1, 2.0), add(versions, 2, 2.0)
    versions.promote(first)
    for old, new in ((first, second), (second, first)):
        message = await admin.ask("/models voice:POKE\u0301MON")
        assert f"<code>{old}</code> <b>in use</b>" in message.html
        await admin.press(f"use {new}")
        assert versions.current() == new
        # the version stays in use until the voice has learned it
        voices.replace_text(voice, "other text")
    voices.remove(voice.id)
    for data in (f"1:promote:{voice.network}:{first}", f"1:undo:{voice.network}:{second}"):
        await admin.press_data(data)
        assert admin.notices[-1] == sentences.plain(sentences.VOICE_GONE)
