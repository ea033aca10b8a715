"""The ids of those who run the bot, kept in a file beside the database, so that no browser becomes somebody else.

The bot has to know its admins when it starts, so ids for new browsers are drawn ahead. A browser that comes back in a
later run keeps its id; an id that was given out is not given to another.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from typing import TYPE_CHECKING

from model.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

MOST_REMEMBERED = 8
"""Browsers that stay admins in the next run: those that came last."""
MOST_ADMINS = 16
"""In one run, new ones included."""


class Register:
    """The admins of one run: `known` came before, and the others wait for new browsers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known = _read(path)
        self._new = [new_id() for _ in range(MOST_ADMINS - len(self.known))]
        self.ids = (*self.known, *self._new)

    def next_id(self) -> int | None:
        """Return an id that nobody has; None if there are no more."""
        return self._new.pop(0) if self._new else None

    def remember(self, person_id: int) -> None:
        """Let somebody be an admin in the next run too. Where no file can be written, they are forgotten."""
        others = [known for known in _read(self._path) if known != person_id]
        kept = [*others, person_id][-MOST_REMEMBERED:]
        with contextlib.suppress(OSError):
            write_whole(self._path, "".join(f"{known}\n" for known in kept).encode())


def new_id() -> int:
    """Return an id for somebody on the page, far from those of Telegram."""
    return 2**40 + secrets.randbelow(2**50)


def _read(path: Path) -> list[int]:
    """Return the ids in a file; lines that are none are left out."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").split("\n")
    except OSError:
        return []
    ids = [int(line) for line in lines if re.fullmatch("[1-9][0-9]{11,15}", line)]
    return list(dict.fromkeys(ids))[-MOST_REMEMBERED:]
