"""Tokens: what a network that reads words reads and writes, in folded text.

A token is a word, with the apostrophes at its ends or within; a run of hyphens; any other mark; or
a newline. Blanks are no tokens. Where they stand follows from the tokens, so `joined` gives the
text back: 998 lines of 1,000 of Shakespeare's letter for letter, and the others with blanks where
they belong.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.text.vocabulary import Vocabulary

_TOKEN = re.compile(r"[a-z']*[a-z][a-z']*|\n|-+|\S")
_LEFT = re.compile(r"[\n,.;:!?)'-]-*")
"""Tokens that stand close to the one on their left; an apostrophe alone closes a quotation."""
_RIGHT = re.compile(r"[\n(-]-*")
"""Tokens that stand close to the one on their right."""

UNKNOWN = 1


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a folded text, in order."""
    return _TOKEN.findall(text)


def joined(tokens: Iterable[str]) -> str:
    """Return tokens as text, with a blank between two that do not stand close together."""
    text, is_close = list[str](), True
    for token in tokens:
        if not (is_close or _LEFT.fullmatch(token)):
            text.append(" ")
        text.append(token)
        is_close = bool(_RIGHT.fullmatch(token))
    return "".join(text)


def is_word(token: str) -> bool:
    """Return whether a token is a word, no mark and no newline."""
    return any(map(str.isalpha, token))


@dataclass(frozen=True)
class WordVocabulary(Vocabulary):
    """The tokens that a network knows; a token's index is its id.

    The first token is the newline. The second, "", has the id UNKNOWN, and stands for all tokens
    that the network does not know. `characters` has every character that its texts may have.
    """

    tokens: tuple[str, ...]

    @classmethod
    def of(cls, characters: str, tokens: Iterable[str]) -> "WordVocabulary":
        """Return the vocabulary of these tokens in their order, each once."""
        return cls(characters, tuple(dict.fromkeys(("\n", "", *tokens))))

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def newline(self) -> int:
        return 0

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each known token."""
        return {token: number for number, token in enumerate(self.tokens)}

    def ids_of(self, text: str) -> NDArray[np.intp]:
        """Return the ids (N,) of the N tokens of a text; UNKNOWN for each that is not known."""
        return self.ids_of_tokens(tokens_of(text))

    def ids_of_tokens(self, tokens: Iterable[str]) -> NDArray[np.intp]:
        """Return the ids (N,) of N tokens; UNKNOWN for each that is not known."""
        return np.array([self.ids.get(token, UNKNOWN) for token in tokens], np.intp)

    def text_of(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        return joined(map(self.tokens.__getitem__, ids))

    def unspelled(self, text: str) -> int:
        """Return how many letters the unknown tokens of a text have, with one more behind each."""
        return sum(len(token) + 1 for token in tokens_of(text) if token not in self.ids)


def pieces_of(vocabulary: Vocabulary) -> list[str]:
    """Return what each id adds to a text; of words, a blank comes first."""
    if not isinstance(vocabulary, WordVocabulary):
        return [*vocabulary.characters]
    return [token if _LEFT.fullmatch(token) else f" {token}" for token in vocabulary.tokens]
