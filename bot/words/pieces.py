"""A message as pieces of styled text. Each door shows them in its own way.

name      a dinosaur's name
creation  the code of a creation, which a door may link
opening   a command, which a door may turn into a link for other people
own       a person's words, with which verse begins
verse     what a network wrote after them
table     lines in a type of equal width
"""

import re
from collections.abc import Iterable
from string import Formatter
from typing import Literal, NamedTuple, TypeAlias

Style: TypeAlias = Literal[
    "", "bold", "italic", "code", "table", "creation", "opening", "name", "own", "verse"
]
_MARKS: dict[str, Style] = {"*": "bold", "_": "italic", "`": "code"}
_MARKED = re.compile(r"([*_`])(.+?)\1", re.DOTALL)


class Piece(NamedTuple):
    """A piece of text in one style."""

    text: str
    style: Style = ""


class Message(tuple[Piece, ...]):
    """What a message says. A sentence of `bot.words` may have gaps, which `format` fills."""

    __slots__ = ()

    def __str__(self) -> str:
        return "".join(text for text, _ in self)

    def __add__(self, other: object) -> "Message":
        if isinstance(other, Message):
            return Message((*self, *other))
        return Message((*self, Piece(str(other)))) if other else self

    def format(self, *values: object) -> "Message":
        """Put values into the gaps {}, {1} or {:.3f}: a text takes on the style of its gap, a
        message keeps its own.
        """
        pieces: list[Piece] = []
        numbers = iter(range(len(values)))
        for text, style in self:
            for literal, gap, spec, _ in Formatter().parse(text):
                if literal:
                    pieces.append(Piece(literal, style))
                if gap is None:
                    continue
                value = values[int(gap) if gap else next(numbers)]
                if isinstance(value, Message):
                    pieces.extend(value)
                else:
                    pieces.append(Piece(format(value, spec or ""), style))
        return Message(pieces)


NOTHING = Message()


def said(template: str) -> Message:
    """Return a sentence of the program, with marks for *bold*, _italic_ and `code`. Never use this
    for a person's words.
    """
    pieces: list[Piece] = []
    end = 0
    for found in _MARKED.finditer(template):
        pieces.append(Piece(template[end : found.start()]))
        pieces.append(Piece(found[2], _MARKS[found[1]]))
        end = found.end()
    pieces.append(Piece(template[end:]))
    return Message(piece for piece in pieces if piece.text)


def joined(between: str, messages: Iterable[Message]) -> Message:
    """Return messages as one, with the same text between any two."""
    whole = NOTHING
    for message in messages:
        whole = whole + between + message if whole else message
    return whole


def link_to(username: str, opens: str = "") -> str:
    """Return a link to a bot, which may open something there: a code, or the name of a command."""
    return f"t.me/{username}{opens and f'?start={opens}'}"


def length(message: Message) -> int:
    """Return the length in UTF-16 units, in which Telegram counts."""
    return len(str(message).encode("utf-16-le")) // 2
