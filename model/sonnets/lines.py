"""Writes lines side by side: many rows begin after the same text, and each writes one line that scans.

Letters that lead to no line are masked before a letter is drawn (see `scansion`). So a row may be forced to write what
the network would hardly say, and each line has a weight. Each letter of the line adds to the weight

    log P(allowed) + OF_DRAWN · log P(drawn)

P(allowed) is the probability of all allowed letters together, at the temperature of the request: the weight of
sequential Monte Carlo (Doucet et al. 2001). P(drawn) is the network's probability of the letter that was drawn, at
temperature 1. Weights are whole numbers of 1/PRECISION nats, so their sum does not depend on the order of adding.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engine.exact import Lockstep
from model.network.layers import Array, Floats, Mask
from model.sonnets.metre import Counts
from model.sonnets.scansion import LineEnds, Numbers, Scansion, Texts
from model.text.vocabulary import Vocabulary

MOST_CHARACTERS = 66
"""A longer line is dropped. The longest line of Shakespeare's sonnets has 60 characters."""
PRECISION = 1 << 20
OF_DRAWN = 0.8

Integers = NDArray[np.int64]


class Line(NamedTuple):
    """A finished line, and the row that keeps the network's state after it."""

    text: str
    weight: int
    last_word_after: Counts  # how many syllables there may be in front of the last word
    row: int


class Lines:
    """Rows, each of which writes one line; `finished` has the complete lines."""

    def __init__(self, rows: int, lockstep: Lockstep, scansion: Scansion, vocabulary: Vocabulary) -> None:
        self.finished: list[Line] = []
        self._count, self._scansion, self._vocabulary = rows, scansion, vocabulary
        self._network, self._kept = lockstep.sibling(), lockstep.sibling()
        self._network.resize(1)
        self._kept.resize(rows + 1)  # the last row has the state that every line begins with
        self._rows = np.arange(0)  # which line each row of the network writes

    @property
    def are_done(self) -> bool:
        return not len(self._rows)

    def read(self, character_id: int) -> None:
        """Read a character of the text that comes before the first line."""
        self._network.step([character_id])
        self._kept.copy_row(self._network, 0, self._count)

    def keep(self, line: Line) -> None:
        """Let the next lines follow a finished one."""
        self._kept.copy_row(self._kept, line.row, self._count)

    def begin(self, line_ends: LineEnds, counts: Counts = 1, after: str = "\n") -> None:
        """Let every row begin a line that ends with one of these words, `after` a character that is not read yet.

        `counts` says how many syllables the line may have already.
        """
        self.finished = []
        self._line_ends = line_ends
        self._rows = np.arange(self._count)
        self._network.resize(self._count)
        for row in range(self._count):
            self._network.copy_row(self._kept, self._count, row)
        self._inputs = np.full(self._count, self._vocabulary.ids_of(after)[0])
        self._texts = self._scansion.begin(self._count, counts)
        self._last_words = self._texts.counts
        self._written: list[list[int]] = [[] for _ in range(self._count)]
        self._weights: Integers = np.zeros(self._count, np.int64)

    def step(self, temperature: float, draws: Floats) -> None:
        """Let each row write one character. `draws` has a number for each line, finished or not."""
        logits = self._network.step(self._inputs)
        allowed = self._scansion.allowed(self._texts, self._line_ends)
        ids, weights = draw(logits, allowed, temperature, draws[self._rows])
        self._weights += weights
        is_newline = ids == self._vocabulary.newline
        before, self._texts = self._texts, self._scansion.step(self._texts, ids, self._line_ends)
        self._last_words = np.where(self._scansion.is_word(before.nodes), before.counts, self._last_words)
        self._inputs = ids
        for row, character_id in zip(self._rows.tolist(), ids.tolist(), strict=True):
            self._written[row].append(character_id)
        length = len(self._written[self._rows[0]])
        self._finish(np.flatnonzero(is_newline))
        self._drop(np.flatnonzero(is_newline) if length < MOST_CHARACTERS else np.arange(len(self._rows)))

    def _finish(self, places: Numbers) -> None:
        for place in places.tolist():
            row = int(self._rows[place])
            text = self._vocabulary.text_of(self._written[row][:-1])
            self._kept.copy_row(self._network, place, row)
            self.finished.append(Line(text, int(self._weights[place]), int(self._last_words[place]), row))

    def _drop(self, places: Numbers) -> None:
        """Take rows out of the network; the last rows move into their places."""
        left = len(self._rows) - len(places)
        order = np.arange(len(self._rows))
        movers = np.setdiff1d(order[left:], places)
        holes = places[places < left]
        for source, target in zip(movers.tolist(), holes.tolist(), strict=True):
            self._network.move(source, target)
            order[target] = source
        order = order[:left]
        self._network.resize(left)
        self._rows, self._inputs, self._weights = self._rows[order], self._inputs[order], self._weights[order]
        self._last_words = self._last_words[order]
        self._texts = Texts(self._texts.nodes[order], self._texts.counts[order])


def draw(logits: Array, allowed: Mask, temperature: float, draws: Floats) -> tuple[Numbers, Integers]:
    """Choose an allowed character for each row of logits (N, V). Return the ids (N,), and what each adds to the weight.

    As in `sample_next`, sums run over characters in their order, along all rows at once.
    """
    scores = logits.T.astype(np.float64)
    scores -= np.maximum.reduce(scores)
    of_all = np.add.reduce(np.exp(scores / temperature))
    likelihood = scores - np.log(np.add.reduce(np.exp(scores)))
    allowed_scores = np.where(allowed.T, scores, -np.inf)
    likeliest = np.maximum.reduce(allowed_scores)
    cumulated = np.add.accumulate(np.exp((allowed_scores - likeliest) / temperature))
    ids: Numbers = (cumulated > draws * cumulated[-1]).argmax(axis=0)
    of_allowed = likeliest / temperature + np.log(cumulated[-1]) - np.log(of_all)
    nats = of_allowed + OF_DRAWN * likelihood[ids, np.arange(len(ids))]
    return ids, np.rint(nats * PRECISION).astype(np.int64)
