"""Sonnets beside other requests: at most AT_ONCE are written at the same time, the others wait in their order."""

from collections import deque
from functools import lru_cache

from model.checkpoint.encoding import Checkpoint
from model.decoding.elizabethan import CLIPPED
from model.decoding.metre import patterns
from model.decoding.partners import Partners
from model.decoding.pronunciation import Pronouncer
from model.decoding.requests import RequestError, Result, SonnetRequest
from model.decoding.scansion import Scansion
from model.decoding.sonnet import SonnetSearch, Tables
from model.engine.exact import Lockstep
from model.text.dictionary import PRONUNCIATIONS, Pronunciations, read_dictionary
from model.text.vocabulary import Vocabulary

AT_ONCE = 2
ENOUGH_WORDS = 1000
"""A checkpoint that knows fewer words writes no sonnets."""


class Searches:
    """The sonnets of one decoder, by the tickets of their requests."""

    def __init__(self, checkpoint: Checkpoint, lockstep: Lockstep) -> None:
        self._checkpoint, self._lockstep = checkpoint, lockstep
        self._tables: Tables | None = None
        self._waiting: deque[tuple[int, SonnetRequest]] = deque()
        self._writing: dict[int, SonnetSearch] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._writing)

    def prepare(self) -> Tables:
        """Return the tables, made at the first call; RequestError if the checkpoint cannot write sonnets."""
        self._tables = self._tables or tables_for(self._checkpoint)
        return self._tables

    def submit(self, ticket: int, request: SonnetRequest) -> None:
        """Queue a request; RequestError as from `prepare`."""
        self.prepare()
        self._waiting.append((ticket, request))

    def cancel(self, ticket: int) -> None:
        """Drop a request, if it is here."""
        self._writing.pop(ticket, None)
        self._waiting = deque(entry for entry in self._waiting if entry[0] != ticket)

    def lines(self, ticket: int) -> tuple[str, ...]:
        """Return the lines that are finished, without the person's own; none for a ticket that is not here."""
        search = self._writing.get(ticket)
        return tuple(search.lines) if search else ()

    def step(self) -> list[Result]:
        """Let every search write one character; return the results of those that are finished."""
        while self._waiting and len(self._writing) < AT_ONCE:
            ticket, request = self._waiting.popleft()
            self._writing[ticket] = SonnetSearch(request, self.prepare(), self._lockstep, self._checkpoint.vocabulary)
        finished = [ticket for ticket, search in self._writing.items() if search.step()]
        return [_result(ticket, self._writing.pop(ticket)) for ticket in finished]


def _result(ticket: int, search: SonnetSearch) -> Result:
    return Result(ticket, () if search.error else ("\n".join(search.lines),), search.error)


def tables_for(checkpoint: Checkpoint) -> Tables:
    """Return what a checkpoint's sonnets need, made by the first call; RequestError if it cannot write sonnets."""
    form = checkpoint.description.form
    if form != "verse":
        raise RequestError(f"a checkpoint of {form} cannot serve a SonnetRequest")
    return _tables(checkpoint.known_words, checkpoint.vocabulary, checkpoint.version)


@lru_cache(maxsize=2)
def _tables(known_words: frozenset[str], vocabulary: Vocabulary, version: str) -> Tables:
    try:
        dictionary = read_dictionary(PRONUNCIATIONS)
    except OSError as error:
        raise RequestError(f"sonnets need {PRONUNCIATIONS}, which cannot be read: {error.strerror}") from error
    pronouncer = Pronouncer(dictionary.pronunciations)
    words: dict[str, Pronunciations] = {}
    for word in (f"'{word}" if f"'{word}" in CLIPPED else word for word in sorted(known_words)):
        can_be_written = (len(word) > 1 or word in "aio") and all(letter in vocabulary for letter in word)
        if can_be_written and (readings := pronouncer(word)):
            words[word] = readings
    partners = Partners(words, dictionary.of_poems, dictionary.endings)
    if len(words) < ENOUGH_WORDS or not partners.openers or " " not in vocabulary:
        raise RequestError(f"checkpoint {version or '(not saved)'} knows too few words to write sonnets")
    scansion = Scansion({word: patterns(word, readings) for word, readings in words.items()}, vocabulary)
    return Tables(pronouncer, scansion, partners, scansion.line_ends(partners.openers), dictionary.leanings)
