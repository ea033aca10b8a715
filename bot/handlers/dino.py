"""`/dino [how many] [first letters]`: new dinosaur names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram.ext import CommandHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers
    from model.text.vocabulary import Vocabulary

MOST = 10
LONGEST_PREFIX = 20


@dataclass(frozen=True)
class Wish:
    """How many names, None for as many as in the person's settings, and how they begin."""

    count: int | None = None
    prefix: str = ""


class Dino:
    """Answers `/dino`."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def handler(self) -> CommandHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return the handler of the command."""
        return CommandHandler("dino", self.answer, filters.UpdateType.MESSAGE)

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send new names."""
        wish = read_wish(context.args or [], self._answers.vocabulary(Genre.DINO.network))
        await self._answers.answer(update, Genre.DINO, wish.prefix, wish.count)


def read_wish(words: Sequence[str], vocabulary: Vocabulary) -> Wish:
    """Read a number and first letters, in either order, each at most once; ExplainedError.

    A word with a digit in it is meant as a number, so `1e9` is too many, and not a name that begins with E.
    """
    numbers = [word for word in words if any(character.isnumeric() for character in word)]
    letters = [word for word in words if word not in numbers]
    if len(numbers) > 1 or len(letters) > 1:
        raise ExplainedError(texts.DINO_USAGE)
    count = _read_count(numbers[0]) if numbers else None
    return Wish(count, _read_prefix(letters[0], vocabulary) if letters else "")


def _read_count(word: str) -> int:
    # Any script's digits: ٣ is 3.
    if not (word.isdecimal() and len(word) < 10 and 1 <= int(word) <= MOST):
        raise ExplainedError(texts.how_many(MOST))
    return int(word)


def _read_prefix(word: str, vocabulary: Vocabulary) -> str:
    prefix = vocabulary.fold(word).strip()
    if not 1 <= len(prefix) <= LONGEST_PREFIX:
        raise ExplainedError(texts.first_letters(word, LONGEST_PREFIX))
    return prefix
