"""Bytes as text: the encoding of a file that anybody may have made, and why some files are no text.

A byte order mark decides; without one, a file is UTF-8 if it can be, and otherwise Windows-1252 if it looks like it.
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from model.errors import MangosaurusError

LARGEST = 100_000_000
"""Bytes of the largest file that is read."""
UTF_8, LATIN_1, WINDOWS_1252 = "UTF-8", "Latin-1", "Windows-1252"
_BYTE_ORDER_MARKS = {  # the one of UTF-32 begins with that of UTF-16, so it comes first
    codecs.BOM_UTF8: ("utf-8-sig", UTF_8),
    codecs.BOM_UTF32_LE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF32_BE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")  # \x1a and \x1b end and colour texts of old
_CONTROLS_IN = 1000
"""A text has less than one control character in so many."""
_ACCENTS_IN = 3
"""A text in Windows-1252 is Western: it has less than one character outside ASCII in so many."""
_REMEDY = "save it as UTF-8"


class CorpusError(MangosaurusError):
    """A text that cannot be read, or is too small to learn from."""


@dataclass(frozen=True)
class Decoded:
    """The text of a file, without a byte order mark, and the name of its encoding."""

    text: str
    encoding: str


def read_file(path: Path) -> Decoded:
    """Read a text file in any of the encodings that `text_in` knows. Raises CorpusError."""
    try:
        if path.is_file() and path.stat().st_size > LARGEST:  # a pipe has no size
            raise CorpusError(f"{path} has more than {LARGEST // 10**6} MB; give a part of it")
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error
    return text_in(content, str(path))


def read_text(path: Path) -> str:
    """Read the text of a file; see `read_file`."""
    return read_file(path).text


def text_in(content: bytes, name: str) -> Decoded:
    """Return the text of a file called `name`. Raises CorpusError with the reason if its bytes are no text."""
    if len(content) > LARGEST:
        raise CorpusError(f"{name} has more than {LARGEST // 10**6} MB; give a part of it")
    decoded = _decoded(content, name)
    if "\0" in decoded.text:
        raise CorpusError(f"{name} has a NUL character in line {_line_of(decoded.text)}: it is no text")
    controls = sum(1 for _ in _CONTROL.finditer(decoded.text))
    if controls * _CONTROLS_IN > len(decoded.text):
        raise CorpusError(f"{name} is no text: it has {controls:,} control characters")
    return decoded


def _decoded(content: bytes, name: str) -> Decoded:
    for mark, (codec, encoding) in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            try:
                return Decoded(content.decode(codec), encoding)
            except UnicodeDecodeError as error:
                raise CorpusError(f"{name} is damaged: it begins like {encoding}, but {_place(error)}") from error
    if (nul := content.find(b"\0")) >= 0:
        raise CorpusError(
            f"{name} has a NUL at byte {nul:,}: it is no text, or UTF-16 without a byte order mark; then {_REMEDY}"
        )
    try:
        return Decoded(content.decode(), UTF_8)
    except UnicodeDecodeError as error:
        return _western(content, name, error)


def _western(content: bytes, name: str, not_utf_8: UnicodeDecodeError) -> Decoded:
    """Read Windows-1252. Latin-1, as people call it, is the same without the bytes from 80 to 9f."""
    refusal = f"{name} is not UTF-8 text: {_place(not_utf_8)}"
    high = len(content) - len(content.decode("ascii", "ignore"))
    ignoring = content.decode(errors="ignore")
    sequences = len(ignoring) - len(ignoring.encode("ascii", "ignore"))  # of two bytes or more, valid in UTF-8
    if 4 * sequences > high:
        raise CorpusError(f"{refusal}, although most of it is. The file is damaged there")
    if high * _ACCENTS_IN > len(content):
        raise CorpusError(f"{refusal}. If it is text in another encoding, {_REMEDY}")
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{refusal}, and not {WINDOWS_1252} either. If it is text, {_REMEDY}") from error
    return Decoded(text, WINDOWS_1252 if re.search(rb"[\x80-\x9f]", content) else LATIN_1)


def _place(error: UnicodeDecodeError) -> str:
    return f"{error.reason} at byte {error.start:,}"


def _line_of(text: str) -> int:
    return text.count("\n", 0, text.index("\0")) + 1
