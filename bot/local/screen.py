"""How a chat looks in a terminal, and how it is written down where there is none. Not here: who says what."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any, Protocol

from bot.local.buttons import buttons
from bot.local.markup import index_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.local.contents import Json

STYLES = {
    "bold": "bold",
    "italic": "italic",
    "underline": "underline",
    "strikethrough": "strike",
    "code": "cyan",
    "pre": "cyan",
    "bot_command": "cyan",
    "text_link": "underline cyan",
}
SHOWN = ("sendMessage", "sendPhoto", *(f"editMessage{what}" for what in ("Text", "Caption", "Media", "ReplyMarkup")))
PICTURE = "(a picture)"
PROMPT, PLAIN_PROMPT = "› ", "> "
ERASE_LINE, ERASE_BELOW = "\r\x1b[K", "\x1b[J"
BANNER = "\x1b[2mA chat with Mangosaurus, in your terminal. #1 presses a button, Ctrl-D ends it.\x1b[0m\n\n"


class Screen(Protocol):
    """Where a chat is shown."""

    def listen(self, method: str, parameters: Json, result: Any) -> None:
        """Show what the bot does."""

    def note(self, text: str) -> None:
        """Show something that is no message."""

    def read(self) -> str | None:
        """Wait for the person's next line, without its end; None where there will be no more."""


def shown(method: str, parameters: Json, result: Any) -> Json | None:
    """Return what the bot does as a message to look at: its buttons below the text, a file by its name and its text."""
    if method == "sendDocument":
        name, content, _type = parameters["document"]
        lines = [result.get("caption", ""), name, content.decode(errors="replace").rstrip()]
        return {**result, "text": "\n".join(filter(None, lines)), "entities": []}
    if method == "answerCallbackQuery" and parameters.get("text"):
        return {"text": parameters["text"]}
    if method not in SHOWN or not isinstance(result, dict):
        return None
    row = " ".join(f"[{number} {button['text']}]" for number, button in enumerate(buttons(result), start=1))
    own = result if "text" in result else {**result, "text": _described(result), "entities": []}
    return {**own, "text": "\n".join(filter(None, [own["text"], row]))}


def _described(message: Json) -> str:
    """Return the caption and the name of a file; a terminal shows no pictures."""
    file = message["document"]["file_name"] if "document" in message else PICTURE
    return "\n".join(filter(None, [message.get("caption", ""), file]))


class Paper:
    """Plain text, a message a paragraph: what a pipe or a file gets.

    `gone` is called when nobody reads it any more, or when it cannot be written: then `failure` says why.
    """

    def __init__(self, gone: Callable[[], object]) -> None:
        self.failure: OSError | None = None
        self._gone = gone
        self._empty = True
        self._rest = b""
        self._ended = False

    def listen(self, method: str, parameters: Json, result: Any) -> None:
        """Write a message down, and an edited one once more."""
        message = shown(method, parameters, result)
        if message and method != "editMessageReplyMarkup":
            self.note(message["text"])

    def note(self, text: str) -> None:
        """Write a paragraph down."""
        self._write(("" if self._empty else "\n") + text + "\n")
        self._empty = False

    def read(self) -> str | None:
        """Wait for a line. Not with sys.stdin, whose lock would hold up the end of the process."""
        self._ended |= sys.stdin is None  # closed by whoever started us
        while b"\n" not in self._rest and not self._ended:
            chunk = os.read(0, 1 << 16)
            self._rest += chunk
            self._ended = not chunk
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace")

    def _write(self, text: str) -> None:
        if sys.stdout is None:
            return
        try:
            sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace"))
            sys.stdout.buffer.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that nothing fails once more at the exit
            self.failure = None if isinstance(error, BrokenPipeError) else error
            self._gone()


class Glass:
    """A terminal: styles, a line with a history to write on, and edited messages that change where they stand."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        self._readline = _readline()
        self._prompting = False
        self._newest: tuple[int, int] | None = None  # the message above the prompt, and how many rows it takes
        for stream in (sys.stdin, sys.stdout):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # what is not of the terminal's encoding is no reason to fail
        self._mark = PROMPT if _can_show(PROMPT) else PLAIN_PROMPT
        self._write(BANNER)

    def listen(self, method: str, parameters: Json, result: Any) -> None:
        """Show a message, an edited one in its place, and that the bot is writing."""
        message = shown(method, parameters, result)
        if message:
            message_id, rows = self._newest or (0, 0)
            edits = method.startswith("edit") and message_id == message["message_id"]
            self._show(message, above=rows if edits else 0)
        elif method == "sendChatAction" and not self._prompting:
            self._write(f"{ERASE_LINE}\x1b[2m…\x1b[0m")

    def read(self) -> str | None:
        """Ask for a line."""
        self._prompting = True
        try:
            return input(self._prompt())
        except EOFError:
            return None
        finally:
            self._prompting = False
            self._newest = None

    def note(self, text: str) -> None:
        """Show something that cannot be edited later."""
        self._show({"text": text}, above=0)

    def _show(self, message: Json, above: int) -> None:
        block = self._rendered(message)
        back = f"\x1b[{above}A\r{ERASE_BELOW}" if above else ""
        self._write(ERASE_LINE + back + block)
        rows = block.count("\n")
        self._newest = (message.get("message_id", 0), rows) if rows < self._console.height else None
        if self._prompting:
            self._write(self._mark + (self._readline.get_line_buffer() if self._readline else ""))

    def _rendered(self, message: Json) -> str:
        from rich.text import Text

        plain = message["text"].replace("\x1b", "\ufffd")
        text = Text(plain)
        for entity in message.get("entities", []):
            start, end = (index_of(plain, entity["offset"] + length) for length in (0, entity["length"]))
            text.stylize(STYLES.get(entity["type"], ""), start, end)
        with self._console.capture() as capture:
            self._console.print(text)
        return capture.get() + "\n"

    def _prompt(self) -> str:
        # readline has to be told which characters take no room.
        bold, plain = ("\x01\x1b[1m\x02", "\x01\x1b[0m\x02") if self._readline else ("", "")
        return f"{bold}{self._mark}{plain}"

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone, and SIGHUP on its way
            sys.stdout.write(text)
            sys.stdout.flush()


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _readline() -> Any:
    """Return the module that gives `input` a history, where Python has it."""
    try:
        import readline
    except ImportError:
        return None
    return readline
