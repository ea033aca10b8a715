"""The processes that draw, and the pictures that are kept."""

import asyncio
import os
import shutil
import stat
from pathlib import Path

import psutil
import pytest

from bot import cards
from bot.cards import drawings_version, png
from bot.settings import Settings
from bot.words import sentences
from tests.fake_chat import FakeChat
from tests.serving import serving, until


def drawing() -> list[psutil.Process]:
    """Return the processes that draw."""
    children = psutil.Process().children()
    return [child for child in children if "resvg" in "".join(child.cmdline())]


async def test_a_card_for_everybody_is_drawn_once_and_outlives_a_restart(
    settings: Settings, pictures: list[str]
) -> None:
    async with serving(settings) as chat:
        chats = [FakeChat(chat.bot, 1000 + number) for number in range(5)]
        await asyncio.gather(*(each.ask("/start") for each in chats))
        for each in chats:
            await each.ask("/me Anna")
            assert all(message.file for message in each.messages)
        assert len(pictures) == 2
        assert (await chat.ask("/dino")).file  # one that is somebody's own is not kept
    paths = [settings.pictures, *settings.pictures.iterdir()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o700, 0o600, 0o600]
    async with serving(settings) as chat:
        assert (await chat.ask("/me Anna")).file == chats[0].messages[1].file
        assert len(pictures) == 3


async def test_the_oldest_pictures_leave_and_one_that_cannot_be_kept_is_sent(
    chat: FakeChat, settings: Settings, pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.ask("/me Anna")
    (first,) = settings.pictures.iterdir()
    os.utime(first, (1, 1))
    monkeypatch.setattr(png, "MOST_BYTES", first.stat().st_size + 100)
    await chat.ask("/me Berta")
    assert first not in [*settings.pictures.iterdir()]
    shutil.rmtree(settings.pictures)
    settings.pictures.touch()
    assert (await chat.ask("/me Cora")).file
    assert len(pictures) == 3


async def test_another_program_table_or_font_draws_anew(
    chat: FakeChat, pictures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = []
    for number, (folder, names) in enumerate(cards.DECIDING):
        copied.append((tmp_path / f"copy-{number}", names))
        copied[-1][0].mkdir()
        for path in folder.glob(names):
            shutil.copy(path, copied[-1][0])
    monkeypatch.setattr(cards, "DECIDING", copied)
    for drawn, (folder, _) in enumerate([copied[0], *copied], 1):
        drawings_version.cache_clear()
        for _ in range(2):
            await chat.ask("/me Anna")
            assert len(pictures) == drawn
        with [*folder.iterdir()][-1].open("ab") as file:
            file.write(b"!")
    drawings_version.cache_clear()


async def test_a_process_that_ends_or_hangs_costs_its_own_card_and_the_next_one_is_drawn(
    settings: Settings, drawn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person gets the words, and reads why there is no picture. No process knows a secret, or
    outlives the bot."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "7000000:for-no-child")
    async with serving(settings) as chat:
        drawings = chat.bot.drawings
        assert drawing() == []
        first = await chat.ask("/dino")
        assert first.file
        for reason in ("its process ended: -9", "it took too long"):
            (process,) = drawing()
            assert "for-no-child" not in "".join(process.environ().values())
            assert process.nice() > psutil.Process().nice() or process.nice() == 19
            process.suspend()
            with monkeypatch.context() as patch:
                ask = asyncio.create_task(chat.ask(f"/card {first.code}"))
                if "-9" in reason:
                    await until(lambda: drawings.speed.waiting)
                    process.kill()
                else:
                    patch.setattr(png, "LONGEST_SECONDS", 0.01)
                told = await ask
            assert told.text.startswith(f"{first.names[0]}\n")
            assert told.text.endswith(f"\n\n{sentences.NOT_DRAWN}")
            assert drawings.fault == reason
            assert (await chat.ask(f"/card {first.code}")).file
            assert drawings.fault == ""
        (idle,) = drawings._idle
        idle.kill()
        await until(lambda: idle.returncode)
        assert (
            await chat.ask(f"/card {first.code}")
        ).file  # one that had nothing to draw cost no card
    assert drawing() == []
