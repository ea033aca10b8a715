"""Requests in, texts out: a decoder writes many texts at once, one token of each at every step.

A token is what the network reads: a letter, or a word.

Each request is a search (see `model.search`). It lets the network read the person's words, then
writes a few rows side by side, chooses one of them, and so on until its text is done. Continuous
batching (Yu et al. 2022, "Orca"): the rows of all searches are one batch. They join it when their
line begins and leave it when it ends, while the other rows go on.

No row depends on another (see `network.exact` and `sampling`), and each search draws its own
numbers. So a text does not depend on the other requests. One thread makes all calls; other threads
have decoders with the same `Exact`.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from model.errors import RequestError
from model.names.search import Names, NameSearch
from model.names.words import WordSearch
from model.network.exact import Exact
from model.network.layers import Array, Mask
from model.search import Drawing, Line, Masks, Numbers, Search, UnfinishedLines
from model.text.tokens import WordVocabulary, pieces_of
from model.weights.checkpoint import Checkpoint
from model.writing.look import Look, look, nats_behind
from model.writing.requests import NameRequest, Request, Result, SonnetRequest, VerseRequest
from model.writing.sampling import log_p_allowed, sample_next, sample_words, scores_of

if TYPE_CHECKING:
    from model.verse.free import FreeLines

ROW = np.dtype(
    [
        ("search", np.intp),  # its place in `_writing`
        ("number", np.intp),  # among the rows of its search
        ("input", np.intp),  # the id that the network reads next
        ("read", np.intp),  # equal only in rows of one line that have read the same so far
        ("node", np.intp),
        ("counts", np.uint16),
        ("last_word_after", np.uint16),
        ("text", object),
        ("length", np.intp),
        ("weight", np.int64),
        # as its search says
        ("temperature", np.float64),
        ("top_p", np.float64),
        ("least", np.int64),
        ("most_tokens", np.intp),
    ]
)
"""What is known of a row, beside the network's state."""
# Weights are whole numbers of 1/PRECISION nats, so any order of adding gives the same sum.
PRECISION = 1 << 20


class Decoder:
    """Writes texts with the weights of one checkpoint."""

    def __init__(self, checkpoint: Checkpoint, exact: Exact | None = None) -> None:
        """Use the `Exact` of another decoder with this checkpoint, or make one."""
        self.exact = exact or Exact(checkpoint.language_model)
        self._checkpoint, self._vocabulary = checkpoint, checkpoint.vocabulary
        self._reads_words = isinstance(checkpoint.vocabulary, WordVocabulary)
        self._pieces = np.array(pieces_of(checkpoint.vocabulary), object)
        self._free: FreeLines | None = None
        self._tickets = 0
        self._searches: dict[int, Search] = {}  # by ticket
        self._chosen: dict[int, Search] | None = None  # the searches that do not wait for others
        self._writing: list[Search] = []  # the searches that have rows
        self._rows, self._states = np.zeros(0, ROW), self.exact.initial_state(0)
        self._arrange()

    @property
    def active(self) -> int:
        """The number of requests whose result `step` has not returned."""
        return len(self._searches)

    def submit(self, request: Request) -> int:
        """Add a request, which the next step begins; return the ticket of its result.

        RequestError if it is invalid.
        """
        return self.add(self._search_for(request))

    def add(self, search: Search) -> int:
        """Add a search; return its ticket."""
        search.state = self.exact.initial_state(1)[0]
        self._tickets += 1
        self._searches[self._tickets], self._chosen = search, None
        return self._tickets

    def cancel(self, ticket: int) -> None:
        """Drop a request and its result; does nothing if the ticket is not active."""
        search, self._chosen = self._searches.pop(ticket, None), None
        if search in self._writing:
            number = self._writing.index(search)
            self._keep(np.flatnonzero(self._rows["search"] != number))

    def step(self) -> list[Result]:
        """Write one more token of each text that does not wait. Return the results of the texts
        that are finished, ordered by ticket.
        """
        if self._chosen is None:
            self._chosen = self._first_of_each_kind()
        waiting = [each for each in self._chosen.values() if not (each.is_writing or each.is_done)]
        reading = [search for search in waiting if search.unread]
        beginning = [search for search in waiting if not search.unread]
        if reading:
            self._read(reading)
        if beginning:
            self._begin(beginning)
        if self._writing:
            self._write()
        done = {ticket: search for ticket, search in self._chosen.items() if search.is_done}
        if done:
            self._chosen = None
        for ticket in done:
            del self._searches[ticket]
        return [Result(ticket, search.texts, search.error) for ticket, search in done.items()]

    def texts(self, ticket: int) -> tuple[str, ...]:
        """Return what an unfinished request has so far: its finished names, or its verse up to the
        last finished line. There is nothing for any other ticket.
        """
        return self._searches[ticket].texts if ticket in self._searches else ()

    def generate(self, requests: Sequence[Request]) -> list[Result]:
        """Serve these requests, and no others, to the end; return their results in the same order.

        RequestError if one is invalid.
        """
        tickets = [self.submit(request) for request in requests]
        results: dict[int, Result] = {}
        while len(results) < len(tickets):
            results |= {result.ticket: result for result in self.step()}
        return [results[ticket] for ticket in tickets]

    def look(self, text: str) -> Look:
        return look(text, self._checkpoint, self.exact)

    def _search_for(self, request: Request) -> Search:
        made = self._checkpoint.description
        sampling = request.sampling
        top_p = made.top_p if sampling.top_p is None else sampling.top_p
        drawing = Drawing(request.generator, sampling.temperature, top_p)
        is_sonnet = isinstance(request, SonnetRequest)
        is_name = isinstance(request, NameRequest)
        if is_name != (made.form == "names") or (is_sonnet and not self._reads_words):
            what = made.form if is_name or made.form == "names" else "letters"
            raise RequestError(f"a checkpoint of {what} cannot serve a {type(request).__name__}")
        if isinstance(request, NameRequest):
            if request.is_word and self._names.roots:
                nats = partial(nats_behind, self._vocabulary, self.exact)
                return WordSearch(drawing, self._names, request.prefix, request.count, nats)
            return NameSearch(drawing, self._names, request.prefix, request.count, request.attempts)
        prompt, rows = request.prompt, request.rows or made.rows
        parts = request.parts if isinstance(request, VerseRequest) else 1
        if self._reads_words:  # what names do not need is imported late
            from model.verse.rhymed import RhymedSearch
            from model.verse.tables import tables_for

            tables = tables_for(self._checkpoint)
            return RhymedSearch(drawing, tables, prompt, rows, parts=parts, is_sonnet=is_sonnet)
        from model.verse.free import FreeLines, FreeSearch

        if not self._free or self._free.nodes.are_many:
            self._free = FreeLines(self._checkpoint)
        return FreeSearch(drawing, self._free, prompt, rows, parts)

    @cached_property
    def _names(self) -> Names:
        return Names(self._checkpoint)

    def _first_of_each_kind(self) -> dict[int, Search]:
        """Return the searches to go on with, by ticket; the others wait in their order.

        Of each kind, `at_once` searches go on.
        """
        counts, chosen = Counter[type](), {}
        for ticket, search in self._searches.items():
            counts[type(search)] += 1
            if counts[type(search)] <= search.at_once:
                chosen[ticket] = search
        return chosen

    def _read(self, searches: Sequence[Search]) -> None:
        """Let the network read one token of each search."""
        states = np.stack([search.state for search in searches])
        self.exact.read(np.array([search.unread.pop() for search in searches]), states)
        for search, state in zip(searches, states, strict=True):
            search.state = state

    def _begin(self, searches: Sequence[Search]) -> None:
        """Add the rows of the next lines of these searches."""
        rows: list[tuple[Any, ...]] = []
        read = int(self._rows["read"].max(initial=0))
        for place, search in enumerate(searches, len(self._writing)):
            read += 1
            input_id, node, counts, _ = search.beginning
            # in the order of ROW; the length and the weight of a new line are 0
            known = (input_id, read, node, counts, counts, "", 0, 0)
            drawn = (search.temperature, search.top_p)
            limits = (int(search.least * PRECISION), search.most_tokens)
            rows += [(place, number, *known, *drawn, *limits) for number in range(search.rows)]
            search.finished, search.is_writing = [], True
        states = [search.state for search in searches for _ in range(search.rows)]
        self._rows = np.concatenate([self._rows, np.array(rows, ROW)])
        self._states = np.concatenate([self._states, states])
        self._writing += searches
        self._arrange()

    def _arrange(self) -> None:
        """Note what changes only when rows come or go: the places of their random numbers,
        their biases (B, V), and which rows share masks and ends.
        """
        of_rows = self._rows["search"]
        sizes = np.cumsum([0, *(search.rows for search in self._writing)])
        self._places = sizes[of_rows] + self._rows["number"]
        self._is_cut = bool((self._rows["top_p"] < 1).any())
        if self._reads_words:
            self._biases = [self._writing[n].bias for n in of_rows]
        self._kinds: list[tuple[Masks, Any, Numbers]] = []
        kinds = [(id(each.masks), id(each.beginning.ends)) for each in self._writing]
        for kind in dict.fromkeys(kinds):
            search = self._writing[kinds.index(kind)]
            if search.masks:
                at = np.flatnonzero(np.array([each == kind for each in kinds])[of_rows])
                self._kinds.append((search.masks, search.beginning.ends, at))

    def _write(self) -> None:
        """Draw a token for each row."""
        rows = self._rows
        logits = self._logits()
        numbers = np.concatenate([each.generator.random(each.rows) for each in self._writing])
        top_p = rows["top_p"] if self._is_cut else None
        drawing = rows["temperature"], top_p, numbers[self._places]
        allowed = self._allowed()
        if self._reads_words:
            ids, nats = sample_words(logits, self._biases, allowed, *drawing)
        else:
            # Characters that lead to no line are masked before one is drawn. So a row may be
            # forced to write what the network would hardly say: then P(allowed) is small. Its
            # logarithm is the weight of a step in sequential Monte Carlo (Doucet et al. 2001).
            ids = sample_next(np.where(allowed, logits, -np.inf), *drawing)
            nats = log_p_allowed(scores_of(logits), allowed)
        rows["weight"] += np.rint(nats * PRECISION).astype(np.int64)
        for masks, ends, at in self._kinds:
            after = masks.step(self._unfinished(at), ids[at], ends)
            rows["node"][at], rows["counts"][at], rows["last_word_after"][at] = after
        rows["input"][:] = ids
        rows["read"] += ids
        rows["text"] += self._pieces[ids]
        rows["length"] += 1
        is_finished = ids == self._vocabulary.newline
        is_over = is_finished | (rows["length"] == rows["most_tokens"])
        is_over |= rows["weight"] < rows["least"]
        if is_over.any():
            self._end(is_finished, is_over)

    def _logits(self) -> Array:
        """Let the network read a token in each row; return the logits (B, V).

        Lines begin with the same few words again and again. Rows that have read the same have the
        same state, so the network steps once for all of them.
        """
        rows = self._rows
        if not self._reads_words:
            return self.exact.step(rows["input"], self._states)
        _, first, place = np.unique(rows["read"], return_index=True, return_inverse=True)
        rows["read"] = place * len(self._vocabulary)
        if len(first) == len(rows):
            return self.exact.step(rows["input"], self._states)
        states = self._states[first]
        logits = self.exact.step(rows["input"][first], states)
        self._states = states[place]
        return logits[place]

    def _unfinished(self, at: Numbers) -> UnfinishedLines:
        rows = self._rows
        return UnfinishedLines(rows["node"][at], rows["counts"][at], rows["last_word_after"][at])

    def _allowed(self) -> Mask:
        found = np.ones((len(self._rows), len(self._vocabulary)), np.bool_)
        for masks, ends, at in self._kinds:
            found[at] = masks.allowed(self._unfinished(at), ends)
        return found

    def _end(self, is_finished: Mask, is_over: Mask) -> None:
        """Hand finished rows to their searches, and drop all that are over. A search that has no
        rows left chooses its line.
        """
        # `order` has the row that each place gets, or -1 for none.
        rows, order = self._rows, np.arange(len(self._rows))
        for place in sorted({*rows["search"][is_over].tolist()}):
            search, own = self._writing[place], np.flatnonzero(rows["search"] == place)
            for at in own[is_finished[own]].tolist():
                row, state = rows[at], self._states[at].copy()
                text, nats = row["text"][:-1], int(row["weight"]) / PRECISION
                search.finished.append(Line(text, nats, int(row["last_word_after"]), state))
            # The last rows take the places of those that leave. Texts depend on this: `end_line`
            # draws one of the finished rows, which are in the order of the rows.
            left = len(own) - np.count_nonzero(is_over[own])
            kept, moving = own[:left].copy(), own[left:]
            kept[is_over[own[:left]]] = moving[~is_over[moving]]
            order[own[:left]], order[own[left:]] = kept, -1
            search.is_writing = bool(left)
        ended = [search for search in self._writing if not search.is_writing]
        self._keep(order[order >= 0])
        for search in ended:
            search.end_line()

    def _keep(self, order: Numbers) -> None:
        """Keep these rows, in this order, and the searches that have rows left."""
        self._rows, self._states = self._rows[order], self._states[order]
        places = self._rows["search"]
        is_left = np.bincount(places, minlength=len(self._writing)) > 0
        places[:] = (np.cumsum(is_left) - 1)[places]
        self._writing = [self._writing[place] for place in np.flatnonzero(is_left).tolist()]
        self._arrange()
