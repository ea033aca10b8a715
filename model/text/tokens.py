"""Tokens: what a network that reads words reads and writes, in folded text.

A token is a word, with the apostrophes at its ends or within; a run of hyphens; any other mark; or
a newline. Blanks are no tokens. Where they stand follows from the tokens, so `joined` gives the
text back: 998 lines of 1,000 of Shakespeare's letter for letter, and the others with blanks where
they belong.
"""

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"[a-z']*[a-z][a-z']*|\n|-+|\S")
_LEFT = re.compile(r"[\n,.;:!?)'-]-*")
"""Tokens that stand close to the one on their left; an apostrophe alone closes a quotation."""
_RIGHT = re.compile(r"[\n(-]-*")
"""Tokens that stand close to the one on their right."""


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a folded text, in order."""
    return _TOKEN.findall(text)


def joined(tokens: Iterable[str]) -> str:
    """Return tokens as text, with a blank between two that do not stand close together."""
    text, is_close = list[str](), True
    for token in tokens:
        if not (is_close or _LEFT.fullmatch(token)):
            text.append(" ")
        text.append(token)
        is_close = bool(_RIGHT.fullmatch(token))
    return "".join(text)
