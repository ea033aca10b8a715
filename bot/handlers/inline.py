"""Inline mode, in any chat: `@bot mango` offers names that begin so, `@bot shall i compare thee` verse.

One word without a mark at its end is the beginning of a name, and so is nothing at all; anything else is a line.
Offers are drawn with the person's seed, but outside of its sequence: typing takes no turn, and the same words offer the
same again. They are nobody's creations: most are never sent, and those that are have neither code nor buttons.

Each letter that is typed is a query. Only the newest one of a person is written; the one before it gives its place up.
Not here: the order of updates, which queries do not wait for (`updates`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from telegram import InlineQueryResultArticle, InputTextMessageContent
from telegram.error import BadRequest
from telegram.ext import InlineQueryHandler

from bot.conversation import moods, texts
from bot.conversation.typesetting import is_visible
from bot.people.store import StoreError
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers, Reply

logger = logging.getLogger(__name__)

NAMES, VERSES = 5, 2
LONGEST_PREFIX, LONGEST_LINE = 20, 200
ENDS = (".", ",", ";", ":", "!", "?")
"""Behind a single word, they make it a line."""
CACHED = 60
"""Seconds in which Telegram may answer for us: so long a new seed, or new weights, may go unseen here."""


class Inline:
    """Answers inline queries."""

    def __init__(self, answers: Answers, temperatures: Mapping[Network, float]) -> None:
        self._answers = answers
        self._temperatures = temperatures
        self._writing: dict[int, asyncio.Task[list[Reply]]] = {}

    def handler(self) -> InlineQueryHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return what the application listens with."""
        return InlineQueryHandler(self.answer)

    async def answer(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Offer something to send."""
        query = update.inline_query
        if query is None:
            return
        offers = [] if query.offset else await self._newest(query.from_user.id, query.query)
        if offers is None:
            return
        with contextlib.suppress(BadRequest):  # whoever types fast does not wait for an answer
            await query.answer(offers, cache_time=CACHED if offers else 0, is_personal=True)

    async def _newest(self, person_id: int, text: str) -> list[InlineQueryResultArticle] | None:
        """Return offers; None where the person has typed on meanwhile."""
        if before := self._writing.get(person_id):
            before.cancel()
        task = self._writing[person_id] = asyncio.create_task(self._written(person_id, text))
        try:
            await asyncio.wait({task})
            return None if task.cancelled() else [_offer(number, reply) for number, reply in enumerate(task.result())]
        except StoreError:
            raise
        except MangosaurusError as error:  # whose text may hold what was typed
            logger.info("Nothing is offered inline: %s", type(error).__name__)
            return []
        finally:
            task.cancel()
            if self._writing.get(person_id) is task:
                del self._writing[person_id]

    async def _written(self, person_id: int, text: str) -> list[Reply]:
        """Have offers written: each of them one name, or one verse; LimitedError."""
        self._answers.admit(person_id, typing=True)
        mood = (await self._answers.store.preferences(person_id)).mood
        heat = {kind: moods.temperature(mood, operators) for kind, operators in self._temperatures.items()}
        line = text.strip()
        if is_name(line):
            prefix = self._answers.vocabulary(Network.DINO).fold(line)
            if prefix or not line:
                return _one_each(
                    await self._answers.aside(
                        person_id, Network.DINO, prefix, 0, temperature=heat[Network.DINO], count=NAMES
                    )
                )
        if len(line) > LONGEST_LINE or not is_visible(line):
            return []
        verses = (
            self._answers.aside(person_id, Network.POEM, line, n, temperature=heat[Network.POEM]) for n in range(VERSES)
        )
        return await asyncio.gather(*verses)


def is_name(line: str) -> bool:
    """Tell the beginning of a name, which may be empty, from a line of verse."""
    return len(line) <= LONGEST_PREFIX and not any(map(str.isspace, line)) and not line.endswith(ENDS)


def _one_each(reply: Reply) -> list[Reply]:
    both = zip(reply.texts, reply.neighbours, strict=True)
    return [replace(reply, texts=(name,), neighbours=(neighbour,)) for name, neighbour in both]


def _offer(number: int, reply: Reply) -> InlineQueryResultArticle:
    if reply.creation.network is Network.DINO:
        title, description = texts.name_offer(reply.texts[0], reply.neighbours[0])
    else:
        title, description = texts.verse_offer(reply.creation.prompt, reply.texts[0], between=reply.between)
    content = InputTextMessageContent(reply.html, parse_mode="HTML")
    return InlineQueryResultArticle(str(number), title, content, description=description)
