"""Capitals for verse, as the network writes lower case only, and the full stop of a sonnet.

Each line and each sentence begins with a capital, and the pronoun I is one, alone or in I'll, I'd, I've, I'm. Only the
case of the letters a to z changes. Proper names and the vocative O are left out, as no short rule could tell them.
"""

from __future__ import annotations

import re

_BEGINNING = re.compile(
    r"""(?: ^ | [.?!]['")]*[ ]+ )  # a line, or a sentence after the end of another
        [ '"(]*                    # marks that may come before its first word
        ([a-z])""",
    re.MULTILINE | re.VERBOSE,
)
# Not the i of i' faith, which is an "in", nor one within a word.
_PRONOUN = re.compile(r"(?<!\w)(?<!\w')(i)(?!\w|'(?!(?:ll|d|ve|m)\b))")


_OPEN_END = re.compile(r"[ ,;:-]*\Z")
_CLOSED_END = re.compile(r"[.?!]['\")]*\Z")


def is_visible(text: str) -> bool:
    """Tell whether a text has a character that a reader sees."""
    return any(character.isprintable() and not character.isspace() for character in text)


def typeset(verse: str, *, after: str = "") -> str:
    """Return verse with its capitals. The text right before it, `after`, decides whether its first word begins one."""
    text = after + verse
    letters = list(text)
    for pattern in (_BEGINNING, _PRONOUN):
        for match in pattern.finditer(text):
            letters[match.start(1)] = match[1].upper()
    return "".join(letters[len(after) :])


def closed(verse: str) -> str:
    """Return verse whose last line ends a sentence: with a full stop, if it has no other mark that does."""
    return verse if _CLOSED_END.search(verse) else _OPEN_END.sub("", verse) + "."
