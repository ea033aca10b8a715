"""The line that a person gives to a poem or a sonnet, as they wrote it."""

from __future__ import annotations

import re

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.typesetting import is_visible

LONGEST_LINE = 200
_COMMAND = re.compile(r"/\S*")
_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”|„([^„“”]*)[“”]|«([^«»]*)»')
"""A whole text in one pair of quotes; phones turn straight ones into curly ones."""


def line_in(text: str) -> str:
    """Return the line after the command, word for word, or "". Quotes keep the spaces at its ends.

    ExplainedError if it is too long.
    """
    line = after_command(text)
    quoted = _QUOTED.fullmatch(line.strip())
    line = quoted[quoted.lastindex or 0] if quoted else line.strip()
    if not is_visible(line):
        return ""
    if len(line) > LONGEST_LINE:
        raise ExplainedError(texts.line_too_long(len(line), LONGEST_LINE))
    return line


def after_command(text: str) -> str:
    """Return a text without the command that it may begin with."""
    return _COMMAND.sub("", text, count=1) if text.startswith("/") else text


def first_line(text: str) -> str:
    """Return the first line of a text in which a reader sees something."""
    return next((line.strip() for line in text.splitlines() if is_visible(line)), "")
