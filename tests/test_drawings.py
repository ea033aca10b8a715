"""The processes that draw, and the pictures that are kept.

python -m tests.test_drawings FOLDER     draws a picture, and waits for its end
"""

import asyncio
import logging
import os
import shutil
import signal
import stat
import sys
from pathlib import Path

import psutil
import pytest

from bot import cards
from bot.cards import png
from bot.cards.png import PROCESSES, Drawings
from bot.settings import Settings
from bot.words import sentences
from model.files import ROOT
from tests.fake_chat import FakeChat
from tests.serving import BOB, serving, until

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def drawing() -> list[psutil.Process]:
    """Return the processes that draw."""
    children = psutil.Process().children()
    return [child for child in children if "resvg" in "".join(child.cmdline())]


async def test_a_card_of_everybody_is_drawn_once_however_many_ask_and_outlives_a_restart(
    settings: Settings, pictures: list[str]
) -> None:
    async with serving(settings) as chat:
        chats = [FakeChat(chat.bot, 1000 + number) for number in range(5)]
        await asyncio.gather(*(each.ask("/today") for each in chats))
        for each in chats:
            await each.ask("/me Anna")
            assert [message.file is not None for message in each.messages] == [True] * 2
        assert len(pictures) == 2
    assert stat.S_IMODE(settings.pictures.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in settings.pictures.iterdir()} == {0o600}
    async with serving(settings) as chat:
        again = await chat.ask("/me Anna")
        assert again.file == chats[0].messages[1].file
        assert len(pictures) == 2
        await chat.ask("/dino")
        await chat.press("card")  # is somebody's own, and no file has its words
        assert len(pictures) == 3
        assert len([*settings.pictures.iterdir()]) == 2


async def test_the_oldest_pictures_leave_and_one_that_cannot_be_kept_is_sent(
    chat: FakeChat,
    settings: Settings,
    pictures: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("Anna", "Berta", "Cora"):
        await chat.ask(f"/me {name}")
    first, _, _ = map(os.stat, sorted(settings.pictures.iterdir(), key=os.path.getmtime))
    monkeypatch.setattr(png, "MOST_BYTES", sum(map(len, pictures)) - first.st_size + 100_000)
    shutil.copy(__file__, settings.pictures / "of-today.png")  # as if
    monkeypatch.setattr(png, "MOST_BYTES", len(pictures[2]) + len(pictures[0]))
    await chat.ask("/me Anna")
    assert len(pictures) == 3
