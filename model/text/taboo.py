"""Words that a bot should neither play with nor show: slurs, obscenities, and names such as those of tyrants.

The program's list, data/taboo.txt, has hashes, so that nobody who opens the folder has to read the words. The
operator's list, taboo.txt in the home folder, has plain words. Each line is a word. A star behind it stands for more
letters, a star before it for letters before it. A word with "!" before it is allowed, whatever other lines say.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import sha256

from model.files import HOME, PROGRAM, TableError
from model.text.vocabulary import fold

LISTED = PROGRAM / "data" / "taboo.txt"
OWN = HOME / "taboo.txt"
SHORTEST, LONGEST = 3, 20
"""How many letters a word with a star may have."""
_ENTRY = re.compile(r"(!?)(\*?)([^\W\d_]+)(\*?)")
_DIGITS = 16
_LOOKALIKES = str.maketrans("013457@$", "oieastas")
"""Digits and signs that people write for letters."""


def is_taboo(text: str) -> bool:
    """Return whether a text has a word of the lists, in small letters or capitals, with accents or without."""
    return any(map(_is_listed, re.findall(r"[^\W\d_]+", fold(text).translate(_LOOKALIKES))))


def hashed(line: str) -> str:
    """Return a line of a list with a hash in place of its word. Raises ValueError if it is not one word."""
    found = _ENTRY.fullmatch(fold(line.strip()))
    if not found or ((found[2] or found[4]) and not SHORTEST <= len(found[3]) <= LONGEST):
        raise ValueError(f"{line.strip()!r} is not one word; beside a star, a word has {SHORTEST} to {LONGEST} letters")
    return f"{found[1]}{found[2]}{_hash(found[3])}{found[4]}"


@cache
def lists() -> frozenset[str]:
    """Read both lists, once. Raises OSError, or TableError for a line of the operator's that is not one word."""
    own = OWN.read_text(encoding="utf-8-sig", errors="replace").splitlines() if OWN.exists() else []
    try:
        return frozenset([*LISTED.read_text(encoding="ascii").split(), *map(hashed, filter(str.strip, own))])
    except ValueError as error:
        raise TableError(f"{OWN}: {error}") from error


@lru_cache(maxsize=10_000)
def _is_listed(word: str) -> bool:
    listed = lists()
    return any(line in listed for line in _lines(word)) and not any(f"!{line}" in listed for line in _lines(word))


def _lines(word: str) -> Iterator[str]:
    """Yield every line that a list may have because of a word."""
    yield _hash(word)
    for start in range(len(word) - SHORTEST + 1):
        for end in range(start + SHORTEST, min(start + LONGEST, len(word)) + 1):
            part = _hash(word[start:end])
            yield f"*{part}*"
            if start == 0:
                yield f"{part}*"
            if end == len(word):
                yield f"*{part}"


def _hash(word: str) -> str:
    return sha256(word.encode()).hexdigest()[:_DIGITS]
