"""What happens at a door: somebody says, sends or types something in a chat.

Each door (Telegram, the page, the terminal) turns what happens there into asks, and
`bot.routing.handle` answers them. A button says its line.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.chat import Chat, Explained
from bot.words import sentences

YOU = 1
"""The person who runs the bot, in the terminal and on the page."""
LONGEST_LINE = 200
LARGEST_FILE = 5_000_000
"""The largest file that can teach a voice, in bytes."""
LONGEST_TEXT = 4096
"""The length of Telegram's longest message. A longer text is cut off, because the work on a text
may grow faster than its length."""

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_COMMAND = re.compile(r"/(\S*)\s*")
_VOICE = re.compile(r"(?<!\S)voice[:\uff1a]\s*(\S*)\s*", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”|„([^„“”]*)[“”]|«([^«»]*)»')
"""A whole text in one pair of quotes; phones turn straight quotes into curly quotes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class File:
    """A file in a chat. `read` fetches its content, or raises NotSent."""

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(kw_only=True, eq=False)
class Ask:
    """Who asks, and where.

    A group or channel that posts as itself is a person too: then `person` is its chat.
    """

    person: int
    chat: Chat
    text: str
    pressed: int | None = None
    """The number of the message whose button was pressed."""
    is_admin: bool = False
    arrived: float = field(default_factory=time.monotonic)
    shown: int | None = None
    """The number of the message in which the answer grows."""
    is_accepted: bool = False
    """Whether the ask was accepted before. Then it is never refused."""


@dataclass(kw_only=True, eq=False)
class Said(Ask):
    """A line that somebody sends, or that a button says for whoever presses it.

    `file` belongs to the message that the line replies to. `name` is the first name in the person's
    profile.
    """

    file: File | None = None
    name: str = ""
    is_late: bool = False
    """Whether the line was said too long ago to be answered."""

    @property
    def command(self) -> tuple[str, str]:
        """The command in lower case and the text after it: ("dino", "5 mango").

        If the text is no command, ("", the text).
        """
        found = _COMMAND.match(self.text)
        if not found:
            return "", self.text
        # a slash alone is a command, though an unknown one
        return found[1].lower() or "/", self.text[found.end() :]


@dataclass(kw_only=True, eq=False)
class Sent(Said):
    """A file with the caption `text`, or something without words, such as a sticker."""


@dataclass(kw_only=True, eq=False)
class Typed(Ask):
    """What somebody types after the bot's name in another chat. Each letter makes a new ask."""


def writable(text: str) -> str:
    """Return a text that can be sent and stored. NUL and lone surrogates become U+FFFD."""
    return _UNWRITABLE.sub("\ufffd", text)


def line_in(text: str) -> str:
    """Return the line in a text, without quotes around it, or "" if nothing in it can be seen.

    Blanks at the ends of a line stay if they are inside quotes. Raises Explained if the line is too
    long.
    """
    text = text.strip()
    quoted = _QUOTED.fullmatch(text)
    # the group that matched: each kind of quotes has one
    line = quoted[quoted.lastindex or 0] if quoted else text
    if not any(map(str.isprintable, "".join(line.split()))):  # nothing that a reader sees
        return ""
    if len(line) > LONGEST_LINE:
        raise Explained(sentences.LINE_TOO_LONG.format(f"{len(line):,}", LONGEST_LINE))
    return line


def voice_in(text: str, *, anywhere: bool = False) -> tuple[str | None, str]:
    """Return the name after `voice:`, and the text without `voice:` and the name.

    The name is None if there is no `voice:`, and "" if nothing stands behind it.
    """
    found = _VOICE.search(text) if anywhere else _VOICE.match(text)
    if not found:
        return None, text
    return found[1], text[: found.start()] + text[found.end() :]
