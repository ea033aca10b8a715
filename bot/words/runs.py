"""The HTML of a message as runs of styled text, for doors that draw messages themselves."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markupsafe import Markup

STYLES = {"b": "bold", "i": "italic", "code": "code", "pre": "pre"}

_COMMAND = re.compile(r"(?<![\w/@<>])(/[A-Za-z0-9_]{1,32})(?![\w/@])")


class Run(NamedTuple):
    """A piece of text, and how it is set: bold, italic, code, pre, or a command that can be clicked."""

    text: str
    styles: tuple[str, ...] = ()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.runs: list[Run] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base's signature
        self._open.append(STYLES[tag])

    def handle_endtag(self, tag: str) -> None:
        self._open.remove(STYLES[tag])

    def handle_data(self, data: str) -> None:
        styles = tuple(self._open)
        for number, piece in enumerate(_COMMAND.split(data) if not {"code", "pre"} & set(styles) else [data]):
            if piece:
                self.runs.append(Run(piece, (*styles, "command") if number % 2 else styles))


def runs(html: Markup) -> list[Run]:
    """Cut the HTML of a message where its style changes."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.runs
