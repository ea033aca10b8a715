"""Requests in, texts out: a decoder writes many texts at once, one character of each at every step.

Continuous batching (Yu et al. 2022, "Orca"): a request takes a row of the batch when it arrives and leaves it when its
text is done, whatever the other rows do. A row reads its prompt first. Then each character is drawn with one number
from the request's own generator, or with none at temperature 0. A row that keeps to known words draws only characters
that the lexicon allows.

The other requests cannot change a text by a single bit, thanks to `lockstep` and `sampling`. A decoder is not
thread-safe: one thread owns it and makes all calls.
"""

from collections.abc import Sequence

import numpy as np

from model.checkpoint.encoding import Checkpoint
from model.engine.lockstep import Lockstep
from model.errors import RequestError
from model.network.layers import Array, Ids
from model.writing.drafts import Action, Draft, NameDraft, VerseDraft, as_known, longest_name
from model.writing.lexicon import ANYTHING, Lexicon
from model.writing.requests import NameRequest, Request, Result, SonnetRequest, VerseRequest
from model.writing.row import Row
from model.writing.sampling import COLDEST, sample_next
from model.writing.searches import Searches


class Decoder:
    """Writes texts with the weights of one checkpoint. Each active request is one row of the batch."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._characters, self._newline = checkpoint.vocabulary.characters, checkpoint.vocabulary.newline
        self._lockstep = Lockstep(checkpoint.language_model)
        self._known_names = as_known(checkpoint.known_names)
        self._longest_name = longest_name(checkpoint.known_names)
        self._lexicon: Lexicon | None = None
        self._searches = Searches(checkpoint, self._lockstep)
        self._rows: list[Row] = []
        self._inputs = np.zeros(1, np.intp)  # what each row reads at the next step; may be longer than `_rows`
        self._reading: list[Row] = []  # the rows that have not read their prompts to the end
        self._rows_changed = False  # since `_arrange_rows`
        self._tickets = 0
        self._undelivered: list[Result] = []

    @property
    def active(self) -> int:
        """How many requests have no result yet, or one that `step` has not returned."""
        return len(self._rows) + len(self._searches) + len(self._undelivered)

    @property
    def _version(self) -> str:
        return self._checkpoint.version or "(not saved)"

    def submit(self, request: Request) -> int:
        """Add a request from the next step on, and return the ticket of its result. RequestError if it is invalid."""
        ticket = self._tickets + 1
        if isinstance(request, SonnetRequest):
            self._add_search(ticket, request)
        else:
            self._add_row(ticket, request)
        self._tickets = ticket
        return ticket

    def cancel(self, ticket: int) -> None:
        """Drop a request and its result; does nothing if the ticket is not active."""
        self._undelivered = [result for result in self._undelivered if result.ticket != ticket]
        self._searches.cancel(ticket)
        for row in self._rows:
            if row.ticket == ticket:
                self._remove(row)
                return

    def step(self) -> list[Result]:
        """Take every text one character on; return the results of those that are finished, ordered by ticket."""
        finished: list[Row] = []
        if self._rows:
            finished = self._advance() if self._lockstep.is_sound else self._refuse()
        sonnets = self._searches.step()
        if not finished and not sonnets and not self._undelivered:
            return []
        results, self._undelivered = [*self._undelivered, *sonnets], []
        results += [self._remove(row) for row in finished]
        return sorted(results, key=lambda result: result.ticket)

    def prepare(self) -> None:
        """Make the tables for sonnets, which takes a second. RequestError if this checkpoint cannot write them."""
        self._searches.prepare()

    def lines(self, ticket: int) -> tuple[str, ...]:
        """The lines of an unfinished sonnet that are finished, without the prompt; empty for any other ticket."""
        return self._searches.lines(ticket)

    def generate(self, requests: Sequence[Request]) -> list[Result]:
        """Serve these requests to the end; return their results in the same order. RequestError as from `submit`.

        Other active requests advance too. If they finish, the next `step` returns their results.
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

    def _add_search(self, ticket: int, request: SonnetRequest) -> None:
        if not self._lockstep.is_sound:
            raise self._unsound()
        self._searches.submit(ticket, request)

    def _add_row(self, ticket: int, request: NameRequest | VerseRequest) -> None:
        draft = self._draft_for(request)
        prompt = self._checkpoint.vocabulary.ids_of(draft.prompt).tolist()
        row = Row(ticket, len(self._rows), request, draft, prompt, self._words_after(draft.prompt, request))
        if row.index == len(self._inputs):
            self._inputs = np.resize(self._inputs, 2 * row.index)
        self._rows.append(row)
        self._rows_changed = True
        self._begin(row)

    def _draft_for(self, request: NameRequest | VerseRequest) -> Draft:
        form = self._checkpoint.description.form
        if isinstance(request, NameRequest) and form == "names":
            vocabulary, others = self._checkpoint.vocabulary, self._checkpoint.other_names
            return NameDraft(request, vocabulary, self._known_names, self._longest_name, others)
        if isinstance(request, VerseRequest) and form == "verse":
            return VerseDraft(request, self._checkpoint.vocabulary)
        raise RequestError(f"a checkpoint of {form} cannot serve a {type(request).__name__}")

    def _words_after(self, prompt: str, request: NameRequest | VerseRequest) -> int:
        """The state in the lexicon after a prompt. The lexicon is built for the first request that keeps to it."""
        if isinstance(request, NameRequest) or not request.known_words:
            return ANYTHING
        if not self._checkpoint.known_words:
            raise RequestError(f"known_words is True, but checkpoint {self._version} has no list of known words")
        self._lexicon = self._lexicon or Lexicon(self._checkpoint.known_words, self._checkpoint.vocabulary)
        return self._lexicon.after(prompt)

    def _begin(self, row: Row) -> None:
        """Set the first input of a row's text, and clear the state that another text has left."""
        self._inputs[row.index] = row.draft.first
        self._lockstep.clear(row.index)

    def _remove(self, row: Row) -> Result:
        """Take a row out of the batch, and move the last row to its index."""
        last = self._rows.pop()
        if row is not last:
            self._lockstep.move(last.index, row.index)
            self._rows[row.index], self._inputs[row.index] = last, self._inputs[last.index]
            last.index = row.index
        self._rows_changed = True
        row.rewind()
        return Result(row.ticket, row.draft.texts, row.draft.error)

    def _arrange_rows(self) -> None:
        """Prepare for the present rows: once before a step, however many came and went."""
        self._lockstep.resize(len(self._rows))
        self._reading = [row for row in self._rows if row.unread]
        self._temperature = np.maximum([row.temperature for row in self._rows], COLDEST)
        usual = self._checkpoint.description.top_p
        top_p = np.array([usual if row.top_p is None else row.top_p for row in self._rows], np.float64)
        self._top_p = top_p if (top_p < 1).any() else None
        self._rows_changed = False

    def _refuse(self) -> list[Row]:
        """Give every row an error; return the rows."""
        for row in self._rows:
            row.draft.error = self._unsound()
        return list(self._rows)

    def _unsound(self) -> RequestError:
        return RequestError(f"checkpoint {self._version} computes numbers that are not finite; it cannot be used")

    def _advance(self) -> list[Row]:
        """Let every row read its input and find its next one; return the rows that are finished."""
        if self._rows_changed:
            self._arrange_rows()
        logits = self._lockstep.step(self._inputs[: len(self._rows)])
        if not self._reading:
            return self._draw(logits, slice(len(self._rows)), self._rows)
        drawing = [row for row in self._rows if not row.unread]
        for row in self._reading:
            self._inputs[row.index] = row.unread.pop()
        self._reading = [row for row in self._reading if row.unread]
        indices = [row.index for row in drawing]
        return self._draw(logits[indices], indices, drawing) if drawing else []

    def _draw(self, logits: Array, indices: slice | list[int], rows: list[Row]) -> list[Row]:
        """Draw the next character of these rows, which have these indices; return the rows that are finished."""
        ids = self._sample(logits, indices, rows)
        self._inputs[indices] = ids
        finished, newline = [], self._newline
        for row, character_id in zip(rows, ids.tolist(), strict=True):
            row.drawn.append(character_id)
            if (character_id == newline or len(row.drawn) == row.remaining) and self._read_drawn(row):
                finished.append(row)
        return finished

    def _sample(self, logits: Array, indices: slice | list[int], rows: list[Row]) -> Ids:
        draws = np.array([row.ahead.pop() if row.ahead else row.draw_ahead() for row in rows])
        temperature, top_p = self._temperature[indices], None if self._top_p is None else self._top_p[indices]
        if self._lexicon is None:
            return sample_next(logits, temperature, top_p, draws)
        words = np.array([row.words for row in rows])
        ids = sample_next(self._lexicon.masked(logits, words), temperature, top_p, draws)
        for row, state in zip(rows, self._lexicon.step(words, ids).tolist(), strict=True):
            row.words = state
        return ids

    def _read_drawn(self, row: Row) -> bool:
        """Let a row's draft read the characters drawn for it, and do what it says; return whether it is finished."""
        action = row.draft.read("".join([self._characters[character_id] for character_id in row.drawn]))
        row.drawn.clear()
        if action is Action.RESTART:
            row.restart()
            self._begin(row)
            if row.unread:
                self._reading.append(row)
        else:
            row.remaining = row.draft.remaining
        return action is Action.FINISH
