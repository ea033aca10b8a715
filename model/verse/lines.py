"""Writes lines side by side: for each text, many rows begin after the same words, and each writes
one line that scans.

Letters that lead to no line are masked before a letter is drawn (see `verse.scansion`). So a row
may be forced to write what the network would hardly say, and each line has a weight. Each letter of
the line adds to the weight

    log P(allowed) + OF_DRAWN · log P(drawn)

P(allowed) is the sum of the allowed letters' probabilities at the temperature of the request: the
factor by which sequential Monte Carlo weights a step (Doucet et al. 2001). P(drawn) is the drawn
letter's probability at temperature 1. Weights are whole numbers of 1/PRECISION nats, so their sum
does not depend on the order of adding.

The rows of all texts are one batch. No row depends on another, and each text draws its own numbers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engine.exact import Lockstep
from model.network.layers import Array, Floats, Ids, Mask
from model.text.vocabulary import Vocabulary
from model.verse.scansion import Numbers, UnfinishedLines
from model.verse.search import Line, Search

PRECISION = 1 << 20
OF_DRAWN = 0.8
MOST_CHARACTERS = 128  # of a line

Integers = NDArray[np.int64]
Kinds = list[tuple[Any, Any, slice | Numbers]]


class Lines:
    """Writes the lines of any number of searches."""

    def __init__(self, lockstep: Lockstep, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._network, self._reader = lockstep.sibling(), lockstep.sibling()
        self._searches: list[Search] = []
        fields = [
            ("search", np.intp),  # its place in `_searches`
            ("number", np.intp),  # among the rows of its search
            ("place", np.intp),  # the row that it would have if its search were written alone
            ("input", np.intp),  # the id that the network reads next
            ("node", np.intp),
            ("count", np.uint16),
            ("last_word_after", np.uint16),
            ("weight", np.int64),
            ("length", np.intp),
            ("written", np.int16, (MOST_CHARACTERS,)),
        ]
        self._rows = np.zeros(
            0, fields
        )  # what is known of each row of the network, beside its state

    def step(self, searches: Sequence[Search]) -> list[Search]:
        """Read or write a character of each search.

        Return those that have all their `finished` lines.
        """
        for search in [search for search in self._searches if search not in searches]:
            self._leave(search)
        reading = [search for search in searches if search.unread]
        if reading:
            self._read(reading)
        begun = [
            search for search in searches if search not in self._searches and search not in reading
        ]
        if begun:
            self._begin(begun)
        return self._write() if self._searches else []

    def _read(self, searches: Sequence[Search]) -> None:
        self._reader.resize(len(searches))
        for row, search in enumerate(searches):
            self._reader.states.copy(row, search.states, search.rows)
        logits = self._reader.step([search.unread.pop() for search in searches])
        for row, search in enumerate(searches):
            search.states.copy(search.rows, self._reader.states, row)
            if not search.unread:
                search.has_read(logits[row])

    def _begin(self, searches: Sequence[Search]) -> None:
        old = len(self._rows)
        new = np.zeros(sum(search.rows for search in searches), self._rows.dtype)
        self._network.resize(old + len(new))
        start = 0
        for search in searches:
            rows, (_, counts, after, *_) = new[start : start + search.rows], search.beginning
            rows["search"], rows["number"] = len(self._searches), np.arange(search.rows)
            rows["place"] = rows["number"]
            rows["input"] = self._vocabulary.ids_of(after)[0]
            rows["node"], rows["count"] = search.masks.begin(search.rows, counts)
            rows["last_word_after"] = rows["count"]
            places = np.arange(old + start, old + start + search.rows)
            self._network.states.copy(places, search.states, search.rows)
            search.finished = []
            self._searches.append(search)
            start += search.rows
        self._rows = np.concatenate([self._rows, new])

    def _write(self) -> list[Search]:
        rows = self._rows
        logits = self._network.step(rows["input"])
        temperatures = np.array([search.temperature for search in self._searches])[rows["search"]]
        kinds = self._by_ends()
        ids, weights = draw(logits, self._allowed(kinds), temperatures, self._draws())
        self._follow(ids, kinds)
        rows["weight"] += weights
        rows["input"] = ids
        rows["written"][np.arange(len(rows)), rows["length"]] = ids
        rows["length"] += 1
        is_finished = ids == self._vocabulary.newline
        most = np.array([search.most_characters for search in self._searches])
        self._finish(np.flatnonzero(is_finished))
        self._drop(np.flatnonzero(is_finished | (rows["length"] == most[rows["search"]])))
        left = np.bincount(self._rows["search"], minlength=len(self._searches)).tolist()
        done = [search for search, count in zip(self._searches, left, strict=True) if not count]
        for search in done:
            self._leave(search)
        return done

    def _draws(self) -> Floats:
        """Return a number for each row.

        Each search draws as many as it had rows, whichever are finished.
        """
        numbers = np.concatenate(
            [search.generator.random(search.rows) for search in self._searches]
        )
        starts = np.cumsum([0, *(search.rows for search in self._searches)])
        return numbers[starts[self._rows["search"]] + self._rows["number"]]

    def _by_ends(self) -> Kinds:
        """Return the masks and kinds of line ends, and the rows that each holds for."""
        kinds = {id(search.beginning.line_ends): search for search in self._searches}
        alike = [(search.masks, search.beginning.line_ends) for search in kinds.values()]
        if len(kinds) == 1:
            return [(*each, slice(None)) for each in alike]
        of_rows = np.array([id(search.beginning.line_ends) for search in self._searches])[
            self._rows["search"]
        ]
        return [
            (*each, np.flatnonzero(of_rows == kind))
            for kind, each in zip(kinds, alike, strict=True)
        ]

    def _allowed(self, kinds: Kinds) -> Mask:
        found = np.empty((len(self._rows), len(self._vocabulary)), np.bool_)
        for masks, line_ends, places in kinds:
            unfinished = UnfinishedLines(self._rows["node"][places], self._rows["count"][places])
            found[places] = masks.allowed(unfinished, line_ends)
        for number, search in enumerate(self._searches):
            if search.beginning.first:
                places = np.flatnonzero(self._rows["search"] == number)
                found[places] &= search.beginning.first(
                    self._rows["node"][places], self._rows["length"][places]
                )
        return found

    def _follow(self, ids: Ids, kinds: Kinds) -> None:
        rows = self._rows
        for masks, line_ends, places in kinds:
            unfinished = UnfinishedLines(rows["node"][places], rows["count"][places])
            last = rows["last_word_after"][places]
            rows["last_word_after"][places] = np.where(
                masks.is_word(unfinished.nodes), unfinished.counts, last
            )
            rows["node"][places], rows["count"][places] = masks.step(
                unfinished, ids[places], line_ends
            )

    def _finish(self, places: Numbers) -> None:
        for place in places[
            np.argsort(self._rows["place"][places])
        ].tolist():  # a line is chosen by their order too
            row = self._rows[place]
            search, number = self._searches[row["search"]], int(row["number"])
            text = search.beginning.words + self._vocabulary.text_of(
                row["written"][: row["length"] - 1]
            )
            search.states.copy(number, self._network.states, place)
            search.finished.append(
                Line(text, int(row["weight"]) / PRECISION, int(row["last_word_after"]), number)
            )

    def _drop(self, places: Numbers) -> None:
        """Take rows out of the network; the last rows move into their places."""
        if not len(places):
            return
        for search in np.unique(self._rows["search"][places]):
            self._take_places(np.flatnonzero(self._rows["search"] == search), places)
        left = len(self._rows) - len(places)
        order = np.arange(len(self._rows))
        movers, holes = np.setdiff1d(order[left:], places), places[places < left]
        self._network.states.copy(holes, self._network.states, movers)
        order[holes] = movers
        self._rows = self._rows[order[:left]]
        self._network.resize(left)

    def _take_places(self, rows: Numbers, leaving: Numbers) -> None:
        """Let the last rows of a search take the places of its rows that leave."""
        places, leaves = self._rows["place"][rows], np.isin(rows, leaving)
        is_last = places >= len(rows) - leaves.sum()
        movers = rows[is_last & ~leaves]
        movers = movers[np.argsort(self._rows["place"][movers])]
        self._rows["place"][movers] = np.sort(places[leaves & ~is_last])

    def _leave(self, search: Search) -> None:
        number = self._searches.index(search)
        self._drop(np.flatnonzero(self._rows["search"] == number))
        del self._searches[number]
        self._rows["search"] -= self._rows["search"] > number


def draw(logits: Array, allowed: Mask, temperatures: Floats, draws: Floats) -> tuple[Ids, Integers]:
    """Choose an allowed character for each row of logits (N, V). Return the ids (N,), and what each
    adds to the weight.

    As in `sample_next`, sums run over characters in their order, along all rows at once.
    """
    scores = logits.T.astype(np.float64)
    scores -= np.maximum.reduce(scores)
    of_all = np.add.accumulate(np.exp(scores / temperatures))[-1]
    likelihood = scores - np.log(np.add.accumulate(np.exp(scores))[-1])
    allowed_scores = np.where(allowed.T, scores, -np.inf)
    likeliest = np.maximum.reduce(allowed_scores)
    cumulated = np.add.accumulate(np.exp((allowed_scores - likeliest) / temperatures))
    ids: Ids = (cumulated > draws * cumulated[-1]).argmax(axis=0)
    of_allowed = likeliest / temperatures + np.log(cumulated[-1]) - np.log(of_all)
    nats = of_allowed + OF_DRAWN * likelihood[ids, np.arange(len(ids))]
    return ids, np.rint(nats * PRECISION).astype(np.int64)
