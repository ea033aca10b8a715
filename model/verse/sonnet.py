"""Sonnets: candidates are written for each line, and one of those that rhyme is kept.

Three in four lines that are drawn freely scan, but one in fifty rhymes. Here all candidates scan
and rhyme (see `scansion` and `partners`), and a poor rhyme lowers the weight of a line.

The rhymes are ABAB CDCD EFEF GG. A line that brings a rhyme ends in a new sound that enough words
can answer. A person's line is the first of the fourteen, unless it is in another script: then it
stands above them. Such a line may end in an odd word. If no candidate answers it, the search goes
on with the next larger `Choice` of words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from model.search import Beginning, Drawing, Line
from model.text.vocabulary import Vocabulary, is_latin, words_of
from model.verse.metre import SYLLABLES, Counts
from model.verse.partners import Choice
from model.verse.prosody import Prosody
from model.verse.rhyme import SONNET, End, Rhyme
from model.verse.scansion import LineEnds
from model.verse.search import COST_OF_EE, COSTS, VerseSearch
from model.verse.tables import Tables

SCHEME = SONNET
LINE_OF_THING = 8  # line 9 names the thing of the person's line, in up to six syllables
LONGEST_THING = 1 << 7
THING = re.compile("(?<![a-z'])(an?|the|my|thy|your|his|her|our|their) ([a-z']+)(?: ([a-z']+))?")
MARKS_OF_LINES = {3: ".:;?!", 7: ".:;?!", 11: ".:;?!", 13: ".?!"}
"""Lines 4, 8, 12 and 14 (from 0 here) end with one of these marks, as five in six real quatrains
and all sonnets do."""


class _Lines(VerseSearch):
    """Lines of a sonnet: they scan, and may bring a rhyme."""

    at_once = 2

    def __init__(
        self,
        drawing: Drawing,
        tables: Tables,
        vocabulary: Vocabulary,
        prompt: str,
        rows: Sequence[int],
    ) -> None:
        self._own = vocabulary.fold(prompt).strip() if is_latin(prompt) else ""
        words = words_of(self._own)
        unread = vocabulary.ids_of(f"\n{self._own}" if words else "").tolist()
        super().__init__(drawing, unread, rows)
        self._tables, self._vocabulary = tables, vocabulary
        self.masks, self.most_characters = tables.masks, tables.masks.most_characters
        self._words = Counter(words)

    def _set_beginning(
        self, ends: LineEnds, counts: Counts = 1, after: str = "\n", words: str = ""
    ) -> None:
        (input_id,) = self._vocabulary.ids_of(after).tolist()
        self.beginning = Beginning(input_id, self._tables.masks.start, counts, ends, words=words)

    def _end_of(self, line: Line) -> End:
        last = self._tables.prosody.last_word(line.text)
        return End(last, tuple(self._tables.partners.endings_of(last, line.last_word_after)))

    def _nats(self, line: Line, cost: float) -> float:
        return self._tables.nats(line, words_of(line.text), self._words, cost)


class SonnetSearch(_Lines):
    """One sonnet in the making."""

    def __init__(
        self,
        drawing: Drawing,
        tables: Tables,
        vocabulary: Vocabulary,
        prompt: str,
        rows: Sequence[int],
    ) -> None:
        super().__init__(drawing, tables, vocabulary, prompt, rows)
        self._thing = thing_in(self._own, tables.prosody)
        self._ends: list[End] = []
        if self._own:
            word = tables.prosody.last_word(self._own).rpartition("-")[2]
            endings = tables.partners.own_endings(word, tables.prosody.pronounce(word))
            self._ends.append(End(word, tuple(endings)))
        self.wanted = len(SCHEME) - len(self._ends)
        self._begin_line(Choice.COMMON)

    @property
    def texts(self) -> tuple[str, ...]:
        return () if self.error else ("\n".join(self.lines),)

    @property
    def _partner(self) -> End | None:
        """The end of the line that the next line answers."""
        number = SCHEME[len(self._ends)]
        return None if number is None else self._ends[number]

    def _begin_line(self, choice: Choice) -> None:
        """Begin the next line. Its last word is from this choice or the next larger one that has
        words.
        """
        self._attempts = 0
        self._choice = choice
        ends = self._line_ends()
        while ends.latest is None:
            self._choice = Choice(self._choice + 1)
            ends = self._line_ends()
        counts = self._tables.syllables_of(self._thing)
        if 1 < counts < LONGEST_THING and len(self._ends) == LINE_OF_THING:
            self.unread = self._vocabulary.ids_of(f"\n{self._thing}")[::-1].tolist()
            self._set_beginning(ends, counts, " ", f"{self._thing} ")
        else:
            self._set_beginning(ends)

    def _line_ends(self) -> LineEnds:
        """Return the words that may end the next line, by the choice."""
        partner = self._partner
        if partner is None or self._choice is Choice.FREE:
            return self._tables.opening
        words = self._tables.partners.answers(partner.word, partner.endings, self._choice)
        return self._tables.masks.line_ends(words, MARKS_OF_LINES.get(len(self._ends), ""))

    def reject_all(self) -> None:
        if self._partner is not None and self._choice < Choice.FREE:
            self._begin_line(Choice(self._choice + 1))
        else:
            super().reject_all()

    def keep(self, found: End) -> None:
        self._words.update(words_of(self.lines[-1]))
        self._ends.append(found)
        if not self.is_done:
            self._begin_line(Choice.COMMON)

    def judged(self, line: Line) -> Iterable[tuple[End, float]]:
        end = self._end_of(line)
        if self._partner is None or self._choice is Choice.FREE:
            if not self._tables.prosody.rhymes.is_old(end, self._ends):
                yield end, self._nats(line, COST_OF_EE * end.is_ee)
            return
        rhyme = self._tables.prosody.rhymes.best(self._partner.endings, end.endings)
        # A word that does not rhyme by its sound was chosen for its letters.
        yield end, self._nats(line, COSTS.get(rhyme, COSTS[Rhyme.EYE]))


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


class LineSearch(_Lines):
    """The rest of a first line that is too short to scan, with the space before it; empty if none
    can be found.
    """

    def __init__(
        self,
        drawing: Drawing,
        tables: Tables,
        vocabulary: Vocabulary,
        prompt: str,
        rows: Sequence[int],
    ) -> None:
        super().__init__(drawing, tables, vocabulary, prompt, rows)
        counts = tables.syllables_of(self._own)
        is_short = 0 < counts < 1 << SYLLABLES and len(prompt) <= self.most_characters
        self.wanted = 1 if self._words and is_short else 0
        self._set_beginning(tables.opening, counts, " ")

    @property
    def texts(self) -> tuple[str, ...]:
        return (" " + self.lines[0],) if self.lines else ("",)

    def judged(self, line: Line) -> Iterable[tuple[None, float]]:
        yield None, self._nats(line, COST_OF_EE * self._end_of(line).is_ee)

    def keep(self, found: None) -> None:
        """Add nothing: one line is all."""
