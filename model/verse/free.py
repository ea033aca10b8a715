"""Keeps lines to known words, letter by letter, in any language and alphabet, without metre.

The network ends a line where it likes after a third of the usual length; at the usual length, the
line ends with its word. An unfinished line is a node, as in `verse.scansion`, and the number of
its characters. The node stands for the tail of the text (see `lexicon`) and its last character.
"""

import numpy as np
from numpy.typing import NDArray

from model.network.layers import Ids, Mask
from model.text.vocabulary import WORD_MARKS, Vocabulary, is_letter
from model.verse.lexicon import Lexicon
from model.verse.scansion import Numbers, UnfinishedLines

STOPS = ".!?…。！？।"  # marks that end a sentence
START = 0  # the node where a line begins
ROOM = 1024
UNUSUAL = 40  # a line that is longer than the usual length by more characters is dropped


class FreeLines:
    """Lines of known words; of any characters without a lexicon.

    `longest` is the usual length of a long line.
    """

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon | None, longest: int) -> None:
        self.longest, self.most_characters = longest, longest + UNUSUAL
        self._vocabulary, self._lexicon = vocabulary, lexicon
        self._is_letter = self._among("".join(filter(is_letter, vocabulary.characters)))
        self._goes_on = self._is_letter | self._among(WORD_MARKS)
        stops = self._among(STOPS)
        self.any_line, self.last_line = None, stops if stops.any() else None
        self._numbers: dict[tuple[str, int], int] = {}
        self._tails: list[str] = []  # of the nodes; the arrays below have room for more
        self._last = np.zeros(ROOM, np.intp)  # the id of each node's last character
        self._known = np.zeros((ROOM, len(vocabulary)), np.bool_)
        self._next = np.full((ROOM, len(vocabulary)), -1, np.int32)  # -1: not found yet
        self._node("", vocabulary.newline)  # where a line begins
        begins = self._known[START] & ~self._among(f" ,;:){STOPS}")
        self._known[START] = begins if begins.any() else True

    def begin(self, rows: int, counts: int = 1) -> UnfinishedLines:
        """Return the nodes and lengths of empty lines; lengths are counted from 1."""
        return UnfinishedLines(np.zeros(rows, np.intp), np.full(rows, counts, np.uint16))

    def allowed(self, unfinished: UnfinishedLines, stops: Mask | None) -> Mask:
        """Return for each line and character (N, V) whether it may follow.

        One of the `stops` (V,) has to end it.
        """
        nodes, lengths = unfinished
        found = self._known[nodes]
        newline, last = self._vocabulary.newline, self._last[nodes]
        may_end = (nodes != START) & found[:, newline] & (lengths > self.longest // 3)
        if stops is not None:
            may_end &= stops[last]
        found[:, newline] = False
        must_end = (lengths >= self.longest) & (self._is_letter[last] | may_end)
        onward = self._goes_on if stops is None else self._goes_on | stops
        found[must_end] &= onward & ~may_end[must_end, None]
        found[:, newline] = may_end | ~found.any(axis=1)  # an alphabet may lack what would follow
        return found

    def step(self, unfinished: UnfinishedLines, ids: Ids, _stops: Mask | None) -> UnfinishedLines:
        """Return the nodes and lengths of the lines (N) after one more character each (N)."""
        after = self._next[unfinished.nodes, ids]
        for place in np.flatnonzero(after < 0).tolist():
            node, character_id = int(unfinished.nodes[place]), int(ids[place])
            tail = self._tails[node]
            if self._lexicon:
                tail = self._lexicon.tail_after(tail, self._vocabulary.characters[character_id])
            after[place] = self._next[node, character_id] = self._node(tail, character_id)
        return UnfinishedLines(after.astype(np.intp), unfinished.counts + np.uint16(1))

    def is_word(self, nodes: Numbers) -> NDArray[np.bool_]:
        """Return False for all nodes: without metre, nobody asks where a word ends."""
        return np.zeros(len(nodes), np.bool_)

    def _node(self, tail: str, last: int) -> int:
        number = self._numbers.setdefault((tail, last), len(self._tails))
        if number == len(self._tails):
            if number == len(self._last):
                self._last, self._known = np.tile(self._last, 2), np.tile(self._known, (2, 1))
                self._next = np.vstack([self._next, np.full_like(self._next, -1)])
            self._tails.append(tail)
            self._last[number] = last
            self._known[number] = self._lexicon.mask(tail) if self._lexicon else True
        return number

    def _among(self, characters: str) -> Mask:
        return np.array([character in characters for character in self._vocabulary.characters])
