"""The font of cards: which letters it has, and how wide they are in ems, the size of the type."""

import re
from functools import cache
from struct import iter_unpack, unpack_from

from fontpkg_eb_garamond import ROOT


@cache
def letters() -> dict[str, tuple[int, ...]]:
    """Return four numbers for each letter, in thousandths of an em: its width, and the left, the
    lowest and the right end of its ink.

    The numbers are in four tables of a TrueType file.
    """
    font = (ROOT / "files" / "EBGaramond[wght].ttf").read_bytes()
    # byte 5 counts the tables, and byte 12 begins their list
    entries = iter_unpack(">4s4xII", font[12 : 12 + 16 * font[5]])
    tables = {name: font[start : start + size] for name, start, size in entries}
    widths = [width for width, _ in iter_unpack(">Hh", tables[b"hmtx"])]
    # where each letter's box begins, behind two bytes
    boxes = [start + 2 for (start,) in iter_unpack(">I", tables[b"loca"])]
    table = tables[b"cmap"][unpack_from(">I", tables[b"cmap"], 16)[0] :]  # its part in format 12
    (size,) = unpack_from(">I", table, 4)
    return {
        chr(first + i): (
            widths[glyph + i],
            *unpack_from(">hhh", tables[b"glyf"], boxes[glyph + i]),
        )
        for first, last, glyph in iter_unpack(">III", table[16:size])
        for i in range(last - first + 1)
    }


def width(text: str) -> float:
    """Return how wide a text is, in ems, or a little more: some letters stand closer together."""
    blank = letters()[" "]
    return sum(letters().get(letter, blank)[0] for letter in text) / 1000


def lacking(text: str) -> str:
    """Return the letters and signs of a text that the font lacks, each once."""
    return "".join(
        dict.fromkeys(sign for sign in text if sign not in letters() and sign.isprintable())
    )


def drawable(text: str) -> str:
    """Return a text without signs that the font lacks, blanks before them, and joiners of emoji."""
    missing = re.escape(lacking(text))
    return re.sub(f" ?[{missing}\u200d]+", "", text) if missing else text
