"""Sonnets: 32 candidates are written for each line, and one of those that rhyme is kept.

Three in four lines that are drawn freely scan, but one in fifty rhymes. Here all candidates scan
and rhyme (see `lines`), and a poor rhyme lowers the weight of a line.

The rhymes are ABAB CDCD EFEF GG. A line that brings a rhyme ends in a new sound that enough words
can answer. A person's own line may end in an odd word. If no candidate answers it, the search goes
on with the next larger `Choice` of words.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from model.engine.exact import Lockstep
from model.text.vocabulary import Vocabulary, words_of
from model.verse.metre import SYLLABLES, Counts, begun, guessed, patterns
from model.verse.partners import Choice
from model.verse.prosody import Prosody
from model.verse.rhyme import Ending, Rhyme
from model.verse.scansion import LineEnds
from model.verse.search import MOST_CHARACTERS, Beginning, Line, Search, cost_of
from model.verse.tables import Tables

ROWS = 32
SCHEME = (None, None, 0, 1, None, None, 4, 5, None, None, 8, 9, None, 12)
"""For each line, the number of the line that it answers; None if it brings a rhyme."""
# nats by which a rhyme lowers the weight of a line
COSTS = {Rhyme.PERFECT: 0.0, Rhyme.PROMOTED: 0.7, Rhyme.LEARNED: 8.0, Rhyme.EYE: 5.0}
EE, COST_OF_EE = "IY", 4.0  # a sonnet has one rhyme on -ee at most, and it costs this many nats
LINE_OF_THING = 8  # line 9 names the person's thing, in up to six syllables
LONGEST_THING = 1 << 7
THING = re.compile("(?<![a-z'])(an?|the|my|thy|your|his|her|our|their) ([a-z']+)(?: ([a-z']+))?")
STOPS = {3: ".:;?!", 7: ".:;?!", 11: ".:;?!", 13: ".?!"}
"""Lines 4, 8, 12 and 14 (from 0 here) end with one of these marks, as five in six real quatrains
and all sonnets do."""


class _End(NamedTuple):
    word: str
    endings: tuple[Ending, ...]

    @property
    def is_ee(self) -> bool:
        """Whether it may sound like me, be and memory."""
        return any(ending.sound.endswith(EE) for ending in self.endings)


class SonnetSearch(Search):
    """One sonnet in the making."""

    at_once = 2

    def __init__(
        self,
        prompt: str,
        temperature: float,
        generator: np.random.Generator,
        tables: Tables,
        lockstep: Lockstep,
        vocabulary: Vocabulary,
    ) -> None:
        own = vocabulary.fold(prompt).strip()
        words = words_of(own)
        unread = vocabulary.ids_of(f"\n{own}" if words else "").tolist()
        super().__init__(tables.scansion, ROWS, temperature, generator, lockstep, unread)
        self._tables = tables
        self._vocabulary, self._thing = vocabulary, thing_in(own, tables.prosody)
        self._ends = self._first_ends(prompt, own)
        self._words = Counter(words)
        self._choose_words(Choice.COMMON)

    @property
    def texts(self) -> tuple[str, ...]:
        return () if self.error else ("\n".join(self.lines),)

    @property
    def is_done(self) -> bool:
        return self.error is not None or len(self._ends) == len(SCHEME)

    def _first_ends(self, prompt: str, own: str) -> list[_End]:
        """Return the end of the person's own line, which is folded in `own`; nothing if there is no
        line.
        """
        word = self._tables.prosody.last_word(own).rpartition("-")[2]
        endings = self._tables.partners.own_endings(word, self._tables.prosody.pronounce(word))
        return [_End(word, tuple(endings))] if prompt.strip() else []

    @property
    def _partner(self) -> _End | None:
        """The end of the line that the next line answers."""
        number = SCHEME[len(self._ends)]
        return None if number is None else self._ends[number]

    def _choose_words(self, choice: Choice) -> None:
        """Choose the words that may end the next line, from this choice or the next larger choice
        that has some.
        """
        partner, self._attempts = self._partner, 0
        while True:
            self._choice = choice
            line_ends = self._tables.opening
            if partner is not None and choice is not Choice.FREE:
                words = self._tables.partners.answers(partner.word, partner.endings, choice)
                line_ends = self._tables.scansion.line_ends(words, STOPS.get(len(self._ends), ""))
            if line_ends.latest is not None:
                self._begin_with(line_ends)
                return
            choice = Choice(choice + 1)

    def _begin_with(self, line_ends: LineEnds) -> None:
        self.beginning = Beginning(line_ends)
        counts = self._counts_after(self._thing)
        if 1 < counts < LONGEST_THING and len(self._ends) == LINE_OF_THING:
            self.unread = self._vocabulary.ids_of(f"\n{self._thing}")[::-1].tolist()
            self.beginning = Beginning(line_ends, counts, " ", words=f"{self._thing} ")

    def _counts_after(self, text: str) -> Counts:
        pronounce = self._tables.prosody.pronounce
        return begun(patterns(word, pronounce(word)) or guessed(word) for word in words_of(text))

    def try_again(self) -> None:
        if self._partner is not None and self._choice < Choice.FREE:
            self._choose_words(Choice(self._choice + 1))
        else:
            super().try_again()

    def keep(self, found: _End) -> None:
        self._words.update(words_of(self.lines[-1]))
        self._ends.append(found)
        if len(self._ends) < len(SCHEME):
            self._choose_words(Choice.COMMON)

    def judged(self, line: Line) -> Iterable[tuple[_End, float]]:
        words, last = words_of(line.text), self._tables.prosody.last_word(line.text)
        end = _End(last, tuple(self._tables.partners.endings_of(last, line.last_word_after)))
        cost = cost_of(words, self._words, self._tables.prosody)
        if self._partner is None or self._choice is Choice.FREE:
            if not self._is_old(end):
                yield end, line.nats - cost - COST_OF_EE * end.is_ee
            return
        rhyme = self._tables.prosody.rhymes.best(self._partner.endings, end.endings)
        yield end, line.nats - (cost + COSTS.get(rhyme, COSTS[Rhyme.EYE]))

    def _is_old(self, end: _End) -> bool:
        """Return whether another line ends with this sound."""
        if end.is_ee and any(other.is_ee for other in self._ends):
            return True
        sounds = {ending.sound for other in self._ends for ending in other.endings}
        equal_to = self._tables.prosody.rhymes.equal_to
        return any(
            not sounds.isdisjoint((ending.sound, *equal_to(ending.sound))) for ending in end.endings
        )


def thing_in(own: str, prosody: Prosody) -> str:
    """Return the first thing that a folded line names in known words, such as "my mother" or "the
    silver spoon".
    """
    for which, *words in THING.findall(own):
        if words[1] in prosody.often | prosody.never_last or words[1].endswith(("s", "ed", "ing")):
            words = words[:1]
        if words[0] not in prosody.often and all(map(prosody.pronounce, filter(None, words))):
            return " ".join(("the" if which in ("a", "an") else which, *filter(None, words)))
    return ""


class LineSearch(SonnetSearch):
    """The rest of a first line that is too short to scan, with the space before it; empty if none
    can be found.
    """

    def _first_ends(self, prompt: str, own: str) -> list[_End]:
        self._counts = self._counts_after(own)
        self._is_needed = (
            bool(words_of(own))
            and 0 < self._counts < 1 << SYLLABLES
            and len(prompt) <= MOST_CHARACTERS
        )
        return []

    @property
    def texts(self) -> tuple[str, ...]:
        return (" " + self.lines[0],) if self.lines else ("",)

    @property
    def is_done(self) -> bool:
        return not self._is_needed or bool(self.error or self.lines)

    def _begin_with(self, line_ends: LineEnds) -> None:
        self.beginning = Beginning(line_ends, self._counts, after=" ")
