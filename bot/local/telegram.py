"""A small Telegram: the part of the Bot API that this bot uses, in memory, with the real one's rules and refusals.

`Telegram` is the server: people write to it (`say`, `send_document`, `post`), the bot calls its methods, and whoever
listens sees what was called. Not here: what the methods do (`methods`), how updates wait (`inbox`), how
python-telegram-bot reaches it (`request`); webhooks, and anything that the bot does not call: an unknown method is
answered as the Bot API answers it.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.local.buttons import buttons
from bot.local.contents import Json, Refusal, bad
from bot.local.markup import command_entities
from bot.local.methods import ME, Methods, scope_of

Listener = Callable[[str, Json, Any], None]
"""Called after each successful method with its name, its parameters and its result."""


@dataclass(frozen=True)
class Person:
    """Somebody who writes to the bot. Their private chat has their id, as on Telegram."""

    id: int
    first_name: str = "Somebody"

    def user(self) -> Json:
        """Return the Bot API's User."""
        return {"id": self.id, "is_bot": False, "first_name": self.first_name}

    def chat(self) -> Json:
        """Return the Bot API's Chat between this person and the bot."""
        return {"id": self.id, "type": "private", "first_name": self.first_name}


def group(chat_id: int, title: str = "A group") -> Json:
    """Return the Bot API's Chat of a group; group ids are negative."""
    return {"id": chat_id, "type": "supergroup", "title": title}


class Telegram(Methods):
    """The server. `refusals` holds answers to give instead of the next ones, for each method by its name."""

    def __init__(self, listen: Listener | None = None) -> None:
        super().__init__()
        self.token = f"{ME['id']}:local-{id(self):x}"
        self.revoked = False
        self.refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)
        self.administrators: defaultdict[int, list[Person]] = defaultdict(list)  # of groups
        self.listen = listen
        self._methods["getChatAdministrators"] = self._get_chat_administrators

    def say(self, text: str, person: Person, chat: Json | None = None, **fields: Any) -> Json:
        """Let a person write to the bot, in private or in a chat; returns the message."""
        kept = text.strip()
        if entities := command_entities(kept):
            fields = {"entities": entities, **fields}
        return self._write(person, chat, text=kept, **fields)

    def send_document(
        self,
        person: Person,
        name: str,
        content: bytes,
        *,
        caption: str = "",
        reply_to: Json | None = None,
        chat: Json | None = None,
    ) -> Json:
        """Let a person send a file, with a caption and as a reply to a message if they like; returns the message."""
        fields: Json = {"document": self.files.keep(name, content, "document")}
        if kept := caption.strip():
            fields |= {"caption": kept, "caption_entities": command_entities(kept)}
        if reply_to:
            fields["reply_to_message"] = reply_to
        return self._write(person, chat, **fields)

    def _write(self, person: Person, chat: Json | None, **content: Any) -> Json:
        message = self._message(chat or person.chat(), **{"from": person.user()}, **content)
        self.post(message=message)
        return message

    def press(self, message: Json, button: int | str, person: Person) -> str:
        """Let a person press a button below a message, the number (from 1) or the text of it; returns the query's id.

        LookupError where there is no such button, or where it asks nothing of the bot, like a link.
        """
        found = [each for number, each in enumerate(buttons(message), start=1) if button in (number, each["text"])]
        data, query_id = found[0]["callback_data"], self.queries.new(person.id)
        where = {key: message[key] for key in ("inline_message_id",) if key in message} or {"message": dict(message)}
        query = {"id": query_id, "from": person.user(), "chat_instance": "1", "data": data, **where}
        self.post(callback_query=query)
        return query_id

    def inline(self, text: str, person: Person, offset: str = "") -> str:
        """Let a person type the bot's name and a text, in any chat; returns the query's id."""
        query_id = self.queries.new(person.id)
        query = {"id": query_id, "from": person.user(), "query": text, "offset": offset, "chat_type": "sender"}
        self.post(inline_query=query)
        return query_id

    def choose(self, query_id: str, result_id: str, person: Person, text: str = "") -> Json:
        """Let a person send one of the results; returns the message, which is in none of the bot's chats."""
        (result,) = (one for one in self.queries.answers[query_id]["results"] if one["id"] == result_id)
        message = self._inline_message({**result["message"], "from": person.user(), "via_bot": ME})
        chosen = {"result_id": result_id, "from": person.user(), "query": text}
        if buttons(message):  # only then does the bot get to know the message
            chosen["inline_message_id"] = message["inline_message_id"]
        self.post(chosen_inline_result=chosen)
        return message

    def post(self, **content: Any) -> None:
        """Queue an update of any kind, if the bot wants that kind: `post(edited_message=…)`."""
        if query := content.get("callback_query"):
            self.queries.ask(query["id"])
        self._inbox.put(content)

    def meet(self, person: Person) -> None:
        """Open a person's private chat, so that the bot may write there first."""
        self._chats[person.id] = person.chat()

    def forget(self, person: Person) -> None:
        """Close a person's private chat: what was said there goes, and the bot may not write there any more."""
        self._chats.pop(person.id, None)
        for number in self._kept.pop(person.id, ()):
            self._messages.pop((person.id, number), None)

    def menu(self, person: Person) -> list[Json]:
        """Return the commands that a person is offered: those of their chat, or everybody's."""
        own = self.commands.get(scope_of({"scope": {"type": "chat", "chat_id": person.id}}))
        return self.commands.get(scope_of({}), []) if own is None else own

    def audience(self, parameters: Json) -> int | None:
        """Return the chat that a call is about, or the person whose query it answers."""
        query_id = parameters.get("callback_query_id") or parameters.get("inline_query_id")
        return self.queries.asker(query_id) if query_id else parameters.get("chat_id")

    async def fetched(self) -> None:
        """Wait until the bot has fetched every update and asked for the next."""
        await self._inbox.emptied()

    async def call(self, token: str, method: str, parameters: Json) -> tuple[int, Json]:
        """Answer one call of the Bot API: the HTTP status, and the JSON."""
        try:
            self._check(token, method)
            asynchronous = method == "getUpdates"
            result = await self._get_updates(parameters) if asynchronous else self._methods[method](parameters)
        except Refusal as refusal:
            return refusal.code, refusal.answer()
        if self.listen:
            self.listen(method, parameters, result)
        return 200, {"ok": True, "result": result}

    def download(self, token: str, path: str) -> tuple[int, bytes]:
        """Answer a GET of a file: the HTTP status and the content, or the Bot API's JSON."""
        try:
            self._check(token, "getFile")
            return 200, self.files.download(path)
        except Refusal as refusal:
            return refusal.code, json.dumps(refusal.answer()).encode()

    def _check(self, token: str, method: str) -> None:
        if self.revoked or token != self.token:
            raise Refusal(401, "Unauthorized")
        if self.refusals[method]:
            raise self.refusals[method].popleft()
        if method != "getUpdates" and method not in self._methods:
            raise Refusal(404, "Not Found")

    async def _get_updates(self, parameters: Json) -> list[Json]:
        updates = await self._inbox.fetch(parameters, lambda: self.revoked)
        if updates or self.revoked:
            self._check(self.token, "getUpdates")
        return updates

    def revoke(self) -> None:
        """Do what BotFather's /revoke does: the token is worth nothing from now on."""
        self.revoked = True
        self._inbox.notify()

    def _get_chat_administrators(self, parameters: Json) -> list[Json]:
        chat = self._chat(parameters)
        if chat["type"] == "private":
            raise bad("there are no administrators in the private chat")
        people = self.administrators[chat["id"]]
        return [{"status": "creator", "user": person.user(), "is_anonymous": False} for person in people]
