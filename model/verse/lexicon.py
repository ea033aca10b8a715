"""Says which characters may follow a text whose words must all be known.

A word is a run of letters, with single apostrophes and hyphens between letters. After "look'" we
cannot know whether the word is over. So what may follow depends on the tail of a text: its last
word, with such a mark. There is no dead end: from every tail, a word can be ended, and then the
line.

With clipped words, such as 'tis and th', no quotation begins: an apostrophe must belong to a
clipped word or stand behind an s (kings'). Without clipped words, an apostrophe may stand before or
behind any word, and it is unknown whether a quotation is closed.
"""

from bisect import bisect_left
from collections.abc import Collection

import numpy as np

from model.network.layers import Mask
from model.text.vocabulary import WORD_MARKS, Vocabulary, is_letter

APOSTROPHE = "'"
# with clipped words, the tail after a mark that is not in _BEFORE_WORDS: no quotation begins there
AFTER_MARK = "."
_BEFORE_WORDS = " \n-("


class Lexicon:
    """Known words, and the masks that they put on the next character."""

    def __init__(
        self, words: Collection[str], vocabulary: Vocabulary, clipped: Collection[str] = ()
    ) -> None:
        unclipped = {word.strip(APOSTROPHE) for word in clipped}
        self._words = sorted({*(word for word in words if word not in unclipped), *clipped})
        self._is_clipping = bool(clipped)
        self._characters = vocabulary.characters
        self._letters = frozenset(filter(is_letter, vocabulary.characters))

    def tail_after(self, tail: str, character: str) -> str:
        """Return the tail after one more character; "" where any word may begin."""
        word = "" if tail == AFTER_MARK else tail
        is_mark = character in WORD_MARKS and bool(word) and word[-1] not in WORD_MARKS
        if character in self._letters or is_mark:
            return word + character
        if not self._is_clipping or character in _BEFORE_WORDS:
            return ""
        # With clipped words, an apostrophe where a word may begin is the first letter of one.
        return APOSTROPHE if character == APOSTROPHE and not tail else AFTER_MARK

    def mask(self, tail: str) -> Mask:
        """Return which characters (V,) may follow the tail."""
        word = "" if tail == AFTER_MARK else tail
        following, ends = self._following(word), self._ends_word(word)
        if tail == AFTER_MARK:
            following.discard(APOSTROPHE)  # No clipped word begins right behind such a mark.
        others = set(self._characters) - self._letters if ends else set[str]()
        if self._is_clipping and not (ends and word.endswith("s")):
            others.discard(APOSTROPHE)  # It may only follow an s, or belong to a clipped word.
        return np.array([each in following or each in others for each in self._characters])

    def _following(self, beginning: str) -> set[str]:
        """Return the characters that follow a beginning in the known words."""
        found, place, length = set[str](), bisect_left(self._words, beginning), len(beginning)
        while place < len(self._words) and self._words[place].startswith(beginning):
            if len(self._words[place]) == length:
                place += 1
                continue
            character = self._words[place][length]
            found.add(character)
            # to the first word that goes on with another letter
            place = bisect_left(self._words, f"{beginning}{chr(ord(character) + 1)}", place)
        return found

    def _ends_word(self, tail: str) -> bool:
        """Return whether a character that belongs to no word may follow the tail."""
        if not tail or self._knows(tail):
            return True
        needs_s = self._is_clipping and tail[-1] == APOSTROPHE
        return (
            tail[-1] in WORD_MARKS
            and self._knows(tail[:-1])
            and (not needs_s or tail[-2:-1] == "s")
        )

    def _knows(self, word: str) -> bool:
        place = bisect_left(self._words, word)
        return self._words[place : place + 1] == [word]
