"""A message of Telegram as the page draws it: runs of styled text, buttons, and files by their ids.

The page gets no markup, so nothing that a person or a network writes can become any.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bot.people.records import CODE

if TYPE_CHECKING:
    from bot.local.contents import Json
    from bot.local.markup import Entity

MOST_ENTITIES = 100
"""Telegram finds no more in one message."""
QUOTED = 80
"""Characters of a message that a reply shows."""
WEB = ("https://", "http://")


def bubble(message: Json) -> Json:
    """Return all that the page shows of a message."""
    drawn: Json = {
        "id": message_id(message),
        "mine": not message["from"]["is_bot"],
        "via": "via_bot" in message,
        "at": message["date"],
        "edited": "edit_date" in message,
        "runs": runs(*_words(message)),
        "rows": _rows(message),
    }
    if "photo" in message:
        photo = message["photo"][-1]
        drawn["photo"] = {"id": photo["file_id"], "width": photo["width"], "height": photo["height"]}
    if "document" in message:
        document = message["document"]
        drawn["document"] = {"id": document["file_id"], "name": document["file_name"], "size": document["file_size"]}
    if replied := message.get("reply_to_message"):
        drawn["reply"] = quoted(replied)
    return drawn


def message_id(message: Json) -> str:
    """Return what a message is called on the page; a result chosen inline has no number."""
    return str(message.get("message_id") or message["inline_message_id"])


def file_names(message: Json) -> dict[str, str]:
    """Return the names of the files in a message, by their ids; a picture has none."""
    files = [*message.get("photo", ()), *filter(None, [message.get("document")])]
    return {file["file_id"]: file.get("file_name", "") for file in files}


def quoted(message: Json) -> str:
    """Return the beginning of a message."""
    text, _ = _words(message)
    line = " ".join((text or message.get("document", {}).get("file_name", "")).split())
    return line if len(line) <= QUOTED else f"{line[: QUOTED - 1].rstrip()}…"


def runs(text: str, entities: list[Entity]) -> list[Json]:
    """Cut a text where its style changes. A run has its `text`, its `styles`, and what a click on it does, if anything.

    A click on a command sends it, one on a creation's code sends /again, and one on an example puts it in the line.
    """
    content = text.encode("utf-16-le", "surrogatepass")
    known = entities[:MOST_ENTITIES]
    edges = {0, len(content) // 2} | {edge for entity in known for edge in _span(entity)}
    cut = []
    for start, end in pairwise(sorted(edges)):
        piece = content[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
        inside = [entity for entity in known if _span(entity)[0] <= start < _span(entity)[1]]
        cut.append({"text": piece, "styles": sorted({entity["type"] for entity in inside})} | _click(piece, inside))
    return cut


def _span(entity: Entity) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


def _click(piece: str, inside: list[Entity]) -> Json:
    kinds = {entity["type"]: entity for entity in inside}
    if "text_link" in kinds:
        address = kinds["text_link"].get("url", "")
        return {"href": address} if address.startswith(WEB) else {}
    if "bot_command" in kinds:
        return {"send": piece}
    if "code" not in kinds:
        return {}
    if CODE.fullmatch(piece):
        return {"send": f"/again {piece}"}
    return {"write": piece} if piece.startswith(("/", "@")) else {}


def _words(message: Json) -> tuple[str, list[Entity]]:
    if "text" in message:
        return message["text"], message.get("entities", [])
    return message.get("caption", ""), message.get("caption_entities", [])


def _rows(message: Json) -> list[list[Json]]:
    """Return the buttons, row by row; one that asks the bot something has its number, counted from 1 over all rows."""
    number, rows = 0, []
    for row in message.get("reply_markup", {}).get("inline_keyboard", []):
        drawn = []
        for button in row:
            number += 1
            drawn.append({"text": button["text"]} | _action(button, number))
        rows.append(drawn)
    return rows


def _action(button: Json, number: int) -> Json:
    if "callback_data" in button:
        return {"press": number}
    if button.get("url", "").startswith(WEB):
        return {"href": button["url"]}
    if "copy_text" in button:
        return {"copy": button["copy_text"]["text"]}
    if "switch_inline_query_current_chat" in button:
        return {"write": f"@{{me}} {button['switch_inline_query_current_chat']}"}
    return {}
