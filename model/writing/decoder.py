"""Requests in, texts out: a decoder writes many texts at once, one character of each at every step.

Continuous batching (Yu et al. 2022, "Orca"): a request takes a row of the batch when it arrives and
leaves it when its text is done, while the other rows go on. A row reads its prompt first. Then each
character is drawn with one number from the request's own generator; at temperature 0, no number is
needed. Sonnets, and poems by weights that have `rows`, are searches with a batch of their own (see
`verse`): a few of each are written at the same time, and the others wait in the order of their
requests.

A text does not depend on the other requests, thanks to `engine.exact` and `sampling`. One thread
makes all calls; other threads have siblings, which share the parameters.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

import numpy as np

from model.engine.exact import Lockstep
from model.errors import RequestError
from model.names.composition import Composition
from model.network.layers import Array, Ids
from model.verse.lexicon import Lexicon
from model.weights.checkpoint import Checkpoint
from model.writing.drafts import Action, Draft
from model.writing.look import Letter, look
from model.writing.names import NameDraft, Worth, as_known, longest_name
from model.writing.requests import (
    LineRequest,
    NameRequest,
    Request,
    Result,
    SonnetRequest,
    VerseRequest,
)
from model.writing.sampling import COLDEST, barred, sample_next
from model.writing.verse import VerseDraft

if TYPE_CHECKING:
    from model.verse.free import FreeLines
    from model.verse.lines import Lines
    from model.verse.search import Search
    from model.verse.tables import Tables


class Decoder:
    """Writes texts with the weights of one checkpoint.

    A `lockstep` that has them already saves memory.
    """

    def __init__(self, checkpoint: Checkpoint, lockstep: Lockstep | None = None) -> None:
        self._checkpoint = checkpoint
        self._characters, self._newline = (
            checkpoint.vocabulary.characters,
            checkpoint.vocabulary.newline,
        )
        self._all = np.ones(len(self._characters), np.bool_)
        self._lockstep = lockstep or Lockstep(checkpoint.language_model)
        self._known_names = as_known(checkpoint.known_names)
        self._longest_name = longest_name(checkpoint.known_names)
        self._tickets = 0
        self._drafts: list[Draft] = []  # by row
        self._searches: dict[int, Search] = {}  # by ticket
        self._is_arranged = False  # whether `_arrange` has prepared for the present drafts
        self._reading: list[Draft] = []  # drafts that have not read their whole prompt

    def sibling(self) -> "Decoder":
        """Return a decoder for another thread, with the same parameters and without requests."""
        return Decoder(self._checkpoint, self._lockstep.sibling())

    @property
    def active(self) -> int:
        """The number of requests whose result `step` has not returned."""
        return len(self._drafts) + len(self._searches)

    def submit(self, request: Request) -> int:
        """Add a request, which the next step begins; return the ticket of its result.

        RequestError if it is invalid.
        """
        ticket = self._tickets + 1
        if isinstance(request, SonnetRequest):
            self._searches[ticket] = self._sonnet_for(request)
        elif isinstance(request, VerseRequest) and request.is_searched:
            self._searches[ticket] = self._poem_for(request)
        else:
            draft = self._draft_for(request)
            draft.ticket, draft.row = ticket, len(self._drafts)
            self._drafts.append(draft)
            self._lockstep.clear(draft.row)
            self._is_arranged = False
        self._tickets = ticket
        return ticket

    def cancel(self, ticket: int) -> None:
        """Drop a request and its result; does nothing if the ticket is not active."""
        self._searches.pop(ticket, None)
        for draft in self._drafts:
            if draft.ticket == ticket:
                self._remove(draft)
                return

    def step(self) -> list[Result]:
        """Take every text one character on; return the results of finished texts, ordered by
        ticket.
        """
        finished = [self._remove(draft) for draft in self._advance()] if self._drafts else []
        if self._searches:
            finished += self._search()
        return sorted(finished, key=lambda result: result.ticket)

    def lines(self, ticket: int) -> tuple[str, ...]:
        """Return the finished lines of an unfinished sonnet or poem, without the prompt; empty for
        any other ticket.
        """
        return tuple(self._searches[ticket].lines) if ticket in self._searches else ()

    def generate(self, requests: Sequence[Request]) -> list[Result]:
        """Serve these requests, and no others, to the end; return their results in the same order.

        RequestError.
        """
        tickets = [self.submit(request) for request in requests]
        results: dict[int, Result] = {}
        while len(results) < len(tickets):
            results |= {result.ticket: result for result in self.step()}
        return [results[ticket] for ticket in tickets]

    def look(self, text: str) -> tuple[Letter, ...]:
        return look(text, self._checkpoint, self._lockstep.sibling())

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon(
            self._checkpoint.known_words,
            self._checkpoint.vocabulary,
            self._checkpoint.clipped_words,
        )

    @cached_property
    def _composition(self) -> Composition:
        return Composition(self._checkpoint.roots, self._characters)

    @cached_property
    def _masks(self) -> "Tables | FreeLines":
        """The masks of lines of poems: metre, or a usual length and known words."""
        from model.verse.free import FreeLines
        from model.verse.tables import tables_for  # names need neither

        checkpoint, longest = self._checkpoint, self._checkpoint.description.longest_line
        lexicon = self._lexicon if checkpoint.known_words else None
        return (
            FreeLines(checkpoint.vocabulary, lexicon, longest)
            if longest
            else tables_for(checkpoint)
        )

    @cached_property
    def _lines(self) -> "Lines":
        from model.verse.lines import Lines

        return Lines(self._lockstep, self._checkpoint.vocabulary)

    def _sonnet_for(self, request: SonnetRequest) -> "Search":
        from model.verse.sonnet import LineSearch, SonnetSearch
        from model.verse.tables import tables_for

        vocabulary, tables = self._checkpoint.vocabulary, tables_for(self._checkpoint)
        search = LineSearch if isinstance(request, LineRequest) else SonnetSearch
        return search(
            request.prompt,
            request.temperature,
            request.generator,
            tables,
            self._lockstep,
            vocabulary,
        )

    def _poem_for(self, request: VerseRequest) -> "Search":
        from model.verse.poem import PoemSearch

        temperature, generator = request.sampling.temperature, request.generator
        rest = self._checkpoint, self._masks, self._lockstep
        return PoemSearch(request.prompt, request.parts, temperature, generator, *rest)

    def _search(self) -> list[Result]:
        """Take the first searches of each kind one character on; return the results of those that
        are done.
        """
        kinds = groupby(
            sorted(self._searches.items(), key=lambda item: item[1].at_once),
            lambda item: item[1].at_once,
        )
        searches = dict(
            chain.from_iterable(islice(of_a_kind, at_once) for at_once, of_a_kind in kinds)
        )
        for search in self._lines.step(
            [search for search in searches.values() if not search.is_done]
        ):
            search.end_line()
        done = {ticket: search for ticket, search in searches.items() if search.is_done}
        for ticket in done:
            del self._searches[ticket]
        return [Result(ticket, search.texts, search.error) for ticket, search in done.items()]

    def _draft_for(self, request: NameRequest | VerseRequest) -> Draft:
        checkpoint, made, vocabulary = (
            self._checkpoint,
            self._checkpoint.description,
            self._checkpoint.vocabulary,
        )
        if isinstance(request, NameRequest) and made.form == "names":
            names, longest, others = self._known_names, self._longest_name, checkpoint.other_names
            worth = (
                Worth(checkpoint.sequences, checkpoint.endings, checkpoint.joints)
                if checkpoint.sequences
                else None
            )
            is_usual = 0 < request.sampling.temperature <= made.temperature
            is_usual = is_usual and bool(checkpoint.roots)
            roots = self._composition if is_usual else None
            trimmed = " " in vocabulary
            return NameDraft(
                request, vocabulary, names, longest, others, worth, roots, trimmed=trimmed
            )
        if isinstance(request, VerseRequest) and made.form == "verse":
            lexicon = self._lexicon if checkpoint.known_words else None
            return VerseDraft(request, vocabulary, sentences="." in vocabulary, lexicon=lexicon)
        raise RequestError(f"a checkpoint of {made.form} cannot serve a {type(request).__name__}")

    def _remove(self, draft: Draft) -> Result:
        """Take a draft out of the batch, and move the last one to its row."""
        last = self._drafts.pop()
        if draft is not last:
            self._lockstep.move(last.row, draft.row)
            self._drafts[draft.row] = last
            last.row = draft.row
        self._is_arranged = False
        return Result(draft.ticket, draft.texts, draft.error)

    def _arrange(self) -> None:
        self._lockstep.resize(len(self._drafts))
        self._reading = [draft for draft in self._drafts if draft.unread]
        self._temperature = np.maximum([draft.temperature for draft in self._drafts], COLDEST)
        usual = self._checkpoint.description.top_p
        top_p = np.array(
            [usual if draft.top_p is None else draft.top_p for draft in self._drafts], np.float64
        )
        self._top_p = top_p if (top_p < 1).any() else None
        self._masked = any(draft.is_masked for draft in self._drafts)
        self._is_arranged = True

    def _advance(self) -> list[Draft]:
        """Let the network read the next id of each draft, draw where the prompt is read; return the
        finished drafts.
        """
        if not self._is_arranged:
            self._arrange()
        logits = self._lockstep.step([draft.next_id for draft in self._drafts])
        if not self._reading:
            return self._draw(logits, slice(None), self._drafts)
        drawing = [draft for draft in self._drafts if not draft.unread]
        for draft in self._reading:
            draft.next_id = draft.unread.pop()
        self._reading = [draft for draft in self._reading if draft.unread]
        rows = [draft.row for draft in drawing]
        return self._draw(logits[rows], rows, drawing) if drawing else []

    def _draw(self, logits: Array, rows: slice | list[int], drafts: list[Draft]) -> list[Draft]:
        """Draw the next character of the drafts in these rows; return the drafts that
        are finished.
        """
        ids = self._sample(logits, rows, drafts)
        finished, newline = [], self._newline
        for draft, character_id in zip(drafts, ids.tolist(), strict=True):
            draft.next_id = character_id
            draft.drawn.append(character_id)
            if (
                character_id == newline or len(draft.drawn) == draft.remaining
            ) and self._read_drawn(draft):
                finished.append(draft)
        return finished

    def _sample(self, logits: Array, rows: slice | list[int], drafts: list[Draft]) -> Ids:
        draws = np.array(
            [draft.ahead.pop() if draft.ahead else draft.draw_ahead() for draft in drafts]
        )
        temperature, top_p = (
            self._temperature[rows],
            None if self._top_p is None else self._top_p[rows],
        )
        if not self._masked:
            return sample_next(logits, temperature, top_p, draws)
        masks = [self._all if (mask := draft.mask()) is None else mask for draft in drafts]
        ids = sample_next(np.where(masks, logits, -np.inf), temperature, top_p, draws)
        if self._checkpoint.roots:
            for draft, nats in zip(drafts, barred(logits, np.array(masks)).tolist(), strict=True):
                draft.barred += nats
        for draft, character_id in zip(drafts, ids.tolist(), strict=True):
            draft.drew(self._characters[character_id])
        return ids

    def _read_drawn(self, draft: Draft) -> bool:
        """Let a draft read what was drawn for it, and do what its answer says; return whether the
        draft is finished.
        """
        action = draft.read(
            "".join([self._characters[character_id] for character_id in draft.drawn])
        )
        draft.drawn.clear()
        if action is Action.RESTART:
            self._lockstep.clear(draft.row)
            if draft.unread:
                self._reading.append(draft)
        return action is Action.FINISH
