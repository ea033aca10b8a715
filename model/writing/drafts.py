"""A draft is a request while its text is written. The decoder draws characters; the draft says how
the text goes on.

`names` and `verse` have the drafts of their forms. They decide everything that a reader notices,
such as that a name is new and that verse ends at the end of a line. They know nothing of networks.
"""

from abc import ABC, abstractmethod
from enum import Enum, auto

from model.errors import RequestError
from model.network.layers import Mask
from model.text.vocabulary import Vocabulary
from model.writing.requests import NameRequest, VerseRequest

DRAWN_AHEAD = 32
"""A draft takes this many numbers from its generator at once. The first number is slow, because the
other drafts have driven the generator out of the processor's caches."""


class Action(Enum):
    """The decoder's next move."""

    CONTINUE = auto()
    RESTART = auto()  # from the zero state, with the prompt again
    FINISH = auto()


class Draft(ABC):
    """A request in the making, and all that decides its next character.

    The network reads `first`, then the prompt.
    """

    error: RequestError | None = None  # why the text could not be finished

    def __init__(
        self, request: NameRequest | VerseRequest, first: int, prompt: str, vocabulary: Vocabulary
    ) -> None:
        self.ticket = self.row = 0  # the decoder numbers requests, and the rows of its batch
        self.first, self.prompt = first, prompt
        self.temperature, self.top_p = float(request.sampling.temperature), request.sampling.top_p
        self.remaining = 0  # this many characters may be drawn before the draft must read them
        self.barred = (
            0.0  # nats that the letters barred by masks have cost, if the decoder counts them
        )
        self.is_masked = (
            False  # whether `mask` limits some characters; then `drew` gets every character
        )
        self.drawn: list[int] = []  # ids that the draft has not read
        self.ahead: list[float] = []  # uniform numbers for the next characters, in reverse
        self._prompt_ids: list[int] = vocabulary.ids_of(prompt)[::-1].tolist()
        self._generator = request.generator
        self.restart()

    @property
    @abstractmethod
    def texts(self) -> tuple[str, ...]:
        """The texts that are finished."""

    @abstractmethod
    def read(self, characters: str) -> Action:
        """Read the characters drawn since the last call: at most `remaining`.

        Only the last may be a newline.
        """

    def mask(self) -> Mask | None:
        """Return which characters, at least one, may be drawn next, (V,); None if all may."""
        return None

    def drew(self, character: str) -> None:  # noqa: B027 - names need not know
        """Note a character that was drawn, before it is read with others."""

    def restart(self) -> None:
        self.next_id = self.first  # what the network reads at the next step
        self.unread = (
            self._prompt_ids.copy()
        )  # ids of the prompt that the network has not read, in reverse

    def draw(self) -> float:
        """Return the next number for a choice other than a character."""
        return self.ahead.pop() if self.ahead else self.draw_ahead()

    def draw_ahead(self) -> float:
        """Fill `ahead`, which is empty, and return the number for the next character; 0 at
        temperature 0.
        """
        if not self.temperature:
            return 0.0
        self.ahead = self._generator.random(DRAWN_AHEAD)[::-1].tolist()
        return self.ahead.pop()
