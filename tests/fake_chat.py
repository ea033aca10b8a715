"""A chat in memory, and people who use it. A test of the bot's core needs no other door."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.app import Bot
from bot.asks import Ask, Said, Sent, Typed
from bot.chat import Answer, Button, Buttons, Chat, Offer, Picture
from bot.store import Store
from bot.words.pieces import NOTHING, Message
from tests.shown import seen, wrote


def picture_of(png: bytes) -> Picture:
    """Return a picture that is drawn already."""

    async def draw() -> tuple[bytes, str]:
        return png, "what it shows"

    return Picture("", "a-picture.png", draw)


@dataclass
class Shown:
    """A message as it is shown now. `history` has all its texts so far, the newest last."""

    message: Message = NOTHING
    buttons: list[list[Button]] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    file: tuple[str, bytes] | None = None
    alt: str = ""
    refuses: bool = False

    @property
    def text(self) -> str:
        return str(self.message)

    @property
    def labels(self) -> list[str]:
        return [button.label for row in self.buttons for button in row]

    @property
    def names(self) -> list[str]:
        return self.all("name") or self.all("bold")

    @property
    def code(self) -> str:
        return self.all("creation")[-1]

    @property
    def text_without_code(self) -> str:
        """The text without the code at its end: each creation has a new code."""
        return self.text.removesuffix(f"\n\n{self.code}")

    def all(self, style: str) -> list[str]:
        """Return the parts of the message in a style."""
        return [text for text, each in self.message if each == style]


class FakeChat(Chat):
    """Keeps what the bot does. `failures` are raised by the next messages and changes."""

    def __init__(
        self,
        bot: Bot,
        chat_id: int = 1,
        *,
        is_private: bool = True,
        is_admin: bool = False,
    ) -> None:
        self.bot = bot
        self.id = chat_id
        self.is_private = is_private
        self.is_admin = is_admin
        self.messages: list[Shown] = []
        self.released: list[str] = []
        self._waiting_buttons = 0
        self.offers: list[list[Offer]] = []
        self.reason = ""
        """Why nothing was offered."""
        self.typed = 0
        self.failures: list[BaseException] = []
        self.waiting = 0.0

    async def ask(self, text: str, person: int | None = None, **fields: Any) -> Shown:
        """Say a text, or send a file with it, and return the newest message."""
        await self._do(Sent if "file" in fields else Said, person, text=text, **fields)
        return self.messages[-1] if self.messages else Shown()

    async def press(
        self, label: str, person: int | None = None, message: Shown | None = None, **fields: Any
    ) -> Shown:
        """Press the button with a label, below `message` or below the newest message that has
        it."""
        message = message or next(each for each in reversed(self.messages) if label in each.labels)
        line = next(
            button.line for row in message.buttons for button in row if button.label == label
        )
        return await self.ask(line, person, pressed=self.messages.index(message) + 1, **fields)

    async def type(self, text: str, person: int | None = None) -> list[Offer]:
        """Type after the bot's name in another chat, and return what is offered."""
        await self._do(Typed, person, text=text)
        return self.offers[-1]

    async def say(
        self, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> int:
        self._fail()
        self.messages.append(Shown())
        return self._put(len(self.messages), message, buttons)

    async def change(
        self, number: int, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        self._fail()
        self._put(number, message, buttons)

    async def end(self, answer: Answer, store: Store, shown: int | None = None) -> None:
        before = len(self.messages)
        await super().end(answer, store, shown)
        for message in self.messages[before:]:
            message.refuses = answer.reason not in ("", "mistake")

    async def release(self, text: str = "") -> bool:
        if not self._waiting_buttons:
            return False
        self._waiting_buttons -= 1
        self.released.append(seen(text))
        return True

    async def picture(self, picture: Picture, message: Message, buttons: Buttons = ()) -> None:
        png, words = await picture.draw()
        number = await self._file(picture.name, png, message, buttons)
        self.messages[number - 1].alt = seen(words)

    async def document(
        self, name: str, content: bytes, message: Message, buttons: Buttons = ()
    ) -> None:
        await self._file(name, content, message, buttons)

    async def typing(self) -> None:
        self.typed += 1

    async def offer(self, offers: Sequence[Offer], reason: Message = NOTHING) -> None:
        self.reason = seen(str(reason))
        for title, description, message in offers:
            seen("\n".join((title, description, str(message))))
        self.offers.append(list(offers))

    def wait_seconds(self, in_chat: int = 0, in_all: int = 0) -> float:
        return self.waiting

    async def _do(self, kind: Callable[..., Ask], person: int | None, **fields: Any) -> None:
        given = {"person": person or abs(self.id), "chat": self, "is_admin": self.is_admin}
        wrote(fields)
        self._waiting_buttons += "pressed" in fields
        await self.bot.ask(kind(**given | fields))

    async def _file(self, name: str, content: bytes, message: Message, buttons: Buttons) -> int:
        number = await self.say(message, buttons)
        self.messages[number - 1].file = (name, content)
        return number

    def _put(self, number: int, message: Message, buttons: Buttons) -> int:
        shown = self.messages[number - 1]
        shown.buttons = [list(row) for row in buttons]
        shown.message = message
        shown.history.append(str(message))
        seen("\n".join((str(message), *shown.labels)))
        return number

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
