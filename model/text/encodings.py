"""Reads anybody's file as text. A byte order mark says the encoding; without one, it is UTF-8 or,
if the bytes look like it, Windows-1252. A file that is no text is refused with the reason.
"""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from model.errors import MangosaurusError

LARGEST = 100_000_000  # a file of more bytes is refused
UTF_8 = "UTF-8"
_MARKS = (  # UTF-32 comes before UTF-16, because its mark begins with the mark of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig", UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
    (b"", "utf-8", UTF_8),
)
_NOT_WESTERN = b"\x81\x8d\x8f\x90\x9d"  # Windows-1252 has no characters for these bytes
# control characters, except those of old and of coloured texts
_CONTROL = re.compile("[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
_CHARACTERS_A_CONTROL = 1000  # a text has at least this many characters for each control character


class CorpusError(MangosaurusError):
    """A text that cannot be read, or is too small to learn from."""


class Decoded(NamedTuple):
    """The text of a file, without a byte order mark, and the name of its encoding."""

    text: str
    encoding: str


def read_file(path: Path) -> Decoded:
    """Read a text file. Raises CorpusError or OSError."""
    with path.open("rb") as file:
        return text_in(file.read(LARGEST + 1), str(path))


def text_in(content: bytes, name: str) -> Decoded:
    """Return the text of a file called `name`. Raises CorpusError."""
    if len(content) > LARGEST:
        raise CorpusError(f"{name} has more than {LARGEST // 10**6} MB; give a part of it")
    codec, encoding = next(found for mark, *found in _MARKS if content.startswith(mark))
    no_text = (
        f"{name} has a NUL: it is no text, or UTF-16 without a byte order mark; then save it as"
        " UTF-8"
    )
    if encoding == UTF_8 and b"\0" in content:
        raise CorpusError(no_text)
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        if codec != "utf-8" or not _is_western(content):
            raise CorpusError(
                f"{name} is not {encoding} text: {error.reason} at byte {error.start:,}. It is"
                " damaged there, or in another encoding; then save it as UTF-8"
            ) from error
        text, encoding = content.decode("cp1252"), "Windows-1252"
    if "\0" in text:
        raise CorpusError(no_text)
    controls = len(_CONTROL.findall(text))
    if controls * _CHARACTERS_A_CONTROL > len(text):
        raise CorpusError(f"{name} is no text: it has {controls:,} control characters")
    return Decoded(text, encoding)


def _is_western(content: bytes) -> bool:
    """Return whether bytes look like Windows-1252, not like damaged UTF-8 or another encoding.

    They do if at most a third of them are not ASCII, and few of these are valid UTF-8.
    """
    beyond_ascii = len(content.translate(None, bytes(range(128))))
    valid = sum(character > "\x7f" for character in content.decode(errors="ignore"))
    return (
        4 * valid <= beyond_ascii
        and 3 * beyond_ascii <= len(content)
        and not any(byte in content for byte in _NOT_WESTERN)
    )
