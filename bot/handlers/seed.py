"""`/seed [number]`: which sequence of names and verse a person gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.ext import CommandHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.people.records import LARGEST_SEED
from bot.wire.order import person_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.people.store import Store


class Seed:
    """Answers `/seed`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handler(self) -> CommandHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return the handler of the command."""
        return CommandHandler("seed", self.answer, filters.UpdateType.MESSAGE)

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show the person's seed, or set it."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        if not context.args:
            await message.reply_html(texts.seed(await self._store.seed(person)))
            return
        seed = read_seed(context.args)
        await self._store.set_seed(person, seed)
        await message.reply_html(texts.seed_set(seed))


def read_seed(words: Sequence[str]) -> int:
    """Read one whole number, in the digits of any script; ExplainedError."""
    word = words[0].lstrip("0") or "0"
    # The length comes first, as Python refuses to read numbers of thousands of digits.
    if len(words) > 1 or not word.isdecimal() or len(word) > 30 or int(word) > LARGEST_SEED:
        raise ExplainedError(texts.seed_range(LARGEST_SEED))
    return int(word)
