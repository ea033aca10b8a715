"""The files of `page/`, filled with the bot's sentences: read once, then served from memory."""

from __future__ import annotations

import hashlib
import html
import json
from pathlib import Path
from string import Template

from aiohttp import web

from bot.conversation import texts

FOLDER = Path(__file__).with_name("page")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Sheet:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._text = path.read_text(encoding="utf-8")
        self._type = TYPES[path.suffix]
        if path.suffix == ".html":
            self._text = self.filled(**texts.PAGE, words=json.dumps(texts.PAGE))
        self._tag = f'"{hashlib.sha256(self._text.encode()).hexdigest()[:16]}"'

    def filled(self, **sentences: str) -> str:
        """Return HTML with these sentences in their places; others stay open."""
        return Template(self._text).safe_substitute({name: html.escape(text) for name, text in sentences.items()})

    def response(self, request: web.Request) -> web.Response:
        """Answer a GET; briefly, if the browser has the file already."""
        headers = {"ETag": self._tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == self._tag:
            return web.Response(status=304, headers=headers)
        return web.Response(text=self._text, content_type=self._type, headers=headers)


def sheets() -> dict[str, Sheet]:
    """Return all files, by name."""
    return {path.name: Sheet(path) for path in FOLDER.iterdir() if path.suffix in TYPES}
