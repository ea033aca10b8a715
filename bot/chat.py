"""A chat, and the door that it belongs to: what answers need of both.

Each door has its own kinds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self, TypeAlias

from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from bot.app import Bot
    from bot.capacity import Capacity

logger = logging.getLogger(__name__)

SLOW_SECONDS = 0.5
"""If an answer takes longer, the person sees that the bot is typing, or the beginning of a text."""
TYPING_AT_ONCE = 10
"""How many chats see at the same time that the bot is typing.

Each sign costs a request, which delays answers.
"""
TYPING_SECONDS = 4.5
"""The time between two signals that the bot is typing: Telegram shows each for five seconds."""


class Explained(MangosaurusError):  # noqa: N818 - an answer, not a fault
    """Nothing was done. `sentence` tells the person why, and what would help."""

    def __init__(self, sentence: Markup) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class Refused(Explained):
    """An ask is "late" or one too many: for the bot ("busy"), or for a limit ("texts", "chatter",
    "group").
    """

    def __init__(self, sentence: Markup, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class NotSent(MangosaurusError):  # noqa: N818 - what is known of a message
    """A message surely did not arrive."""


class InDoubt(MangosaurusError):  # noqa: N818 - what is known of a message
    """A message may have arrived: the response was lost. Sending it again could show it twice."""


class Gone(NotSent):
    """The message that should change is gone, or the bot may not write in this chat."""


class StartError(MangosaurusError):
    """The bot cannot serve, or no longer: the sentence says why, and what to do."""


class Button(NamedTuple):
    """A label, and the data that come back when it is pressed: a verb and its arguments, with
    colons between them.
    """

    label: str
    data: str

    @classmethod
    def of(cls, label: str, *words: object) -> Button:
        """Make a button.

        Its data begin with the number of their format, so that later versions can still read them.
        """
        return cls(label, ":".join(map(str, ("1", *words))))


Buttons: TypeAlias = "Sequence[Sequence[Button]]"
"""Rows of buttons below a message."""


class Offer(NamedTuple):
    """Something to send while a person types: its title and description in plain text, and the
    message.
    """

    title: str
    description: str
    html: Markup


class Chat(ABC):
    """A place to answer in.

    Each message is HTML of `bot.words`, and has a number. Raises NotSent, InDoubt or Gone.
    """

    id: int
    is_private: bool = True
    place: Literal["private", "group", "page", "terminal"] = "private"
    """Which help suits this chat."""
    takes_files: bool = True
    edit_seconds: float = 0.0
    """The shortest time between two changes of a message that is unfinished; infinity where only
    the end is shown."""

    @abstractmethod
    async def say(self, html: Markup, buttons: Buttons = (), *, unfinished: bool = False) -> int:
        """Send a message, and return its number. An unfinished message will be changed."""

    @abstractmethod
    async def change(
        self, message: int, html: Markup | None, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        """Put something else into a message; None changes its buttons alone."""

    @abstractmethod
    async def notice(self, text: str = "", *, alert: bool = False) -> None:
        """Release the button that was pressed, and show a few words.

        They vanish by themselves; an alert stays.
        """

    @abstractmethod
    async def picture(
        self, png: bytes, html: Markup, buttons: Buttons = (), name: str = "", alt: str = ""
    ) -> int:
        """Send a picture with a caption.

        A card also has the `name` of a file, and its words as `alt`.
        """

    @abstractmethod
    async def document(self, name: str, content: bytes, html: Markup) -> int:
        """Send a file with a caption."""

    @abstractmethod
    async def typing(self) -> None:
        """Show for a few seconds that the bot is typing."""

    async def clear(self, kept: int) -> None:  # noqa: B027 - Telegram's bots cannot
        """Delete what was said here, except for the message `kept`.

        The terminal deletes what was typed.
        """

    async def offer(self, offers: Sequence[Offer]) -> None:  # noqa: B027 - only Telegram has other chats to send offers to
        """Offer what somebody may send in another chat."""

    async def refuse(self, html: Markup) -> bool:
        """Say no, unless that would take the place of an answer; return whether it was said."""
        await self.say(html)
        return True

    def wait_seconds(self, in_chat: int = 0, in_all: int = 0) -> float:  # noqa: ARG002 - for doors with limits
        """Return how long an answer waits behind `in_chat` messages to this chat and `in_all`
        messages to all chats.
        """
        return 0.0


class Door:
    """Where asks come from.

    Within its context, a door can send; from `open` to `close`, it also takes asks.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def open(self, bot: Bot) -> None:
        """Begin to take asks."""

    async def close(self, seconds: float) -> None:
        """Take no more asks."""

    def deadline(self, open_until: float, cut_at: float) -> None:
        """At `open_until`, give up the messages that wait; at `cut_at`, cut those on their way.

        Both are loop times.
        """

    def chat(self, chat_id: int) -> Chat | None:
        """Return the chat with an id, or None if this door has no such chat."""
        raise NotImplementedError

    def facts(self) -> dict[str, str]:
        """Return what `/status` should say about this door."""
        return {}

    def failures(self) -> dict[str, str]:
        """Return what fails at this door, and how, for `/healthz`."""
        return {}

    def figures(self) -> dict[str, float]:
        """Return what `/metrics` should say about this door; names of counters end in _total."""
        return {}


@dataclass(eq=False)
class LiveMessage:
    """A message that is rewritten while something goes on: a sonnet, line by line, or a training.

    `message` is the number of a message that was sent before. Without it, a new message is sent as
    soon as there is something to show; until then, the chat shows that the bot is typing. If
    somebody deletes the message meanwhile, the end comes in a new message. Until the end, `buttons`
    stand below it.

    A change costs as much as a message. So it is left out unless everything that waits, or that
    `capacity` expects, could leave at once.
    """

    chat: Chat
    message: int | None = None
    buttons: Buttons = ()
    capacity: Capacity | None = None
    _newest: Markup | None = field(default=None, init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _on_its_way: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _typing: ClassVar[set[LiveMessage]] = set()
    """The messages whose chats see that the bot is typing."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._rewrite())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the rewriting.

        A change that is on its way arrives first, or it would overwrite the end.
        """
        async with self._on_its_way:
            self._task.cancel()
        (end,) = await asyncio.gather(self._task, return_exceptions=True)
        if isinstance(end, Exception):
            logger.error("An unfinished message could not be shown", exc_info=end)

    def show(self, html: Markup) -> None:
        """Show this as soon as the chat can take another change, unless something newer comes
        before.
        """
        if html != self._newest:
            self._newest = html
            self._changed.set()

    async def conclude(self, html: Markup, buttons: Buttons = ()) -> None:
        """Show the end. Raises NotSent or InDoubt."""
        if self.message is not None:
            with contextlib.suppress(Gone):
                return await self.chat.change(self.message, html, buttons)
            self.message = None
        self.message = await self.chat.say(html, buttons)
        return None

    async def _rewrite(self) -> None:
        """Show that the bot is typing, until there is a state to show; then the newest one, at the
        chat's pace.
        """
        pause = self.chat.edit_seconds
        await asyncio.sleep(pause if pause in (0, math.inf) else SLOW_SECONDS)
        if len(self._typing) < TYPING_AT_ONCE:
            await self._type()
        while True:
            await self._changed.wait()
            async with self._on_its_way:
                wait = self.capacity.wait(self.chat) if self.capacity else self.chat.wait_seconds()
                if self._newest is not None and not wait:
                    self._changed.clear()
                    await self._put(self._newest)
            await asyncio.sleep(pause)

    async def _type(self) -> None:
        self._typing.add(self)
        try:
            while not self._changed.is_set():
                await self.chat.typing()
                with contextlib.suppress(TimeoutError):
                    # Python 3.11's wait_for may swallow a cancellation
                    async with asyncio.timeout(TYPING_SECONDS):
                        await self._changed.wait()
        except (NotSent, InDoubt) as error:
            logger.info("Nobody saw that the bot is typing: %s", error)
        finally:
            self._typing.discard(self)

    async def _put(self, html: Markup) -> None:
        try:
            if self.message is None:
                self.message = await self.chat.say(html, self.buttons, unfinished=True)
            else:
                await self.chat.change(self.message, html, self.buttons, unfinished=True)
        except (NotSent, InDoubt) as error:
            logger.info("An unfinished message was not shown: %s", error)
