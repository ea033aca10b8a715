"""A chat as it looks on Telegram, recorded for the documents: `make docs`."""

from __future__ import annotations

import asyncio
import base64
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright import sync_api as playwright

from bot.settings import Settings
from model.files import ROOT
from tests.browsers import browser_of
from tests.telegram.request import visiting
from tests.telegram.server import Server

pytestmark = pytest.mark.pictures

if TYPE_CHECKING:
    from tests.telegram.server import Json

PRESS = ""
LINES = ("/start", PRESS, "/me Ольга", "Shall I compare thee to a summer's day", "/today", PRESS)
"""Lines that a person types; PRESS presses the first button of the last message."""
PHONE = {"width": 390, "height": 780}
READING_MILLISECONDS = 2400
CHAT = Path(__file__).with_name("telegram") / "chat.html"


async def talk(settings: Settings, server: Server) -> list[tuple[Json, str]]:
    """Say every line, and return the messages of both, each with its picture in base64."""
    shown: list[tuple[Json, str]] = []
    async with visiting(settings, server) as visit:
        await visit.say("/seed 42", 101)
        for line in LINES:
            before = len(server.sent)
            if line == PRESS:
                first = server.sent[-1]["reply_markup"]["inline_keyboard"][0][0]
                await visit.press(server.sent[-1], first["text"], 101)
            else:
                shown.append(({"text": line}, ""))
                await visit.say(line, 101)
            for message in server.sent[before:]:
                photo = message.get("photo")
                content = server.files[photo[-1]["file_id"]] if photo else b""
                shown.append((message, base64.b64encode(content).decode()))
    return shown


@pytest.mark.draws_cards
def test_recording_of_a_chat(tmp_path: Path) -> None:
    settings = Settings(
        database=tmp_path / "mangosaurus.db",
        checkpoints=ROOT / "checkpoints",
        speeds=tmp_path / "speeds.json",
    )
    shown = asyncio.run(talk(settings, Server()))
    frames = []
    with playwright.sync_playwright() as started, browser_of(started) as browser:
        window = browser.new_page(viewport=PHONE)
        window.goto(CHAT.as_uri())
        for message, picture in shown:
            window.evaluate("([message, picture]) => show(message, picture)", [message, picture])
            if "from" in message:  # the bot's
                frames.append(Image.open(io.BytesIO(window.screenshot())))
    frames[0].save(
        Path(os.environ["SCREENSHOTS"], "telegram.webp"),
        save_all=True,
        append_images=frames[1:],
        duration=READING_MILLISECONDS,
        loop=0,
    )
