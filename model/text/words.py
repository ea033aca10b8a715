"""Words: runs of letters, which single apostrophes and hyphens may join."""

import re

MARKS = "'\u2019-"
"""The marks that may stand between two letters of a word."""
_WORD = re.compile(rf"[^\W\d_]+(?:[{MARKS}][^\W\d_]+)*")


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order."""
    return _WORD.findall(text)
