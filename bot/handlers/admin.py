"""`/retrain dino|poem [minutes]`: a training, shown in one message that is edited while it runs.

For administrators alone: to everybody else the command does not exist. Not here: the training itself (`retraining`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from telegram.constants import ChatType
from telegram.error import BadRequest, RetryAfter, TelegramError, TimedOut
from telegram.ext import CommandHandler, filters

from bot.conversation import texts
from bot.conversation.answers import ExplainedError
from bot.training.retraining import KINDS
from bot.wire.pacing import seconds
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from telegram import Message, Update
    from telegram.ext import ContextTypes

    from bot.training.reporting import TrainingProgress
    from bot.training.retraining import Retraining

logger = logging.getLogger(__name__)

SHORTEST_TRAINING, LONGEST_TRAINING = 0.01, 1440.0
"""Minutes."""
EDIT_EVERY, EDIT_A_GROUP_EVERY = 3.0, 10.0
"""Seconds; an edit is one of the twenty messages a minute that Telegram allows in a group, and others want answers."""
LAST_TRIES = 3
SHORT_WAIT, LONGER_WAIT = 1.0, 5.0
"""Seconds between two tries to say the last word of a training, the longer where Telegram wants to be left alone."""


class Admin:
    """Answers `/retrain`."""

    def __init__(self, retraining: Retraining, admin_ids: Collection[int], serving: Collection[str]) -> None:
        self._retraining = retraining
        self._admin_ids = admin_ids
        self._serving = serving
        self._trainings: set[asyncio.Task[None]] = set()

    def handler(self) -> CommandHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return what the application listens with."""
        admins = filters.UpdateType.MESSAGE & filters.User(self._admin_ids)
        return CommandHandler("retrain", self.answer, admins)

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Begin a training, and return while it runs."""
        kind, minutes = read_training(context.args or [])
        self._retraining.refuse_if_busy()
        if update.message is None:
            return
        if not context.application.running:  # a task begun now would have nobody who waits for it
            raise ExplainedError(texts.STOPPING)
        board = Board(await update.message.reply_html(texts.training_begins(kind, minutes)))
        task = context.application.create_task(self._train(kind, minutes, board), update)
        self._trainings.add(task)
        task.add_done_callback(self._trainings.discard)

    async def ended(self) -> None:
        """Wait until the trainings have ended and their last word is said."""
        await asyncio.gather(*self._trainings, return_exceptions=True)

    async def _train(self, kind: str, minutes: float | None, board: Board) -> None:
        losses: list[float] = []

        async def report(progress: TrainingProgress) -> None:
            losses.append(progress.training_loss)
            await board.show(texts.training(kind, progress, losses))

        try:
            outcome = await self._retraining.retrain(kind, minutes, report)
        except MangosaurusError as error:
            await board.conclude(texts.failure(str(error)))
        else:
            await board.conclude(texts.trained(outcome, served=kind in self._serving))


class Board:
    """One message that shows how something goes. What Telegram refuses to show is forgotten, but for the last word."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._shown = ""
        self._pause = EDIT_EVERY if message.chat.type == ChatType.PRIVATE else EDIT_A_GROUP_EVERY
        self._not_before = time.monotonic() + self._pause

    async def show(self, text: str) -> None:
        """Edit the message, if it is time and there is something new."""
        if time.monotonic() < self._not_before or text == self._shown:
            return
        self._not_before = time.monotonic() + self._pause
        try:
            await self._edit(text)
        except RetryAfter as error:
            self._not_before = time.monotonic() + seconds(error)
        except TelegramError as error:
            logger.info("A progress message was not edited: %s", error)

    async def conclude(self, text: str) -> None:
        """Edit the message for the last time, or say it anew where that fails, and do not give up at once.

        What timed out may have been done: an edit can be made once more all the same, but a new message cannot.
        """
        anew = False
        for tries_left in reversed(range(LAST_TRIES)):
            try:
                await (self._message.reply_html(text) if anew else self._edit(text))
            except TelegramError as error:
                logger.warning("The end of a training was not shown: %s", error)
                timed_out = isinstance(error, TimedOut)
                if not tries_left or (timed_out and anew):
                    return
                anew = not timed_out
                await asyncio.sleep(_pause(error))
            else:
                return

    async def _edit(self, text: str) -> None:
        try:
            await self._message.edit_text(text, parse_mode="HTML")
        except BadRequest as error:
            if "not modified" not in str(error):
                raise
        self._shown = text


def read_training(words: Sequence[str]) -> tuple[str, float | None]:
    """Read what to train, and for how many minutes; ExplainedError."""
    kind = words[0].lower() if words else ""
    if kind not in KINDS or len(words) > 2:
        raise ExplainedError(texts.RETRAIN_USAGE)
    return kind, _read_minutes(words[1]) if len(words) == 2 else None


def _read_minutes(word: str) -> float:
    try:
        minutes = float(word)
    except ValueError:
        minutes = 0.0
    if not SHORTEST_TRAINING <= minutes <= LONGEST_TRAINING:  # NaN neither
        raise ExplainedError(texts.minutes_range(LONGEST_TRAINING))
    return minutes


def _pause(error: TelegramError) -> float:
    """Return for how long to wait before the next try; the pacing has waited for a RetryAfter, if it is worth it."""
    if isinstance(error, RetryAfter):
        return LONGER_WAIT
    return 0.0 if isinstance(error, BadRequest) else SHORT_WAIT
