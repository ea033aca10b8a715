"""One search for all verse: lines are written side by side, and one of them is kept by weight.

A line that begins badly seldom ends well. So many lines begin, and only the best go on (see
`LEAVING`). That is worth more to readers than the same work for fewer lines, all written to the
end.

A word that the text has used before lowers the weight of a line (see `tables`), and so does a poor
rhyme (see `sonnet`). All random numbers come from the request's own generator, so neither other
requests nor the machine change a text.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from model.errors import RequestError
from model.search import Drawing, Line, Search
from model.verse.rhyme import Rhyme

LOWEST_TEMPERATURE = 0.1  # below it, all candidates would be the same line
COST_OF_REPETITION = 2.5  # nats for each time that the text has used a word before
# nats by which a rhyme lowers the weight of a line
COSTS = {Rhyme.PERFECT: 0.0, Rhyme.PROMOTED: 0.7, Rhyme.LEARNED: 8.0, Rhyme.EYE: 5.0}
COST_OF_EE = 4.0  # a text has one rhyme on -ee at most, and it costs this many nats
ATTEMPTS = 3  # a line that no candidate can finish is tried this often
LEAVING = (10, 20)  # after so many characters of a line, the rows of the least weight leave


class VerseSearch(Search):
    """Verse in the making."""

    def __init__(self, drawing: Drawing, unread: Sequence[int], rows: Sequence[int]) -> None:
        """`rows` says how many rows begin a line, and how many stay each time when some leave."""
        super().__init__(drawing, LOWEST_TEMPERATURE)
        self.rows, self.leaving = rows[0], dict(zip(LEAVING, rows[1:], strict=False))
        self.unread = [*unread][::-1]
        self._attempts = 0

    @abstractmethod
    def judged(self, line: Line) -> Iterable[tuple[Any, float]]:
        """Yield what `keep` needs to know of a line, and its weight in nats; nothing if the line
        must not be taken.
        """

    @abstractmethod
    def keep(self, found: Any) -> None:
        """Note what `judged` found in the line that was chosen, and say how the next one begins and
        ends.
        """

    def reject_all(self) -> None:
        """Let the line be written again; give up after ATTEMPTS."""
        self._attempts += 1
        if self._attempts == ATTEMPTS:
            self.error = RequestError(
                f"no candidate for line {len(self.lines) + 1} will do; try another seed or line"
            )

    def end_line(self) -> None:
        """Choose one of the finished candidates by weight."""
        lines = [(line, found, nats) for line in self.finished for found, nats in self.judged(line)]
        if not lines:
            self.reject_all()
            return
        nats = np.array([nats for _, _, nats in lines])
        cumulated = np.add.accumulate(np.exp(nats - nats.max()))
        line, found, _ = lines[int((cumulated > self.generator.random() * cumulated[-1]).argmax())]
        self.lines.append(line.text)
        self.state = line.state
        self._attempts = 0
        self.keep(found)
