"""Searches for a sonnet: writes 32 candidates for each line side by side, and keeps one of them.

Three in four lines that are drawn freely scan, but one in fifty rhymes. Here all candidates scan and rhyme (see
`lines`), and one is drawn by weight. A poor rhyme lowers the weight of a line; so do words that the sonnet has already,
and "you" where the sonnet says "thou".

The rhymes are ABAB CDCD EFEF GG. A line that brings a rhyme ends in a new sound that enough words can answer. A
person's own line may end in an odd word. If no candidate answers it, the search goes on with the next larger `Choice`
of words.

All numbers come from the request's own generator, so neither other requests nor the machine change a sonnet.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from model.engine.exact import Lockstep
from model.errors import RequestError
from model.sonnets.lines import MOST_CHARACTERS, PRECISION, Line, Lines
from model.sonnets.metre import SYLLABLES, begun, guessed, patterns
from model.sonnets.partners import Choice
from model.sonnets.rhyme import Ending, Rhyme
from model.sonnets.tables import Tables
from model.text.vocabulary import Vocabulary, words_of

ROWS = 32
SCHEME = (None, None, 0, 1, None, None, 4, 5, None, None, 8, 9, None, 12)
"""For each line, the number of the line that it answers; None if it brings a rhyme."""
LOWEST_TEMPERATURE = 0.1
"""Below it, all candidates would be the same line."""
COSTS = {Rhyme.PERFECT: 0.0, Rhyme.PROMOTED: 0.7, Rhyme.LEARNED: 3.5, Rhyme.EYE: 5.0}
"""Nats by which a rhyme lowers the weight of a line."""
COST_OF_REPETITION = 2.5
"""Nats for each time that the sonnet has used a word before."""
COST_OF_OVERUSE = 0.05
"""Nats for each time that the sonnet has used the word before, if every text repeats the word."""
COST_OF_MIXING = 8.0
"""Nats for each "thou" if the sonnet says "you" more often, and for each "you" if it says "thou" more often."""
SHARE_OF_LEANING = 0.8
"""How much of a word's leaning towards sonnets counts. With 0.8, words lean as in real sonnets."""
STOPS = {3: ".:;?!", 7: ".:;?!", 11: ".:;?!", 13: ".?!"}
"""A line with one of these numbers ends with one of its marks, as five in six real quatrains and all sonnets do."""
ATTEMPTS = 3
"""How many times a line is tried with the largest choice of words."""


class _End(NamedTuple):
    """How a line ends."""

    word: str
    endings: tuple[Ending, ...]


class SonnetSearch:
    """One sonnet in the making."""

    def __init__(
        self,
        prompt: str,
        temperature: float,
        generator: np.random.Generator,
        tables: Tables,
        lockstep: Lockstep,
        vocabulary: Vocabulary,
    ) -> None:
        self.lines: list[str] = []  # finished lines, without the person's own
        self.error: RequestError | None = None
        self._tables = tables
        self._generator, self._temperature = generator, max(float(temperature), LOWEST_TEMPERATURE)
        self._lockstep, self._vocabulary = lockstep, vocabulary
        own = vocabulary.fold(prompt).strip()
        words = words_of(own)
        self._unread = vocabulary.ids_of(f"\n{own}" if words else "")[::-1].tolist()
        self._ends = self._first_ends(prompt, own)
        self._words = Counter(words)
        self._choose_words(Choice.COMMON)

    @property
    def texts(self) -> tuple[str, ...]:
        """The sonnet, without the person's own line; none after an error."""
        return () if self.error else ("\n".join(self.lines),)

    @cached_property
    def _candidates(self) -> Lines:
        """The rows that write, made at the first step, so that a waiting search needs no memory."""
        return Lines(ROWS, self._lockstep, self._tables.scansion, self._vocabulary)

    def step(self) -> bool:
        """Read a character of the person's line, or let every candidate write one. Return whether all is done."""
        if self._unread:
            self._candidates.read(self._unread.pop())
            return False
        if self._candidates.are_done:
            self._begin_line()
        self._candidates.step(self._temperature, self._generator.random(ROWS))
        if self._candidates.are_done:
            self._end_line()
        return self.error is not None or len(self._ends) == len(SCHEME)

    def _begin_line(self) -> None:
        self._candidates.begin(self._line_ends)

    def _first_ends(self, prompt: str, own: str) -> list[_End]:
        """Return the end of the person's own line, which is folded in `own`; nothing if there is no line."""
        word = self._tables.prosody.last_word(own).rpartition("-")[2]
        endings = self._tables.partners.own_endings(word, self._tables.prosody.pronounce(word))
        return [_End(word, tuple(endings))] if prompt.strip() else []

    @property
    def _partner(self) -> _End | None:
        """The end of the line that the next line answers."""
        number = SCHEME[len(self._ends)]
        return None if number is None else self._ends[number]

    def _choose_words(self, choice: Choice) -> None:
        """Choose the words that may end the next line, from this choice or the next larger choice that has some."""
        partner, self._attempts = self._partner, 0
        while True:
            self._choice = choice
            self._line_ends = self._tables.opening
            if partner is None or choice is Choice.FREE:
                return
            words = self._tables.partners.answers(partner.word, partner.endings, choice)
            self._line_ends = self._tables.scansion.line_ends(words, STOPS.get(len(self._ends), ""))
            if self._line_ends.latest is not None:
                return
            choice = Choice(choice + 1)

    def _end_line(self) -> None:
        lines = [(line, end, nats) for line in self._candidates.finished for end, nats in self._judged(line)]
        if not lines:
            self._attempts += 1
            if self._partner is not None and self._choice < Choice.FREE:
                self._choose_words(Choice(self._choice + 1))
            elif self._attempts == ATTEMPTS:
                self.error = RequestError(f"no line {len(self._ends) + 1} scans and rhymes; try another seed or line")
            return
        nats = np.array([line.weight for line, _, _ in lines]) / PRECISION - np.array([cost for _, _, cost in lines])
        cumulated = np.add.accumulate(np.exp(nats - nats.max()))
        line, end, _ = lines[int((cumulated > self._generator.random() * cumulated[-1]).argmax())]
        self.lines.append(line.text)
        self._words.update(words_of(line.text))
        self._ends.append(end)
        self._candidates.keep(line)
        if len(self._ends) < len(SCHEME):
            self._choose_words(Choice.COMMON)

    def _judged(self, line: Line) -> Iterable[tuple[_End, float]]:
        """Yield the end of a line and the cost of the line in nats; nothing if the line must not be taken."""
        words, last = words_of(line.text), self._tables.prosody.last_word(line.text)
        end = _End(last, tuple(self._tables.partners.endings_of(last, line.last_word_after)))
        cost = self._cost_of(words)
        if self._partner is None or self._choice is Choice.FREE:
            if not self._is_old(end):
                yield end, cost
            return
        rhyme = self._tables.prosody.rhymes.best(self._partner.endings, end.endings)
        yield end, cost + COSTS.get(rhyme, COSTS[Rhyme.EYE])

    def _cost_of(self, words: Sequence[str]) -> float:
        """Return the cost in nats of words that repeat the sonnet, belong to plays, or mix "thou" with "you".

        All candidates for a line also pay for the mixing in earlier lines, so that does not matter.
        """
        prosody, counts, cost = self._tables.prosody, Counter(self._words), 0.0
        for word in words:
            if word in prosody.often:
                cost += COST_OF_OVERUSE * counts[word]
            else:
                leaning = prosody.dictionary.leanings.get(word, 0)
                cost += COST_OF_REPETITION * counts[word] - SHARE_OF_LEANING * leaning / 10
            counts[word] += 1
        return cost + COST_OF_MIXING * min(sum(map(counts.__getitem__, address)) for address in prosody.addresses)

    def _is_old(self, end: _End) -> bool:
        """Return whether another line ends with this sound."""
        sounds = {ending.sound for other in self._ends for ending in other.endings}
        equal_to = self._tables.prosody.rhymes.equal_to
        return any(not sounds.isdisjoint((ending.sound, *equal_to(ending.sound))) for ending in end.endings)


class LineSearch(SonnetSearch):
    """The rest of a first line that is too short to scan, with the space before it; empty if none can be found."""

    def _first_ends(self, prompt: str, own: str) -> list[_End]:
        words, pronounce = words_of(own), self._tables.prosody.pronounce
        self._counts = begun(patterns(word, pronounce(word)) or guessed(word) for word in words)
        self._is_needed = bool(words) and 0 < self._counts < 1 << SYLLABLES and len(prompt) <= MOST_CHARACTERS
        return []

    @property
    def texts(self) -> tuple[str, ...]:
        return (" " + self.lines[0],) if self.lines else ("",)

    def step(self) -> bool:
        if self._is_needed:
            super().step()
        return not self._is_needed or bool(self.error or self.lines)

    def _begin_line(self) -> None:
        self._candidates.begin(self._line_ends, self._counts, after=" ")
