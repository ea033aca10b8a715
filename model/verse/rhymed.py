"""Verse that scans and rhymes, by a network that reads words: one search for poems and sonnets.

A scheme says for each line which earlier line it answers. A person's lines come first, word for
word: the last of them is completed if it is short, and the next lines follow the scheme. Four lines
or more, and lines in another script, stand above a whole text.

A line that brings a rhyme ends in a new sound that enough words can answer. A person's line may end
in an odd word. If no candidate answers it, the search goes on with the next larger `Choice` of
words, and at last the answering line is free.
"""

from collections.abc import Iterable

from model.network.layers import Floats
from model.search import Beginning, Drawing, Line
from model.text.tokens import is_word, tokens_of
from model.text.vocabulary import fold, is_latin
from model.verse.lines import MARK, START, WORD, LineEnds
from model.verse.partners import Choice
from model.verse.rhyme import ABAB, COUPLETS, SONNET, End, Rhyme, Scheme
from model.verse.search import MOST_OWN, QUATRAIN, VerseSearch, lines_of, separator_behind
from model.verse.tables import Tables

MOST_TOKENS = 24  # a row of more tokens is dropped; a line has ten syllables, and few marks
LAST_MARKS, MARKS_WITHIN_SONNETS = ".?!", ".:;?!"
"""A quatrain ends with one of these marks, as five in six real ones do. Each quatrain of a poem may
be its last."""
UNSAID = ","
"""The network reads it behind a person's line that ends in a word. Where no mark ends a line, real
verse goes on with "of" or "to", which few lines that people send allow."""
# nats by which a word is less likely
AGAIN, OF_NAME, OF_OTHER_ADDRESS = 4.0, 6.0, 8.0
RARITY = 0.5
"""How much the rarity of its words adds to the weight of a line, as a share of that rarity. Without
it, the likeliest lines are those that fit everywhere: "I am a man, and I am not". Source: J. Li et
al., "A diversity-promoting objective function for neural conversation models", NAACL 2016, where
the rarity is that of a whole answer."""
# nats by which a rhyme lowers the weight of a line
COSTS = {Rhyme.PERFECT: 0.0, Rhyme.PROMOTED: 0.7, Rhyme.LEARNED: 8.0, Rhyme.EYE: 5.0}
COST_OF_EE = 4.0  # a text has one rhyme on -ee at most, and it costs this many nats


class RhymedSearch(VerseSearch):
    """A poem or a sonnet in the making."""

    def __init__(
        self,
        drawing: Drawing,
        tables: Tables,
        prompt: str,
        rows: int,
        *,
        parts: int = 1,
        is_sonnet: bool = False,
    ) -> None:
        lines = lines_of(prompt)
        is_read = is_latin(prompt) or not any(map(str.isalpha, prompt))
        own = [line for line in map(fold, lines if is_read else ()) if is_word(line)]
        stands_first = len(own) == len(lines) <= MOST_OWN
        self._tables = tables
        self._ends = [tables.end_of_own(line) for line in own] if stands_first else []
        self._is_sonnet = is_sonnet
        self._scheme = SONNET if is_sonnet else self._poem(parts)
        counts = 1
        if self._ends and not prompt.endswith("\n"):
            counts = tables.counts_after(own[-1])
        completes = counts > 1
        if completes:
            self._ends.pop()
        separator = separator_behind(prompt, completes=completes, stands_above=not stands_first)
        vocabulary = tables.lines.vocabulary
        theirs = [tables.read_as(tokens_of(line)) for line in own]
        for tokens in theirs[: len(own) - completes]:
            if is_word(tokens[-1]):
                tokens.append(UNSAID)
        read = [vocabulary.newline]
        for tokens in theirs:
            read += [*vocabulary.ids_of_tokens(tokens).tolist(), vocabulary.newline]
        if completes:
            read.pop()
        last = read.pop()
        super().__init__(drawing, read, rows, separator, len(self._ends))
        self.wanted = len(self._scheme) - len(self._ends)
        self.masks, self.most_tokens = tables.lines, MOST_TOKENS
        self._said = [token for line in own for token in tokens_of(line)]
        # the bias of every line
        self._usual = tables.nearness(self._said) - OF_NAME * tables.names
        node = START
        if completes:
            # no mark stands behind another, or behind a blank
            node = WORD if is_word(self._said[-1]) and not prompt[-1].isspace() else MARK
        self._begin_line(Choice.COMMON, last, node, counts)

    def _poem(self, parts: int) -> Scheme:
        """Return the scheme of a poem of several quatrains."""
        first = ABAB
        if len(self._ends) == 2 and self._tables.rhyme(*self._ends) > Rhyme.SAME:
            first = COUPLETS
        shifted = (
            [None if answered is None else answered + QUATRAIN * part for answered in ABAB]
            for part in range(1, parts)
        )
        return (*first, *(answered for scheme in shifted for answered in scheme))

    @property
    def _number(self) -> int:
        """The number of the next line in the scheme."""
        return len(self._ends)

    @property
    def _partner(self) -> End | None:
        """The end of the line that the next line answers."""
        number = self._scheme[self._number]
        return None if number is None else self._ends[number]

    def _begin_line(self, choice: Choice, last: int, node: int = START, counts: int = 1) -> None:
        """Begin the next line. Its last word is from this choice or the next larger one that has
        words.
        """
        self._attempts, self._choice = 0, choice
        ends = self._line_ends()
        while not ends.are_possible:
            self._choice = Choice(self._choice + 1)
            ends = self._line_ends()
        self._last = last, node, counts
        self.bias = self._bias()
        self.beginning = Beginning(last, node, counts, ends)

    def _line_ends(self) -> LineEnds:
        """Return the words that may end the next line, by the choice."""
        stops, number = "", self._number + 1
        if number == len(self._scheme) or (number % QUATRAIN == 0 and not self._is_sonnet):
            stops = LAST_MARKS
        elif number % QUATRAIN == 0:
            stops = MARKS_WITHIN_SONNETS
        partner = self._partner
        if partner is None:
            return self._tables.opening
        if self._choice is Choice.FREE:
            return self._tables.any_end(stops)
        words = self._tables.partners.answers(partner.word, partner.endings, self._choice)
        return self._tables.lines.line_ends(words, stops=stops)

    def _bias(self) -> Floats:
        """Return what is added to the logit of each word (V,), in nats."""
        bias, said = self._usual.copy(), set(self._said)
        prosody, ids = self._tables.prosody, self._tables.lines.vocabulary.ids
        again = filter(is_word, said - prosody.often)
        bias[[ids[word] for word in again if word in ids]] -= AGAIN
        spoken = [len(said & words) for words in prosody.addresses]
        if max(spoken):
            other = prosody.addresses[0 if spoken[0] < spoken[1] else 1]
            bias[[ids[word] for word in other if word in ids]] -= OF_OTHER_ADDRESS
        return bias

    def reject_all(self) -> None:
        if self._partner is not None and self._choice < Choice.FREE:
            self._begin_line(Choice(self._choice + 1), *self._last)
        else:
            super().reject_all()

    def keep(self, found: End) -> None:
        self._said += tokens_of(self.lines[-1])
        self._ends.append(found)
        if not self.is_done:
            self._begin_line(Choice.COMMON, self._tables.lines.vocabulary.newline)

    def judged(self, line: Line) -> Iterable[tuple[End, float]]:
        end, nats = self._tables.end_of(line.text, line.last_word_after), self._nats_of(line)
        if self._partner is None:
            if not self._tables.prosody.rhymes.is_old(end, self._ends):
                yield end, nats - COST_OF_EE * end.is_ee
        elif self._choice is Choice.FREE:
            yield end, nats
        else:
            rhyme = self._tables.rhyme(self._partner, end)
            # A word that does not rhyme by its sound was chosen for its letters.
            yield end, nats - COSTS.get(rhyme, COSTS[Rhyme.EYE])

    def _nats_of(self, line: Line) -> float:
        """Return the weight of a line: its log P, more for rare words, less for a word that comes
        again in it.
        """
        words = [*filter(is_word, tokens_of(line.text))]
        others = [word for word in words if word not in self._tables.prosody.often]
        again = len(others) - len({*others})
        ids = self._tables.lines.vocabulary.ids_of_tokens(words)
        return line.nats + RARITY * float(self._tables.rarity[ids].sum()) - AGAIN * again
