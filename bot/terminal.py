"""The door of the terminal, and of pipes. The person who runs the bot is an admin here.

Each line is a message, but `#1` presses the first button of the newest answer, `/stop` and
`/cancel` end a training, and `/quit` ends the chat. A text to learn is given by its path, and files
are saved where the bot was started.

At a terminal, prompt_toolkit edits the line; Ctrl-C clears it, and Ctrl-D ends the chat too.
Through pipes, each line is answered before the next one is read. At the end, the bot finishes what
it has begun, a training included.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import shlex
import signal
import sys
from concurrent.futures import Future
from functools import partial
from itertools import chain, count
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bot.asks import Ask, File, Pressed, Said
from bot.chat import Button, Buttons, Chat, Door, NotSent
from bot.commands import menu
from bot.words import sentences
from bot.words.pieces import Piece, pieces_of
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History

    from bot.app import Bot

YOU = 1
PRESS = re.compile("#([0-9]{1,2})", re.ASCII)
ENDS = {"/stop": "finish", "/cancel": "cancel"}
"""Commands that press the buttons of a training, as numbers press those of the newest answer."""
TEACHING = re.compile(
    r"(/retrain\s+(?:(?:names|verse)\s+\S+|dino(?!(?:fresh|\s)+$)))[^\S\n]+(?!fresh$)(.+)",
    re.IGNORECASE,
)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that could command a terminal."""
LOOKS = {"bold": "bold", "italic": "italic"}
LOOKS |= dict.fromkeys(("code", "pre", "command", "creation", "button"), "ansicyan")
UNBROKEN = {"pre", "button"}
"""Styles of text in which no line is broken, even if it is too wide."""
BANNER = "A chat with Mangosaurus, in your terminal. #1 presses a button, /quit ends it."
HOW_TO_QUIT = "/quit or Ctrl-D ends our chat."
QUIT = ("exit", "quit", "/exit", "/quit")
UNFINISHED = re.compile("[ ,;:-]*\n…$")
"""The sign below an unfinished sonnet, and marks before it that may go when the sonnet is finished.
"""


class OutputError(NotSent):
    """The answers cannot be written."""


class Pipes(Chat):
    """The chat through pipes: only finished messages, each as a paragraph of plain text."""

    id = YOU
    place = "terminal"
    takes_files = False
    edit_seconds = math.inf

    def __init__(self, history: Path) -> None:
        self.history = history
        """The file with what was typed at a terminal."""
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
        self._show(
            message, _drawn(html) if html is not None else [], buttons, unfinished=unfinished
        )

    async def notice(self, text: str = "", *, alert: bool = False) -> None:  # noqa: ARG002
        if text:
            self.note(text)

    async def picture(
        self,
        png: bytes,
        html: Markup,
        buttons: Buttons = (),
        name: str = "",
        alt: str = "",  # noqa: ARG002
    ) -> int:
        return self._add(
            _drawn(Markup("{}\n{}").format(html, saved(name or "training.png", png))), buttons
        )

    async def document(self, name: str, content: bytes, html: Markup) -> int:
        parts = [html, saved(name, content)]
        if html == sentences.EXPORT and self.history.exists():
            parts.append(sentences.TYPED_HERE.format(self.history))
        return self._add(_drawn(Markup("\n").join(parts)), ())

    async def clear(self, kept: int) -> None:  # noqa: ARG002 - what a terminal has shown stays
        """Delete what was typed. The empty file stays, because only its owner can read it."""
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self.history, 0)
        self.note(sentences.SAVED_STAYS)

    async def typing(self) -> None: ...

    def note(self, text: str) -> None:
        """Show something that is no message."""
        self.put([Piece(text)])

    def put(self, shown: Sequence[Piece]) -> None:
        """Write a paragraph. Raises OutputError."""
        if sys.stdout is None:
            return
        try:
            sys.stdout.buffer.write(f"{_text(shown)}\n\n".encode(sys.stdout.encoding, "replace"))
            sys.stdout.buffer.flush()
        except OSError as error:
            self.failure = OutputError(f"the answers cannot be written: {error.strerror}")
            self.failure.__cause__ = error
            # otherwise flushing stdout at the exit would fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if self.failure:
            raise self.failure

    def _add(self, shown: list[Piece], buttons: Buttons, *, unfinished: bool = False) -> int:
        self._count += 1
        self._show(self._count, shown, buttons, unfinished=unfinished)
        return self._count

    def _show(
        self,
        message: int,
        shown: list[Piece],
        buttons: Buttons,
        *,
        unfinished: bool = False,  # noqa: ARG002
    ) -> None:
        if whole := self._whole(message, shown, buttons):
            self.put(whole)

    def _whole(self, message: int, shown: list[Piece], buttons: Buttons) -> list[Piece]:
        """Return a message with its buttons in a row below it, numbered; or with the commands that
        end a training.
        """
        flat = [button for row in buttons for button in row]
        if _ends_training(buttons):
            return [*shown, Piece("\n"), *_drawn(sentences.HOW_TO_END)]
        if flat or self.newest[0] == message:
            self.newest = (message, flat)
        labels = [
            Piece(f"[{number} {button.label}]", ("button",))
            for number, button in enumerate(flat, start=1)
        ]
        row = [part for label in labels for part in (Piece(" "), label)][1:]
        return [*shown, *([Piece("\n")] if shown and row else []), *row]


class Screen(Pipes):
    """The chat at a terminal: with styles, broken at words; a sonnet grows, and a training shows in
    the toolbar.
    """

    edit_seconds = 0.25

    def __init__(self, history: Path) -> None:
        super().__init__(history)
        self.session: PromptSession[str] | None = None
        """Edits lines, and shows below them what goes on."""
        self._shown: tuple[int, str] = (0, "")  # the newest message, as far as it is shown

    async def clear(self, kept: int) -> None:
        await super().clear(kept)
        if self.session:
            self.session.default_buffer.history = _opened(self.history)

    async def line(self) -> str | None:
        session = self.session = self.session or self._begun()
        while True:
            try:
                line = await session.prompt_async()
            except KeyboardInterrupt:
                self.note(f"\n{HOW_TO_QUIT}")
            except EOFError:
                return None
            else:
                self._print([Piece("\n" if line.strip() else "")])
                return line

    def put(self, shown: Sequence[Piece]) -> None:
        self._print([*shown, Piece("\n\n")])

    def _begun(self) -> PromptSession[str]:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.styles import Style

        commands = {f"/{name}": about for name, about in menu(is_admin=True).items()}
        completer = WordCompleter(
            list(commands), meta_dict=commands, sentence=True, ignore_case=True
        )
        return PromptSession(
            [("bold", "› ")],
            style=Style.from_dict({"": "ansigreen"}),
            history=_opened(self.history),
            completer=completer,
            complete_while_typing=False,
        )

    def _show(
        self, message: int, shown: list[Piece], buttons: Buttons, *, unfinished: bool = False
    ) -> None:
        text, is_growing = UNFINISHED.subn("", _text(shown)) if unfinished else (_text(shown), 0)
        newest, before = self._shown
        goes_on = newest == message and text.startswith(before)
        rest = _letters(shown)[len(before) if goes_on else 0 : len(text)]
        if unfinished and (goes_on or (is_growing and newest != message)):
            self._print(rest)
            self._shown = (message, text)
        elif unfinished:
            self._put_below(self._whole(message, rest, buttons))
        else:
            self._put_below([])
            gap = [Piece("" if goes_on else "\n\n")] if before else []
            # the toolbar tells
            super()._show(message, [*gap, *rest], () if _ends_training(buttons) else buttons)
            self._shown = (0, "")

    def _put_below(self, shown: Sequence[Piece]) -> None:
        if self.session:
            self.session.bottom_toolbar = _text(_wrapped(shown)) or None
            self.session.app.invalidate()

    def _print(self, shown: Sequence[Piece]) -> None:
        from prompt_toolkit import print_formatted_text
        from prompt_toolkit.formatted_text import FormattedText

        styled = [
            (
                " ".join(LOOKS.get(style, "") for style in piece.styles),
                CONTROL.sub("\ufffd", piece.text),
            )
            for piece in _wrapped(shown)
        ]
        with contextlib.suppress(OSError):  # the terminal is gone, and SIGHUP on its way
            print_formatted_text(FormattedText(styled), end="", flush=True)


def _ends_training(buttons: Buttons) -> bool:
    return any(button.data.startswith("1:training:") for row in buttons for button in row)


def _opened(path: Path) -> History:
    """Return the history in a file, or a history in memory if the file cannot be made."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class WritableHistory(FileHistory):
        def store_string(self, string: str) -> None:
            with contextlib.suppress(OSError, UnicodeEncodeError):
                super().store_string(string)

    try:
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return WritableHistory(path)


def saved(name: str, content: bytes) -> Markup:
    """Save a file where the bot was started, under a name that is free, and say where."""
    stem, _, kind = name.rpartition(".")
    names = (f"{stem}{end}.{kind}" for end in chain([""], (f"-{n}" for n in count(2))))
    try:
        path = next(path for path in map(Path.cwd().joinpath, names) if not path.exists())
        with open(path, "xb", opener=partial(os.open, mode=0o600)) as file:
            file.write(content)
    except OSError as error:
        return sentences.NOT_SAVED.format(name, error.strerror)
    return sentences.SAVED.format(path)


def _file(text: str) -> File | None:
    """Return the file at a path, which may be quoted as for a shell; None if it cannot be read."""
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        path = Path(text).expanduser()
        path = path if path.is_file() else Path(" ".join(shlex.split(text))).expanduser()
        if path.is_file() and os.access(path, os.R_OK):
            return File(
                name=path.name,
                size=path.stat().st_size,
                read=partial(asyncio.to_thread, path.read_bytes),
            )
    return None


def _drawn(html: Markup) -> list[Piece]:
    """Return a message in pieces. The code below a creation gets a label, as it is no link here."""
    return [
        (
            piece._replace(text=sentences.CODE.format(piece.text))
            if "creation" in piece.styles
            else piece
        )
        for piece in pieces_of(html)
    ]


def _text(shown: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in shown)


def _letters(shown: Sequence[Piece]) -> list[Piece]:
    return [piece._replace(text=letter) for piece in shown for letter in piece.text]


def _wrapped(shown: Sequence[Piece]) -> list[Piece]:
    """Return the letters of pieces, with lines broken at blanks so that they fit into
    the terminal.
    """
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
            letters[blank], column, blank = Piece("\n"), column - until, None
    return letters


class Terminal(Door):
    """The door: a screen where somebody sits at a terminal, else pipes.

    `history` keeps what was typed.
    """

    def __init__(self, history: Path) -> None:
        self.is_interactive = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))
        self._screen: Pipes = (Screen if self.is_interactive else Pipes)(history)

    def chat(self, chat_id: int) -> Chat | None:
        return self._screen if chat_id == YOU else None

    async def converse(self, bot: Bot, announcement: str = "") -> None:
        """Answer each line until there are no more. Raises MangosaurusError."""
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
        before = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C while an answer is written
        try:
            await self._answer("/start", bot)
            with patch_stdout(raw=True):
                await self._answer_all(screen.line, bot)
        finally:
            signal.signal(signal.SIGINT, before)

    async def _answer_all(self, read: Callable[[], Awaitable[str | None]], bot: Bot) -> None:
        while (line := await read()) is not None and line.strip().lower() not in QUIT:
            await self._answer(line.strip(), bot)

    async def _answer(self, line: str, bot: Bot) -> None:
        if ask := self._ask(line, bot):
            await bot.ask(ask)
        if self._screen.failure:
            raise self._screen.failure

    def _ask(self, line: str, bot: Bot) -> Ask | None:
        """Return what a line asks for; None if it is empty or cannot be meant, which
        a note says.
        """
        you: Any = {"person": YOU, "chat": self._screen, "is_admin": True}
        if press := PRESS.fullmatch(line):
            (message, buttons), number = self._screen.newest, int(press[1])
            if 1 <= number <= len(buttons):
                return Pressed(**you, message=message, data=buttons[number - 1].data)
            self._screen.note(sentences.NO_BUTTON.format(number))
            return None
        if verb := ENDS.get(line.lower()):
            key = bot.runs.running.key if bot.runs.running else "00000000"
            return Pressed(**you, message=0, data=Button.of("", "training", verb, key).data)
        if teaching := TEACHING.fullmatch(line):
            if file := _file(teaching[2]):
                return Said(**you, text=teaching[1], file=file)
            self._screen.note(sentences.NO_SUCH_FILE.format(teaching[2]))
            return None
        return Said(**you, text=line) if line else None


def _lines() -> Iterator[str]:
    """Yield the lines of the pipe, without sys.stdin, whose lock would hold up the end of the
    process.
    """
    rest = b""
    while chunk := b"" if sys.stdin is None else os.read(0, 1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")


async def _next(lines: Iterator[str]) -> str | None:
    """Wait for a line on a daemon thread, which does not hold up the exit.

    Raises MangosaurusError.
    """
    read: Future[str | None] = Future()
    read.set_running_or_notify_cancel()  # if the wait is cancelled, the thread reads on

    def run() -> None:
        try:
            read.set_result(next(lines, None))
        except OSError as error:
            read.set_exception(MangosaurusError(f"what you say cannot be read: {error.strerror}"))

    Thread(target=run, name="reading", daemon=True).start()
    return await asyncio.wrap_future(read)
