"""Verse without metre, letter by letter, in any language and alphabet.

A network that reads letters may write any word; a lexicon keeps it to known words. From a third of
the usual length of a line on, the network may end the line where it likes. At the usual length, the
line ends with its word. An unfinished line is a node and the number of its characters. The node
stands for the tail of the text (see `lexicon`) and its last character.
"""

from collections import Counter
from collections.abc import Iterable
from functools import partial

import numpy as np

from model.network.layers import Ids, Mask
from model.search import Beginning, Drawing, Line, Nodes, UnfinishedLines
from model.text.vocabulary import WORD_MARKS, Vocabulary, is_letter, words_of
from model.verse.lexicon import Lexicon
from model.verse.search import MOST_OWN, QUATRAIN, VerseSearch, lines_of, separator_behind
from model.weights.checkpoint import Checkpoint

STOPS = ".!?…。！？।"  # marks that end a sentence, in any language
UNUSUAL = 40  # a line with so many characters more than usual is dropped
SHORTEST = 12  # the usual length of a line is not less
LONG_WORD = 4  # words of fewer letters may repeat: some are like "the"
COST_OF_REPETITION = 2.5  # nats for each time that the text has used a word before


class FreeLines:
    """Lines of known words or, if a checkpoint knows none, of any characters."""

    start = 0

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.vocabulary = vocabulary = checkpoint.vocabulary
        self.longest = max(checkpoint.description.longest_line, SHORTEST)
        self._is_letter = self._among("".join(filter(is_letter, vocabulary.characters)))
        self._goes_on = self._is_letter | self._among(WORD_MARKS)
        stops = self._among(STOPS)
        self.last_line = stops if stops.any() else None
        known = checkpoint.known_words
        lexicon = Lexicon(known, vocabulary, checkpoint.clipped_words) if known else None
        # functions without `self`: in a cycle of references, old nodes would stay in memory
        mask_of, after = partial(_mask, lexicon, vocabulary), partial(_after, lexicon, vocabulary)
        self.nodes = Nodes(len(vocabulary), mask_of, after)
        self.nodes.number(("", vocabulary.newline))  # where a line begins
        begins = self.nodes.masks[self.start] & ~self._among(f"\n ,;:){STOPS}")
        self.nodes.masks[self.start] = begins if begins.any() else True

    def allowed(self, lines: UnfinishedLines, stops: Mask | None) -> Mask:
        """Return for each line and character (N, V) whether it may follow.

        One of the `stops` (V,) must end the line, unless they are None.
        """
        nodes, lengths, _ = lines
        found, newline = self.nodes.masks[nodes], self.vocabulary.newline
        last = np.array([self.nodes.keys[node][1] for node in nodes.tolist()], np.intp)
        may_end = (nodes != self.start) & found[:, newline] & (lengths > self.longest // 3)
        if stops is not None:
            may_end &= stops[last]
        found[:, newline] = False
        # A line that must end goes on with its word, or with a stop, until it may end.
        must_end = (lengths >= self.longest) & (self._is_letter[last] | may_end)
        onward = self._goes_on if stops is None else self._goes_on | stops
        found[must_end] &= onward & ~may_end[must_end, None]
        # An alphabet may lack all characters that could follow; then the line ends.
        found[:, newline] = may_end | ~found.any(axis=1)
        return found

    def step(self, lines: UnfinishedLines, ids: Ids, _stops: Mask | None) -> UnfinishedLines:
        counts = lines.counts + np.uint16(1)
        return UnfinishedLines(self.nodes.step(lines.nodes, ids), counts, lines.last_word_after)

    def _among(self, characters: str) -> Mask:
        """Return for each character of the vocabulary (V,) whether it is among these."""
        return np.array([character in characters for character in self.vocabulary.characters])


class FreeSearch(VerseSearch):
    """Lines that go on after a person's words. Every fourth one ends a sentence."""

    def __init__(
        self, drawing: Drawing, lines: FreeLines, prompt: str, rows: int, parts: int
    ) -> None:
        vocabulary = lines.vocabulary
        theirs = lines_of(prompt)
        own = [*filter(None, (vocabulary.fold(line).strip() for line in theirs))]
        stands_first = len(own) == len(theirs) <= MOST_OWN
        last = own[-1] if own else ""
        goes_on = is_letter(last[-1:]) or last[-1:] in [*",;:"]
        completes = stands_first and goes_on and not prompt.endswith("\n")
        completes &= len(last) < lines.longest // 2 and " " in vocabulary
        first = len(own) - completes if stands_first else 0
        read = "\n" + "\n".join(own) if own else ""
        separator = separator_behind(prompt, completes=completes, stands_above=not stands_first)
        super().__init__(drawing, vocabulary.ids_of(read).tolist(), rows, separator, first)
        self.masks, self.most_tokens = lines, lines.longest + UNUSUAL
        self.wanted = QUATRAIN * parts - first
        self._lines, self._words = lines, Counter(words_of(read))
        self._begin(" " if completes else "\n", len(last) + 2 if completes else 1)

    def _begin(self, after: str, counts: int) -> None:
        (last,) = self._lines.vocabulary.ids_of(after).tolist()
        is_last = (self._first + len(self.lines) + 1) % QUATRAIN == 0
        ends = self._lines.last_line if is_last else None
        self.beginning = Beginning(last, FreeLines.start, counts, ends)

    def judged(self, line: Line) -> Iterable[tuple[list[str], float]]:
        words = words_of(line.text)
        again = sum(self._words[word] for word in words if len(word) >= LONG_WORD)
        mean = line.nats * self._lines.longest / max(len(line.text), 1)
        yield words, mean - COST_OF_REPETITION * again

    def keep(self, found: list[str]) -> None:
        self._words.update(found)
        self._begin("\n", 1)


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
