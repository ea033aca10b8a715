"""Says which words may follow in a line that scans: a line is the set of its counts.

Of an unfinished line, two things matter: whether its last token was a word or a mark, and its
counts. The counts are the numbers of syllables that it may have: bit n stands for n (see `metre`).
A word fits if it can follow one of them, and then ends the line or leaves room for a last word.
`LineEnds` says which words may be the last, and after which counts each may begin.

Arrays have a row for each line. Many lines grow at once, and no row depends on another.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from model.network.layers import Ids, Mask
from model.search import Bits, UnfinishedLines
from model.text.tokens import WordVocabulary
from model.verse.metre import LONGEST, SYLLABLES, Counts, after
from model.verse.search import PUNCTUATION

START, WORD, MARK = 0, 1, 2  # what the last token of a line is; START: the line has none
REMEMBERED = 1000  # masks of (V,)
MAY_END = np.uint16(1 << SYLLABLES)  # the bit that says that the line may end here


class Lines:
    """The words of a vocabulary that can be written, and how they scan."""

    def __init__(self, vocabulary: WordVocabulary, patterns: Mapping[str, Sequence[str]]) -> None:
        """`patterns` has the stresses of each word that can be written."""
        self.vocabulary = vocabulary
        choices = [tuple(patterns.get(token, ())) for token in vocabulary.tokens]
        rows = {
            choice: [after(choice, 1 << start) for start in range(LONGEST)]
            for choice in set(choices)
        }
        self.after: Bits = np.array([rows[choice] for choice in choices], np.uint16)
        """The counts after each word for each number of syllables before it, (V, LONGEST)."""
        self._going_on: dict[tuple[int, int], Mask] = {}
        self.marks = self._ids_of(PUNCTUATION)

    def line_ends(self, starts: Mapping[str, Counts], *, stops: str = "") -> "LineEnds":
        """Return how lines end that have one of these words as the last.

        `starts` says after which counts each may begin. If there are `stops`, one of these marks
        must follow it.
        """
        complete = np.zeros(len(self.vocabulary), np.uint16)
        complete[[self.vocabulary.ids[word] for word in starts]] = [*starts.values()]
        return LineEnds(self, complete, self._among(stops) if stops else None)

    def allowed(self, lines: UnfinishedLines, ends: "LineEnds") -> Mask:
        """Return for each line and token (N, V) whether the line can be finished after it."""
        kinds = [*zip(lines.nodes.tolist(), lines.counts.tolist(), strict=True)]
        masks = {kind: ends.mask(*kind) for kind in set(kinds)}
        return np.array([masks[kind] for kind in kinds])

    def step(self, lines: UnfinishedLines, ids: Ids, ends: "LineEnds") -> UnfinishedLines:
        """Return the lines (N,) after one more allowed token each."""
        is_mark = np.isin(ids, (self.vocabulary.newline, *self.marks))
        counts = ends.after(ids, lines.counts)
        kept = lines.counts
        if ends.stops is not None:  # Only a stop leaves the line complete.
            kept = np.where(ends.stops[ids], kept, kept & ~MAY_END)
        return UnfinishedLines(
            np.where(is_mark, MARK, WORD),
            np.where(is_mark, kept, counts),
            np.where(is_mark, lines.last_word_after, lines.counts & ~MAY_END),
        )

    def onward(self, ids: Ids, counts: Bits, room: int) -> Bits:
        """Return the counts (N,) after words that follow these counts, as far as a last word can
        still begin; `room` has the bits of the counts that leave room for it.
        """
        is_set = (counts[:, None] >> np.arange(SYLLABLES, dtype=np.uint16) & 1).astype(np.bool_)
        found = np.where(is_set, self.after[ids, :SYLLABLES], 0)
        return np.bitwise_or.reduce(found, axis=1).astype(np.uint16) & np.uint16(room)

    def going_on(self, counts: int, room: int) -> Mask:
        """Return which words (V,) can follow these counts and leave room for a last word."""
        if (counts, room) not in self._going_on:
            if len(self._going_on) == REMEMBERED:
                self._going_on.clear()
            everything = np.arange(len(self.after))
            repeated = np.full(len(everything), counts, np.uint16)
            self._going_on[counts, room] = self.onward(everything, repeated, room) != 0
        return self._going_on[counts, room]

    def _ids_of(self, marks: str) -> Ids:
        ids = self.vocabulary.ids
        return np.array([ids[mark] for mark in marks if mark in ids], np.intp)

    def _among(self, marks: str) -> Mask:
        found = np.zeros(len(self.vocabulary), np.bool_)
        found[self._ids_of(marks)] = True
        return found


class LineEnds:
    """How lines may end: for each word, after which counts (V,) it may begin as the last one.

    `stops` (V,) are the marks one of which has to end the line, if any.
    """

    def __init__(self, lines: Lines, complete: Bits, stops: Mask | None) -> None:
        self._lines, self._complete, self.stops = lines, complete, stops
        # how many syllables may stand before the last word, at most
        latest = int(np.bitwise_or.reduce(complete)).bit_length() - 1
        self._room = ((2 << latest) - 1) & ~int(MAY_END) if latest >= 0 else 0
        self._masks: dict[tuple[int, int], Mask] = {}

    @property
    def are_possible(self) -> bool:
        return bool(self._complete.any())

    def after(self, ids: Ids, counts: Bits) -> Bits:
        """Return the counts (N,) after words that follow these counts; with MAY_END if a word may
        be the last one.
        """
        onward = self._lines.onward(ids, counts, self._room)
        is_last = (self._complete[ids] & counts & ~MAY_END) != 0
        return np.where(is_last, onward | MAY_END, onward)

    def mask(self, node: int, counts: int) -> Mask:
        """Return which tokens (V,) may follow a line's last token and counts."""
        if (node, counts) not in self._masks:
            found = self._lines.going_on(counts & ~int(MAY_END), self._room)
            found = found | ((self._complete & np.uint16(counts) & ~MAY_END) != 0)
            may_end, goes_on = counts & MAY_END != 0, bool(found.any())
            if node == WORD:
                is_stop = True if self.stops is None else self.stops[self._lines.marks]
                found[self._lines.marks] = goes_on | (may_end & is_stop)
            found[self._lines.vocabulary.newline] = may_end and (self.stops is None or node == MARK)
            self._masks[node, counts] = found
        return self._masks[node, counts]
