"""From any text to Telegram's HTML, and from HTML to the plain text of a notice."""

from __future__ import annotations

import html
import re

LONGEST_NOTICE = 200
"""Characters that Telegram takes in the answer to a button."""

_TAG = re.compile("<[^>]*>")


def escape(text: str) -> str:
    """Return text as HTML that shows exactly this text."""
    return html.escape(text, quote=False)


def notice(sentence: str) -> str:
    """Turn a sentence in HTML into the plain, short text that a button can show."""
    return cut(html.unescape(_TAG.sub("", sentence)), LONGEST_NOTICE)


def cut(text: str, longest: int) -> str:
    """Shorten a text to so many characters, the last of them an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def counted(count: int, noun: str) -> str:
    """Say how many there are of something."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Say how long something takes, in the unit that suits it."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
