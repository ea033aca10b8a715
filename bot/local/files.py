"""Files that the bot or people have sent: their contents by file id, and how the Bot API describes them."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from bot.local.contents import Refusal, bad, upload

if TYPE_CHECKING:
    from bot.local.contents import Json

LARGEST_DOWNLOAD = 20 * 1024 * 1024
"""Bytes that a bot may download; people and bots may send larger files."""
MOST_KEPT = 256 * 1024 * 1024
"""Bytes of all files together; beyond that, the oldest are forgotten. The newest is always kept."""
PNG = b"\x89PNG\r\n\x1a\n"


class Files(dict[str, bytes]):
    """The contents, by file id."""

    def __init__(self) -> None:
        super().__init__()
        self._described: dict[str, Json] = {}
        self._last = 0
        self._size = 0

    def sent(self, parameters: Json, kind: str) -> Json:
        """Return what a message holds of a "document" or "photo"; a known file id stands for that file."""
        name, content = upload(parameters, kind)
        file = self._described.get(name) or self.keep(name, content, kind)
        return {kind: [file] if kind == "photo" else file}

    def keep(self, name: str, content: bytes, kind: str) -> Json:
        """Keep a file; returns the Bot API's Document or PhotoSize."""
        self._last += 1
        file_id = f"{kind}-{self._last}"
        file: Json = {"file_id": file_id, "file_unique_id": file_id, "file_size": len(content)}
        if kind == "photo":
            file["width"], file["height"] = _size(content)
        else:
            file |= {"file_name": name, "mime_type": mimetypes.guess_type(name)[0] or "application/octet-stream"}
        self[file_id] = content
        self._described[file_id] = file
        self._size += len(content)
        while self._size > MOST_KEPT and len(self) > 1:
            self._forget(next(iter(self)))
        return file

    def _forget(self, file_id: str) -> None:
        self._size -= len(self.pop(file_id))
        del self._described[file_id]

    def get_file(self, parameters: Json) -> Json:
        """Do what getFile does: say where a file can be downloaded; Refusal."""
        file = self._described.get(parameters.get("file_id", ""))
        if file is None:
            raise bad("invalid file_id")
        if file["file_size"] > LARGEST_DOWNLOAD:
            raise bad("file is too big")
        kept = {key: file[key] for key in ("file_id", "file_unique_id", "file_size")}
        return kept | {"file_path": f"files/{file['file_id']}"}

    def download(self, path: str) -> bytes:
        """Return what lies at a path that `get_file` gave; Refusal."""
        content = self.get(path.removeprefix("files/"))
        if content is None:
            raise Refusal(404, "Not Found")
        return content


def _size(picture: bytes) -> tuple[int, int]:
    """Return the width and the height of a PNG in pixels; 1 each of anything else."""
    if not picture.startswith(PNG) or len(picture) < 24:
        return 1, 1
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
