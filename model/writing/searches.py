"""Sonnets beside other requests: at most AT_ONCE are written at the same time, the others wait in their order."""

from collections import deque

from model.checkpoint.encoding import Checkpoint
from model.engine.lockstep import Lockstep
from model.sonnets.sonnet import SonnetSearch
from model.sonnets.tables import Tables, tables_for
from model.writing.requests import Result, SonnetRequest

AT_ONCE = 2


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
            self._writing[ticket] = SonnetSearch(
                request.prompt,
                request.temperature,
                request.generator,
                self.prepare(),
                self._lockstep,
                self._checkpoint.vocabulary,
            )
        finished = [ticket for ticket, search in self._writing.items() if search.step()]
        return [_result(ticket, self._writing.pop(ticket)) for ticket in finished]


def _result(ticket: int, search: SonnetSearch) -> Result:
    return Result(ticket, () if search.error else ("\n".join(search.lines),), search.error)
