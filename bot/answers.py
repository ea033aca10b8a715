"""How an answer comes about: the person's turn is lent, the network writes, the message goes out, the turn is taken.

What the handlers of names and of verse share, who never import each other. Not here: how a request is read and shown
(the handlers), and how many are written at once (`batching`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot import texts
from bot.updates import person_id
from model.decoder import generator_for
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    import numpy as np
    from telegram import Message, Update

    from bot.batching import Batching
    from bot.store import Kind, Store
    from model.decoder import NameRequest, VerseRequest
    from model.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds after which a person is shown that an answer is being written."""
TYPING_LASTS = 4.5
"""Telegram shows the typing action for five seconds."""


class ExplainedError(MangosaurusError):
    """Nothing was done, and the sentence, which is HTML from `texts`, says why and what would work."""


class Answers:
    """The networks that serve, and the people they serve."""

    def __init__(self, store: Store, batchings: Mapping[str, Batching]) -> None:
        self.store = store
        self._batchings = batchings

    def vocabulary(self, kind: Kind) -> Vocabulary:
        """Return the characters that a network can write; ExplainedError where it is missing."""
        return self._batching(kind).checkpoint.vocabulary

    async def answer(
        self,
        update: Update,
        kind: Kind,
        request: Callable[[np.random.Generator], NameRequest | VerseRequest],
        show: Callable[[tuple[str, ...]], str],
    ) -> None:
        """Have the person's next turn written and sent. Whatever fails on the way, the turn is not taken."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        batching = self._batching(kind)
        async with self.store.turn(person, kind) as turn:
            async with typing(message):
                written = await batching.write(request(generator_for(turn.seed, turn.number)))
            await message.reply_html(show(written.texts))

    def _batching(self, kind: Kind) -> Batching:
        if kind not in self._batchings:
            raise ExplainedError(texts.not_trained(kind))
        return self._batchings[kind]


@asynccontextmanager
async def typing(message: Message) -> AsyncIterator[None]:
    """Show that something is being written, once it has taken a moment."""
    task = asyncio.create_task(_type(message))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _type(message: Message) -> None:
    await asyncio.sleep(PATIENCE)
    while True:
        try:
            await message.reply_chat_action(ChatAction.TYPING)
        except TelegramError as error:  # it is only a courtesy
            logger.debug("The typing action failed: %s", error)
        await asyncio.sleep(TYPING_LASTS)
