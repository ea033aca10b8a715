"""Which characters may follow a text whose words must all be known.

A word is a run of letters, with single apostrophes and hyphens between letters. So a mark after a letter is ambiguous:
if a letter follows, the mark belongs to the word; if not, the word has ended before the mark. The tail of a text is the
word at its end, with the mark behind it if there is a mark. The tail decides what may follow. There is no dead end:
every tail leads to the end of a word, and from there to the newline, which every vocabulary has.
"""

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from model.text.vocabulary import WORD_MARKS, Vocabulary, words_of

Mask = NDArray[np.bool_]


class Lexicon:
    """Known words, and the masks that they put on the next character."""

    def __init__(self, words: Iterable[str], vocabulary: Vocabulary) -> None:
        self._words = sorted(words)
        self._characters = vocabulary.characters
        self._masks: dict[str, Mask] = {}  # by tail, for tails that lead to a known word

    def tail_of(self, text: str) -> str:
        """Return the tail of a text, whose words may be unknown."""
        tail = ""
        for character in text:
            tail = self.tail_after(tail, character)
        return tail

    def tail_after(self, tail: str, character: str) -> str:
        """Return the tail after one more character."""
        belongs = words_of(character) or (character in WORD_MARKS and tail and tail[-1] not in WORD_MARKS)
        return tail + character if belongs else ""

    def mask(self, tail: str | None) -> Mask:
        """Return which characters may follow the tail, (V,).

        All may if the tail is None, or if it leads to no known word: then it is a word of the prompt.
        """
        if tail not in self._masks:
            if tail is None or not (self._leads_on(tail) or self._ends_word(tail)):
                return np.ones(len(self._characters), np.bool_)
            self._masks[tail] = np.array([self._allows(tail, character) for character in self._characters])
        return self._masks[tail]

    def _allows(self, tail: str, character: str) -> bool:
        if words_of(character):
            return self._leads_on(tail + character)
        return self._ends_word(tail) or (self.tail_after(tail, character) != "" and self._leads_on(tail + character))

    def _leads_on(self, beginning: str) -> bool:
        """Return whether a known word has this beginning."""
        place = bisect_left(self._words, beginning)
        return place < len(self._words) and self._words[place].startswith(beginning)

    def _ends_word(self, tail: str) -> bool:
        """Return whether a character that belongs to no word may follow the tail."""
        word = tail[:-1] if tail and tail[-1] in WORD_MARKS else tail
        place = bisect_left(self._words, word)
        return not tail or self._words[place : place + 1] == [word]
