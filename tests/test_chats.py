"""Chats with the bot, held again: each file of tests/chats/ has lines of people and the answers.

    > /dino 5 mango         Alice says this in her private chat
    bob> /dino              Bob says it in his; `admin` is one, and `nobody` has no name
    group:bob> [another]    Bob presses that button, of the newest message in the group that has it
    > (sticker)             no text
    > @bot mango            typed in another chat, where names are offered

`page:` and `terminal:` are chats of those doors. {code} is the newest code of the chat, and {bob}
that of Bob's. Below each line stands all that comes: messages, files such as (mangodon-….png), the
buttons of a message, after "!" what a button says for a moment, or (nothing). … is any part of a
line. A line that begins with # is a comment. Everybody begins with seed 0. The released weights
write; verse gets a narrower search, for speed.

With WRITE_CHATS=1, what comes is written into the files, for somebody to read in the diff.
"""

import asyncio
import os
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.commands import games
from bot.creations import CODE
from bot.settings import Settings
from bot.speeds import Speed
from bot.writer import Writer
from model.files import ROOT
from model.weights.checkpoint import Checkpoint
from tests.fake_chat import FakeChat, Shown
from tests.serving import ADMIN, ALICE, BOB, GROUP, serving

WRITES = "WRITE_CHATS" in os.environ
ROWS = 4
"""So few candidates are written for each line of verse. With all of them, a poem takes long."""
NARROW = dict[str, Checkpoint]()
"""The weights of each version with so few candidates: all chats share their tables."""
CHATS = sorted((ROOT / "tests" / "chats").glob("*.txt"))
TURN = re.compile(r"^(?:(\w+):)?(\w*)> (.*)\n((?:(?![\w:]*> |# ).*\n)*)", re.MULTILINE)
VARIES = re.compile(rf"\b{CODE.pattern}\b|\b\d\d [A-Z][a-z]+ 20\d\d\b")
ESCAPED = re.compile(r"\\n|\\u[0-9a-f]{4}")
PEOPLE = {"": ALICE, "alice": ALICE, "bob": BOB, "admin": ADMIN, "nobody": 103}


class Chats(dict[str, FakeChat]):
    """The chats of a file, by place or person."""

    def __missing__(self, name: str) -> FakeChat:
        """Begin a chat."""
        is_private = name != "group"
        number = PEOPLE.get(name, 104) if is_private else GROUP
        self[name] = FakeChat(self["alice"].bot, number, is_private=is_private)
        if name not in PEOPLE:
            self[name].place = name  # type: ignore[assignment]
        return self[name]

    async def turn(self, place: str, who: str, line: str) -> str:
        """Let somebody say a line or press a button, and return all that the bot shows then."""
        chat = self[place or who or "alice"]
        line = re.sub("{([a-z]+)}", lambda gap: code_of(self.get(gap[1], chat)), line)
        line = ESCAPED.sub(lambda found: found[0].encode().decode("unicode_escape"), line)
        person, name = PEOPLE[who], who.replace("nobody", "").capitalize()
        chat.is_admin = who == "admin"
        seen, released = len(chat.messages), len(chat.released)
        if line.startswith("@bot"):
            offers = await chat.type(line[5:], person)
            shown = [": ".join(filter(None, offer[:2])) for offer in offers]
            return "\n".join(shown) or f"! {chat.reason}"
        if line.startswith("["):
            await chat.press(line[1:-1], person, name=name)
        elif line == "(sticker)":
            await chat.ask("", person, file=None)
        else:
            await chat.ask(line, person, name=name)
        notices = chat.released[released:]
        assert len(notices) == line.startswith("[")  # each button is released once
        came = [*map(text_of, chat.messages[seen:]), *(f"! {each}" for each in notices if each)]
        return "\n\n".join(came)


def code_of(chat: FakeChat) -> str:
    return next(code for each in reversed(chat.messages) for code in each.all("creation"))


def text_of(message: Shown) -> str:
    """Return what a message shows as plain text."""
    name, content = message.file or ("", b"")
    text = content.decode().rstrip() if name.endswith(".txt") else ""
    quoted = textwrap.indent(text, "| ", lambda _: bool(text))
    buttons = " ".join(f"[{label}]" for label in message.labels)
    shown = "\n".join(filter(None, (name and f"({name})", message.text, quoted, buttons)))
    return re.sub(" +$", "", shown, flags=re.MULTILINE)


@pytest.fixture(autouse=True)
def always_the_same(monkeypatch: pytest.MonkeyPatch, taboo_words: Callable[..., None]) -> None:
    """Give every chat the same day, three taboo words, and few rows for verse."""

    def writer_of(checkpoint: Checkpoint, speed: Speed) -> Writer:
        few = replace(checkpoint.description, rows=ROWS)
        narrow = replace(checkpoint, description=few)
        return Writer(NARROW.setdefault(checkpoint.version, narrow), speed)

    monkeypatch.setattr("bot.shelf.Writer", writer_of)
    day = datetime.fromisoformat("2036-11-28T12:00:00+00:00")
    monkeypatch.setattr(games, "datetime", SimpleNamespace(now=day.astimezone))
    taboo_words("gouda", "*brie*", "counterfeits")


def agrees(expected: str, came: str) -> bool:
    """Whether answers are as a file expects them: … is any part of a line."""
    return bool(re.fullmatch(re.escape(expected).replace("…", ".*"), came))


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("path", CHATS, ids=lambda path: path.stem)
async def test_a_chat(path: Path, settings: Settings, released: Path) -> None:
    text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    written, end = "", 0
    async with serving(settings, checkpoints=released) as alice:
        alice.bot.username = "mangosaurus_bot"
        chats = Chats(alice=alice)
        for turn in TURN.finditer(text):
            place, who, line, block = turn.groups()
            expected = block.rstrip()
            came = await chats.turn(place, who, line) or "(nothing)"
            # pytest shows how the sides of == differ
            assert WRITES or agrees(expected, came) or came == expected, line
            kept = expected if agrees(expected, came) else VARIES.sub("…", came)
            written += f"{text[end : turn.start(4)]}{kept}\n\n"
            end = turn.end()
    if WRITES:
        await asyncio.to_thread(path.write_text, f"{written.rstrip()}\n", encoding="utf-8")
