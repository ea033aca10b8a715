"""A chat, and what answers need of it. Each door has its own kind."""

import asyncio
import contextlib
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Self, TypeAlias

from bot.words.pieces import NOTHING, Message
from model.errors import EX_CONFIG, MangosaurusError

if TYPE_CHECKING:
    from bot.inbox import Note

logger = logging.getLogger(__name__)

SLOW_SECONDS = 0.5
"""If an answer takes longer, the person sees that the bot is typing, or the beginning of a text."""
TYPING_SECONDS = 4.5
"""The time between two signals that the bot is typing: Telegram shows each for five seconds."""


class Explained(MangosaurusError):  # noqa: N818 - an answer, not a fault
    """Nothing was done, as the person has made a mistake, or must choose something else. `sentence`
    tells them why, and what would help.
    """

    def __init__(self, sentence: Message) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class Failed(MangosaurusError):  # noqa: N818 - like Explained
    """Something of ours failed. `sentence` tells the person; the reason is for the operator."""

    def __init__(self, sentence: Message, reason: str) -> None:
        super().__init__(reason)
        self.sentence = sentence


class Refused(Explained):
    """An ask is refused. `reason` says why: it came too long ago ("late"), the bot has too much to
    do ("busy"), its person asks too much ("often"), or it is no text ("unread").
    """

    def __init__(self, sentence: Message, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class NotSent(MangosaurusError):  # noqa: N818 - what is known of a message
    """A message surely did not arrive."""


class InDoubt(MangosaurusError):  # noqa: N818 - what is known of a message
    """A message may have arrived: the response was lost. Sending it again could show it twice."""


class Gone(NotSent):
    """The message that should change is gone, or the bot may not write in this chat."""


class StartError(MangosaurusError):
    """The bot cannot serve, or must end: the sentence says why, and what to do."""

    exit_code = EX_CONFIG


@dataclass(frozen=True)
class Button:
    """A label, and the line that the button says for whoever presses it.

    A button without a line passes on `words`, and a link to the bot. The link opens `opens`: a
    code, or the name of a command. A line has at most 64 bytes, or Telegram refuses the message.
    """

    label: str
    line: str = ""
    opens: str = ""
    words: str = ""


Buttons: TypeAlias = Sequence[Sequence[Button]]
"""Rows of buttons below a message."""


class Offer(NamedTuple):
    """Something to send while a person types: its title and description, and the message."""

    title: str
    description: str
    message: Message


class Picture(NamedTuple):
    """A card. `draw` returns its PNG and its words, or raises Failed.

    `name` is the name of its file. `is_kept` marks a card that belongs to nobody: once uploaded,
    the card can be sent again.
    """

    key: str
    name: str
    draw: Callable[[], Awaitable[tuple[bytes, str]]]
    is_kept: bool = False


class Chat(ABC):
    """A place to answer in. Each message has a number. Methods raise NotSent, InDoubt or Gone."""

    id: int
    is_private: bool = True
    place: Literal["private", "group", "page", "terminal"] = "private"
    """Which help suits this chat."""
    shows_pictures: bool = True
    note: "Note | None" = None
    """The note of the ask that is answered here, if the door keeps notes."""
    edit_seconds: float = 0.0
    """The shortest time between two changes of a message that is unfinished; infinity where only
    the end is shown."""

    @abstractmethod
    async def say(
        self, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> int:
        """Send a message, and return its number. An unfinished message will be changed."""

    @abstractmethod
    async def change(
        self, number: int, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        """Replace the text and the buttons of a message."""

    async def release(self, text: str = "") -> bool:  # noqa: ARG002 - for doors whose buttons wait
        """Release the button that was pressed, perhaps with a refusal of up to 200 characters.

        Return whether a button was waiting for its release.
        """
        return False

    @abstractmethod
    async def picture(self, picture: Picture, message: Message, buttons: Buttons = ()) -> None:
        """Send a card with a caption. Raises Failed if it cannot be drawn, Explained if this chat
        takes none.
        """

    @abstractmethod
    async def document(
        self, name: str, content: bytes, message: Message, buttons: Buttons = ()
    ) -> None:
        """Send a file with a caption."""

    @abstractmethod
    async def typing(self) -> None:
        """Show for a few seconds that the bot is typing."""

    async def clear(self) -> None:  # noqa: B027 - only the page can
        """Delete all messages here."""

    async def offer(self, offers: Sequence[Offer], reason: Message = NOTHING) -> None:  # noqa: B027 - only Telegram has other chats to send offers to
        """Offer what somebody may send in another chat, or say why there is nothing."""

    async def refuse(self, message: Message, expected: int) -> None:  # noqa: ARG002 - for doors with limits
        """Send a refusal while `expected` other messages are to come. Raises NotSent also if the
        refusal would take the place of one of them.
        """
        await self.say(message)

    def wait_seconds(self, in_chat: int = 0, in_all: int = 0) -> float:  # noqa: ARG002 - for doors with limits
        """Return how long an answer waits behind `in_chat` messages to this chat and `in_all`
        messages to all chats.
        """
        return 0.0


@dataclass(eq=False)
class LiveMessage:
    """A message that is rewritten while something goes on: a sonnet, line by line, or a training.

    `number` is the number of a message that was sent before. Without it, a new message is sent as
    soon as there is something to show; until then, the chat shows that the bot is typing. If
    somebody deletes the message meanwhile, the end comes in a new message. Until the end, `buttons`
    stand below the message.

    A change costs as much as a message. So nothing is changed while other messages would have to
    wait; `may_edit` says so.
    """

    chat: Chat
    number: int | None = None
    buttons: Buttons = ()
    may_edit: Callable[[], bool] | None = None
    _newest: Message | None = field(default=None, init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _on_its_way: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _is_lost: bool = field(default=False, init=False)
    """Whether the message may have arrived, although its number is not known."""

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

    def show(self, message: Message) -> None:
        """Show a message as soon as the chat can take another change, unless something newer comes
        first.
        """
        if message != self._newest:
            self._newest = message
            self._changed.set()

    async def conclude(self, message: Message, buttons: Buttons = ()) -> None:
        """Show the message in its last form. Raises NotSent or InDoubt."""
        if self.number is not None:
            with contextlib.suppress(Gone):
                await self.chat.change(self.number, message, buttons)
                return  # not reached if the message is gone
        self.number = await self.chat.say(message, buttons)

    def _may_show(self) -> bool:
        """Return whether anything may be shown now; never if the message is lost."""
        may_edit = self.may_edit or (lambda: self.chat.wait_seconds() <= 0)
        return not self._is_lost and may_edit()

    async def _rewrite(self) -> None:
        """Show that the bot is typing until there is something to show. Then show the newest
        message again and again, at the chat's pace.
        """
        pause = self.chat.edit_seconds
        # begin at once where changes cost nothing, and never where only the end is shown
        await asyncio.sleep(pause if pause in (0, math.inf) else SLOW_SECONDS)
        await self._show_typing()
        while True:
            await self._changed.wait()
            async with self._on_its_way:
                if self._newest is not None and self._may_show():
                    self._changed.clear()
                    await self._put(self._newest)
            await asyncio.sleep(pause)

    async def _show_typing(self) -> None:
        """Show that the bot is typing until there is something to show."""
        while not self._changed.is_set():
            if self._may_show():
                with contextlib.suppress(NotSent, InDoubt):
                    await self.chat.typing()
            with contextlib.suppress(TimeoutError):
                # Python 3.11's wait_for may swallow a cancellation
                async with asyncio.timeout(TYPING_SECONDS):
                    await self._changed.wait()

    async def _put(self, message: Message) -> None:
        """Show an unfinished message. If that fails, a later change may succeed."""
        try:
            if self.number is None:
                self.number = await self.chat.say(message, self.buttons, unfinished=True)
            else:
                await self.chat.change(self.number, message, self.buttons, unfinished=True)
        except (NotSent, InDoubt) as error:
            logger.info("An unfinished message was not shown: %s", error)
            # from now on, show only the end: another beginning could stand below this one
            self._is_lost = isinstance(error, InDoubt) and self.number is None
