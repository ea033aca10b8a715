"""One search for all verse: lines are written side by side (see `lines`), and one of them is kept
by weight.

Words that the text has already lower the weight of a line; so does "you" where the text says
"thou". `sonnet` adds rhymes. All numbers come from the request's own generator, so neither other
requests nor the machine change a text.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from model.engine.exact import Lockstep, States
from model.errors import RequestError
from model.network.layers import Array, Mask
from model.verse.free import FreeLines
from model.verse.metre import Counts
from model.verse.prosody import Prosody
from model.verse.scansion import Numbers, Scansion

MOST_CHARACTERS = (
    66  # A longer line is dropped. The longest line of Shakespeare's sonnets has 60 characters.
)
LOWEST_TEMPERATURE = 0.1  # below it, all candidates would be the same line
COST_OF_REPETITION = 2.5  # nats for each time that the text has used a word before
COST_OF_OVERUSE = 0.05  # the same for words such as "the", which every text repeats
COST_OF_MIXING = (
    8.0  # nats for each "thou" if the text says "you" more often, or the other way round
)
SHARE_OF_LEANING = 0.8
"""This share of a word's leaning towards sonnets counts.

With 0.8, words lean as in real sonnets.
"""
ATTEMPTS = 3  # a line that no candidate can finish is tried this often


class Line(NamedTuple):
    """A finished line, and the number of its row, whose state the search keeps."""

    text: str
    nats: float  # its weight
    last_word_after: Counts  # the syllables that there may be in front of the last word
    number: int


class Beginning(NamedTuple):
    """The beginning and the end of a line."""

    line_ends: Any  # how the line may end, as the `masks` of its search put it
    counts: Counts = 1  # the syllables that the line may have already
    after: str = "\n"  # the character in front of it, which is not read yet
    first: Callable[[Numbers, Numbers], Mask] | None = (
        None  # by nodes and lengths: what its first word allows
    )
    words: str = ""  # with which the line begins


class Search(ABC):
    """One text in the making."""

    at_once: int  # This many of its kind are written at once. More would slow down all other texts.
    beginning: Beginning

    def __init__(
        self,
        masks: Scansion | FreeLines,
        rows: int,
        temperature: float,
        generator: np.random.Generator,
        lockstep: Lockstep,
        unread: Sequence[int],
    ) -> None:
        self.rows, self.temperature, self.generator = (
            rows,
            max(float(temperature), LOWEST_TEMPERATURE),
            generator,
        )
        self.unread = [*unread][::-1]
        self.masks = masks
        self.most_characters = (
            masks.most_characters if isinstance(masks, FreeLines) else MOST_CHARACTERS
        )
        self.lines: list[str] = []  # finished lines, without the person's own
        self.finished: list[Line] = []  # the candidates for the next line
        self.error: RequestError | None = None
        self._lockstep, self._attempts = lockstep, 0

    @cached_property
    def states(self) -> States:
        """The states of the finished candidates, made when the first is written: a waiting search
        needs no memory.
        """
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
        """Choose how the first line begins, by the network's logits (V,) after the
        person's words.
        """

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

    def try_again(self) -> None:
        """Give up if this was the last of the ATTEMPTS."""
        self._attempts += 1
        if self._attempts == ATTEMPTS:
            self.error = RequestError(
                f"no candidate for line {len(self.lines) + 1} will do; try another seed or line"
            )

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
        self._attempts = 0
        self.states.copy(self.rows, self.states, line.number)
        self.keep(found)


def cost_of(words: Sequence[str], before: Counter[str], prosody: Prosody) -> float:
    """Return the cost in nats of words that repeat the text, belong to plays, or mix "thou" with
    "you".
    """
    counts, cost = Counter(before), 0.0
    for word in words:
        if word in prosody.often:
            cost += COST_OF_OVERUSE * counts[word]
        else:
            leaning = prosody.dictionary.leanings.get(word, 0)
            cost += COST_OF_REPETITION * counts[word] - SHARE_OF_LEANING * leaning / 10
        counts[word] += 1
    # Mixing in earlier lines costs too, but all candidates for a line alike.
    return cost + COST_OF_MIXING * min(
        sum(map(counts.__getitem__, address)) for address in prosody.addresses
    )
