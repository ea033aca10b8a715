"""Verse set as verse is set: the network writes lower case only, and a reader expects capitals.

A capital begins each line and each sentence, and the pronoun I is one, alone or in I'll, I'd, I've, I'm. Nothing but
the case of the letters a to z changes. Not here: names (`str.capitalize` is all they need), markup, and the person's
own line, which stays as they wrote it.

Left out: proper names and the vocative O, which no rule of a line's length could tell.
"""

from __future__ import annotations

import re

_BEGINNING = re.compile(
    r"""(?: ^ | [.?!]['")]*[ ]+ )  # a line, or a sentence behind the end of another
        [ '"(]*                    # what may stand before its first word
        ([a-z])""",
    re.MULTILINE | re.VERBOSE,
)
# Not the i of i' faith, which is an "in", nor one within a word.
_PRONOUN = re.compile(r"(?<!\w)(?<!\w')(i)(?!\w|'(?!(?:ll|d|ve|m)\b))")


def is_visible(text: str) -> bool:
    """Tell whether there is anything in a text that a reader sees."""
    return any(character.isprintable() and not character.isspace() for character in text)


def typeset(verse: str, *, after: str = "") -> str:
    """Return verse with its capitals. `after` is the text right before it, and decides what its first word begins."""
    text = after + verse
    letters = list(text)
    for pattern in (_BEGINNING, _PRONOUN):
        for match in pattern.finditer(text):
            letters[match.start(1)] = match[1].upper()
    return "".join(letters[len(after) :])
