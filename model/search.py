"""A text in the making: what the decoder, names and verse know of each other.

A text is written line by line, and a name is a line. For each line, the decoder writes a few rows
side by side, all after the same beginning. The search says what may follow (`Masks`), chooses among
the finished rows, and says how the next line begins. The searches are in `names.search`,
`verse.rhymed` and `verse.free`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from model.network.layers import Array, Floats, Ids, Mask

if TYPE_CHECKING:
    from model.errors import RequestError

Numbers = NDArray[np.intp]
Bits = NDArray[np.uint16]

ROOM = 64
MOST_NODES = 10_000
NO_WEIGHT = -1e9  # in nats


class Drawing(NamedTuple):
    """How the tokens of a request are drawn; see `writing.requests.Sampling`."""

    generator: np.random.Generator
    temperature: float
    top_p: float


class UnfinishedLines(NamedTuple):
    """Lines that are being written, one a row, as their masks see them."""

    nodes: Numbers  # each stands for what decides, in a line, which characters may follow
    counts: Bits  # syllables (see `verse.metre`), or characters
    last_word_after: Bits  # the counts before the last word


class Masks(Protocol):
    """What may follow in a line. What a method returns for a row depends on that row alone."""

    def allowed(self, lines: UnfinishedLines, ends: Any) -> Mask:
        """Return for each line and character (N, V) whether it may follow.

        `ends` says how the lines may end; each kind of masks has a type of its own for that.
        """

    def step(self, lines: UnfinishedLines, ids: Ids, ends: Any) -> UnfinishedLines:
        """Return the lines after one more allowed character each (N,)."""


class Beginning(NamedTuple):
    """How the rows of a line begin, and how they may end."""

    input: int  # the id in front of the line, which the network has not read yet
    node: int = 0
    counts: int = 0
    ends: Any = None


class Line(NamedTuple):
    """A finished line, and the state of the network when it has read all but the newline."""

    text: str
    nats: float  # its weight
    last_word_after: int
    state: Array


class Search(ABC):
    """One text in the making."""

    at_once: int  # So many of its kind are written at once. More would slow down all other texts.
    rows: int  # So many rows begin a line.
    most_tokens: int  # A row that reaches them without an end is dropped.
    wanted: int  # This many lines make the text.
    least = NO_WEIGHT  # A row of a smaller weight is dropped.
    beginning: Beginning  # of the next line
    masks: Masks | None = None  # None: any character may follow
    bias: Floats | None = None  # (V,), added to the logits, in nats

    def __init__(self, drawing: Drawing, coldest: float) -> None:
        """Draw at no lower temperature than `coldest`. Temperature 0 always gives the same text."""
        self.temperature, self.top_p = max(float(drawing.temperature), coldest), drawing.top_p
        self.unread: list[int] = []  # ids that the network reads before the line, in reverse
        self.state: Array  # the network's, when it has read them; the decoder sets it
        self.is_writing = False  # whether the line has rows that are not finished
        self.finished: list[Line] = []
        self.lines: list[str] = []  # those that were chosen, without the person's own
        self.error: RequestError | None = None
        self.generator = drawing.generator  # the request's own
        if not drawing.temperature:
            self.generator = np.random.Generator(np.random.PCG64(0))

    @property
    @abstractmethod
    def texts(self) -> tuple[str, ...]:
        """The names, or the one piece of verse, that are written so far: what stands behind the
        person's own words.
        """

    @property
    def is_done(self) -> bool:
        """Whether nothing is to be written any more."""
        return self.error is not None or len(self.lines) == self.wanted

    @abstractmethod
    def end_line(self) -> None:
        """Choose among the finished rows, of which there may be none, and begin the next line."""


class Nodes:
    """The nodes of lines. A node's key is what decides, in a line, which characters may follow.

    A key gets its number, and its mask, when it is first met. `mask_of` says which characters may
    follow a key, and `after` to which key a character leads.
    """

    def __init__(
        self, size: int, mask_of: Callable[[Any], Mask], after: Callable[[Any, int], Any]
    ) -> None:
        self.keys: list[Any] = []
        self.masks = np.zeros((ROOM, size), np.bool_)  # (N, V) and room for more
        # by node · V + character: few characters follow a node, so an array would be nearly empty
        self._next: dict[int, int] = {}
        self._numbers: dict[Hashable, int] = {}
        self._mask_of, self._after = mask_of, after

    @property
    def are_many(self) -> bool:
        """Whether new texts should begin with new nodes, so that these can be forgotten."""
        return len(self.keys) > MOST_NODES

    def number(self, key: Hashable) -> int:
        """Return the number of a key, which gets one if it is new."""
        number = self._numbers.setdefault(key, len(self.keys))
        if number == len(self.keys):
            if number == len(self.masks):
                self.masks = np.vstack([self.masks, np.zeros_like(self.masks)])
            self.keys.append(key)
            self.masks[number] = self._mask_of(key)
        return number

    def step(self, nodes: Numbers, ids: Ids) -> Numbers:
        """Return the nodes (N,) after one more character each."""
        after = []
        size = self.masks.shape[1]
        for step in (nodes * size + ids).tolist():
            if step not in self._next:
                node, character = divmod(step, size)
                self._next[step] = self.number(self._after(self.keys[node], character))
            after.append(self._next[step])
        return np.array(after, np.intp)
