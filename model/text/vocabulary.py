"""Characters to ids and back, and the folding of any Unicode text into the few characters a network knows.

Folding is a table over single characters, applied until nothing changes: a character's image holds only characters
that are their own image, so folding twice is folding once. Steps: Unicode case folding and compatibility
decomposition (NFKD) without its marks (The Unicode Standard, 3.13 and 3.11), then the small tables below.

Not here: words, subwords or any tokenizer beyond one id a character, and no transliteration: letters of other scripts
pass through :func:`fold` as they are, and a :class:`Vocabulary` without them drops them.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.errors import MangosaurusError

NO_CHARACTER = -1
"""The id of an input that is the zero vector: no character has been seen yet."""

# fmt: off
# Latin letters that Unicode does not decompose (only lower case: case folding comes first).
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ȷ": "j", "ŋ": "ng", "ŧ": "t", "þ": "th",
    "ə": "e", "ɛ": "e", "ɔ": "o", "ƶ": "z", "ƒ": "f", "ĸ": "q", "ƿ": "w", "ʒ": "z", "ǥ": "g", "ƀ": "b", "ɓ": "b",
    "ɗ": "d", "ɖ": "d", "ƙ": "k", "ɲ": "n", "ƴ": "y", "ɨ": "i", "ʉ": "u", "ⱥ": "a", "ȼ": "c",
    "\u0131": "i", "\u0269": "i",  # dotless i, iota
}
# fmt: on
_QUOTES = dict.fromkeys("`´ʹʻʼʽˈ‘’‚‛′‵‹›ꞌ", "'") | dict.fromkeys("“”„‟″‶«»〝〞〟ʺ˝", '"')
_DASHES = dict.fromkeys("\u2014\u2015\u2e3a\u2e3b", "--") | dict.fromkeys("\u2212\u2010\u2011\u2012\u2013", "-")
_STROKES = {"\u2044": "/", "\u2215": "/", "\u2223": "|", "\u223c": "~", "\u2022": "", "\u00b7": ""}
_LINE_ENDINGS = dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n")
_TABLE = _LETTERS | _QUOTES | _DASHES | _STROKES | _LINE_ENDINGS | {"\n": "\n", "\t": " ", "\u1680": " "}
# Beyond this many remembered characters the rest is computed each time: a hostile text cannot fill the memory.
_REMEMBERED = 20_000


class VocabularyError(MangosaurusError):
    """A vocabulary that cannot be, a character without an id or an id without a character."""


def _fold_once(character: str) -> str:
    """One step of folding; the fix point of this is :func:`_fold_character`."""
    if character in _TABLE:
        return _TABLE[character]
    decomposed = unicodedata.normalize("NFKD", character.casefold())
    return "".join(filter(_is_kept, decomposed)) if decomposed != character else character * _is_kept(character)


def _is_kept(character: str) -> bool:
    """Tell letters, numbers, punctuation, spaces and printable ASCII from marks, controls and other symbols."""
    if " " <= character <= "~" or character in _TABLE:
        return True
    return unicodedata.category(character)[0] in "LNPZ"


def _fold_character(character: str) -> str:
    once = _fold_once(character)
    return once if once == character else "".join(map(_fold_character, once))


class _FoldingTable(dict[int, str]):
    """What :meth:`str.translate` looks characters up in, filled as they come."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


_FOLDING = _FoldingTable()


def fold(text: str) -> str:
    r"""Fold any text into canonical characters: never fails, and folding again changes nothing.

    Case folded, no accents, ligatures taken apart, typographic quotes, dashes and dots as ASCII, every line ending as
    ``"\n"`` and every other white space as ``" "``; controls, formats, lone surrogates and emoji are gone.
    """
    return text.replace("\r\n", "\n").translate(_FOLDING)


@dataclass(frozen=True)
class Vocabulary:
    r"""The characters a network knows, sorted; a character's place is its id. ``"\n"`` is always one of them."""

    characters: str

    def __post_init__(self) -> None:
        if "\n" not in self.characters:
            raise VocabularyError(f"a vocabulary needs the newline, which ends every text; got {self.characters!r}")
        if list(self.characters) != sorted(set(self.characters)):
            raise VocabularyError(f"a vocabulary is sorted and names each character once; got {self.characters!r}")

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "Vocabulary":
        """Return the vocabulary of all characters in ``texts``, as they stand (fold them before), and the newline."""
        return cls("".join(sorted({"\n"}.union(*texts))))

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return isinstance(character, str) and len(character) == 1 and character in self.characters

    @cached_property
    def newline(self) -> int:
        """The id of the newline."""
        return self.characters.index("\n")

    @cached_property
    def _ids_by_code(self) -> NDArray[np.intp]:
        """Return the ids at their code points, -1 elsewhere; the last place stands for all code points beyond."""
        ids = np.full(ord(self.characters[-1]) + 2, -1, dtype=np.intp)
        ids[[ord(character) for character in self.characters]] = np.arange(len(self))
        return ids

    @cached_property
    def _kept(self) -> "_KeptTable":
        return _KeptTable(self.characters)

    def ids_of(self, text: str) -> NDArray[np.intp]:
        """Return the ids (N,) of a text of N characters; VocabularyError names the first character without one."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        ids: NDArray[np.intp] = self._ids_by_code[np.minimum(codes, len(self._ids_by_code) - 1)]
        if (ids < 0).any():
            place = int(np.argmin(ids >= 0))
            raise VocabularyError(
                f"no id for {text[place]!r} at place {place}; fold the text into the vocabulary first"
            )
        return ids

    def text_of(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """Return the text of ids (N,); VocabularyError names the first id without a character."""
        numbers = np.asarray(ids, dtype=np.intp)
        wrong = numbers[(numbers < 0) | (numbers >= len(self))]
        if wrong.size:
            raise VocabularyError(f"no character has the id {wrong[0]}; ids go from 0 to {len(self) - 1}")
        return "".join(map(self.characters.__getitem__, numbers.tolist()))

    def fold(self, text: str) -> str:
        """Fold any text into this vocabulary; what it has no character for is dropped. Never fails; idempotent."""
        return fold(text).translate(self._kept)


class _KeptTable(dict[int, int | None]):
    """A table for :meth:`str.translate` that keeps ``characters`` and drops everything else."""

    def __init__(self, characters: str) -> None:
        super().__init__((ord(character), ord(character)) for character in characters)

    def __missing__(self, code: int) -> None:
        if len(self) < _REMEMBERED:
            self[code] = None
