"""The body of a request that uploads files, block by block, and at the pace of the connection.

Not here: the request itself, and what happens when its time is over (`transport`).
"""

from __future__ import annotations

import asyncio
import functools
import os
import uuid
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from telegram.request import RequestData

BLOCK = 1 << 16
"""Bytes of an upload that are handed to the connection at once."""
ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""What the names in a form may not hold, as browsers write it."""


class Form:
    """The body of an upload, as multipart/form-data: parameters, then files, and nothing of them is copied."""

    def __init__(self, data: RequestData) -> None:
        boundary = uuid.uuid4().hex
        self._pieces: list[bytes | IO[bytes]] = []
        for name, value in data.json_parameters.items():
            self._pieces.append(f"--{boundary}\r\n{_disposition(name)}\r\n\r\n{value}\r\n".encode())
        for name, (filename, content, kind) in data.multipart_data.items():
            head = f'--{boundary}\r\n{_disposition(name)}; filename="{filename.translate(ESCAPES)}"\r\n'
            self._pieces += [f"{head}Content-Type: {kind}\r\n\r\n".encode(), content, b"\r\n"]
        self._pieces.append(f"--{boundary}--\r\n".encode())
        self.headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        sizes = [_size(piece) for piece in self._pieces]
        if None not in sizes:
            self.headers["Content-Length"] = str(sum(filter(None, sizes)))

    def blocks(self) -> Iterator[bytes | memoryview]:
        """Return the body, block by block; files are read from where they stand."""
        for piece in self._pieces:
            if isinstance(piece, bytes):
                view = memoryview(piece)
                yield from (view[start : start + BLOCK] for start in range(0, len(view), BLOCK))
            else:
                yield from iter(functools.partial(piece.read, BLOCK), b"")


class Paced:
    """A body whose deadline moves on with each block that the connection takes; none holds for the answer."""

    def __init__(self, form: Form, deadline: asyncio.Timeout, seconds: float | None) -> None:
        self._blocks = form.blocks()
        self._deadline = deadline
        self._seconds = seconds

    def __aiter__(self) -> Paced:
        return self

    async def __anext__(self) -> bytes | memoryview:
        block = next(self._blocks, None)
        limited = block is not None and self._seconds is not None
        if not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + (self._seconds or 0) if limited else None)
        if block is None:
            raise StopAsyncIteration
        return block


def _disposition(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name.translate(ESCAPES)}"'


def _size(piece: bytes | IO[bytes]) -> int | None:
    """Return the number of bytes that are left of a piece, or None where that is known only at its end."""
    if isinstance(piece, bytes):
        return len(piece)
    if not piece.seekable():
        return None
    position = piece.tell()
    size = piece.seek(0, os.SEEK_END) - position
    piece.seek(position)
    return size
