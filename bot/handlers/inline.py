"""Inline mode, in any chat: `@bot mango` offers names that begin so, `@bot shall i compare thee` offers verse.

One word without a mark at its end is the beginning of a name, and so is nothing at all; anything else is a line. Offers
are drawn under the person's seed but outside their sequence: typing takes no turn, and the same words offer the same
again. They are not recorded, so what is sent has neither a code nor buttons.

Each letter typed is a query. Only a person's newest one is written; it cancels the one before.
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
from bot.people.limits import LETTERS
from bot.people.store import StoreError
from model.errors import MangosaurusError
from model.text.forms import Genre

if TYPE_CHECKING:
    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers
    from bot.conversation.replies import Reply

logger = logging.getLogger(__name__)

NAMES, VERSES = 5, 2
LONGEST_PREFIX, LONGEST_LINE = 20, 200
ENDS = (".", ",", ";", ":", "!", "?")
"""Marks that make a single word a line."""
CACHED = 60
"""Seconds in which Telegram may repeat the offers by itself, and so miss a new seed or new weights."""


class Inline:
    """Answers inline queries."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._writing: dict[int, asyncio.Task[list[Reply]]] = {}

    def handler(self) -> InlineQueryHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return the handler of inline queries."""
        return InlineQueryHandler(self.answer)

    async def answer(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Offer something to send."""
        query = update.inline_query
        if query is None:
            return
        replies = [] if query.offset else await self._newest(query.from_user.id, query.query)
        if replies is None:
            return
        offers = [_offer(number, reply) for number, reply in enumerate(replies)]
        with contextlib.suppress(BadRequest):  # the person has typed on, and these offers are too late
            await query.answer(offers, cache_time=CACHED if offers else 0, is_personal=True)

    async def _newest(self, person: int, text: str) -> list[Reply] | None:
        """Return what to offer; None if the person has typed on meanwhile."""
        if before := self._writing.get(person):
            before.cancel()
        task = self._writing[person] = asyncio.create_task(self._written(person, text))
        try:
            await asyncio.wait({task})
            return None if task.cancelled() else task.result()
        except StoreError:
            raise
        except MangosaurusError as error:  # which may quote what was typed
            logger.info("Nothing is offered inline: %s", type(error).__name__)
            return []
        finally:
            task.cancel()
            if self._writing.get(person) is task:
                del self._writing[person]

    async def _written(self, person: int, text: str) -> list[Reply]:
        """Write one name, or one verse, for each offer; RefusedError."""
        with self._answers.admission.spending(person, 1 / LETTERS):
            return await self._offered(person, text)

    async def _offered(self, person: int, text: str) -> list[Reply]:
        mood = (await self._answers.store.preferences(person)).mood
        line = text.strip()
        if is_name(line):
            prefix = self._answers.vocabulary(Genre.DINO.network).fold(line)
            if prefix or not line:
                heat = moods.temperature(mood, self._answers.temperatures[Genre.DINO])
                reply = await self._answers.aside(person, Genre.DINO, prefix, 0, temperature=heat, count=NAMES)
                return _one_each(reply)
        if len(line) > LONGEST_LINE or not is_visible(line):
            return []
        heat = moods.temperature(mood, self._answers.temperatures[Genre.POEM])
        verses = (self._answers.aside(person, Genre.POEM, line, n, temperature=heat) for n in range(VERSES))
        return await asyncio.gather(*verses)


def is_name(line: str) -> bool:
    """Tell the beginning of a name, which may be empty, from a line of verse."""
    return len(line) <= LONGEST_PREFIX and not any(map(str.isspace, line)) and not line.endswith(ENDS)


def _one_each(reply: Reply) -> list[Reply]:
    both = zip(reply.text.texts, reply.text.neighbours, strict=True)
    return [replace(reply, text=replace(reply.text, texts=(name,), neighbours=(near,))) for name, near in both]


def _offer(number: int, reply: Reply) -> InlineQueryResultArticle:
    text = reply.text
    if reply.creation.genre is Genre.DINO:
        title, description = texts.name_offer(text.texts[0], text.neighbours[0])
    else:
        title, description = texts.verse_offer(reply.creation.prompt, text.texts[0], between=text.between)
    content = InputTextMessageContent(reply.html, parse_mode="HTML")
    return InlineQueryResultArticle(str(number), title, content, description=description)
