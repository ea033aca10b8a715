"""The door of the terminal, and of pipes. The person who runs the bot is an admin here.

Each line is a message, and each message of the bot a paragraph. `1` presses the first button of the
newest message with buttons, and `/quit` ends the chat. `/retrain` takes the path of a text to
learn. The bot saves the files that it sends, and says where.

A line is answered before the next one is read. At a terminal, people edit their lines with
readline, if Python has it. At the end of a pipe, the bot finishes what it has begun, a training
included.
"""

import asyncio
import contextlib
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from io import TextIOWrapper
from itertools import count, takewhile
from pathlib import Path
from threading import Thread
from typing import Any

from bot.app import Bot, Door
from bot.asks import YOU, File, Said
from bot.chat import Buttons, Chat, Explained, NotSent, Picture
from bot.words import sentences
from bot.words.pieces import Message

PROMPT = "> "
QUIT = ("exit", "quit", "/exit", "/quit")
PROGRESS_SECONDS = 20.0
NUMBER = re.compile("[0-9]{1,2}", re.ASCII)
WITH_PATH = re.compile(r"(/retrain\s+\S+\s+\S+)\s+(.+)", re.IGNORECASE)
"""`/retrain names towns ~/towns.txt`"""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that could command a terminal."""
BOLD = "\x1b[1m{}\x1b[0m"
STRONG = ("bold", "name", "own")
"""Styles that are bold at a terminal."""


class Terminal(Chat, Door):
    """The door and its one chat: at a terminal if somebody sits there, else through pipes."""

    id = YOU
    place = "terminal"
    shows_pictures = False

    def __init__(self, files: Path) -> None:
        """`files` is the folder for the files that the bot sends."""
        self._files = files
        self.is_interactive = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))
        # a training shows how it goes on
        self.edit_seconds = PROGRESS_SECONDS if self.is_interactive else math.inf
        self._readline: Any = None  # the module
        # undoes what readline changes at the terminal
        self._restore: Callable[[], None] | None = None
        self._is_asking = False
        self._count = 0
        self._growing = 0
        """The newest message that was unfinished when it was sent. Only its end is shown."""
        self._pressable: tuple[int, list[str]] = (0, [])
        """The newest message with buttons, and the lines that they say."""
        self._failure: OSError | None = None
        for stream in (sys.stdin, sys.stdout):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")

    async def open(self, bot: Bot) -> None:  # noqa: ARG002 - `converse` takes it
        """Let readline edit lines. On Windows, the console does."""
        if self.is_interactive:
            with contextlib.suppress(ImportError):
                import readline
                import termios

                self._readline = readline
                before = termios.tcgetattr(0)
                self._restore = partial(termios.tcsetattr, 0, termios.TCSADRAIN, before)

    async def close(self) -> None:
        """Leave the terminal as it was, also if Ctrl-C has come while a line was edited."""
        if self._restore:
            self._restore()
            print()

    async def converse(self, bot: Bot) -> None:
        """Answer each line until there are no more. Raises OSError if answers cannot be written."""
        loop, ended = asyncio.get_running_loop(), Future[None]()
        ended.set_running_or_notify_cancel()  # so that `read` can set it even after a cancellation

        def read() -> None:
            try:
                for line in takewhile(lambda line: line.lower() not in QUIT, self._lines()):
                    asyncio.run_coroutine_threadsafe(self._answer(line, bot), loop).result()
                ended.set_result(None)
            except Exception as error:
                ended.set_exception(self._failure or error)

        try:
            if self.is_interactive:
                await self.say(sentences.BANNER)
                await self._answer("/start", bot)
            # a daemon, which does not hold up the exit
            Thread(target=read, name="reading", daemon=True).start()
            await asyncio.wrap_future(ended)
            if not self.is_interactive:
                await bot.idle()
                await bot.runs.ended()
        except BrokenPipeError:  # nobody reads any more
            return

    async def say(
        self, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> int:
        self._count += 1
        if unfinished:
            self._growing = self._count
        else:
            await self.change(self._count, message, buttons)
        return self._count

    async def change(
        self, number: int, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        """Write a message as it is now, with its buttons in a row below it.

        While the message is unfinished, `1` presses a button of an older message.
        """
        if unfinished and number == self._growing:
            return
        text = "".join(map(self._styled, message))
        flat = [button for row in buttons for button in row if button.line]
        if flat and not unfinished:
            self._pressable = (number, [button.line for button in flat])
            labels = [f"[{place} {button.label}]" for place, button in enumerate(flat, 1)]
            text = f"{text}\n{' '.join(labels)}"
        self._write(text)

    async def picture(self, picture: Picture, message: Message, buttons: Buttons = ()) -> None:
        png, _ = await picture.draw()
        await self.document(picture.name, png, message, buttons)

    async def document(
        self, name: str, content: bytes, message: Message, buttons: Buttons = ()
    ) -> None:
        file = save(self._files / name, content)
        await self.say(message + "\n" + file, buttons)

    async def typing(self) -> None: ...

    def _styled(self, piece: tuple[str, str]) -> str:
        """Return the text of a piece as the terminal or the pipe shows it."""
        text, style = piece
        if self.is_interactive:
            text = CONTROL.sub("\ufffd", text)
        if style == "creation" and text:
            return sentences.CODE.format(text)
        has_bold = self.is_interactive and os.name == "posix"
        return BOLD.format(text) if has_bold and style in STRONG else text

    def _write(self, text: str) -> None:
        """Write a paragraph. Raises NotSent."""
        if self._is_asking:  # this text comes by itself, while somebody types a line
            typed = self._readline.get_line_buffer() if self._readline else ""
            text = f"\n{text}\n\n{PROMPT}{typed}"
        try:
            print(text, end="" if self._is_asking else "\n\n", flush=True)
        except OSError as error:
            self._failure = error
            # otherwise flushing stdout at the exit would fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise NotSent(str(error)) from error

    def _lines(self) -> Iterator[str]:
        """Yield each line that is typed at the terminal or comes through the pipe."""
        if self.is_interactive:
            with contextlib.suppress(EOFError):
                while True:
                    self._is_asking = True
                    line = input(PROMPT)
                    self._is_asking = False
                    yield line.strip()
        elif sys.stdin:
            # not sys.stdin, whose lock would hold up the end of the process
            with open(0, encoding=sys.stdin.encoding, errors="replace", closefd=False) as lines:
                yield from map(str.strip, lines)

    async def _answer(self, line: str, bot: Bot) -> None:
        """Answer a line: the number of a button, a `/retrain` with a path, or any other one."""
        pressed, file = None, None
        number, lines = self._pressable
        if NUMBER.fullmatch(line) and 0 < int(line) <= len(lines):
            pressed, line = number, lines[int(line) - 1]
        elif (found := WITH_PATH.fullmatch(line)) and found[2].lower() != "fresh":
            line = found[1]
            file = _file_at(found[2])
            if file is None:
                self._write(sentences.NO_SUCH_FILE.format(found[2]))
                return
        if line:
            ask = Said(person=YOU, chat=self, is_admin=True, text=line, file=file, pressed=pressed)
            await bot.ask(ask)
        if self._failure:
            raise self._failure


def save(path: Path, content: bytes) -> Message:
    """Save a file at a path, or beside another file of that name. Return a sentence that says
    where.

    Raises Explained.
    """
    name = path.name
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        numbers = count(2)
        while path.exists():
            if path.read_bytes() == content:
                return sentences.SAVED.format(path)
            path = path.with_name(f"{Path(name).stem}-{next(numbers)}{path.suffix}")
        with open(path, "xb", opener=partial(os.open, mode=0o600)) as file:
            file.write(content)
    except OSError as error:
        raise Explained(sentences.NOT_SAVED.format(name, error.strerror)) from error
    return sentences.SAVED.format(path)


def _file_at(given: str) -> File | None:
    """Return the file at a path, or None. A path that was dropped on the terminal may have quotes
    or backslashes.
    """
    path = Path(os.path.expanduser(given.strip("'\"").replace("\\ ", " ")))  # noqa: PTH111 - Path's own raises for `~nobody`
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):  # noqa: PTH113 - Path's own raises for a long name
        return None
    return File(
        name=path.name,
        size=path.stat().st_size,
        read=partial(asyncio.to_thread, path.read_bytes),
    )
