"""Poems: lines that scan or, in languages whose metre we do not know, lines of known words."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from model.engine.exact import Lockstep
from model.network.layers import Array
from model.text.vocabulary import words_of
from model.verse.free import FreeLines
from model.verse.seam import Seam, new_lines, seam_for
from model.verse.search import COST_OF_REPETITION, Beginning, Line, Search, cost_of
from model.verse.tables import Tables
from model.weights.checkpoint import Checkpoint

ROWS = 12  # candidates for each line; with more, 100 poems would take too long
COST_OF_NAMES = 6.0  # nats for each proper name that a poem has not had before
LONG_WORD = 4  # in other languages, words of fewer letters may repeat: some are like "the"


class PoemSearch(Search):
    """A poem: lines of which the last of each part ends a sentence.

    They scan if `masks` are tables.
    """

    at_once = 16

    def __init__(
        self,
        prompt: str,
        parts: int,
        temperature: float,
        generator: np.random.Generator,
        checkpoint: Checkpoint,
        masks: Tables | FreeLines,
        lockstep: Lockstep,
    ) -> None:
        self._vocabulary, self._names, self._line_masks = (
            checkpoint.vocabulary,
            checkpoint.proper_names,
            masks,
        )
        self._tables = masks if isinstance(masks, Tables) else None
        scansion = masks.scansion if isinstance(masks, Tables) else masks
        longest = checkpoint.description.longest_line
        self._seam: Seam | None = seam_for(prompt, self._vocabulary, self._tables, longest)
        own = self._seam.unread
        unread = self._vocabulary.ids_of(f"\n{own}" if own else "").tolist()
        if not temperature:  # temperature 0 always gives the same text
            generator = np.random.Generator(np.random.PCG64(0))
        super().__init__(scansion, ROWS, temperature, generator, lockstep, unread)
        self._words = Counter(words_of(own))
        self._last = [
            new_lines(prompt, part) for part in range(1, parts + 1)
        ]  # the last line of each part, from 1
        if not own:
            self._begin_after(self._seam)

    def has_read(self, logits: Array) -> None:
        if self._seam:
            self._begin_after(self._seam.chosen(logits, self._vocabulary))

    def _begin_after(self, seam: Seam) -> None:
        self._seam, self._separator = None, seam.separator
        completes = seam.counts > 1
        self._last = [number + completes for number in self._last]
        after = seam.separator or (" " if completes else "\n")
        self.unread = self._vocabulary.ids_of(after[:-1])[::-1].tolist()
        first = None
        if self._tables and seam.first_words is not None:
            scansion = self._tables.scansion
            first = partial(
                scansion.allowed_first, first_words=scansion.first_words(seam.first_words)
            )
        self.beginning = Beginning(self._line_ends, seam.counts, after[-1], first)

    @property
    def _line_ends(self) -> Any:
        return (
            self._line_masks.last_line
            if len(self.lines) + 1 in self._last
            else self._line_masks.any_line
        )

    @property
    def texts(self) -> tuple[str, ...]:
        return () if self.error else (self._separator + "\n".join(self.lines),)

    @property
    def is_done(self) -> bool:
        return self.error is not None or len(self.lines) == self._last[-1]

    def judged(self, line: Line) -> Iterable[tuple[list[str], float]]:
        words = words_of(line.text)
        new = [word for word in words if word not in self._words]
        cost = COST_OF_NAMES * sum(word.removesuffix("'s") in self._names for word in new)
        if isinstance(self._line_masks, FreeLines):
            again = sum(self._words[word] for word in words if len(word) >= LONG_WORD)
            yield (
                words,
                line.nats * self._line_masks.longest / max(len(line.text), 1)
                - cost
                - COST_OF_REPETITION * again,
            )
        else:
            yield words, line.nats - cost - cost_of(words, self._words, self._line_masks.prosody)

    def keep(self, found: list[str]) -> None:
        self._words.update(found)
        self.beginning = Beginning(self._line_ends)
