"""`/retrain dino|poem [minutes] [fresh]`, and the buttons below a training: stop, cancel, go on, drop, undo.

All of it is for administrators. To everybody else the command does not exist, and the buttons are somebody else's.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from telegram.error import TelegramError
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.conversation import presses, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.presses import TrainingPress, UndoPress
from bot.training.choice import OvertakenError
from bot.training.commands import RetrainingError
from bot.training.lessons import Lesson
from model.checkpoint.encoding import CheckpointError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.trainings import Trainings
    from bot.training.choice import Choice
    from bot.training.retraining import Retraining
    from bot.writing.folders import Folders

SHORTEST_TRAINING, LONGEST_TRAINING = 0.01, 1440.0
"""Minutes."""
FRESH = "fresh"


class Retrain:
    """Answers `/retrain` and the buttons below trainings."""

    def __init__(
        self,
        trainings: Trainings,
        retraining: Retraining,
        choice: Choice,
        folders: Folders,
        admin_ids: Collection[int],
    ) -> None:
        self._trainings = trainings
        self._retraining = retraining
        self._choice = choice
        self._folders = folders
        self._admin_ids = admin_ids

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers of the command and of the buttons."""
        admins = filters.UpdateType.MESSAGE & filters.User(self._admin_ids)
        return [
            CommandHandler("retrain", self.answer, admins),
            CallbackQueryHandler(self.press, presses.means(TrainingPress)),
            CallbackQueryHandler(self.undo, presses.means(UndoPress)),
        ]

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Begin a training, and return while it runs."""
        lesson = read_lesson(context.args or [])
        if update.message is not None:
            await self._trainings.begin(update.message, context, lesson)

    async def press(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Stop or cancel the training that runs, or decide about an interrupted one."""
        query, message, press = presses.pressed(update, TrainingPress, by=self._admin_ids)
        address = (message.chat.id, message.message_id)
        if press.choice == "on":
            await self._trainings.go_on(address, context, press.key)
        elif press.choice == "drop":
            await self._trainings.drop(address, context, press.key)
        else:
            self._end(press)
        await presses.release(query, texts.TRAINING_CHOICES[press.choice])

    async def undo(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Go back to the version before a promotion, if that is still the last one."""
        query, message, press = presses.pressed(update, UndoPress, by=self._admin_ids)
        title = await asyncio.to_thread(self._folders.title, press.network)
        if title is None:
            raise ExplainedError(texts.VOICE_GONE)
        try:
            _, back = await self._choice.rollback(press.network, press.version)
        except OvertakenError:
            raise ExplainedError(texts.PROMOTION_OVER) from None
        except (CheckpointError, RetrainingError) as error:
            raise ExplainedError(texts.not_changed(title, str(error))) from error
        await presses.release(query)
        await presses.say_below(query, message, texts.undone(title, back.version))
        with contextlib.suppress(TelegramError):  # the message is gone, or too old, and the button does nothing more
            await query.edit_message_reply_markup(None)

    def _end(self, press: TrainingPress) -> None:
        running = self._retraining.running
        if running is None or running.key != press.key:
            raise ExplainedError(texts.TRAINING_OVER)
        if press.choice == "finish":
            self._retraining.finish()
        else:
            self._retraining.cancel()


def read_lesson(words: Sequence[str]) -> Lesson:
    """Read which network to train, for how many minutes, and whether from nothing. ExplainedError."""
    name, *options = [word.lower() for word in words] or [""]
    minutes = [word for word in options if word != FRESH]
    if name not in tuple(Network) or len(minutes) > 1 or options.count(FRESH) > 1:
        raise ExplainedError(texts.RETRAIN_USAGE)
    chosen = _read_minutes(minutes[0]) if minutes else None
    return Lesson(name, Network(name).form, chosen, fresh=FRESH in options)


def _read_minutes(word: str) -> float:
    try:
        minutes = float(word)
    except ValueError:
        raise ExplainedError(texts.RETRAIN_USAGE) from None
    if not SHORTEST_TRAINING <= minutes <= LONGEST_TRAINING:  # NaN is refused too
        raise ExplainedError(texts.minutes_range(LONGEST_TRAINING))
    return minutes
