"""`/dino [voice:name] [how many] [first letters]`: new names, of dinosaurs or in an own voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram.ext import CommandHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.voices import chosen, voice_in
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

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
        name, words = voice_in(" ".join(context.args or []), anywhere=True)
        if name is not None:
            await self._answer_in_voice(update, name, words.split())
            return
        wish = read_wish(words.split(), self._answers.vocabulary(Genre.DINO.network))
        await self._answers.answer(update, Genre.DINO, wish.prefix, wish.count)

    async def _answer_in_voice(self, update: Update, name: str, words: Sequence[str]) -> None:
        voice = await chosen(self._answers.voices, name, Genre.DINO.network.form)
        weights = await self._answers.weights_of(voice.id)
        wish = read_wish(words, weights.vocabulary, texts.voice_letters)
        prefix = as_names_begin(wish.prefix, weights.known_names)
        await self._answers.answer(update, Genre.DINO, prefix, wish.count, voice=voice.id)


def read_wish(
    words: Sequence[str], vocabulary: Vocabulary, refusal: Callable[[str, int], str] = texts.first_letters
) -> Wish:
    """Read a number and first letters, in either order, each at most once; ExplainedError, for letters a `refusal`.

    A word with a digit in it is meant as a number, so `1e9` is too many, and not a name that begins with E.
    """
    numbers = [word for word in words if any(character.isnumeric() for character in word)]
    letters = [word for word in words if word not in numbers]
    if len(numbers) > 1 or len(letters) > 1:
        raise ExplainedError(texts.DINO_USAGE)
    count = _read_count(numbers[0]) if numbers else None
    return Wish(count, _read_prefix(letters[0], vocabulary, refusal) if letters else "")


def as_names_begin(prefix: str, names: Collection[str]) -> str:
    """Return first letters with a capital, if names begin with that and none with the small letter."""
    first, capital = prefix[:1], prefix[:1].upper()
    initials = {name[0] for name in names}
    return capital + prefix[1:] if first not in initials and capital in initials else prefix


def _read_count(word: str) -> int:
    # Any script's digits: ٣ is 3.
    if not (word.isdecimal() and len(word) < 10 and 1 <= int(word) <= MOST):
        raise ExplainedError(texts.how_many(MOST))
    return int(word)


def _read_prefix(word: str, vocabulary: Vocabulary, refusal: Callable[[str, int], str]) -> str:
    prefix = vocabulary.fold(word).strip()
    if not 1 <= len(prefix) <= LONGEST_PREFIX:
        raise ExplainedError(refusal(word, LONGEST_PREFIX))
    return prefix
