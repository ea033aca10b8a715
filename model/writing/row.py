"""One row of a decoder's batch: a draft, and everything that decides its next character."""

import numpy as np

from model.writing.drafts import Draft
from model.writing.requests import NameRequest, VerseRequest

DRAWN_AHEAD = 32
"""Numbers that a row takes from its generator at once. The first one is slow, because the other rows have driven the
generator out of the caches."""


class Row:
    """A request for names or verse; `restart` begins its text anew."""

    def __init__(
        self, ticket: int, index: int, request: NameRequest | VerseRequest, draft: Draft, prompt: list[int], words: int
    ) -> None:
        self.ticket = ticket
        self.index = index  # in the batch
        self.draft = draft
        self.temperature = float(request.sampling.temperature)
        self.top_p = request.sampling.top_p
        self.drawn: list[int] = []  # ids that the draft has not read yet
        self.ahead: list[float] = []  # uniform numbers for the next characters, in reverse
        self._generator = request.generator
        bits = request.generator.bit_generator
        # A PCG64 can rewind, but then it forgets the half of a number that it may keep for the next 32-bit draw.
        self._can_rewind = isinstance(bits, np.random.PCG64) and not bits.state["has_uint32"]
        self._prompt = prompt
        self._words_after_prompt = words
        self.restart()

    def restart(self) -> None:
        """Go back to the beginning of the text."""
        self.unread = self._prompt[::-1]  # ids of the prompt that the network has not read yet, in reverse
        self.words = self._words_after_prompt  # the state in the lexicon
        self.remaining = self.draft.remaining  # how many ids `drawn` may hold before the draft must read them

    def draw_ahead(self) -> float:
        """Fill `ahead`, which is empty, and return the number for the next character; 0 at temperature 0."""
        if not self.temperature:
            return 0.0
        self.ahead = self._generator.random(DRAWN_AHEAD if self._can_rewind else 1)[::-1].tolist()
        return self.ahead.pop()

    def rewind(self) -> None:
        """Leave the generator as if no number had been drawn ahead."""
        if self.ahead:
            self._generator.bit_generator.advance(-len(self.ahead))  # type: ignore[attr-defined]  # it is a PCG64
