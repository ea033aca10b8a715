"""Reads the bytes of anybody's file as text, or says why they are no text.

A byte order mark decides the encoding. A file without one is UTF-8 or, if it looks like that,
Windows-1252.
"""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from model.errors import MangosaurusError

LARGEST = 100_000_000  # a file of more bytes is refused
UTF_8 = "UTF-8"
_BYTE_ORDER_MARKS = (  # UTF-32 comes before UTF-16, because its mark begins with the mark of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig", UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CONTROL = re.compile(
    r"[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]"
)  # \x1a ends old texts, and \x1b colours them
_CHARACTERS_A_CONTROL = 1000  # a text has at least this many characters for each control character


class CorpusError(MangosaurusError):
    """A text that cannot be read, or is too small to learn from."""


class Decoded(NamedTuple):
    """The text of a file, without a byte order mark, and the name of its encoding."""

    text: str
    encoding: str


def read_file(path: Path) -> Decoded:
    """Read a text file in any of the encodings that `text_in` knows. Raises CorpusError."""
    try:
        with path.open("rb") as file:
            return text_in(file.read(LARGEST + 1), str(path))
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error


def read_text(path: Path) -> str:
    """Read a text file like `read_file`, and return the text alone."""
    return read_file(path).text


def text_in(content: bytes, name: str) -> Decoded:
    """Return the text of a file called `name`.

    Raises CorpusError with the reason if its bytes are no text.
    """
    if len(content) > LARGEST:
        raise CorpusError(f"{name} has more than {LARGEST // 10**6} MB; give a part of it")
    marks = (found for mark, *found in _BYTE_ORDER_MARKS if content.startswith(mark))
    codec, encoding = next(marks, ["utf-8", UTF_8])
    if codec == "utf-8" and b"\0" in content:
        raise CorpusError(
            f"{name} has a NUL: it is no text, or UTF-16 without a byte order mark; then save it as"
            " UTF-8"
        )
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        if codec != "utf-8" or not _is_western(content):
            fault = f"{name} is not {encoding} text: {error.reason} at byte {error.start:,}"
            raise CorpusError(
                f"{fault}. It is damaged there, or in another encoding; then save it as UTF-8"
            ) from error
        text, encoding = content.decode("cp1252"), "Windows-1252"
    if "\0" in text:
        raise CorpusError(f"{name} has a NUL: it is no text")
    controls = sum(1 for _ in _CONTROL.finditer(text))
    if controls * _CHARACTERS_A_CONTROL > len(text):
        raise CorpusError(f"{name} is no text: it has {controls:,} control characters")
    return Decoded(text, encoding)


def _is_western(content: bytes) -> bool:
    """Return whether bytes that are not UTF-8 look like Windows-1252, and not like damaged UTF-8 or
    another encoding.

    They look like Windows-1252 if at most a third of them are not ASCII, and few of that third are
    valid UTF-8.
    """
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return False
    not_ascii = len(content) - len(content.decode("ascii", "ignore"))
    valid = content.decode(errors="ignore")
    sequences = len(valid) - len(valid.encode("ascii", "ignore"))
    return 4 * sequences <= not_ascii and 3 * not_ascii <= len(content)
