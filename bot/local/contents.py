"""What a message to Telegram may hold, and the refusals that the Bot API answers with. Not here: chats and updates."""

from __future__ import annotations

from typing import Any

from bot.local.markup import Entity, MarkupError, command_entities, parse_html, stripped, units

Json = dict[str, Any]

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024


class Refusal(Exception):  # noqa: N818 - the Bot API's answer, which is not always an error of anybody's
    """An answer that is not "ok"."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.parameters = parameters

    def answer(self) -> Json:
        """Return the Bot API's JSON."""
        answer = {"ok": False, "error_code": self.code, "description": str(self)}
        return answer | ({"parameters": self.parameters} if self.parameters else {})


def bad(description: str) -> Refusal:
    """Return the refusal of a request that is wrong."""
    return Refusal(400, f"Bad Request: {description}")


def text_content(parameters: Json) -> Json:
    """Return the text and the entities of a message that is to be sent; Refusal."""
    return _content(parameters, "text", LONGEST_TEXT, "message")


def caption_content(parameters: Json) -> Json:
    """Return the caption and its entities, where there is one; Refusal."""
    return _content(parameters, "caption", LONGEST_CAPTION, "caption")


def _content(parameters: Json, key: str, longest: int, what: str) -> Json:
    text, entities = _parsed(parameters.get(key) or "", parameters)
    if not text and key == "text":
        raise bad("message text is empty")
    if units(text) > longest:
        raise bad(f"{what} is too long")
    entities_key = "entities" if key == "text" else "caption_entities"
    return ({key: text} if text else {}) | ({entities_key: entities} if entities else {})


def _parsed(text: str, parameters: Json) -> tuple[str, list[Entity]]:
    mode = parameters.get("parse_mode")
    if mode not in (None, "HTML"):
        raise bad(f"unsupported parse_mode {mode}")
    try:
        shown, entities = parse_html(text) if mode else (text, parameters.get("entities", []))
    except MarkupError as error:
        raise bad(str(error)) from None
    shown, entities = stripped(shown, entities)
    found = [entity for entity in command_entities(shown) if not _inside_code(entity, entities)]
    return shown, sorted(entities + found, key=lambda entity: (entity["offset"], -entity["length"]))


def _inside_code(entity: Entity, entities: list[Entity]) -> bool:
    return any(
        other["type"] in ("code", "pre") and 0 <= entity["offset"] - other["offset"] < other["length"]
        for other in entities
    )


def upload(parameters: Json, key: str) -> tuple[str, bytes]:
    """Return the name and the content of an upload; a file id or an address stands for itself, and holds nothing."""
    given = parameters.get(key)
    if not given:
        raise bad(f"there is no {key} in the request")
    if isinstance(given, str):
        return given, b""
    name, content, _type = given
    return name, content if isinstance(content, bytes) else content.read()
