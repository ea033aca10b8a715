"""Poems: lines that scan or, in languages whose metre we do not know, lines of known words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from model.network.layers import Array
from model.search import Beginning, Drawing, Line
from model.text.vocabulary import words_of
from model.verse.free import FreeLines
from model.verse.lexicon import Lexicon
from model.verse.seam import Seam, count_new_lines, seam_for
from model.verse.search import VerseSearch
from model.verse.tables import Tables, tables_for
from model.weights.checkpoint import Checkpoint

COST_OF_NAMES = 6.0  # nats for each proper name that a poem has not had before


class Poems:
    """What all poems by a checkpoint share."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.vocabulary, self.proper_names = checkpoint.vocabulary, checkpoint.proper_names
        self._checkpoint = checkpoint
        self._free: FreeLines | None = None

    @property
    def lines(self) -> Tables | FreeLines:
        """Lines that scan, or have a usual length. RequestError if too few words are known."""
        if self._checkpoint.description.longest_line:
            return self.free_lines
        return tables_for(self._checkpoint)

    @property
    def free_lines(self) -> FreeLines:
        """Lines that have a usual length. New ones replace those with too many nodes."""
        made = self._checkpoint
        if not self._free or self._free.nodes.are_many:
            self._free = FreeLines(made.vocabulary, self._lexicon, made.description.longest_line)
        return self._free

    @cached_property
    def _lexicon(self) -> Lexicon | None:
        made = self._checkpoint
        if not made.known_words:
            return None
        return Lexicon(made.known_words, made.vocabulary, made.clipped_words)


class PoemSearch(VerseSearch):
    """A poem, in which the last line of each part ends a sentence."""

    at_once = 4

    def __init__(
        self, drawing: Drawing, poems: Poems, prompt: str, parts: int, rows: Sequence[int]
    ) -> None:
        self._vocabulary, self._names = poems.vocabulary, poems.proper_names
        self._poems, self._verse = poems, poems.lines
        self.masks = self._masks = self._verse.masks
        self.most_characters = self._masks.most_characters
        self._seam: Seam | None = seam_for(prompt, self._vocabulary, self._verse)
        own = self._seam.unread
        unread = self._vocabulary.ids_of(f"\n{own}" if own else "").tolist()
        super().__init__(drawing, unread, rows)
        self._words = Counter(words_of(own))
        # the numbers of the lines that end a part; the first line has number 1
        self._last = [count_new_lines(prompt, part) for part in range(1, parts + 1)]
        self.wanted = self._last[-1]
        if not own:
            self._begin_after(self._seam)

    def choose_beginning(self, logits: Array) -> None:
        if self._seam:
            self._begin_after(self._seam.chosen(logits, self._vocabulary))

    def _begin_after(self, seam: Seam) -> None:
        """Begin the first line behind a person's words, as the seam says."""
        self._seam = None
        self._separator = seam.separator
        completes = seam.counts > 1  # the line of the prompt goes on
        if completes:
            self._last = [number + 1 for number in self._last]
            self.wanted += 1
        after = seam.separator or (" " if completes else "\n")
        last, *self.unread = self._vocabulary.ids_of(after)[::-1].tolist()
        first_word = None if seam.first_words is None else self._masks.first_word(seam.first_words)
        self.beginning = Beginning(
            last, self._masks.start, seam.counts, self._line_ends, first_word
        )

    @property
    def _line_ends(self) -> Any:
        is_last = len(self.lines) + 1 in self._last
        return self._masks.last_line if is_last else self._masks.any_line

    @property
    def texts(self) -> tuple[str, ...]:
        return () if self.error else (self._separator + "\n".join(self.lines),)

    def judged(self, line: Line) -> Iterable[tuple[list[str], float]]:
        words = words_of(line.text)
        cost = COST_OF_NAMES * sum(
            word.removesuffix("'s") in self._names for word in words if word not in self._words
        )
        yield words, self._verse.nats(line, words, self._words, cost)

    def keep(self, found: list[str]) -> None:
        self._words.update(found)
        if isinstance(self._verse, FreeLines):
            self._verse = self.masks = self._masks = self._poems.free_lines
        newline = self._vocabulary.newline
        self.beginning = Beginning(newline, self._masks.start, 1, self._line_ends)
