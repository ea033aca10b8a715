"""Words that a bot should neither play with nor show: slurs, obscenities, and names such as those
of tyrants.

The program's list, data/taboo.txt, has hashes, so that people who open the folder need not read the
words. The operator's list, taboo.txt in the home folder, has plain words. Each line is a word, or a
comment that begins with "#". A star behind a word stands for more letters, stars around it for
letters on both sides. A word with "!" before it is allowed, whatever other lines say.
"""

import re
from functools import cache, lru_cache
from hashlib import sha256

from model.files import HOME, PROGRAM, TableError
from model.text.vocabulary import fold

LISTED, OWN = PROGRAM / "data" / "taboo.txt", HOME / "taboo.txt"
SHORTEST, LONGEST = 3, 20  # the fewest and the most letters of a word in a list
_LINE = re.compile(rf"(!?\*?)([^\W\d_]{{{SHORTEST},{LONGEST}}})(\*?)")
_LOOKALIKES = str.maketrans("013457@$", "oieastas")


def is_taboo(text: str) -> bool:
    """Return whether a text has a word of the lists: in any case, with accents, or with digits for
    letters.
    """
    return any(map(_is_listed, re.findall(r"[^\W\d_]+", fold(text).translate(_LOOKALIKES))))


def hashed(line: str) -> str:
    """Return a line of a list with a hash in place of its word. Raises TableError."""
    if not (found := _LINE.fullmatch(fold(line.strip()))):
        raise TableError(f"{line.strip()!r} is not one word of {SHORTEST} to {LONGEST} letters")
    return f"{found[1]}{_hash(found[2])}{found[3]}"


@cache
def lists() -> frozenset[str]:
    """Return the hashed lines of both lists, which are read once.

    Raises OSError, or TableError if a line of the operator's list is not one word.
    """
    lines = LISTED.read_text(encoding="ascii").split()
    own = OWN.read_text(encoding="utf-8-sig", errors="replace").splitlines() if OWN.exists() else []
    for number, line in enumerate(own, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                lines.append(hashed(line))
            except TableError as error:
                raise TableError(f"{OWN}, line {number}: {error}") from None
    return frozenset(lines)


@lru_cache(maxsize=10_000)
def _is_listed(word: str) -> bool:
    """Return whether some line refuses the word, and no line with "!" allows it."""
    lines = [_hash(word)]
    for start in range(len(word) - SHORTEST + 1):
        for end in range(start + SHORTEST, min(start + LONGEST, len(word)) + 1):
            part = _hash(word[start:end])
            # a star behind is for beginnings of the word, stars around are for any part of it
            lines += [f"*{part}*"] if start else [f"*{part}*", f"{part}*"]
    return not lists().isdisjoint(lines) and lists().isdisjoint(f"!{line}" for line in lines)


def _hash(word: str) -> str:
    return sha256(word.encode()).hexdigest()[:16]
