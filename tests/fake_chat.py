"""A chat in memory, and people who use it. A test of the bot's core needs no other door."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from bot.app import Bot
from bot.asks import Ask, Pressed, Said, Sent, Typed
from bot.chat import Button, Buttons, Chat, Offer
from tests.shown import CREATION, rendered, seen, wrote


@dataclass
class Message:
    """What a message shows. `history` is all that it has shown, the newest last."""

    html: str = ""
    buttons: list[list[Button]] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    file: tuple[str, bytes] | None = None

    @property
    def labels(self) -> list[str]:
        return [button.label for row in self.buttons for button in row]


class FakeChat(Chat):
    """Keeps what the bot does. `failures` are raised by the next messages and changes, one by one."""

    def __init__(self, bot: Bot, chat_id: int = 1, *, is_private: bool = True, is_admin: bool = False) -> None:
        self.bot = bot
        self.id = chat_id
        self.is_private = is_private
        self.is_admin = is_admin
        self.messages: list[Message] = []
        self.notices: list[str] = []
        self.offers: list[list[Offer]] = []
        self.typed = 0
        self.failures: list[Exception] = []
        self.waiting = 0.0

    async def ask(self, text: str, person: int | None = None, **fields: Any) -> Message:
        """Say something, wait for the answer, and return the last message of the chat."""
        await self._do(Sent if "album" in fields or "file" in fields else Said, person, text=text, **fields)
        return self.messages[-1]

    async def press(self, label: str, person: int | None = None, message: Message | None = None) -> Message:
        """Press the button with a label, below `message` or below the newest message that has buttons."""
        message = message or next(each for each in reversed(self.messages) if each.buttons)
        data = next(button.data for row in message.buttons for button in row if button.label.strip("• ") == label)
        return await self.press_data(data, person, self.messages.index(message) + 1)

    async def press_data(self, data: str, person: int | None = None, number: int | None = None) -> Message:
        """Press a button that holds these data."""
        await self._do(Pressed, person, message=number or len(self.messages), data=data)
        return self.messages[-1]

    async def type(self, text: str, person: int | None = None) -> list[Offer]:
        """Type after the bot's name in another chat, and return what is offered."""
        await self._do(Typed, person, text=text)
        return self.offers[-1]

    async def say(self, html: Markup, buttons: Buttons = (), *, unfinished: bool = False) -> int:
        self._fail()
        self.messages.append(Message())
        return self._put(len(self.messages), html, buttons)

    async def change(
        self, message: int, html: Markup | None, buttons: Buttons = (), *, unfinished: bool = False
    ) -> None:
        self._fail()
        self._put(message, html, buttons)

    async def notice(self, text: str = "", *, alert: bool = False) -> None:
        self.notices.append(seen(text))

    async def picture(self, png: bytes, html: Markup, buttons: Buttons = ()) -> int:
        return await self._file("picture.png", png, html, buttons)

    async def document(self, name: str, content: bytes, html: Markup) -> int:
        return await self._file(name, content, html)

    async def typing(self) -> None:
        self.typed += 1

    async def offer(self, offers: Sequence[Offer]) -> None:
        for title, description, html in offers:
            seen("\n".join((title, description, rendered(html)[0])))
        self.offers.append(list(offers))

    def wait_seconds(self, in_chat: int = 0, in_all: int = 0) -> float:
        return self.waiting

    async def _do(self, kind: Callable[..., Ask], person: int | None, **fields: Any) -> None:
        given = {"person": person or abs(self.id), "chat": self, "is_admin": self.is_admin}
        wrote(fields)
        await self.bot.ask(kind(**given | fields))

    async def _file(self, name: str, content: bytes, html: Markup, buttons: Buttons = ()) -> int:
        number = await self.say(html, buttons)
        self.messages[number - 1].file = (name, content)
        return number

    def _put(self, number: int, html: Markup | None, buttons: Buttons) -> int:
        message = self.messages[number - 1]
        message.buttons = [list(row) for row in buttons]
        seen("\n".join(message.labels))
        if html is not None:
            seen(rendered(html, CREATION)[0])
            message.html = str(html)
            message.history.append(message.html)
        return number

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
