"""The HTML of a message as pieces of styled text, for doors that draw messages themselves."""

import re
from html import unescape
from typing import NamedTuple

from markupsafe import Markup

STYLES = {"b": "bold", "i": "italic", "code": "code", "pre": "pre", "a": "creation"}

_TAG = re.compile("<(/?)([a-z]+)>")
_COMMAND = re.compile(r"(?<![\w/@<>])(/[A-Za-z0-9_]{1,32})(?![\w/@])")


class Piece(NamedTuple):
    """A piece of text and its styles: bold, italic, code, pre, creation (the code of one), or a
    command to click.
    """

    text: str
    styles: tuple[str, ...] = ()


def pieces_of(html: Markup) -> list[Piece]:
    """Cut the HTML of a message where its style changes."""
    found: list[Piece] = []
    styles: list[str] = []
    first, *others = _TAG.split(html)
    for slash, tag, between in zip(
        ["", *others[::3]], ["", *others[1::3]], [first, *others[2::3]], strict=True
    ):
        if slash:
            styles.remove(STYLES[tag])
        elif tag:
            styles.append(STYLES[tag])
        text = unescape(between)
        is_literal = "code" in styles or "pre" in styles
        for number, part in enumerate([text] if is_literal else _COMMAND.split(text)):
            if part:
                found.append(Piece(part, (*styles, "command") if number % 2 else tuple(styles)))
    return found
