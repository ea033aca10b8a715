"""Words: runs of letters, with single apostrophes and hyphens between letters."""

import re

MARKS = "'-"
"""The marks that may join the letters of one word, one at a time."""
_WORD = re.compile(rf"[^\W\d_]+(?:[{MARKS}][^\W\d_]+)*")


def words_of(text: str) -> list[str]:
    """List the words of a text, in order."""
    return _WORD.findall(text)
