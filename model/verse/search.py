"""One search for all verse: lines are written side by side (see `lines`), and one of them is kept by weight.

Words that the text has already lower the weight of a line; so does "you" where the text says "thou". `sonnet` adds
rhymes. All numbers come from the request's own generator, so neither other requests nor the machine change a text.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from model.checkpoint.encoding import Checkpoint
from model.engine.exact import Lockstep, States
from model.errors import RequestError
from model.network.layers import Array
from model.sonnets.prosody import Prosody
from model.sonnets.tables import Tables
from model.text.vocabulary import words_of
from model.verse.free import FreeLines
from model.verse.lines import Beginning, Line
from model.verse.seam import Seam, new_lines, seam_for

LOWEST_TEMPERATURE = 0.1
"""Below it, all candidates would be the same line."""
COST_OF_REPETITION = 2.5
"""Nats for each time that the text has used a word before."""
COST_OF_OVERUSE = 0.05
"""Nats for each time that the text has used the word before, if every text repeats the word."""
COST_OF_MIXING = 8.0
"""Nats for each "thou" if the text says "you" more often, and for each "you" if it says "thou" more often."""
SHARE_OF_LEANING = 0.8
"""How much of a word's leaning towards sonnets counts. With 0.8, words lean as in real sonnets."""
COST_OF_ECHO = 1.5
"""Nats for each time that a line of a poem repeats one of its words. So as many lines do as real ones."""
COST_OF_BEGINNING = 1.0
"""Nats for each earlier line of a poem that begins with the same word."""
COST_OF_OFTEN = 0.3
"""What COST_OF_OVERUSE is in a poem, which is colder than a sonnet and repeats more."""
COST_OF_NAMES = 6.0
"""Nats for each proper name that a poem has not had before."""
LONG_WORD = 4
"""Where nobody knows which words every text repeats, those with fewer letters may repeat."""
ATTEMPTS = 3
"""How many times a line is tried that no candidate can finish."""


class Search(ABC):
    """One text in the making."""

    beginning: Beginning

    def __init__(
        self,
        rows: int,
        temperature: float,
        generator: np.random.Generator,
        lockstep: Lockstep,
        unread: Sequence[int],
    ) -> None:
        self.rows, self.temperature, self.generator = rows, max(float(temperature), LOWEST_TEMPERATURE), generator
        self.unread = [*unread][::-1]
        self.lines: list[str] = []  # finished lines, without the person's own
        self.finished: list[Line] = []  # the candidates for the next line
        self.error: RequestError | None = None
        self._lockstep = lockstep

    @cached_property
    def states(self) -> States:
        """The states of the finished candidates, made when the first is written: a waiting search needs no memory."""
        return self._lockstep.room(self.rows + 1)

    @property
    @abstractmethod
    def texts(self) -> tuple[str, ...]:
        """The text, without the person's own words; none after an error."""

    @property
    @abstractmethod
    def is_done(self) -> bool:
        """Whether the text has all its lines, or will never have them."""

    def has_read(self, logits: Array) -> None:  # noqa: B027 - sonnets need not know
        """Say how the first line begins, from the logits (V,) after the person's words."""

    @abstractmethod
    def judged(self, line: Line) -> Iterable[tuple[Any, float]]:
        """Yield what `keep` needs to know of a line, and its weight in nats; nothing if the line must not be taken."""

    @abstractmethod
    def keep(self, found: Any) -> None:
        """Note what `judged` found in the line that was chosen, and say how the next one begins and ends."""

    @abstractmethod
    def try_again(self) -> None:
        """Say what to do, as none of the lines may be taken."""

    def end_line(self) -> None:
        """Choose one of the finished candidates by weight."""
        lines = [(line, found, nats) for line in self.finished for found, nats in self.judged(line)]
        if not lines:
            self.try_again()
            return
        nats = np.array([nats for _, _, nats in lines])
        cumulated = np.add.accumulate(np.exp(nats - nats.max()))
        line, found, _ = lines[int((cumulated > self.generator.random() * cumulated[-1]).argmax())]
        self.lines.append(line.text)
        self.states.copy(self.rows, self.states, line.number)
        self.keep(found)


def cost_of(words: Sequence[str], before: Counter[str], prosody: Prosody, overuse: float = COST_OF_OVERUSE) -> float:
    """Return the cost in nats of words that repeat the text, belong to plays, or mix "thou" with "you".

    All candidates for a line also pay for the mixing in earlier lines, so that does not matter.
    """
    counts, cost = Counter(before), 0.0
    for word in words:
        if word in prosody.often:
            cost += overuse * counts[word]
        else:
            leaning = prosody.dictionary.leanings.get(word, 0)
            cost += COST_OF_REPETITION * counts[word] - SHARE_OF_LEANING * leaning / 10
        counts[word] += 1
    return cost + COST_OF_MIXING * min(sum(map(counts.__getitem__, address)) for address in prosody.addresses)


class PoemSearch(Search):
    """A poem: lines of which the last of each part ends a sentence. With `tables`, they scan.

    The masks of a poem without tables are `free`.
    """

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
        self._vocabulary, self._names, self._masks = checkpoint.vocabulary, checkpoint.proper_names, masks
        self._tables = masks if isinstance(masks, Tables) else None
        self._seam: Seam | None = seam_for(prompt, self._vocabulary, self._tables)
        own = self._seam.unread
        unread = self._vocabulary.ids_of(f"\n{own}" if own else "").tolist()
        if not temperature:  # always the same text
            generator = np.random.Generator(np.random.PCG64(0))
        super().__init__(checkpoint.description.rows, temperature, generator, lockstep, unread)
        self._words, self._beginnings = Counter(words_of(own)), Counter[str]()
        self._last = [new_lines(prompt, part) for part in range(1, parts + 1)]  # the last line of each part, from 1
        self._attempts = 0
        if not own:
            self._begin_after(self._seam)

    def has_read(self, logits: Array) -> None:
        if self._seam:
            self._begin_after(self._seam.chosen(logits, self._vocabulary))

    def _begin_after(self, seam: Seam) -> None:
        """Begin the first line, which may complete the person's."""
        self._seam, self._shown = None, seam.shown
        completes = seam.counts > 1
        self._last = [number + completes for number in self._last]
        after = seam.shown or (" " if completes else "\n")
        self.unread = self._vocabulary.ids_of(after[:-1])[::-1].tolist()
        first = None
        if self._tables and seam.first_words is not None:
            scansion = self._tables.scansion
            first = partial(scansion.allowed_first, first_words=scansion.first_words(seam.first_words))
        self.beginning = Beginning(self._line_ends, seam.counts, after[-1], first)

    @property
    def _line_ends(self) -> Any:
        return self._masks.last_line if len(self.lines) + 1 in self._last else self._masks.any_line

    @property
    def texts(self) -> tuple[str, ...]:
        return () if self.error else (self._shown + "\n".join(self.lines),)

    @property
    def is_done(self) -> bool:
        return self.error is not None or len(self.lines) == self._last[-1]

    def judged(self, line: Line) -> Iterable[tuple[list[str], float]]:
        words = words_of(line.text)
        new = [word for word in words if word not in self._words]
        cost = COST_OF_NAMES * sum(word.removesuffix("'s") in self._names for word in new)
        if isinstance(self._masks, FreeLines):
            again = sum(self._words[word] for word in words if len(word) >= LONG_WORD)
            yield words, line.nats * self._masks.longest / len(line.text) - cost - COST_OF_REPETITION * again
        else:
            cost += COST_OF_ECHO * (len(words) - len({*words}))
            cost += COST_OF_BEGINNING * self._beginnings[words[0]]
            cost += cost_of(words, self._words, self._masks.prosody, COST_OF_OFTEN)
            yield words, line.nats - cost

    def keep(self, found: list[str]) -> None:
        self._words.update(found)
        self._beginnings.update(found[:1])
        self._attempts = 0
        self.beginning = Beginning(self._line_ends)

    def try_again(self) -> None:
        self._attempts += 1
        if self._attempts == ATTEMPTS:
            self.error = RequestError(f"no candidate for line {len(self.lines) + 1} comes to an end; try another seed")
