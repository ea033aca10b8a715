"""The door of the terminal, and of pipes. The person who runs the bot is an admin here.

Each line is a message, but `#1` presses the first button of the newest message that has some, and `/quit` ends the
chat. At a terminal, prompt_toolkit edits the line; Ctrl-C clears it, and Ctrl-D ends the chat too. Through pipes,
each line is answered before the next one is read. At the end, the bot finishes what it has begun, a training included.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import signal
import sys
from concurrent.futures import Future
from html import unescape
from threading import Thread
from typing import TYPE_CHECKING

from bot.asks import Pressed, Said
from bot.chat import Chat, Door, NotSent
from bot.commands import menu
from bot.words import sentences
from bot.words.runs import Run, runs
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from markupsafe import Markup
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History

    from bot.app import Bot
    from bot.chat import Button, Buttons

YOU = 1
PRESS = re.compile("#([0-9]{1,2})", re.ASCII)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that could command a terminal."""
LOOKS = {"bold": "bold", "italic": "italic"} | dict.fromkeys(("code", "pre", "command", "creation"), "ansicyan")
UNBROKEN = {"pre", "button", "file"}
"""Styles of text in which no line is broken, even if it is too wide."""
BANNER = "A chat with Mangosaurus, in your terminal. #1 presses a button, /quit ends it."
HOW_TO_QUIT = "/quit or Ctrl-D ends our chat."
QUIT = ("exit", "quit", "/exit", "/quit")
UNFINISHED = re.compile("[ ,;:-]*\n…$")
"""The sign below an unfinished sonnet, and the marks before it, which the finished sonnet may lack."""


class OutputError(NotSent):
    """The answers cannot be written."""


class InputError(MangosaurusError):
    """The input cannot be read."""


class Pipes(Chat):
    """The chat through pipes: only finished messages, each as a paragraph of plain text."""

    id = YOU
    place = "terminal"
    takes_files = False
    edit_seconds = math.inf

    def __init__(self) -> None:
        self.newest: tuple[int, list[Button]] = (0, [])
        """The newest message with buttons."""
        self.failure: OutputError | None = None
        """Why nothing can be written any more; None while it can."""
        self._count = 0

    async def say(self, html: Markup, buttons: Buttons = (), *, unfinished: bool = False) -> int:
        return self._add(_drawn(html), buttons, unfinished=unfinished)

    async def change(
        self, message: int, html: Markup | None, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        """Write a message down once more, or only its buttons if nothing else has changed."""
        self._show(message, _drawn(html) if html is not None else [], buttons, unfinished=unfinished)

    async def notice(self, text: str = "", *, alert: bool = False) -> None:  # noqa: ARG002
        if text:
            self.note(text)

    async def picture(self, png: bytes, html: Markup, buttons: Buttons = ()) -> int:  # noqa: ARG002
        """Write down the caption: a terminal shows no pictures."""
        return self._add([*_drawn(html), Run("\n(a picture)")], buttons)

    async def document(self, name: str, content: bytes, html: Markup) -> int:
        """Write down a caption, and the name and text of a file; of a page, only the words."""
        text = content.decode(errors="replace").rstrip()
        if name.endswith(".html"):
            text = unescape(re.sub("<[^>]*>", "", text.partition("<body>")[2])).strip()
        return self._add([*_drawn(html), Run(f"\n{name}\n{text}", ("file",))], ())

    async def typing(self) -> None: ...

    def note(self, text: str) -> None:
        """Show something that is no message."""
        self.put([Run(text)])

    def put(self, shown: Sequence[Run]) -> None:
        """Write a paragraph. Raises OutputError."""
        if sys.stdout is None:
            return
        try:
            sys.stdout.buffer.write(f"{_text(shown)}\n\n".encode(sys.stdout.encoding, "replace"))
            sys.stdout.buffer.flush()
        except OSError as error:
            self.failure = OutputError(f"the answers cannot be written: {error.strerror}")
            self.failure.__cause__ = error
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that nothing fails once more at the exit
        if self.failure:
            raise self.failure

    def _add(self, shown: list[Run], buttons: Buttons, *, unfinished: bool = False) -> int:
        self._count += 1
        self._show(self._count, shown, buttons, unfinished=unfinished)
        return self._count

    def _show(self, message: int, shown: list[Run], buttons: Buttons, *, unfinished: bool = False) -> None:  # noqa: ARG002
        if drawn := [*shown, *self._row(message, buttons)]:
            self.put(drawn)

    def _row(self, message: int, buttons: Buttons) -> list[Run]:
        """Return the buttons as a line, each with its number; remember them to be pressed."""
        flat = [button for row in buttons for button in row]
        if flat or self.newest[0] == message:
            self.newest = (message, flat)
        labels = [Run(f"[{number} {button.label}]", ("button",)) for number, button in enumerate(flat, start=1)]
        return [part for label in labels for part in (Run("\n" if label is labels[0] else " "), label)]


class Screen(Pipes):
    """The chat at a terminal: with styles, broken at words; a sonnet grows, and a training shows in the toolbar."""

    edit_seconds = 0.25

    def __init__(self) -> None:
        super().__init__()
        self.session: PromptSession[str] | None = None
        """Edits lines, and shows below them what goes on."""
        self._shown: tuple[int, str] = (0, "")  # the newest message, as far as it is shown

    def put(self, shown: Sequence[Run]) -> None:
        self._print([*shown, Run("\n\n")])

    def _show(self, message: int, shown: list[Run], buttons: Buttons, *, unfinished: bool = False) -> None:
        text, is_growing = UNFINISHED.subn("", _text(shown)) if unfinished else (_text(shown), 0)
        newest, before = self._shown
        goes_on = newest == message and text.startswith(before)
        rest = _letters(shown)[len(before) if goes_on else 0 : len(text)]
        if unfinished and (goes_on or (is_growing and newest != message)):
            self._print(rest)
            self._shown = (message, text)
        elif unfinished:
            row = self._row(message, buttons) if message >= self.newest[0] else []
            self._put_below([*rest, *row])
        else:
            self._put_below([])
            gap = [Run("" if goes_on else "\n\n")] if before else []
            super()._show(message, [*gap, *rest], buttons)
            self._shown = (0, "")

    def _put_below(self, shown: Sequence[Run]) -> None:
        if self.session:
            self.session.bottom_toolbar = _text(_wrapped(shown)) or None
            self.session.app.invalidate()

    def _print(self, shown: Sequence[Run]) -> None:
        from prompt_toolkit import print_formatted_text
        from prompt_toolkit.formatted_text import FormattedText

        styled = [
            (" ".join(LOOKS.get(style, "") for style in run.styles), CONTROL.sub("\ufffd", run.text))
            for run in _wrapped(shown)
        ]
        with contextlib.suppress(OSError):  # the terminal is gone, and SIGHUP on its way
            print_formatted_text(FormattedText(styled), end="", flush=True)


def _drawn(html: Markup) -> list[Run]:
    """Return a message as runs. The code below a creation gets a label, as it is no link here."""
    return [
        run._replace(text=sentences.CODE.format(run.text)) if "creation" in run.styles else run for run in runs(html)
    ]


def _text(shown: Sequence[Run]) -> str:
    return "".join(run.text for run in shown)


def _letters(shown: Sequence[Run]) -> list[Run]:
    return [run._replace(text=letter) for run in shown for letter in run.text]


def _wrapped(shown: Sequence[Run]) -> list[Run]:
    """Return the letters of runs, with lines broken at blanks so that they fit into the terminal."""
    from prompt_toolkit.application import get_app_session
    from prompt_toolkit.utils import get_cwidth

    columns, letters = get_app_session().output.get_size().columns, _letters(shown)
    column = until = 0
    blank: int | None = None
    for at, letter in enumerate(letters):
        column += get_cwidth(letter.text)
        if letter.text == "\n":
            column, blank = 0, None
        elif letter.text == " " and UNBROKEN.isdisjoint(letter.styles):
            until, blank = column, at
        elif column > columns and blank is not None:
            letters[blank], column, blank = Run("\n"), column - until, None
    return letters


class Terminal(Door):
    """The door: a screen where somebody sits at a terminal, else pipes. `history` keeps what was typed."""

    def __init__(self, history: Path) -> None:
        self.is_interactive = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))
        self._screen: Pipes = Screen() if self.is_interactive else Pipes()
        self._history = history

    def chat(self, chat_id: int) -> Chat | None:
        return self._screen if chat_id == YOU else None

    async def converse(self, bot: Bot, announcement: str = "") -> None:
        """Answer each line until there are no more. Raises InputError or OutputError."""
        try:
            if announcement:
                self._screen.note(announcement)
            if isinstance(self._screen, Screen):
                await self._converse(self._screen, bot)
            else:
                lines = _lines()
                await self._answer_all(lambda: _next(lines), bot)
                await bot.idle()
                await bot.runs.ended()
        except OutputError as error:
            if not isinstance(error.__cause__, BrokenPipeError):  # then nobody reads any more
                raise

    async def _converse(self, screen: Screen, bot: Bot) -> None:
        from prompt_toolkit.patch_stdout import patch_stdout

        screen.note(BANNER)
        session = screen.session = self._session()
        before = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C while an answer is written
        try:
            await self._answer("/start", bot)
            with patch_stdout(raw=True):
                await self._answer_all(lambda: self._prompt(session), bot)
        finally:
            signal.signal(signal.SIGINT, before)

    async def _answer_all(self, read: Callable[[], Awaitable[str | None]], bot: Bot) -> None:
        while (line := await read()) is not None and line.strip().lower() not in QUIT:
            await self._answer(line.strip(), bot)

    async def _answer(self, line: str, bot: Bot) -> None:
        """Answer a line, or press a button, and wait until that is done."""
        message, buttons = self._screen.newest
        press = PRESS.fullmatch(line)
        if press and not 1 <= (number := int(press[1])) <= len(buttons):
            self._screen.note(sentences.NO_BUTTON.format(number))
        elif press:
            data = buttons[number - 1].data
            await bot.ask(Pressed(person=YOU, chat=self._screen, is_admin=True, message=message, data=data))
        elif line:
            await bot.ask(Said(person=YOU, chat=self._screen, is_admin=True, text=line))
        if self._screen.failure:
            raise self._screen.failure

    def _session(self) -> PromptSession[str]:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory, InMemoryHistory

        class WritableHistory(FileHistory):
            """What was typed, as far as it can be written."""

            def store_string(self, string: str) -> None:
                with contextlib.suppress(OSError, UnicodeEncodeError):
                    super().store_string(string)

        try:
            self._history.touch(mode=0o600)
            history: History = WritableHistory(self._history)
        except OSError:
            history = InMemoryHistory()
        commands = {f"/{name}": about for name, about in menu(is_admin=True).items()}
        completer = WordCompleter(list(commands), meta_dict=commands, sentence=True, ignore_case=True)
        return PromptSession([("bold", "› ")], history=history, completer=completer, complete_while_typing=False)

    async def _prompt(self, session: PromptSession[str]) -> str | None:
        """Ask for a line, or return None at the end of input. Ctrl-C clears the line."""
        while True:
            try:
                return await session.prompt_async()
            except KeyboardInterrupt:
                self._screen.note(HOW_TO_QUIT)
            except EOFError:
                return None


def _lines() -> Iterator[str]:
    """Yield the lines that come through the pipe. The lock of sys.stdin would hold up the end of the process."""
    rest = b""
    while chunk := b"" if sys.stdin is None else os.read(0, 1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")


async def _next(lines: Iterator[str]) -> str | None:
    """Wait for a line on a daemon thread, which does not hold up the exit. Raises InputError."""
    read: Future[str | None] = Future()
    read.set_running_or_notify_cancel()  # if the wait is cancelled, the thread reads on

    def run() -> None:
        try:
            read.set_result(next(lines, None))
        except OSError as error:
            read.set_exception(InputError(f"what you say cannot be read: {error.strerror}"))

    Thread(target=run, name="reading", daemon=True).start()
    return await asyncio.wrap_future(read)
