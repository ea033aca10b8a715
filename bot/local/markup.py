"""Telegram's HTML: text and entities out of it, or the refusal that the Bot API would answer with.

Offsets and lengths count UTF-16 code units, as everywhere in the Bot API. Not here: Markdown, which this bot does not
write.
"""

from __future__ import annotations

import re
from typing import Any

Entity = dict[str, Any]

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
    "a": "text_link",
}
_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TOKEN = re.compile(r"<(?P<end>/?)(?P<tag>[A-Za-z-]*)(?P<rest>[^<>]*)(?P<close>>?)|&(?P<name>lt|gt|amp|quot);")
_HREF = re.compile(r"""\bhref\s*=\s*["']([^"']*)["']""")
_COMMAND = re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")


class MarkupError(Exception):
    """HTML that Telegram would not take; the text is the Bot API's."""


def units(text: str) -> int:
    """Return a text's length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def index_of(text: str, offset: int) -> int:
    """Return the position in a Python string of an offset in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * offset].decode("utf-16-le", "replace"))


def parse_html(html: str) -> tuple[str, list[Entity]]:
    """Return the text that HTML shows, and its entities in order; MarkupError."""
    text, entities, opened, position = "", [], list[Entity](), 0
    for token in _TOKEN.finditer(html):
        text += html[position : token.start()]
        position = token.end()
        if token["name"]:
            text += _CHARACTERS[token["name"]]
        elif token["end"]:
            entities.append(_closed(opened, token, html, units(text)))
        else:
            opened.append(_opened(token, html, units(text)))
    if opened:
        raise MarkupError(
            f"can't parse entities: Can't find end tag corresponding to start tag \"{opened[-1]['tag']}\""
        )
    entities = [entity for entity in entities if entity["length"]]
    return text + html[position:], sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def stripped(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Take the white space from both ends of a text, as Telegram does, and move the entities along."""
    kept = text.strip()
    before, length = units(text[: len(text) - len(text.lstrip())]), units(kept)
    moved = []
    for entity in entities:
        start = max(entity["offset"] - before, 0)
        end = min(entity["offset"] + entity["length"] - before, length)
        if start < end:
            moved.append({**entity, "offset": start, "length": end - start})
    return kept, moved


def command_entities(text: str) -> list[Entity]:
    """Return the entities of the bot commands in a text, which Telegram finds by itself."""
    return [
        {"type": "bot_command", "offset": units(text[: match.start()]), "length": units(match[0])}
        for match in _COMMAND.finditer(text)
    ]


def _opened(token: re.Match[str], html: str, offset: int) -> Entity:
    tag = token["tag"].lower()
    if tag not in KINDS or not token["close"]:
        raise MarkupError(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {_bytes(html, token)}')
    entity = {"tag": tag, "type": KINDS[tag], "offset": offset}
    if tag == "a" and (href := _HREF.search(token["rest"])):
        entity["url"] = href[1]
    return entity


def _closed(opened: list[Entity], token: re.Match[str], html: str, offset: int) -> Entity:
    if not opened:
        raise MarkupError(f"can't parse entities: Unexpected end tag at byte offset {_bytes(html, token)}")
    entity = opened.pop()
    expected = entity.pop("tag")
    if token["tag"].lower() not in ("", expected) or not token["close"]:
        raise MarkupError(
            f"can't parse entities: Unmatched end tag at byte offset {_bytes(html, token)}, "
            f'expected "</{expected}>", found "</{token["tag"]}>"'
        )
    return {**entity, "length": offset - entity["offset"]}


def _bytes(html: str, token: re.Match[str]) -> int:
    return len(html[: token.start()].encode("utf-8", "surrogatepass"))
