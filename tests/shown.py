"""The texts that people see. Tests pass each message that they receive to `seen`, and
each line that somebody writes to `wrote`.

At its end, a test fails if a message showed markup that nobody wrote. `rendered` makes plain text
and entities of the HTML of a message, as Telegram does.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENTITIES = {"b": "bold", "i": "italic", "code": "code", "pre": "pre", "a": "text_link"}

_TAG = re.compile("<[^<>]*>?")
_OPENING = re.compile('<(?:(b|i|code|pre)|(a) href="(https?://[^"<>]+)")>')
_REFERENCE = re.compile("&(?:lt|gt|amp|quot|#[0-9]+|#x[0-9a-f]+);")
_MARKUP = re.compile(rf"</?\w?|{_REFERENCE.pattern}|href=", re.IGNORECASE)
_written: list[str] = []
_shown: list[str] = []


@contextmanager
def watched() -> Iterator[None]:
    _written.clear()
    yield
    shown = {text for text in _shown for markup in _MARKUP.findall(text) if not _is_written(markup)}
    _shown.clear()
    assert not shown, f"markup is shown that nobody wrote: {shown}"


def wrote(*texts: object) -> None:
    """Note what somebody wrote in this test: the bot may show it again."""
    _written.extend(str(text).casefold() for text in texts)


def seen(text: str) -> str:
    """Note what somebody sees, and return it."""
    if _MARKUP.search(text):
        _shown.append(text)
    return text


def _is_written(markup: str) -> bool:
    return any(markup.casefold() in text for text in _written)


def rendered(html: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text and the entities, with offsets in UTF-16.

    ValueError if Telegram would refuse the HTML.
    """
    text, at = "", 0
    entities: list[dict[str, Any]] = []
    opened: list[tuple[str, int, dict[str, str]]] = []
    for tag in _TAG.finditer(html):
        text, at = text + _unescaped(html[at : tag.start()]), tag.end()
        if opening := _OPENING.fullmatch(tag[0]):
            style, link, address = opening.groups()
            url = {"url": _unescaped(address)} if link else {}
            opened.append((style or link, _length(text), url))
        elif opened and tag[0] == f"</{opened[-1][0]}>":
            name, start, url = opened.pop()
            entities.append(
                {"type": ENTITIES[name], "offset": start, "length": _length(text) - start, **url}
            )
        else:
            raise ValueError(f"unexpected tag {tag[0]}")
    if opened:
        raise ValueError(f"can't find end tag corresponding to start tag {opened[-1][0]}")
    return _stripped(text + _unescaped(html[at:]), entities)


def _stripped(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Remove the blanks around a text, and the entities that are empty without them."""
    before, shown = _length(text) - _length(text.lstrip()), text.strip()
    for entity in entities:
        end = min(entity["offset"] + entity["length"] - before, _length(shown))
        entity["offset"] = max(entity["offset"] - before, 0)
        entity["length"] = end - entity["offset"]
    return shown, sorted(
        (each for each in entities if each["length"] > 0), key=lambda each: each["offset"]
    )


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _unescaped(text: str) -> str:
    known = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
    return _REFERENCE.sub(lambda found: known.get(found[0]) or _character(found[0][2:-1]), text)


def _character(number: str) -> str:
    return chr(int(number[1:], 16) if number.startswith("x") else int(number))
