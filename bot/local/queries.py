"""Questions that a bot answers otherwise than with a message: a button that was pressed, and what is typed inline.

Each may be answered while it is known here, a button once. Not here: how the questions reach the bot (`telegram`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.local.buttons import markup
from bot.local.contents import bad, text_content
from bot.local.markup import units

if TYPE_CHECKING:
    from bot.local.contents import Json

LONGEST_NOTICE = 200
MOST_RESULTS = 50
MOST_QUERIES = 2000
"""That can be answered; of older ones nothing is kept."""
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
LONGEST_ID = 64
"""Bytes; of a result's id, and of the offset of the next results."""


class Queries:
    """What was asked, and what the bot answered: `answers` holds the parameters of each answer, by the query's id."""

    def __init__(self) -> None:
        self.answers: dict[str, Json] = {}
        self._asked: dict[str, int | None] = {}  # and the person who did
        self._last = 0

    def new(self, person_id: int) -> str:
        """Return the id of a person's new query."""
        self._last += 1
        query_id = f"q{self._last}"
        self.ask(query_id, person_id)
        return query_id

    def ask(self, query_id: str, person_id: int | None = None) -> None:
        """Let a query be answered from now on, and forget the oldest."""
        self._asked.setdefault(query_id, person_id)
        while len(self._asked) > MOST_QUERIES:
            oldest = next(iter(self._asked))
            del self._asked[oldest]
            self.answers.pop(oldest, None)

    def asker(self, query_id: str) -> int | None:
        """Return who asked; None if nobody knows."""
        return self._asked.get(query_id)

    def answer_callback(self, parameters: Json) -> bool:
        """Take the answer to a button, which may be a notice; Refusal."""
        query_id = self._known(parameters.get("callback_query_id"))
        if units(parameters.get("text") or "") > LONGEST_NOTICE:
            raise bad("MESSAGE_TOO_LONG")
        if query_id in self.answers:  # a second answer would not be shown
            raise bad(TOO_OLD)
        self.answers[query_id] = parameters
        return True

    def answer_inline(self, parameters: Json) -> bool:
        """Take the results of an inline query, each with the `message` that it would become; Refusal."""
        query_id = self._known(parameters.get("inline_query_id"))
        results = parameters.get("results", [])
        if len(results) > MOST_RESULTS:
            raise bad("too many inline query results specified, allowed to send at most 50")
        ids = [str(result.get("id", "")) for result in results]
        if len(set(ids)) < len(ids):
            raise bad("RESULT_ID_DUPLICATE")
        if any(not 1 <= len(result_id.encode()) <= LONGEST_ID for result_id in ids):
            raise bad("RESULT_ID_INVALID")
        if len((parameters.get("next_offset") or "").encode()) > LONGEST_ID:
            raise bad("NEXT_OFFSET_INVALID")
        shown = [{**result, "message": _message(result)} for result in results]
        self.answers[query_id] = {**parameters, "results": shown}
        return True

    def _known(self, query_id: str | None) -> str:
        if query_id not in self._asked:
            raise bad(TOO_OLD)
        return str(query_id)


def _message(result: Json) -> Json:
    if result.get("type") != "article":
        raise bad(f"unsupported inline query result type {result.get('type')}")
    if not result.get("title"):
        raise bad("inline query result title is empty")
    content = result.get("input_message_content") or {}
    return text_content({**content, "text": content.get("message_text", "")}) | markup(result)
