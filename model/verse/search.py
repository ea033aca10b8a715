"""What all verse has in common: lines are written side by side, and one of them is kept by weight.

A person's words come first, word for word. Up to MOST_OWN lines belong to the text, and the last of
them is completed if it is short. All random numbers come from the request's own generator, so
neither other requests nor the machine change a text.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from model.errors import RequestError
from model.search import Drawing, Line, Search

PUNCTUATION = ",;:.?!"
"""What may follow a word, one mark at a time. Brackets and quotes would have to be closed again."""
LOWEST_TEMPERATURE = 0.1  # below it, all candidates would be the same line
SHARPNESS = 2.0  # of the finished lines, one is drawn by its weight to this power
ATTEMPTS = 3  # a line that no candidate can finish is tried this often
QUATRAIN = 4  # lines
MOST_OWN = 3  # lines of a person that belong to the text; if there are more, all stand above it


class VerseSearch(Search):
    """Verse in the making. `separator` stands between a person's words and the first new line,
    which has number `first` in the text, from 0 on.
    """

    at_once = 4

    def __init__(
        self, drawing: Drawing, unread: Sequence[int], rows: int, separator: str, first: int
    ) -> None:
        """All rows would be the same at temperature 0, so there is one."""
        super().__init__(drawing, LOWEST_TEMPERATURE)
        self.rows = rows if drawing.temperature else 1
        self.unread = [*unread][::-1]
        self._separator, self._first, self._attempts = separator, first, 0

    @property
    def texts(self) -> tuple[str, ...]:
        if self.error:
            return ()
        if not self.lines:
            return ("",)
        text = "" if self.lines[0][0] in PUNCTUATION else self._separator
        for number, line in enumerate(self.lines, self._first):
            if number > self._first:
                text += "\n" if number % QUATRAIN else "\n\n"
            text += line
        return (text,)

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
        cumulated = np.add.accumulate(np.exp(SHARPNESS * (nats - nats.max())))
        line, found, _ = lines[int((cumulated > self.generator.random() * cumulated[-1]).argmax())]
        self.lines.append(line.text.strip())
        self.state = line.state
        self._attempts = 0
        self.keep(found)


def lines_of(prompt: str) -> list[str]:
    """Return the lines of a person that have words, with single blanks."""
    return [" ".join(line.split()) for line in prompt.splitlines() if line.strip()]


def separator_behind(prompt: str, *, completes: bool, stands_above: bool = False) -> str:
    """Return what stands between a person's words and verse that `completes` their last line, or
    begins a new one. A blank line follows words that the text stands below.
    """
    end = prompt[len(prompt.rstrip()) :]
    if completes:
        return "" if end else " "
    if not prompt.strip():
        return ""
    return "\n" * (1 + stands_above - min(end.count("\n"), 1 + stands_above))
