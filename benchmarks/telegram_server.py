"""A Bot API on 127.0.0.1 that costs as little as possible, so that the bench measures the bots.

It keeps an `Inbox` for each token: the updates for a bot, when they were handed out, and the
messages that came back. Each update comes from a private chat of its own, so the chat of a message
tells which update it answers. A server that `is_strict` keeps Telegram's limits: it counts what it
does not take, and says 429.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_UPDATES = 100
FIRST_CHAT = 1_000_000
FIRST_PERSON = 1_000
EVERYBODY = 1_000_000
PRESS = "/another "
UNFINISHED = "…"
"""The end of a message that will be edited until it is whole."""
SENDING = ("sendMessage", "sendPhoto", "sendDocument", "editMessageText", "editMessageReplyMarkup")
IN_ALL, IN_A_CHAT = (30, 1.0), (4, 4.0)
"""How many messages Telegram takes in how many seconds."""
ME = {"id": 7000000, "is_bot": True, "first_name": "Bot", "username": "bench_bot"}


@dataclass
class Asked:
    """An update: its text, when it was asked and first handed out, and every answer, as (seconds,
    text).

    The text of an answer to an inline query is "offers", or empty if it offers nothing.
    """

    text: str
    asked: float = field(default_factory=time.perf_counter)
    handed_out: float | None = None
    answers: list[tuple[float, str]] = field(default_factory=list)

    @property
    def is_inline(self) -> bool:
        return not self.text.startswith("/")

    @property
    def latency(self) -> float:
        """Seconds from handing out the update to the arrival of its first answer."""
        return self.answers[0][0] - (self.handed_out or 0.0)


class Inbox:
    """The updates for one bot, and its messages."""

    def __init__(self, *, is_strict: bool = False) -> None:
        self.asked: list[Asked] = []  # update n is the n-th, counted from 1
        self.stray = 0  # messages to chats that nobody wrote in
        self.too_many = 0  # messages that were not taken
        self.lines: list[str] = []  # what the buttons of its messages say
        self.active = 0.0  # when its bot last did anything but poll
        self.uploads = 0
        self.people = EVERYBODY  # how many take turns
        self._whole: set[int] = set()  # messages that will not grow any more
        self._is_strict = is_strict
        self._sent: dict[object, deque[float]] = defaultdict(deque)  # when messages were taken
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._open = 0
        self._arrival = asyncio.Event()
        self._answered = asyncio.Event()

    def ask(self, text: str) -> Asked:
        """Let a person write to the bot, in a new chat.

        A text that begins with PRESS comes from a button there, and a text without a slash is typed
        inline.
        """
        asked = Asked(text)
        person = len(self.asked) % self.people
        self.asked.append(asked)
        number = len(self.asked)
        update = _press if text.startswith(PRESS) else _update
        if asked.is_inline:
            update = _query
        self._waiting.append((number, update(number, text, person)))
        self._open += 1
        self._answered.clear()
        self._arrival.set()
        return asked

    async def at_pace(self, texts: Iterable[str], pace: float) -> list[Asked]:
        """Ask one after the other, `pace` in a second."""
        begin, asked = time.perf_counter(), list[Asked]()
        for number, text in enumerate(texts):
            await asyncio.sleep(begin + number / pace - time.perf_counter())
            asked.append(self.ask(text))
        return asked

    async def answered(self) -> None:
        """Wait until every update has an answer."""
        await self._answered.wait()

    async def updates(self, parameters: dict[str, Any]) -> bytes:
        """Answer getUpdates with the updates that wait, or come within the timeout.

        An offset confirms all below it.
        """
        offset = int(parameters.get("offset", 0))
        while self._waiting and self._waiting[0][0] < offset:
            self._waiting.popleft()
        if not self._waiting:
            self._arrival.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(float(parameters.get("timeout", 0))):
                    await self._arrival.wait()
        return self._hand_out(int(parameters.get("limit", MOST_UPDATES)))

    def take(self, chat: int) -> float:
        """Take a message to a chat, or return for how many more seconds Telegram takes none."""
        if not self._is_strict:
            return 0.0
        now = time.perf_counter()
        wait = 0.0
        limits = {None: IN_ALL, chat: IN_A_CHAT}
        for whose, (most, seconds) in limits.items():
            sent = self._sent[whose]
            while sent and sent[0] <= now - seconds:
                sent.popleft()
            if len(sent) >= most:
                wait = max(wait, sent[0] + seconds - now)
        if wait:
            self.too_many += 1
        else:
            for whose in limits:
                self._sent[whose].append(now)
        return wait

    def send(self, chat: int, message: int, text: str) -> None:
        """Receive a message from the bot, or an edit, which is an answer once it is whole."""
        if not text.endswith(UNFINISHED) and message not in self._whole:
            self._whole.add(message)
            self.answer(chat - FIRST_CHAT, text)

    def answer(self, number: int, text: str) -> None:
        """Receive an answer to an update."""
        if not 1 <= number <= len(self.asked):
            self.stray += 1
            return
        answers = self.asked[number - 1].answers
        answers.append((time.perf_counter(), text))
        if len(answers) == 1:
            self._open -= 1
            if not self._open:
                self._answered.set()

    def _hand_out(self, limit: int) -> bytes:
        batch = list(islice(self._waiting, limit))
        now = time.perf_counter()
        for number, _ in batch:
            asked = self.asked[number - 1]
            asked.handed_out = now if asked.handed_out is None else asked.handed_out
        return b"[" + b",".join(update for _, update in batch) + b"]"


class TooManyError(Exception):
    """Telegram takes nothing more for so many seconds."""


class Server:
    """The Bot API, for as many bots as there are tokens. It answers `latency` seconds late."""

    def __init__(self, *, is_strict: bool = False, latency: float = 0.0) -> None:
        self.inboxes: dict[str, Inbox] = {}
        self.latency = latency
        self._is_strict = is_strict
        self._server: asyncio.Server | None = None
        self._messages = 0

    async def start(self) -> int:
        """Listen on a free port of 127.0.0.1, and return it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    def inbox(self, token: str) -> Inbox:
        """Return the inbox of a token."""
        return self.inboxes.setdefault(token, Inbox(is_strict=self._is_strict))

    def call(self, token: str, method: str, parameters: dict[str, Any]) -> bytes:
        """Return the JSON of the result of a method that never waits. Raises TooManyError."""
        self.inbox(token).active = time.perf_counter()
        if method == "getMe":
            return json.dumps(ME | {"id": int(token.partition(":")[0])}).encode()
        if method == "answerInlineQuery":
            offered = "offers" if json.loads(parameters["results"]) else ""
            self.inbox(token).answer(int(parameters["inline_query_id"]), offered)
        if method == "answerCallbackQuery" and parameters.get("text"):
            self.inbox(token).answer(int(parameters["callback_query_id"]), parameters["text"])
        if method not in SENDING:
            return b"true"  # setMyCommands, deleteWebhook, sendChatAction, …
        chat = int(parameters["chat_id"])
        inbox = self.inbox(token)
        if wait := inbox.take(chat):
            raise TooManyError(math.ceil(wait))
        self._messages += 1
        number = int(parameters.get("message_id", self._messages))
        inbox.send(chat, number, parameters.get("text") or parameters.get("caption", "a file"))
        inbox.lines += re.findall('callback_data": ?"([^"]+)', parameters.get("reply_markup", ""))
        sent = {
            "message_id": number,
            "date": 1_700_000_000,
            "chat": {"id": chat, "type": "private"},
        }
        if method == "sendPhoto":
            if "photo" not in parameters:  # an upload, which is not parsed
                inbox.uploads += 1
            size = {"file_unique_id": "1", "width": 1080, "height": 1350}
            sent["photo"] = [size | {"file_id": parameters.get("photo", f"{number}")}]
        return json.dumps(sent).encode()


class _Connection(asyncio.Protocol):
    """As much of HTTP/1.1 as the bots' clients speak: one request after the other, bodies with a
    length.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._polling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport if isinstance(transport, asyncio.Transport) else None

    def connection_lost(self, _error: Exception | None) -> None:
        if self._polling is not None:
            self._polling.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        length = _header(head, b"content-length:")
        if separator and len(rest) >= int(length or 0):
            self._received = b""
            self._answer(head, rest)

    def _answer(self, head: bytes, body: bytes) -> None:
        _slash, bot, method = head.split(b" ", 2)[1].decode().split("/")
        token = bot.removeprefix("bot")
        parameters = _parameters(_header(head, b"content-type:"), body)
        if method == "getUpdates":
            self._polling = asyncio.create_task(self._poll(token, parameters))
            return
        try:
            result = b'{"ok":true,"result":%b}' % self._server.call(token, method, parameters)
            if self._server.latency:
                loop = asyncio.get_running_loop()
                loop.call_later(self._server.latency, self._write, result)
            else:
                self._write(result)
        except TooManyError as error:
            said = {
                "ok": False,
                "error_code": 429,
                "description": f"Too Many Requests: retry after {error}",
                "parameters": {"retry_after": error.args[0]},
            }
            self._write(json.dumps(said).encode(), b"429 Too Many Requests")

    async def _poll(self, token: str, parameters: dict[str, Any]) -> None:
        updates = await self._server.inbox(token).updates(parameters)
        self._write(b'{"ok":true,"result":%b}' % updates)

    def _write(self, body: bytes, status: bytes = b"200 OK") -> None:
        if self._transport is not None:
            self._transport.write(
                b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (status, len(body), body)
            )


def _header(head: bytes, name: bytes) -> bytes:
    lowered = head.lower()
    start = lowered.find(b"\r\n" + name)
    if start < 0:
        return b""
    end = lowered.find(b"\r\n", start + 2)
    return lowered[start + 2 + len(name) : end if end > 0 else None].strip()


def _parameters(content_type: bytes, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    if content_type.startswith(b"multipart/"):  # all but the file
        found = re.findall(rb'name="(\w+)"\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
        return {name.decode(): text.decode() for name, text in found}
    return dict(parse_qsl(body.decode()))


def _update(number: int, text: str, person: int) -> bytes:
    command = text.split()[0]
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": FIRST_CHAT + number, "type": "private", "first_name": "Somebody"},
        "from": _person(person),
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": len(command)}],
    }
    return json.dumps({"update_id": number, "message": message}).encode()


def _press(number: int, line: str, person: int) -> bytes:
    message = json.loads(_update(number, line, person))["message"]
    press = {"id": f"{number}", "from": _person(person), "message": message}
    press |= {"chat_instance": "1", "data": line}
    return json.dumps({"update_id": number, "callback_query": press}).encode()


def _query(number: int, text: str, person: int) -> bytes:
    query = {"id": f"{number}", "from": _person(person), "query": text, "offset": ""}
    return json.dumps({"update_id": number, "inline_query": query}).encode()


def _person(person: int) -> dict[str, Any]:
    return {"id": FIRST_PERSON + person, "is_bot": False, "first_name": "Somebody"}
