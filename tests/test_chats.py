"""Chats with the bot, held again: each file of tests/chats/ is what people say, and what comes.

    > /dino 5 mango         Alice says this in her private chat
    bob> /dino              Bob says it in his; `admin` is one, and `nobody` has no name in the profile
    group:bob> [another]    in the group, Bob presses that button of the newest message that has any
    > (sticker)             no text
    > @bot mango            typed in another chat, where names are offered

`page:` and `terminal:` are such chats. {code} is the newest code of a chat, and {bob} of Bob's.
Below stands all that comes: messages, files such as (mangodon-….png), the buttons of a message, what
a button says for a moment after "!", or (nothing). … is any part of a line. Paragraphs after # are
for readers. Everybody begins with seed 0, the released weights write, and the day is a fixed one.

With WRITE_CHATS=1, what comes is written into the files, for somebody to read in the diff.
"""

import asyncio
import os
import re
import shutil
import textwrap
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.app import Bot
from bot.commands import games
from bot.creations import CODE
from bot.settings import Settings
from model.files import ROOT
from tests.fake_chat import FakeChat, Shown
from tests.serving import ADMIN, ALICE, BOB, GROUP, serving

WRITES = "WRITE_CHATS" in os.environ
CHATS = sorted((ROOT / "tests" / "chats").glob("*.txt"))
TURN = re.compile(r"^(?:(\w+):)?(\w*)> (.*)\n((?:(?![\w:]*> |# ).*\n)*)", re.MULTILINE)
VARIES = re.compile(rf"\b{CODE.pattern}\b|\b\d\d [A-Z][a-z]+ 20\d\d\b")
ESCAPE = re.compile(r"\\n|\\u[0-9a-f]{4}")
GROUPS = ("group",)
PLACES = (*GROUPS, "page", "terminal")


class Held:
    """The chats of a file."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._chats: dict[str, FakeChat] = {}
        self._people = {"alice": ALICE, "bob": BOB, "admin": ADMIN}

    async def turn(self, place: str, who: str, line: str) -> str:
        """Let somebody say a line or press a button, and return what comes."""
        person = self._people.setdefault(who, 200 + len(self._people))
        chat = self._chat(place or who, person)
        seen, released = len(chat.messages), len(chat.released)
        line = re.sub("{([a-z]+)}", lambda gap: self._code(gap[1], chat), line)
        line = ESCAPE.sub(lambda found: found[0].encode().decode("unicode_escape"), line)
        fields: dict[str, Any] = {"is_admin": who == "admin"}
        if who != "nobody":
            fields["name"] = who.capitalize()
        if line.startswith("@bot"):
            offers = await chat.type(line[5:], person)
            return "\n".join(f"{offer.title}: {offer.description}" for offer in offers)
        if line.startswith("["):
            await chat.press(line[1:-1], person, **fields)
        elif line == "(sticker)":
            await chat.ask("", person, file=None, **fields)
        else:
            await chat.ask(line, person, **fields)
        notices = chat.released[released:]
        assert len(notices) == line.startswith("[")  # each button is released once
        came = [*map(text_of, chat.messages[seen:]), *(f"! {each}" for each in notices if each)]
        return "\n\n".join(came)

    def _chat(self, key: str, person: int) -> FakeChat:
        if key not in self._chats:
            is_private = key not in GROUPS
            chat = FakeChat(self._bot, person if is_private else GROUP, is_private=is_private)
            if key in PLACES:
                chat.place = key  # type: ignore[assignment]
            self._chats[key] = chat
        return self._chats[key]

    def _code(self, name: str, chat: FakeChat) -> str:
        chat = self._chats.get(name, chat)
        return next(code for each in reversed(chat.messages) for code in each.all("creation"))


def text_of(message: Shown) -> str:
    """Return what a message shows as plain text."""
    name, content = message.file or ("", b"")
    parts = [f"({name})" if name else "", message.text]
    if name.endswith(".txt"):
        parts.append(textwrap.indent(content.decode().rstrip(), "| ", lambda _: True))
    parts.append(" ".join(f"[{label}]" for label in message.labels))
    lines = "\n".join(filter(None, parts)).split("\n")
    return "\n".join(line.rstrip() for line in lines)


def fits(expected: str, came: str) -> bool:
    return bool(re.fullmatch(re.escape(expected).replace("…", ".*"), came))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the released weights alone."""
    folder = tmp_path_factory.mktemp("released")
    for network in ("dino", "poem"):
        (folder / network).mkdir()
        version = (ROOT / "checkpoints" / network / "released").read_text().strip()
        for name in ("released", f"{version}.safetensors"):
            shutil.copy(ROOT / "checkpoints" / network / name, folder / network)
    return folder


@pytest.fixture(autouse=True)
def always_the_same(monkeypatch: pytest.MonkeyPatch, taboo_words: Callable[..., None]) -> None:
    """Let it be the same day, the same rounds come, and three words be on the list."""
    taboo_words("gouda", "*brie*", "respect")
    rounds = count()
    day = datetime.fromisoformat("2026-11-28T12:00:00+00:00")
    monkeypatch.setattr(games, "secrets", SimpleNamespace(randbelow=lambda _: next(rounds)))
    monkeypatch.setattr(games, "datetime", SimpleNamespace(now=day.astimezone))


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("path", CHATS, ids=lambda path: path.stem)
async def test_a_chat(path: Path, settings: Settings, released: Path) -> None:
    text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    written, end = "", 0
    async with serving(settings, checkpoints=released) as alice:
        held = Held(alice.bot)
        alice.bot.username = "mangosaurus_bot"
        for turn in TURN.finditer(text):
            place, who, line, block = turn.groups()
            expected = block.rstrip()
            came = await held.turn(place, who or "alice", line) or "(nothing)"
            if not fits(expected, came):
                assert WRITES or came == expected, line
                expected = VARIES.sub("…", came)
            written += f"{text[end : turn.start(4)]}{expected}\n\n"
            end = turn.end()
    if WRITES:
        await asyncio.to_thread(path.write_text, f"{written.rstrip()}\n", encoding="utf-8")
