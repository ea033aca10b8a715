"""The names or the poems of a text, as documents. Lines that are no names are left out, and long poems are cut."""

import re
from collections.abc import Iterator
from itertools import chain

LINES_OF_A_POEM = 14
"""The length of a poem in a text without blank lines."""
LONGEST_POEM = 2000
"""Characters. A longer one, such as a scene of a play, is cut into several."""
LONGEST_LINE = 100
"""Characters. A longer line of a list is no name."""
MOST_NAMES = 500_000
"""Of a longer list, names are taken in even steps."""


def names_in(text: str) -> tuple[list[str], str]:
    """Return the different names of a text, one a line, and what was left out, in words."""
    lines = list(filter(None, _lines(text)))
    names = list(dict.fromkeys(line for line in lines if len(line) <= LONGEST_LINE))
    reasons = []
    if too_long := sum(len(line) > LONGEST_LINE for line in lines):
        reasons.append(f"left out {too_long:,} lines of more than {LONGEST_LINE} characters")
    if len(names) > MOST_NAMES:
        reasons.append(f"read {MOST_NAMES:,} of its {len(names):,} names")
        names = [names[n * len(names) // MOST_NAMES] for n in range(MOST_NAMES)]
    return names, "; ".join(reasons)


def documents_in(text: str) -> list[str]:
    """Return the documents of a text, which blank lines separate."""
    return [part for part in re.split(r"\n\n+", "\n".join(_lines(text)).strip("\n")) if part]


def poems_in(text: str) -> Iterator[str]:
    """Yield the poems of a text: its documents, or groups of its lines if it is a single document; long ones cut."""
    documents = documents_in(text)
    if len(documents) == 1:
        lines = documents[0].split("\n")
        starts = range(0, len(lines), LINES_OF_A_POEM)
        documents = ["\n".join(lines[start : start + LINES_OF_A_POEM]) for start in starts]
    return chain.from_iterable(map(_cut, documents))


def _lines(text: str) -> Iterator[str]:
    """Yield the lines; in each, runs of white space become single spaces."""
    return (" ".join(line.split()) for line in text.split("\n"))


def _cut(poem: str) -> Iterator[str]:
    """Cut a poem that is too long: at the end of a line if there is one, else of a word, else anywhere."""
    start = 0
    while len(poem) - start > LONGEST_POEM:
        stop = start + LONGEST_POEM
        ends = (poem.rfind(mark, start, stop + 1) for mark in "\n ")
        end = next((end for end in ends if end > start), stop)
        yield poem[start:end].rstrip()
        start = end + poem[end].isspace()
    yield poem[start:]
