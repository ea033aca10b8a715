"""Who may open the page: the token in its link, and the cookies that the link is exchanged for.

A cookie names a person and is signed with a key beside the database, so a browser stays the same person when the bot is
started again. The token is a new one at each start.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32


class Passes:
    """Issues cookies to people, and reads them."""

    def __init__(self, key: bytes) -> None:
        self.token = secrets.token_urlsafe(16)
        self._key = key

    def admits(self, token: str) -> bool:
        """Tell whether this is the token of the link."""
        return hmac.compare_digest(token.encode(errors="replace"), self.token.encode())

    def cookie(self, person_id: int) -> str:
        """Return the cookie of a person."""
        return f"{person_id}.{hmac.new(self._key, str(person_id).encode(), hashlib.sha256).hexdigest()}"

    def person_id(self, cookie: str) -> int | None:
        """Return whose cookie this is; None if it is nobody's."""
        person = re.fullmatch(r"([1-9][0-9]{0,15})\.[0-9a-f]{64}", cookie, re.ASCII)
        if person is None or not hmac.compare_digest(cookie, self.cookie(int(person[1]))):
            return None
        return int(person[1])


def read_key(path: Path) -> bytes:
    """Return the key in a file that only its owner may read, a new one if there is none.

    Where no file can be written, the key is forgotten at the end, and with it the cookies.
    """
    with contextlib.suppress(OSError):
        if len(key := path.read_bytes()) == KEY_BYTES:
            return key
    key = secrets.token_bytes(KEY_BYTES)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key)
    return key
