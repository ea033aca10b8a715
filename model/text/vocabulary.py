"""A vocabulary gives each character an id, and folding reduces any Unicode text to the few
characters of a network.

`fold` takes one character at a time. The small tables below replace some characters; the others
undergo Unicode case folding and compatibility decomposition (NFKD), and lose their marks (The
Unicode Standard, 3.13 and 3.11). This is repeated until nothing changes, so folding twice is
folding once. Letters of other scripts are not transliterated.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.errors import MangosaurusError
from model.text.forms import Alphabet

MOST_CHARACTERS = 200  # A text keeps at most so many different characters, with the newline.
NO_CHARACTER = -1  # the id for "no character yet", which a network reads as the zero vector

# fmt: off
# Latin letters that Unicode does not decompose (only lower case: case folding comes first).
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ȷ": "j", "ŋ": "ng",
    "ŧ": "t", "þ": "th", "ə": "e", "ɛ": "e", "ɔ": "o", "ƶ": "z", "ƒ": "f", "ĸ": "q", "ƿ": "w",
    "ʒ": "z", "ǥ": "g", "ƀ": "b", "ɓ": "b", "ɗ": "d", "ɖ": "d", "ƙ": "k", "ɲ": "n",
    "ƴ": "y", "ɨ": "i", "ʉ": "u", "ⱥ": "a", "ȼ": "c",
    "\u0131": "i", "\u0269": "i",  # dotless i, iota
}
# fmt: on
_QUOTES = dict.fromkeys("`´ʹʻʼʽˈ‘’‚‛′‵‹›ꞌ", "'") | dict.fromkeys("“”„‟″‶«»〝〞〟ʺ˝", '"')
_DASHES = dict.fromkeys("\u2014\u2015\u2e3a\u2e3b", "--") | dict.fromkeys(
    "\u2212\u2010\u2011\u2012\u2013", "-"
)
_SYMBOLS = {"\u2044": "/", "\u2215": "/", "\u2223": "|", "\u223c": "~", "\u2022": "", "\u00b7": ""}
# invisible characters, with which Persian, the scripts of India and emoji are spelled
_JOINERS = "\u200c\u200d"
_LINE_ENDINGS = dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n")
_TABLE = (
    _LETTERS | _QUOTES | _DASHES | _SYMBOLS | _LINE_ENDINGS | {"\n": "\n", "\t": " ", "\u1680": " "}
)
# A cache holds this many characters. Others are computed each time, so that a hostile text cannot
# fill the memory.
_CACHE_SIZE = 20_000


WORD_MARKS = "'\u2019-"  # inside a word, one of these may stand between two letters
WORD = rf"[a-z]+(?:[{WORD_MARKS}][a-z]+)*"
"""What a word is, in folded text: letters, with single WORD_MARKS between them."""
_WORD = re.compile(WORD)


def is_letter(character: str) -> bool:
    """Return whether a character is a letter, or a mark of one, such as a vowel sign of Hindi
    (categories L and M).
    """
    return bool(character) and unicodedata.category(character)[0] in "LM"


def is_latin(text: str) -> bool:
    """Return whether a text has letters, and folding leaves only a–z of them."""
    letters = list(filter(str.isalpha, text))
    return bool(letters) and all(fold(letter).isascii() for letter in letters)


def words_of(text: str) -> list[str]:
    """Return the words of any text, in order (see WORD)."""
    # _KINDS replaces each character by one, so words stay at their places.
    return [text[slice(*word.span())] for word in _WORD.finditer(text.translate(_KINDS))]


def letters_of(line: str) -> str:
    """Return the letters and digits of a line in lower case.

    Two lines with the same letters count as the same line.
    """
    return line.translate(_LETTERS_OF_LINES).casefold()


def _folded(character: str) -> str:
    """Fold a character, and what it becomes, until nothing changes."""
    if character in _TABLE:
        once = _TABLE[character]
    else:
        once = "".join(filter(_is_kept, unicodedata.normalize("NFKD", character.casefold())))
    return once if once == character else "".join(map(_folded, once))


def _is_kept(character: str) -> bool:
    """Return whether folding keeps a character: a letter, number, punctuation, separator or
    printable ASCII, but no other mark or symbol.
    """
    return (
        " " <= character <= "~"
        or character in _TABLE
        or unicodedata.category(character)[0] in "LNPZ"
    )


class _Replacements(dict[int, str]):
    """A table for `str.translate`, which computes an entry when a character is first met."""

    def __init__(self, replaced: Callable[[str], str]) -> None:
        self._replaced = replaced

    def __missing__(self, code: int) -> str:
        found = self._replaced(chr(code))
        if len(self) < _CACHE_SIZE:
            self[code] = found
        return found


_FOLDING = _Replacements(_folded)
_KINDS = _Replacements(lambda character: "a" if is_letter(character) else " ")
_KINDS.update((ord(mark), mark) for mark in WORD_MARKS)
_LETTERS_OF_LINES = _Replacements(
    lambda each: each if is_letter(each) or each.isalnum() or each == "_" else ""
)


def fold(text: str) -> str:
    r"""Reduce any text to plain characters. Never fails, and folding again changes nothing.

    The result is case folded and has no accents. Ligatures become letters; typographic quotes,
    dashes and ellipses become ASCII. Every line ending is `"\n"` and all other white space `" "`.
    Control and format characters, lone surrogates and emoji are dropped.
    """
    return text.replace("\r\n", "\n").translate(_FOLDING)


def composed(text: str) -> str:
    r"""Return a text with one kind of line ending, `"\n"`, and with accents composed with their
    letters (NFC).

    If a letter has more than 30 marks, the rest are dropped (Stream-Safe Text Format, Unicode
    Standard Annex 15), because the time that composing takes grows with the square of their number.
    """
    marks = re.escape("".join(filter(unicodedata.combining, sorted(set(text)))))
    if marks:
        text = re.sub(f"([{marks}]{{30}})[{marks}]+", r"\1", text)
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


@dataclass(frozen=True)
class Vocabulary:
    r"""The sorted characters that a network knows; a character's index is its id.

    `"\n"` is always among them.
    """

    characters: str

    def __post_init__(self) -> None:
        if list(self.characters) != sorted({"\n", *self.characters}):
            raise MangosaurusError(
                "a vocabulary must be sorted, without duplicates, and have the newline, which ends"
                f" every text; got {self.characters!r}"
            )

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "Vocabulary":
        """Return the vocabulary of all characters in `texts`, and the newline.

        The texts are not folded here.
        """
        return cls("".join(sorted({"\n"}.union(*texts))))

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._ids

    @cached_property
    def newline(self) -> int:
        return self.characters.index("\n")

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {character: number for number, character in enumerate(self.characters)}

    @cached_property
    def alphabet(self) -> Alphabet:
        """OWN if this vocabulary has a character that `fold` would change, such as a capital; else
        FOLDED.
        """
        return Alphabet.FOLDED if fold(self.characters) == self.characters else Alphabet.OWN

    @cached_property
    def _nearest(self) -> _Replacements:
        # in reverse, so that of two letters with one fold the capital is the last and stays
        by_fold = {fold(character): character for character in reversed(self.characters)}
        if "\u2019" in self:
            by_fold["'"] = "\u2019"  # of all quotes that fold to ', this is the apostrophe

        def nearest(character: str) -> str:
            if character in self:
                return character
            for letter in (unicodedata.normalize("NFD", character)[0], character.lower()):
                if letter.isalpha() and letter in self:
                    return letter
            folded = fold(character)
            kept = "".join(filter(self.__contains__, folded))
            return kept or "".join(by_fold.get(letter, "") for letter in folded)

        return _Replacements(nearest)

    def ids_of(self, text: str) -> NDArray[np.intp]:
        """Return the ids (N,) of a text of N characters.

        MangosaurusError names the first that has no id.
        """
        try:
            return np.fromiter(map(self._ids.__getitem__, text), np.intp, len(text))
        except KeyError as error:
            (character,) = error.args
            raise MangosaurusError(
                f"no id for {character!r} at position {text.index(character)}; fold the text into"
                " the vocabulary first"
            ) from error

    def text_of(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        return "".join(map(self.characters.__getitem__, ids))

    def unspelled(self, text: str) -> int:  # noqa: ARG002 - vocabularies of words read it
        """Return how many letters of a folded text have no id. Here, each of them has one."""
        return 0

    def fold(self, text: str) -> str:
        """Reduce any text to characters of this vocabulary. Never fails, and folding again changes
        nothing.

        A character of this vocabulary stays. Any other becomes the first of these that the
        vocabulary has: the letter without its accents, the small letter, the fold. If it has none,
        the character is dropped.
        """
        if self.alphabet is Alphabet.FOLDED:
            return fold(text).translate(self._nearest)
        while (folded := composed(text).translate(self._nearest)) != text:
            text = folded  # a dropped character may leave an accent behind another letter
        return folded

    def capitalised(self, name: str) -> str:
        """Return a name as people read it: with a capital if this vocabulary is folded."""
        return name.capitalize() if self.alphabet is Alphabet.FOLDED else name


def spell(text: str, alphabet: Alphabet) -> tuple[str, str]:
    """Return a text reduced to an alphabet, and a sentence on the characters that this changed.

    Without changes, or if only capitals and blanks changed, the sentence is empty.

    Accents that follow their letters are composed with them first (NFC). The alphabet "folded" has
    lower case without accents (see `fold`). The alphabet "own" has letters, digits, punctuation and
    symbols. If the text has more than MOST_CHARACTERS, the rarest are folded or dropped.
    """
    text = composed(text)
    counts = Counter(text)
    reduce = fold if alphabet is Alphabet.FOLDED else _own
    table = {character: reduce(character) for character in counts}
    found = Counter({"\n": 0})
    for character, count in counts.items():
        for kept in table[character]:
            found[kept] += count
    if len(found) > MOST_CHARACTERS:
        del found["\n"]
        ranked = sorted(found, key=lambda character: (-found[character], character))
        vocabulary = Vocabulary.from_texts(ranked[: MOST_CHARACTERS - 1])
        table = {character: vocabulary.fold(kept) for character, kept in table.items()}
    sentence, changed = "", Counter[str]()
    for character, count in counts.items():
        if not character.isspace() and table[character] not in (character, character.lower()):
            changed[character] = count
    if changed:
        examples = ", ".join(repr(character) for character, _ in changed.most_common(5))
        sentence = f"{changed.total():,} characters folded or dropped, such as {examples}"
    return text.translate({ord(one): kept for one, kept in table.items()}), sentence


def _own(character: str) -> str:
    r"""Return a character as it is, a line ending as `"\n"`, a blank as `" "`, and an invisible one
    as `""`.
    """
    if character.isspace():
        return fold(character)
    hidden = unicodedata.category(character)[0] == "C" and character not in _JOINERS
    return "" if hidden else character
