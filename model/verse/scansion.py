"""Keeps lines to words that scan, letter by letter. Its trie knows after which syllables each word
fits.

An unfinished line is a node and a set. The node stands for the letters of the current word that are
written. The set, its counts, holds the numbers of syllables after which that word may have begun;
bit n stands for n (see `metre`). A `LineEnds` has such a set for each node. It holds n if some word
through this node can begin after n syllables, and can end the line or leave room for a last word.

All arrays have a row for each line, so many lines grow at once, and no row depends on another.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from model.network.layers import Ids, Mask
from model.search import Bits, Numbers, UnfinishedLines
from model.text.vocabulary import Vocabulary
from model.verse.lines import MAY_END, PUNCTUATION
from model.verse.metre import LONGEST, SYLLABLES, Counts, after

# nodes outside of all words, before a word, and behind the mark after a word
OUTSIDE, START, BEHIND = 0, 1, 2
STOPS = ".!?…。！？।"  # marks that end a sentence, in any language
# The longest line of Shakespeare's sonnets has 60 characters.
MOST_CHARACTERS = 66
LATEST_START = range(SYLLABLES - 1, SYLLABLES - 5, -1)  # the numbers that `LineEnds.latest` may be


class LineEnds(NamedTuple):
    """The words that may end a line, as masks of nodes."""

    leading: Bits  # on the way to such a word, or to a word that leaves room for one
    complete: Bits  # at the last node of such a word
    latest: int | None  # the most syllables before such a word; None if not in LATEST_START
    stops: Mask | None = None  # the marks by id (V,), one of which has to end the line


class Scansion:
    """The masks of lines that scan, from a trie of words and the stresses that each may have."""

    start, most_characters = START, MOST_CHARACTERS

    def __init__(
        self,
        stresses: Mapping[str, Sequence[str]],
        last_words: Mapping[str, Counts],
        vocabulary: Vocabulary,
    ) -> None:
        """`last_words` has the words that may end a line, and after which counts each may begin."""
        self.words = sorted(stresses)
        self._numbers = {word: number for number, word in enumerate(self.words)}
        nodes, self.word_nodes, self.parents, self._depths = _trie(self.words)
        deepest = int(self._depths.max())
        self._deepest_first = [
            np.flatnonzero(self._depths == depth) for depth in range(deepest, 0, -1)
        ]
        self._next = np.zeros((len(self.parents), len(vocabulary)), np.int32)
        self._ids = ids = {
            character: number for number, character in enumerate(vocabulary.characters)
        }
        steps = np.array(
            [(parent, ids[letter], node) for (parent, letter), node in nodes.items()], np.int32
        )
        self._next[steps[:, 0], steps[:, 1]] = steps[:, 2]
        self.word_at = np.full(len(self.parents), -1, np.int32)
        self.word_at[self.word_nodes] = np.arange(len(self.words))
        choices = [tuple(stresses[word]) for word in self.words]
        rows = {
            choice: [after(choice, 1 << start) for start in range(LONGEST)]
            for choice in set(choices)
        }
        self._ends: Bits = np.array([*map(rows.__getitem__, choices), [0] * LONGEST], np.uint16)
        """The counts after each word for each number of syllables before it, (W + 1, LONGEST); the
        last row is for no word."""
        self._onward = {latest: self._before_last_word(latest) for latest in LATEST_START}
        self._space, self._newline = ids[" "], vocabulary.newline
        self._marks = np.array([ids[mark] for mark in PUNCTUATION if mark in ids], np.intp)
        self.any_line = self.line_ends(last_words)
        self.last_line = self.line_ends(last_words, STOPS)

    def line_ends(self, starts: Mapping[str, int], stops: str = "") -> LineEnds:
        """Return the masks for lines that end with one of some words.

        `starts` says after which counts each of them may begin. If there are `stops`, one of these
        marks must follow it.
        """
        complete = np.zeros(len(self.parents), np.uint16)
        complete[self.word_nodes[[self._numbers[word] for word in starts]]] = [*starts.values()]
        last = int(np.bitwise_or.reduce(complete)).bit_length() - 1
        latest = last if last in LATEST_START else None
        marks = np.zeros(self._next.shape[1], np.bool_)
        marks[[self._ids[mark] for mark in stops if mark in self._ids]] = True
        return LineEnds(
            self._leading(complete) | self._onward[latest or SYLLABLES - 1],
            complete,
            latest,
            marks if marks.any() else None,
        )

    def that_go_on(self, words: Iterable[str], counts: Counts) -> frozenset[str]:
        """Return those words that can follow `counts` syllables and leave room for a last word."""
        starts = [start for start in range(LONGEST) if counts >> start & 1]
        fits: Mask = np.any(self._ends[:, starts] & (2 << LATEST_START[0]) - 1, axis=1)
        return frozenset(word for word in words if fits[self._numbers[word]])

    def first_word(self, words: Iterable[str]) -> Callable[[Numbers, Numbers], Mask]:
        """Return a function that allows only these words as the first new word of lines.

        From the nodes and lengths of the lines (N,), it returns which characters (N, V) may follow.
        """
        leads = np.zeros(len(self.parents), np.bool_)
        nodes = last = self.word_nodes[[self._numbers[word] for word in words]]
        while len(nodes):
            leads[nodes] = True
            nodes = np.unique(self.parents[nodes])
            nodes = nodes[nodes > BEHIND]
        completes = np.zeros_like(leads)
        completes[last] = True

        def allowed(nodes: Numbers, lengths: Numbers) -> Mask:
            children = self._next[nodes]
            found = np.where(children != OUTSIDE, leads[children], completes[nodes][:, None])
            return found | (self._depths[nodes] != lengths)[:, None]  # the first word has ended

        return allowed

    def allowed(self, lines: UnfinishedLines, line_ends: LineEnds) -> Mask:
        """Return for each line and character (N, V) whether the line can be finished after it."""
        nodes, counts, _ = lines
        found: Mask = (line_ends.leading[self._next[nodes]] & counts[:, None]) != 0
        after = self._after(lines, line_ends)
        goes_on, may_end = (after & ~MAY_END) != 0, (after & MAY_END) != 0
        found[:, self._space] = goes_on
        is_behind = nodes == BEHIND
        is_stop = True if line_ends.stops is None else line_ends.stops[self._marks]
        found[:, self._newline] = may_end if line_ends.stops is None else may_end & is_behind
        found[:, self._marks] = (goes_on[:, None] | (may_end[:, None] & is_stop)) & ~is_behind[
            :, None
        ]
        return found

    def step(self, lines: UnfinishedLines, ids: Ids, line_ends: LineEnds) -> UnfinishedLines:
        """Return the lines (N,) after one more allowed character each."""
        children = self._next[lines.nodes, ids]
        after = self._after(lines, line_ends)
        is_letter = children != OUTSIDE
        nodes = np.where(is_letter, children, np.where(ids == self._space, START, BEHIND))
        ends_nothing = ids == self._space if line_ends.stops is None else ~line_ends.stops[ids]
        after = np.where(ends_nothing, after & ~MAY_END, after)
        last_word_after = np.where(
            self.word_at[lines.nodes] >= 0, lines.counts, lines.last_word_after
        )
        return UnfinishedLines(nodes, np.where(is_letter, lines.counts, after), last_word_after)

    def _after(self, lines: UnfinishedLines, line_ends: LineEnds) -> Bits:
        """Return the counts (N,) after the last word of each line; 0 while that is unfinished."""
        nodes, counts, _ = lines
        words = self.word_at[nodes]
        is_set = (counts[:, None] >> np.arange(LONGEST, dtype=np.uint16) & 1).astype(np.bool_)
        after = np.bitwise_or.reduce(np.where(is_set, self._ends[words], 0), axis=1).astype(
            np.uint16
        )
        # only counts after which a last word may still begin
        after &= np.uint16((2 << (line_ends.latest or SYLLABLES - 1)) - 1)
        after |= np.where((line_ends.complete[nodes] & counts) != 0, MAY_END, 0).astype(np.uint16)
        return np.where(nodes == BEHIND, counts, after)

    def _before_last_word(self, latest: int) -> Bits:
        """Return the masks of words that a last word can follow, for all nodes on the way to them.

        The last word begins after at most `latest` syllables.
        """
        fits = (self._ends[:-1] & np.uint16((2 << latest) - 1)) != 0  # (W, LONGEST)
        masks = np.zeros(len(self.parents), np.uint16)
        masks[self.word_nodes] = (fits << np.arange(LONGEST)).sum(axis=1)
        return self._leading(masks)

    def _leading(self, masks: Bits) -> Bits:
        """Return masks for all nodes on the way to words, from the masks of their last nodes."""
        found = masks.copy()
        for nodes in self._deepest_first:
            np.bitwise_or.at(found, self.parents[nodes], found[nodes])
        found[OUTSIDE] = 0
        return found


def _trie(words: Iterable[str]) -> tuple[dict[tuple[int, str], int], Numbers, Numbers, Numbers]:
    """Return the child of each node by letter, the node that completes each word, the parent of
    each node, and how many letters lead to it.
    """
    nodes: dict[tuple[int, str], int] = {}
    parents, depths = [OUTSIDE] * 3, [0] * 3
    word_nodes = []
    for word in words:
        node = START
        for letter in word:
            child = nodes.setdefault((node, letter), len(parents))
            if child == len(parents):
                parents.append(node)
                depths.append(depths[node] + 1)
            node = child
        word_nodes.append(node)
    of_words, of_nodes = np.array(word_nodes, np.intp), np.array((parents, depths), np.intp)
    return nodes, of_words, of_nodes[0], of_nodes[1]
