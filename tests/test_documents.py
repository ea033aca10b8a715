"""Every chat and command in README and docs/ is run again, and must give the text that is there.

`make docs` writes all of them anew. The tests stop before the first chat with a training, as
its figures differ by machine. Commands compute on one thread and as a machine with AVX2 does, so
their trainings repeat exactly.
"""

import asyncio
import io
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import zoneinfo
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from bot import creations
from bot.app import Bot
from bot.asks import YOU, Said, Sent
from bot.cards import card, scene
from bot.cards.card import name_card, verse_card
from bot.cards.creature import Creature
from bot.cards.png import Drawings
from bot.cards.scene import world
from bot.cards.shapes import fill, svg
from bot.chat import Buttons
from bot.creations import Creation
from bot.running import running
from bot.settings import Settings
from bot.terminal import Terminal
from bot.words import layout
from bot.words.pieces import Message
from model.files import ROOT
from model.names.roots import is_whole
from model.text.forms import USUAL_TEMPERATURE, Genre, Network
from tests.recorded import settings_of_machines
from tests.training import file_of

WRITES = "WRITE_DOCS" in os.environ
CHAT = re.compile(r"^    > .*\n(?:    .*\n|\n(?=    ))*", re.MULTILINE)
"""A block of code that begins with somebody's line."""
COMMAND = re.compile(r"^    \$ (.*)\n((?:    (?!\$ ).*\n|\n(?=    (?!\$ )))*)", re.MULTILINE)
"""A command in a block of code, and the text that it prints."""
BY_THE_CLOCK = re.compile(r"^.*(?:characters/s|ms of CPU).*\n(?:      .*\n)*", re.MULTILINE)
"""Lines that a training prints every few seconds: its speed, and samples. Their number varies."""
FILE = re.compile(r"\((\S+)\) (.*)")
CODE = re.compile(rf"\bcode {creations.CODE.pattern}$", re.MULTILINE)
WIDTH = 130
CITIES = sorted(
    {
        zone.rpartition("/")[2].replace("_", " ")
        for zone in zoneinfo.available_timezones()
        if "/" in zone
    }
)
SEEN_AT = 60
"""Of a training's progress messages, a chat shows the first one that is at 60 % or more."""


class Notes(Terminal):
    """A terminal that shows only one of the progress messages of a training."""

    is_on_the_way = False

    async def change(
        self, number: int, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        if unfinished:
            percent = re.search(r" (\d+)%", str(message))
            if self.is_on_the_way or not percent or int(percent[1]) < SEEN_AT:
                return
            self.is_on_the_way = True
        await super().change(number, message, buttons, unfinished=unfinished)


async def held_again(chat: str, bot: Bot, capsys: pytest.CaptureFixture[str]) -> str:
    """Hold a chat again: say its lines, and return the whole chat."""
    notes = Notes(ROOT / "saved")
    lines = []
    for line in re.findall(r"^    > (.*)", chat, re.MULTILINE):
        notes.edit_seconds = 0.05 if line.startswith("/retrain dino") else math.inf
        notes.is_on_the_way = False
        file, text = None, line
        if found := FILE.fullmatch(line):
            file, text = file_of("\n".join(CITIES), found[1]), found[2]
        kind = Sent if file else Said
        await bot.ask(kind(person=YOU, chat=notes, is_admin=True, text=text, file=file))
        await bot.runs.ended()
        shown = capsys.readouterr().out
        assert shown
        lines += [f"> {line}", *shown.rstrip().split("\n"), ""]
    wrapped = [
        line for each in lines for line in textwrap.wrap(each, WIDTH, drop_whitespace=True) or [""]
    ]
    return textwrap.indent("\n".join(wrapped), "    ").rstrip() + "\n"


@pytest.mark.recorded
@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "docs" / "admins.md"], ids=lambda path: str(path.name)
)
async def test_the_bot_writes_the_chats_of_documents_again(
    path: Path,
    own_settings: Settings,
    own_checkpoints: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("bot.store.NEW_SEEDS", 1)
    for network in Network:
        shutil.rmtree(own_checkpoints / network)
        (own_checkpoints / network).mkdir()
        current = (ROOT / "checkpoints" / network / "released").read_text().strip()
        for found in (ROOT / "checkpoints" / network).iterdir():
            if found.stem in (current, "released"):
                shutil.copy(found, own_checkpoints / network)
    text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    async with running(own_settings) as bot:
        for chat in CHAT.findall(text):
            if not WRITES and "/retrain" in chat:
                break
            new = await held_again(chat, bot, capsys)
            if WRITES:
                text = text.replace(chat, new)
            else:
                assert CODE.sub("code", new) == CODE.sub("code", chat)
    if WRITES:
        await asyncio.to_thread(path.write_text, text, encoding="utf-8")


def output_of(command: str, folder: Path) -> str:
    """Run a command in a folder; return its output as a block of code."""
    one_core = {min(os.sched_getaffinity(0))}
    said = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]],
        cwd=folder,
        env=os.environ
        | settings_of_machines().get("AVX2", {})
        | {"COLUMNS": "110", "SOURCE_DATE_EPOCH": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, one_core),
    )
    assert said.returncode == 0, said.stdout
    lines = [line.rstrip() for line in said.stdout.rstrip().split("\n")]
    return textwrap.indent("\n".join(lines), "    ") + "\n"


@pytest.mark.recorded
def test_commands_print_the_text_below_them(tmp_path: Path) -> None:
    """Run the commands of docs/networks.md in their order, in a folder with the samples."""
    path = ROOT / "docs" / "networks.md"
    (tmp_path / "data").symlink_to(ROOT / "data")
    text = path.read_text(encoding="utf-8")
    for found in COMMAND.finditer(text):
        command, before = found.groups()
        said = output_of(command, tmp_path)
        if BY_THE_CLOCK.sub("", said) != BY_THE_CLOCK.sub("", before):
            assert WRITES, said
            text = text.replace(found[0], found[0].removesuffix(before) + said)
    if WRITES:
        path.write_text(text, encoding="utf-8")


def sheet(pictures: Sequence[str], size: tuple[int, int], across: int, scale: float) -> str:
    wide, high = (scale * side + 12 for side in size)
    placed = [
        f'<g transform="translate({i % across * wide + 12} {i // across * high + 12})'
        f' scale({scale})">{picture}</g>'
        for i, picture in enumerate(pictures)
    ]
    width, height = across * wide + 12, math.ceil(len(pictures) / across) * high + 12
    return svg(fill(f"M0 0H{width}V{height}H0Z", "#8a8a86") + "".join(placed), 0, 0, width, height)


@pytest.mark.recorded
@pytest.mark.draws_cards
async def test_pictures_of_cards_and_of_sixty_creatures(settings: Settings) -> None:
    """Draw the first sixty names of seed 42, cards of the first four that are known whole, a poem
    and a sonnet."""
    line = "Shall I compare thee to a summer's day"
    async with running(replace(settings, checkpoints=ROOT / "checkpoints")) as bot:
        shelf = bot.shelf
        version = (await shelf.current("dino")).version
        seeded = Creation("k7m2p9xb4q", 0, Genre.DINO, version, 42, 0, "", 1.0, 60)
        names = (await shelf.write(seeded)).names
        whole_names = [name for name in names if is_whole(name)][:4]
        cards = [name_card(name, seeded.code, str(layout.meaning(name)))[0] for name in whole_names]
        version = (await shelf.current("poem")).version
        for genre in (Genre.POEM, Genre.SONNET):
            creation = replace(
                seeded,
                genre=genre,
                version=version,
                prompt=line,
                temperature=USUAL_TEMPERATURE["verse"],
                count=1,
                own_words=len(line),
            )
            own, rest = layout.verse(await shelf.write(creation))
            page, _ = verse_card(own, rest, seeded.code, is_sonnet=genre is Genre.SONNET)
            cards.append(page)
    worlds = [svg(world(Creature(name)), 0, 0, scene.WIDTH, scene.HEIGHT) for name in names]
    drawings = Drawings()
    for path, picture_of in (
        ("cards.png", sheet(cards, (card.WIDTH, card.HEIGHT), 3, 0.32)),
        ("creatures.png", sheet(worlds, (scene.WIDTH, scene.HEIGHT), 6, 0.17)),
    ):
        whole = Image.open(io.BytesIO(await drawings.draw(picture_of)))
        picture: Image.Image = whole.quantize(256) if path == "creatures.png" else whole
        if WRITES:
            await asyncio.to_thread(picture.save, ROOT / "docs" / path, optimize=True)
        with Image.open(ROOT / "docs" / path) as committed:
            assert committed.size == picture.size
            changed = ImageChops.difference(committed.convert("RGBA"), picture.convert("RGBA"))
        assert max(ImageStat.Stat(changed).mean) < 1, path  # of 255: processors round differently
    await drawings.close()
