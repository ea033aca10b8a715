"""The bot's side of the small Telegram: the methods that it calls, with the real one's rules and refusals.

What they work on is kept in memory, as far as the constants below say. Not here: what people do (`telegram`).
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from bot.local.buttons import markup
from bot.local.contents import Json, bad, caption_content, text_content
from bot.local.files import Files
from bot.local.inbox import Inbox
from bot.local.queries import Queries

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_OF_A_CHAT = 1000
"""Messages of a chat that the bot can still edit or reply to; older ones are forgotten."""
MOST_SENT = 10_000
"""Messages in `sent`, and chosen inline results that the bot can still edit."""
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


class Methods:
    """Everything that is kept, and the methods by their names."""

    def __init__(self) -> None:
        self.sent: list[Json] = []  # the bot's newest messages, in order, as they read now
        self.files = Files()  # what the bot and people sent
        self.queries = Queries()
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.webhook: Json | None = None
        self._chats: dict[int, Json] = {}
        self._messages: dict[tuple[int, int], Json] = {}
        self._kept: defaultdict[int, deque[int]] = defaultdict(deque)  # the messages of each chat, by their numbers
        self._inline_messages: dict[str, Json] = {}
        self._message_ids = 0
        self._inbox = Inbox()
        self._methods: dict[str, Callable[[Json], Any]] = {
            "getMe": lambda _parameters: ME,
            "deleteWebhook": self._delete_webhook,
            "setWebhook": self._set_webhook,
            "getWebhookInfo": lambda _parameters: {
                "url": "",
                "has_custom_certificate": False,
                "pending_update_count": 0,
            },
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
            "getMyCommands": lambda parameters: self.commands.get(scope_of(parameters), []),
            "deleteMyCommands": lambda parameters: self.commands.pop(scope_of(parameters), None) is None or True,
        }

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
        self.commands[scope_of(parameters)] = commands
        return True

    def _send(self, parameters: Json, content: Json) -> Json:
        chat = self._chat(parameters)
        reply = self._replied(chat["id"], parameters.get("reply_parameters"))
        message = self._message(chat, **{"from": ME}, **content, **reply, **markup(parameters))
        self.sent.append(message)
        del self.sent[:-MOST_SENT]
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
        if replied := message.get("reply_to_message"):  # as it reads now, and without what it replied to itself
            message["reply_to_message"] = {key: replied[key] for key in replied if key != "reply_to_message"}
        self._chats[chat["id"]] = chat
        self._messages[chat["id"], self._message_ids] = message
        kept = self._kept[chat["id"]]
        kept.append(self._message_ids)
        if len(kept) > MOST_OF_A_CHAT:
            self._messages.pop((chat["id"], kept.popleft()), None)
        return message

    def _inline_message(self, content: Json) -> Json:
        self._message_ids += 1
        inline_id = f"inline-{self._message_ids}"
        message = {"inline_message_id": inline_id, "date": int(time.time()), **content}
        self._inline_messages[inline_id] = message
        if len(self._inline_messages) > MOST_SENT:
            del self._inline_messages[next(iter(self._inline_messages))]
        return message

    def _chat(self, parameters: Json) -> Json:
        chat = self._chats.get(parameters.get("chat_id", 0))
        if chat is None:
            raise bad("chat not found")
        return chat


def scope_of(parameters: Json) -> tuple[str, str]:
    """Return for whom commands are: the scope and the language."""
    scope = parameters.get("scope") or {"type": "default"}
    return json.dumps(scope, sort_keys=True), parameters.get("language_code") or ""
