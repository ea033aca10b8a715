"""A small Telegram: the part of the Bot API that this bot uses, in memory, with the real one's rules and refusals.

`Telegram` is the server: people write to it (`say`, `send_document`, `post`), the bot calls its methods, and whoever
listens sees what was called. Not here: how updates wait (`inbox`), how python-telegram-bot reaches it (`request`);
webhooks, and anything that the bot does not call: an unknown method is answered as the Bot API answers it.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.local.buttons import buttons, markup
from bot.local.contents import Json, Refusal, bad, caption_content, text_content
from bot.local.files import Files
from bot.local.inbox import Inbox
from bot.local.markup import command_entities
from bot.local.queries import Queries

Listener = Callable[[str, Json, Any], None]
"""Called after each successful method with its name, its parameters and its result."""

MOST_COMMANDS = 100
ACTIONS = {"typing", "upload_photo", "upload_document", "record_video", "upload_video", "record_voice", "upload_voice"}
TEXT, CAPTION, FILE = ("text", "entities"), ("caption", "caption_entities"), ("photo", "document")
"""What each kind of edit replaces."""
ME: Json = {
    "id": 7000000,
    "is_bot": True,
    "first_name": "Mangosaurus",
    "username": "mangosaurus_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": True,
}


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


class Telegram:
    """The server. `refusals` holds answers to give instead of the next ones, for each method by its name."""

    def __init__(self, listen: Listener | None = None) -> None:
        self.token = f"{ME['id']}:local-{id(self):x}"
        self.revoked = False
        self.refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)
        self.sent: list[Json] = []  # the bot's messages, in order, as they read now
        self.files = Files()  # what the bot and people sent
        self.queries = Queries()
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.administrators: defaultdict[int, list[Person]] = defaultdict(list)  # of groups
        self.webhook: Json | None = None
        self.listen = listen
        self._chats: dict[int, Json] = {}
        self._messages: dict[tuple[int, int], Json] = {}
        self._inline_messages: dict[str, Json] = {}
        self._message_ids = 0
        self._inbox = Inbox()
        self._methods: dict[str, Callable[[Json], Any]] = {
            "getMe": lambda _parameters: ME,
            "deleteWebhook": self._delete_webhook,
            "setWebhook": self._set_webhook,
            "sendMessage": self._send_message,
            "editMessageText": self._edit_message_text,
            "editMessageReplyMarkup": self._edit_message_reply_markup,
            "sendChatAction": self._send_chat_action,
            "editMessageCaption": self._edit_message_caption,
            "editMessageMedia": self._edit_message_media,
            "sendDocument": lambda parameters: self._send_file(parameters, "document"),
            "sendPhoto": lambda parameters: self._send_file(parameters, "photo"),
            "getFile": self.files.get_file,
            "answerCallbackQuery": self.queries.answer_callback,
            "answerInlineQuery": self.queries.answer_inline,
            "setMyCommands": self._set_my_commands,
            "getMyCommands": lambda parameters: self.commands.get(_scope(parameters), []),
            "getChatAdministrators": self._get_chat_administrators,
            "deleteMyCommands": lambda parameters: self.commands.pop(_scope(parameters), None) is None or True,
        }

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
            fields["reply_to_message"] = dict(reply_to)
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
        inline_id = f"inline-{len(self._inline_messages) + 1}"
        written = {"inline_message_id": inline_id, "date": int(time.time()), "from": person.user(), "via_bot": ME}
        message = self._inline_messages[inline_id] = {**result["message"], **written}
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

    def menu(self, person: Person) -> list[Json]:
        """Return the commands that a person is offered: those of their chat, or everybody's."""
        own = self.commands.get(_scope({"scope": {"type": "chat", "chat_id": person.id}}))
        return self.commands.get(_scope({}), []) if own is None else own

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

    def _delete_webhook(self, parameters: Json) -> bool:
        if parameters.get("drop_pending_updates"):
            self._inbox.clear()
        return True

    def _set_webhook(self, parameters: Json) -> bool:
        self.webhook = parameters
        return True

    def _send_message(self, parameters: Json) -> Json:
        content = text_content(parameters)
        return self._send(parameters, content)

    def _edit_message_text(self, parameters: Json) -> Json | bool:
        message = self._editable(parameters)
        if "text" not in message:
            raise bad("there is no text in the message to edit")
        return self._edit(message, text_content(parameters) | markup(parameters), *TEXT, "reply_markup")

    def _edit_message_caption(self, parameters: Json) -> Json | bool:
        message = self._editable(parameters)
        if "text" in message:
            raise bad("there is no caption in the message to edit")
        return self._edit(message, caption_content(parameters) | markup(parameters), *CAPTION, "reply_markup")

    def _edit_message_media(self, parameters: Json) -> Json | bool:
        """Put another file in the place of a message's text or file. An upload is a part of its own, by its name."""
        message, media = self._editable(parameters), parameters["media"]
        given = parameters.get(media["media"].removeprefix("attach://"), media["media"])
        file = self.files.sent({media["type"]: given}, media["type"])
        content = file | caption_content(media) | markup(parameters)
        return self._edit(message, content, *TEXT, *CAPTION, *FILE, "reply_markup")

    def _edit_message_reply_markup(self, parameters: Json) -> Json | bool:
        return self._edit(self._editable(parameters), markup(parameters), "reply_markup")

    def _editable(self, parameters: Json) -> Json:
        if inline_id := parameters.get("inline_message_id"):
            if inline_id not in self._inline_messages:
                raise bad("MESSAGE_ID_INVALID")
            return self._inline_messages[inline_id]
        message = self._messages.get((self._chat(parameters)["id"], int(parameters.get("message_id", 0))))
        if message is None:
            raise bad("message to edit not found")
        if message["from"] != ME:
            raise bad("message can't be edited")
        return message

    def _edit(self, message: Json, content: Json, *keys: str) -> Json | bool:
        """Change what the keys name; what is not in the content goes. Inline messages are not shown to the bot."""
        if all(message.get(key) == content.get(key) for key in keys):
            raise bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        for key in keys:
            message.pop(key, None)
        message.update(content, edit_date=int(time.time()))
        return True if "inline_message_id" in message else message

    def _send_chat_action(self, parameters: Json) -> bool:
        self._chat(parameters)
        if parameters.get("action") not in ACTIONS:
            raise bad("wrong parameter action in request")
        return True

    def _send_file(self, parameters: Json, kind: str) -> Json:
        self._chat(parameters)
        return self._send(parameters, self.files.sent(parameters, kind) | caption_content(parameters))

    def _set_my_commands(self, parameters: Json) -> bool:
        commands, scope = parameters.get("commands", []), parameters.get("scope") or {}
        if "chat_id" in scope:
            self._chat(scope)
        if len(commands) > MOST_COMMANDS:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not re.fullmatch("[a-z0-9_]{1,32}", command["command"]):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[_scope(parameters)] = commands
        return True

    def _get_chat_administrators(self, parameters: Json) -> list[Json]:
        chat = self._chat(parameters)
        if chat["type"] == "private":
            raise bad("there are no administrators in the private chat")
        people = self.administrators[chat["id"]]
        return [{"status": "creator", "user": person.user(), "is_anonymous": False} for person in people]

    def _send(self, parameters: Json, content: Json) -> Json:
        chat = self._chat(parameters)
        reply = self._replied(chat["id"], parameters.get("reply_parameters"))
        message = self._message(chat, **{"from": ME}, **content, **reply, **markup(parameters))
        self.sent.append(message)
        return message

    def _replied(self, chat_id: int, reply: Json | None) -> Json:
        if reply is None:
            return {}
        message = self._messages.get((chat_id, reply["message_id"]))
        if message is None and not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        return {"reply_to_message": message} if message else {}

    def _message(self, chat: Json, **content: Any) -> Json:
        self._message_ids += 1
        message = {"message_id": self._message_ids, "date": int(time.time()), "chat": chat, **content}
        self._chats[chat["id"]] = chat
        self._messages[chat["id"], self._message_ids] = message
        return message

    def _chat(self, parameters: Json) -> Json:
        chat = self._chats.get(parameters.get("chat_id", 0))
        if chat is None:
            raise bad("chat not found")
        return chat


def _scope(parameters: Json) -> tuple[str, str]:
    scope = parameters.get("scope") or {"type": "default"}
    return json.dumps(scope, sort_keys=True), parameters.get("language_code") or ""
