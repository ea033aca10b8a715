"""Requests in, texts out: a decoder draws many texts at once, one character for each at every step.

Continuous batching (Yu et al. 2022, "Orca"): a request takes a row of the batch when it comes and leaves it when its
text is done, whatever the others do. A row is a recurrent state and the next input; while it reads its prompt, the
characters are given, afterwards they are drawn with the request's own generator: one draw a character, none at
temperature 0. A row that keeps to known words draws from those characters that its lexicon allows.

Whoever else is served, a text is the same bit for bit: `lockstep` and `sampling` see to it. Not thread-safe, by design:
one thread owns a decoder, and calls everything here. Not here: when a text is done (`drafts`), waiting and time limits.
"""

from collections.abc import Sequence

import numpy as np

from model.checkpoint.encoding import Checkpoint
from model.decoding.drafts import Action, Draft, NameDraft, VerseDraft, longest_name
from model.decoding.lexicon import ANYTHING, Lexicon
from model.decoding.requests import NameRequest, Request, RequestError, Result, VerseRequest
from model.decoding.sampling import COLDEST, sample_next
from model.engine.lockstep import Lockstep
from model.network.layers import Array

AHEAD = 32
"""Numbers that a row draws at once: a generator that others have driven out of the caches is slow to give the first."""


class _Row:
    """One request in the batch: where its draft is, and what decides how it goes on."""

    def __init__(self, ticket: int, request: Request, draft: Draft, prompt: list[int], words: int) -> None:
        self.ticket = ticket
        self.draft = draft
        self.temperature = float(request.sampling.temperature)
        self.top_p = float(request.sampling.top_p)
        self.drawn: list[int] = []  # what the draft has not read yet
        self.ahead: list[float] = []  # uniform numbers that decide the next characters, the next one last
        self._generator = request.generator
        bits = request.generator.bit_generator
        # Such a generator can go back, but forgets half a number that it has kept.
        self._takes_back = isinstance(bits, np.random.PCG64) and not bits.state["has_uint32"]
        self._prompt = prompt
        self._words_after_prompt = words

    def begin(self) -> None:
        """Go to the beginning of the text."""
        self.unread = self._prompt[::-1]  # the prompt's ids that are still to come, the next one last
        self.words = self._words_after_prompt  # where the text is in the lexicon; the prompt counts as read
        self.room = self.draft.room  # what `drawn` may grow to

    def draw(self) -> float:
        """The number that decides the next character, where `ahead` has none; more are put there on the way."""
        if not self.temperature:
            return 0.0
        self.ahead = self._generator.random(AHEAD if self._takes_back else 1)[::-1].tolist()
        return self.ahead.pop()

    def give_back(self) -> None:
        """Leave the generator as if nothing had been drawn ahead."""
        if self.ahead:
            self._generator.bit_generator.advance(-len(self.ahead))  # type: ignore[attr-defined]  # it is a PCG64


class Decoder:
    """A checkpoint at work. Each active request is one row of the batch."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._characters, self._newline = checkpoint.vocabulary.characters, checkpoint.vocabulary.newline
        self._lockstep = Lockstep(checkpoint.language_model)
        self._longest_name = longest_name(checkpoint.known_names)
        self._lexicon: Lexicon | None = None
        self._rows: list[_Row] = []
        self._inputs = np.zeros(1, np.intp)  # what the network reads next, in each row and in some that may come
        self._readers: list[int] = []  # the rows that are still reading their prompts
        self._seated = False  # whether what depends on the rows as a whole fits them
        self._tickets = 0
        self._undelivered: list[Result] = []

    @property
    def active(self) -> int:
        """How many requests' results have not been handed over yet."""
        return len(self._rows) + len(self._undelivered)

    @property
    def _version(self) -> str:
        return self._checkpoint.version or "(not saved)"

    def submit(self, request: Request) -> int:
        """Let a request join at the next step; its result will bear the ticket. RequestError if it cannot be served."""
        draft = self._draft(request)
        prompt = self._checkpoint.vocabulary.ids_of(draft.prompt).tolist()
        words = self._words_after(draft.prompt, request)
        self._tickets += 1
        index = len(self._rows)
        self._rows.append(_Row(self._tickets, request, draft, prompt, words))
        if index == len(self._inputs):
            self._inputs = np.resize(self._inputs, 2 * index)
        self._begin(index)
        self._seated = False
        return self._tickets

    def cancel(self, ticket: int) -> None:
        """Drop a request without an result; one that is not active any more is none to drop."""
        self._undelivered = [result for result in self._undelivered if result.ticket != ticket]
        for index, row in enumerate(self._rows):
            if row.ticket == ticket:
                self._remove(index)
                return

    def step(self) -> list[Result]:
        """One character on for everybody; returns the results of those that are finished, in the order of tickets."""
        finished: list[int] = []
        if self._rows:
            finished = self._advance() if self._lockstep.is_sound else self._refuse()
        if not finished and not self._undelivered:
            return []
        results, self._undelivered = self._undelivered, []
        results += [self._remove(index) for index in sorted(finished, reverse=True)]
        return sorted(results, key=lambda result: result.ticket)

    def generate(self, requests: Sequence[Request]) -> list[Result]:
        """Serve these requests to the end; returns their results in the same order.

        Other requests go on meanwhile; their results come out of the next `step`. RequestError as in `submit`.
        """
        results: dict[int, Result] = {}
        tickets: list[int] = []
        others: list[Result] = []
        try:
            tickets.extend(map(self.submit, requests))
            while len(results) < len(tickets):
                for result in self.step():
                    if result.ticket in tickets:
                        results[result.ticket] = result
                    else:
                        others.append(result)
        finally:
            self._undelivered += others
            for ticket in tickets:
                self.cancel(ticket)
        return [results[ticket] for ticket in tickets]

    def _draft(self, request: Request) -> Draft:
        form = self._checkpoint.description.form
        if isinstance(request, NameRequest) and form == "names":
            return NameDraft(request, self._checkpoint.vocabulary, self._checkpoint.known_names, self._longest_name)
        if isinstance(request, VerseRequest) and form == "verse":
            return VerseDraft(request, self._checkpoint.vocabulary)
        raise RequestError(f"a {type(request).__name__} cannot be served by a checkpoint of {form}")

    def _words_after(self, prompt: str, request: Request) -> int:
        """Find a prompt's end in the lexicon, which is made for the first request that keeps to it."""
        if isinstance(request, NameRequest) or not request.known_words:
            return ANYTHING
        if not self._checkpoint.known_words:
            raise RequestError(f"known_words is True, but checkpoint {self._version} has no list of words to keep to")
        self._lexicon = self._lexicon or Lexicon(self._checkpoint.known_words, self._checkpoint.vocabulary)
        return self._lexicon.after(prompt)

    def _refuse(self) -> list[int]:
        """Give every row an error; return their indices."""
        for row in self._rows:
            row.draft.error = RequestError(
                f"checkpoint {self._version} computes numbers that are not finite; it cannot be used"
            )
        return list(range(len(self._rows)))

    def _advance(self) -> list[int]:
        """Let every row read its input and get the next one; return the indices of the rows that are done."""
        if not self._seated:
            self._seat()
        count = len(self._rows)
        logits = self._lockstep.step(self._inputs[:count])
        if not self._readers:
            return self._draw(logits, slice(count), range(count), self._rows)
        drawing = [index for index, row in enumerate(self._rows) if not row.unread]
        for index in self._readers:
            self._inputs[index] = self._rows[index].unread.pop()
        self._readers = [index for index in self._readers if self._rows[index].unread]
        rows = [self._rows[index] for index in drawing]
        return self._draw(logits[drawing], drawing, drawing, rows) if drawing else []

    def _draw(self, logits: Array, places: slice | list[int], indices: Sequence[int], rows: list[_Row]) -> list[int]:
        """Draw a character for some rows, which are at these places; return the indices of those that it finishes."""
        draws = np.array([row.ahead.pop() if row.ahead else row.draw() for row in rows])
        temperature, top_p = self._temperature[places], None if self._top_p is None else self._top_p[places]
        if self._lexicon is None:
            ids = sample_next(logits, temperature, top_p, draws)
        else:
            words = np.array([row.words for row in rows])
            ids = sample_next(self._lexicon.masked(logits, words), temperature, top_p, draws)
            for row, state in zip(rows, self._lexicon.step(words, ids).tolist(), strict=True):
                row.words = state
        self._inputs[places] = ids
        done, newline = [], self._newline
        for index, row, character_id in zip(indices, rows, ids.tolist(), strict=True):
            row.drawn.append(character_id)
            if (character_id == newline or len(row.drawn) == row.room) and self._is_done(index):
                done.append(index)
        return done

    def _is_done(self, index: int) -> bool:
        """Let a row's draft read what was drawn for it."""
        row = self._rows[index]
        action = row.draft.read("".join([self._characters[character_id] for character_id in row.drawn]))
        row.drawn.clear()
        if action is Action.RESTART:
            self._begin(index)
            if row.unread:
                self._readers.append(index)
        else:
            row.room = row.draft.room
        return action is Action.FINISH

    def _begin(self, index: int) -> None:
        """Let a row begin its text, whatever was in its place."""
        row = self._rows[index]
        row.begin()
        self._inputs[index] = row.draft.first
        self._lockstep.forget(index)

    def _remove(self, index: int) -> Result:
        """Take a row out of the batch; the last one moves into its place."""
        row, last = self._rows[index], self._rows.pop()
        if row is not last:
            self._rows[index], self._inputs[index] = last, self._inputs[len(self._rows)]
            self._lockstep.move(len(self._rows), index)
        row.give_back()
        self._seated = False
        return Result(row.ticket, row.draft.texts, row.draft.error)

    def _seat(self) -> None:
        """Make as many places as there are rows, and note what they do: once, however many came and went."""
        self._lockstep.resize(len(self._rows))
        self._readers = [index for index, row in enumerate(self._rows) if row.unread]
        self._temperature = np.maximum([row.temperature for row in self._rows], COLDEST)
        is_cut = any(row.top_p < 1 for row in self._rows)
        self._top_p = np.array([row.top_p for row in self._rows]) if is_cut else None
        self._seated = True
