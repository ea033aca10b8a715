"""Keeps lines to known words, letter by letter, in any language and alphabet, without metre.

From a third of the usual length on, the network may end a line where it likes. At the usual length,
the line ends with its word. An unfinished line is a node and the number of its characters. The node
stands for the tail of the text (see `lexicon`) and its last character.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from model.network.layers import Ids, Mask
from model.search import Line, Nodes, UnfinishedLines
from model.text.vocabulary import WORD_MARKS, Vocabulary, is_letter
from model.verse.lexicon import Lexicon
from model.verse.scansion import STOPS
from model.verse.search import COST_OF_REPETITION

UNUSUAL = 40  # a line with so many characters more than usual is dropped
LONG_WORD = 4  # words of fewer letters may repeat: some are like "the"


class FreeLines:
    """Lines of known words or, without a lexicon, of any characters.

    `longest` is the usual length of a long line.
    """

    start = 0

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon | None, longest: int) -> None:
        self.most_characters = longest + UNUSUAL
        self._longest, self._vocabulary = longest, vocabulary
        self._is_letter = self._among("".join(filter(is_letter, vocabulary.characters)))
        self._goes_on = self._is_letter | self._among(WORD_MARKS)
        stops = self._among(STOPS)
        self.any_line, self.last_line = None, stops if stops.any() else None
        # functions without `self`: in a cycle of references, old nodes would stay in memory
        mask_of, after = partial(_mask, lexicon, vocabulary), partial(_after, lexicon, vocabulary)
        self.nodes = Nodes(len(vocabulary), mask_of, after)
        self.nodes.number(("", vocabulary.newline))  # where a line begins
        begins = self.nodes.masks[self.start] & ~self._among(f" ,;:){STOPS}")
        self.nodes.masks[self.start] = begins if begins.any() else True

    @property
    def masks(self) -> "FreeLines":
        return self

    def allowed(self, lines: UnfinishedLines, stops: Mask | None) -> Mask:
        """Return for each line and character (N, V) whether it may follow.

        One of the `stops` (V,) must end the line, unless they are None.
        """
        nodes, lengths, _ = lines
        found, newline = self.nodes.masks[nodes], self._vocabulary.newline
        last = np.array([self.nodes.keys[node][1] for node in nodes.tolist()], np.intp)
        may_end = (nodes != self.start) & found[:, newline] & (lengths > self._longest // 3)
        if stops is not None:
            may_end &= stops[last]
        found[:, newline] = False
        # A line that must end goes on with its word, or with a stop, until it may end.
        must_end = (lengths >= self._longest) & (self._is_letter[last] | may_end)
        onward = self._goes_on if stops is None else self._goes_on | stops
        found[must_end] &= onward & ~may_end[must_end, None]
        # An alphabet may lack all characters that could follow; then the line ends.
        found[:, newline] = may_end | ~found.any(axis=1)
        return found

    def step(self, lines: UnfinishedLines, ids: Ids, _stops: Mask | None) -> UnfinishedLines:
        counts = lines.counts + np.uint16(1)
        return UnfinishedLines(self.nodes.step(lines.nodes, ids), counts, lines.last_word_after)

    def counts_after(self, line: str) -> int:
        """Return the counts after a person's line and a blank.

        A line that is half as long as usual stands alone: then 1, the counts of an empty line.
        """
        return len(line) + 2 if 0 < len(line) < self._longest // 2 else 1

    def followers(self, _before: str, _counts: int) -> None:
        """Return None: any word may follow a person's."""

    def first_word(self, _words: Iterable[str]) -> None:
        """Return None: nothing else limits the first word."""

    def nats(self, line: Line, words: Sequence[str], before: Counter[str], cost: float) -> float:
        again = sum(before[word] for word in words if len(word) >= LONG_WORD)
        mean = line.nats * self._longest / max(len(line.text), 1)
        return mean - cost - COST_OF_REPETITION * again

    def _among(self, characters: str) -> Mask:
        """Return for each character of the vocabulary (V,) whether it is among these."""
        return np.array([character in characters for character in self._vocabulary.characters])


def _mask(lexicon: Lexicon | None, vocabulary: Vocabulary, key: tuple[str, int]) -> Mask:
    if lexicon is None:
        return np.ones(len(vocabulary), np.bool_)
    return lexicon.mask(key[0])


def _after(
    lexicon: Lexicon | None, vocabulary: Vocabulary, key: tuple[str, int], character: int
) -> tuple[str, int]:
    tail, _ = key
    if lexicon:
        tail = lexicon.tail_after(tail, vocabulary.characters[character])
    return tail, character
