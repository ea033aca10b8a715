"""Shows verse with the capitals and the dashes that a folded network does not write."""

import re
from collections.abc import Collection

from model.text.vocabulary import WORD

_BEGINNING = re.compile(
    r"""(?: ^ | [.?!]['")]*[ ]+ )  # the beginning of a line or of a sentence
        [ '"(]*                    # marks that may come before its first word
        ([a-z])""",
    re.MULTILINE | re.VERBOSE,
)
# Not the i of i' faith, which means "in", and no i within a word.
_PRONOUN = re.compile(r"(?<!\w)(?<!\w')(i)(?!\w|'(?!(?:ll|d|ve|m)\b))")
_WORD = re.compile(WORD)
_DASH = re.compile(r" *-{2,} *")


def typeset(verse: str, *, after: str = "") -> str:
    """Return verse with the capitals of lines, of sentences, and of I.

    `after`, the text before it, decides whether its first word begins a sentence. The vocative O
    stays small.
    """
    text = after + verse
    letters = list(text)
    for pattern in (_BEGINNING, _PRONOUN):
        for match in pattern.finditer(text):
            letters[match.start(1)] = match[1].upper()
    return "".join(letters[len(after) :])


def with_names(verse: str, names: Collection[str]) -> str:
    """Return verse with the capitals of proper names, and with dashes for "--".

    If `names` is empty, nothing changes. "France's" gets a capital if "france" is a name, and
    "Jove-like" if "jove" is one.
    """
    return (
        _DASH.sub("\N{EM DASH}", _WORD.sub(lambda word: _capitalised(word[0], names), verse))
        if names
        else verse
    )


def _capitalised(word: str, names: Collection[str]) -> str:
    if word.removesuffix("'s") in names:
        return word[0].upper() + word[1:]
    return "-".join(_capitalised(part, names) for part in word.split("-")) if "-" in word else word
