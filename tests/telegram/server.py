"""A small Telegram: people write to it, the bot calls its methods, and a test reads the calls.

A method that the bot never calls is unknown.
"""

import asyncio
import contextlib
import itertools
import math
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from tests.shown import rendered, seen, wrote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Json = dict[str, Any]

LONGEST_TEXT, LONGEST_CAPTION, LONGEST_NOTICE, LONGEST_DATA = 4096, 1024, 200, 64
MOST_UPDATES = 100
TO_A_CHAT, TO_A_GROUP = (4, 4.0), (20, 60.0)
"""How many messages a chat and a group take, in how many seconds. An edit counts as a message."""
TOKEN = "7000000:AAtest-token_of-no-bot"
ME: Json = {
    "id": 7000000,
    "is_bot": True,
    "first_name": "Mangosaurus",
    "username": "mangosaurus_bot",
}

CONSTANT: Json = {"getMe": ME, "deleteWebhook": True, "setMyCommands": True, "sendChatAction": True}
"""Methods that always return the same."""


class Refusal(Exception):  # noqa: N818 - the Bot API's answer, and not always an error
    def __init__(self, code: int, description: str, **parameters: float) -> None:
        super().__init__(description)
        self.code, self.parameters = code, parameters


def bad(description: str) -> Refusal:
    return Refusal(400, f"Bad Request: {description}")


def user(person: int) -> Json:
    return {"id": person, "is_bot": False, "first_name": f"Person {person}"}


def chat(chat_id: int) -> Json:
    """Return the chat with an id: a person's if it is positive, else a group."""
    kind = "private" if chat_id > 0 else "supergroup"
    return {"id": chat_id, "type": kind, "title": "X"}


class Server:
    """The Bot API. `sent` holds the bot's messages as they read now, `calls` every call that was
    answered.

    Times are those of the event loop: `left[n]` is when `sent[n]` came, and `fetched_at[id]` when
    the bot last fetched the message with this id.

    The keys of `before` and `refusals` are names of methods: a test's function runs before a method
    is carried out, and the next calls of a method get its refusals, one each. With a `rate` of
    messages a second, Telegram's limits hold, and `floods` counts how often the answer was 429.
    """

    def __init__(self) -> None:
        self.sent: list[Json] = []
        self.left: list[float] = []
        self.fetched_at: dict[object, float] = {}
        self.calls: list[tuple[str, Json]] = []
        # to presses and to inline queries, by the id of the query
        self.answers: dict[str, Json] = {}
        self.files: dict[str, bytes] = {}
        self.refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)
        self.before: dict[str, Callable[[Json], Awaitable[object]]] = {}
        self.revoked = False
        self.rate: int | None = None
        self.floods = 0
        # when messages were taken, by chat; with 0, in all chats
        self._taken: defaultdict[int, list[float]] = defaultdict(list)
        self._numbers = itertools.count(1)
        # by the id that Telegram counts, as a test may post something without an id
        self._updates: dict[int, Any] = {}
        self.last_update = 0
        self._changed = asyncio.Condition()

    # What people do

    async def say(self, text: str, person: int, chat_id: int | None = None, **content: Any) -> Json:
        return await self.message(person, chat_id, **({"text": text} if text else {}), **content)

    async def message(self, person: int, chat_id: int | None = None, **content: Any) -> Json:
        wrote(content.get("text"), content.get("caption"), content.get("document"))
        message = self._message(chat_id or person, **{"from": user(person)} | content)
        await self.post(message=message)
        return message

    async def press(self, message: Json, label: str, person: int, **fields: Any) -> str:
        """Let a person press the button with a label; return the query's id."""
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(
            button["callback_data"] for row in rows for button in row if button["text"] == label
        )
        pressed = {"message": dict(message), "data": data, "chat_instance": "1"}
        return await self.query("callback_query", person, **pressed | fields)

    async def query(self, kind: str, person: int, **content: Any) -> str:
        """Let a person press a button or type inline; return the query's id."""
        wrote(content.get("query"))
        query = f"q{next(self._numbers)}"
        await self.post(**{kind: {"id": query, "from": user(person)} | content})
        return query

    async def post(self, **content: Any) -> None:
        await self.put({"update_id": self.last_update + 1, **content})

    async def put(self, update: Any) -> None:
        """Let anything wait for the bot as its next update."""
        self.last_update += 1
        self._updates[self.last_update] = update
        await self._notify()

    async def revoke(self) -> None:
        """Do what BotFather's /revoke does: the token is worth nothing from now on."""
        self.revoked = True
        await self._notify()

    async def fetched(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._updates)

    @property
    def unconfirmed(self) -> int:
        """How many updates the bot would get again if it started anew."""
        return len(self._updates)

    @property
    def texts(self) -> list[str]:
        """The text or caption that each message of the bot has now."""
        return [message.get("text") or message.get("caption", "") for message in self.sent]

    # What the bot does

    async def call(self, token: str, method: str, parameters: Json) -> tuple[int, Json]:
        """Answer one call of the Bot API: the HTTP status, and the JSON."""
        try:
            self._check(token, method)
            if method in self.before:
                await self.before[method](parameters)
            if self.rate and method.startswith(("send", "edit")) and method != "sendChatAction":
                self._count(parameters["chat_id"], self.rate)
            self.calls.append((method, parameters))
            if method in CONSTANT:
                return 200, {"ok": True, "result": CONSTANT[method]}
            if method == "getUpdates":
                return 200, {"ok": True, "result": await self._get_updates(parameters)}
            return 200, {"ok": True, "result": getattr(self, f"_{method}")(parameters)}
        except Refusal as refusal:
            said = {"error_code": refusal.code, "description": str(refusal)}
            return refusal.code, {"ok": False, **said, "parameters": refusal.parameters}

    def _check(self, token: str, method: str) -> None:
        if self.revoked or token != TOKEN:
            raise Refusal(401, "Unauthorized")
        if self.refusals[method]:
            raise self.refusals[method].popleft()

    def _count(self, chat_id: int, rate: int) -> None:
        """Count a message, or refuse it if it is one too many."""
        now = asyncio.get_running_loop().time()
        limits = [(0, rate, 1.0), (chat_id, *TO_A_CHAT)]
        if chat_id < 0:
            limits.append((chat_id, *TO_A_GROUP))
        for key, limit, period in limits:
            wait = [*[-math.inf] * limit, *self._taken[key]][-limit] + period - now
            if wait > 1e-6:  # more than rounding
                self.floods += 1
                raise Refusal(429, "Too Many Requests", retry_after=math.ceil(wait))
        self._taken[0].append(now)
        self._taken[chat_id].append(now)

    async def _get_updates(self, parameters: Json) -> list[Json]:
        for number in [each for each in self._updates if each < parameters.get("offset", 0)]:
            del self._updates[number]
        await self._notify()
        async with self._changed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(parameters.get("timeout", 0)):
                    await self._changed.wait_for(lambda: self._updates or self.revoked)
        if self.revoked:
            raise Refusal(401, "Unauthorized")
        limit = min(parameters.get("limit", MOST_UPDATES), MOST_UPDATES)
        updates = list(self._updates.values())[:limit]
        for update in updates:
            with contextlib.suppress(AttributeError, KeyError, TypeError):  # no message
                number = update["message"].get("message_id")
                self.fetched_at[number] = asyncio.get_running_loop().time()
        return updates

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _sendMessage(self, parameters: Json) -> Json:  # noqa: N802 - the Bot API's names
        return self._send(parameters, _shown(parameters, "text", LONGEST_TEXT))

    def _sendPhoto(self, parameters: Json) -> Json:  # noqa: N802
        if isinstance(file_id := parameters["photo"], str):
            if file_id not in self.files:
                raise bad("wrong file identifier/HTTP URL specified")
            picture = {"file_id": file_id, "file_unique_id": "1"}
        else:
            picture = self.keep("picture.png", _content(parameters, "photo"))
        sizes = [picture | {"file_id": "thumbnail"}, picture]
        content = {"photo": [size | {"width": 1, "height": 1} for size in sizes]}
        return self._send(parameters, content | _shown(parameters, "caption", LONGEST_CAPTION))

    def _sendDocument(self, parameters: Json) -> Json:  # noqa: N802
        document = self.keep(parameters["document"][0], _content(parameters, "document"))
        content = {"document": document}
        return self._send(parameters, content | _shown(parameters, "caption", LONGEST_CAPTION))

    def _editMessageText(self, parameters: Json) -> Json:  # noqa: N802
        return self._edit(parameters, _shown(parameters, "text", LONGEST_TEXT))

    def _getFile(self, parameters: Json) -> Json:  # noqa: N802
        if (file_id := parameters["file_id"]) not in self.files:
            raise bad("invalid file_id")
        return {"file_id": file_id, "file_unique_id": "1", "file_path": file_id}

    def _answerCallbackQuery(self, parameters: Json) -> bool:  # noqa: N802
        if len(seen(parameters.get("text") or "")) > LONGEST_NOTICE:
            raise bad("MESSAGE_TOO_LONG")
        return self._answer(parameters["callback_query_id"], parameters)

    def _answerInlineQuery(self, parameters: Json) -> bool:  # noqa: N802
        for result in parameters["results"]:
            _shown(result["input_message_content"], "message_text", LONGEST_TEXT)
            seen(result["title"] + result.get("description", ""))
        if button := parameters.get("button"):
            seen(button["text"])
        return self._answer(parameters["inline_query_id"], parameters)

    def keep(self, name: str, content: bytes) -> Json:
        file_id = f"file-{len(self.files)}"
        self.files[file_id] = content
        return {
            "file_id": file_id,
            "file_unique_id": file_id,
            "file_name": name,
            "file_size": len(content),
        }

    def _answer(self, query: str, parameters: Json) -> bool:
        if query in self.answers:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self.answers[query] = parameters
        return True

    def _send(self, parameters: Json, content: Json) -> Json:
        message = self._message(parameters["chat_id"], **{"from": ME}, **content)
        message |= _keyboard(parameters)
        if "reply_parameters" in parameters:
            message["replied"] = parameters["reply_parameters"]["message_id"]
        if "message_thread_id" in parameters:
            message["message_thread_id"] = parameters["message_thread_id"]
        self.sent.append(message)
        self.left.append(asyncio.get_running_loop().time())
        return message

    def _edit(self, parameters: Json, content: Json) -> Json:
        where = chat(parameters["chat_id"]), parameters["message_id"]
        found = [each for each in self.sent if (each["chat"], each["message_id"]) == where]
        if not found:
            raise bad("message to edit not found")
        (message,) = found
        changed = {key: message[key] for key in message if key != "reply_markup"}
        changed |= content | _keyboard(parameters)
        if changed == message:
            raise bad("message is not modified: specified new message content and reply markup …")
        message.clear()
        message.update(changed)
        return message

    def _message(self, chat_id: int, **content: Any) -> Json:
        return {
            "message_id": next(self._numbers),
            "date": int(time.time()),
            "chat": chat(chat_id),
            **content,
        }


def _shown(parameters: Json, key: str, longest: int) -> Json:
    """Return what people see of a text: plain text, and entities with offsets in UTF-16 units.

    Raises Refusal.
    """
    text, entities = str(parameters.get(key) or ""), list[Json]()
    if parameters.get("parse_mode") == "HTML":
        try:
            text, entities = rendered(text)
        except ValueError as error:
            raise bad(f"can't parse entities: {error}") from None
    if not text.strip() and key != "caption":
        raise bad("message text is empty")
    if len(text.encode("utf-16-le")) // 2 > longest:
        raise bad(f"{'caption' if key == 'caption' else 'message'} is too long")
    return {key: seen(text.strip()), f"{'caption_' * (key == 'caption')}entities": entities}


def _keyboard(parameters: Json) -> Json:
    keyboard = parameters.get("reply_markup")
    if keyboard is None:
        return {}
    for row in keyboard["inline_keyboard"]:
        for button in row:
            if "url" in button:
                if not button["url"].startswith("https://"):
                    raise bad("BUTTON_URL_INVALID")
            elif len(button["callback_data"].encode()) > LONGEST_DATA:
                raise bad("BUTTON_DATA_INVALID")
    return {"reply_markup": keyboard}


def _content(parameters: Json, key: str) -> bytes:
    _name, content, _type = parameters[key]
    return content if isinstance(content, bytes) else bytes(content.read())
