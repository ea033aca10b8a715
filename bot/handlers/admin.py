"""`/retrain dino|poem [minutes]`: one message shows a training from its beginning to its end, even after a restart.

The command is for administrators; to everybody else it does not exist.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import CommandHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.training.commands import Reason, RetrainingError
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Coroutine, Sequence
    from typing import Any

    from telegram import Bot, Update
    from telegram.ext import Application, ContextTypes

    from bot.people.records import Training
    from bot.people.store import Store
    from bot.training.reporting import TrainingProgress
    from bot.training.retraining import Retraining

    App = Application[Any, Any, Any, Any, Any, Any]

logger = logging.getLogger(__name__)

SHORTEST_TRAINING, LONGEST_TRAINING = 0.01, 1440.0
"""Minutes."""
EDIT_EVERY, EDIT_A_GROUP_EVERY = 3.0, 10.0
"""Seconds. An edit is one of the twenty messages a minute that Telegram allows in a group."""
LAST_TRIES = 3
LAST_PAUSE = 1.0
"""Seconds between two tries to show how a training ended."""


class Admin:
    """Answers `/retrain`."""

    def __init__(
        self, retraining: Retraining, store: Store, admin_ids: Collection[int], serving: Collection[str]
    ) -> None:
        self._retraining = retraining
        self._store = store
        self._admin_ids = admin_ids
        self._serving = serving
        self._tasks: set[asyncio.Task[None]] = set()

    def handler(self) -> CommandHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return the handler of the command."""
        admins = filters.UpdateType.MESSAGE & filters.User(self._admin_ids)
        return CommandHandler("retrain", self.answer, admins)

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Begin a training, and return while it runs."""
        network, minutes = read_training(context.args or [])
        if self._retraining.running:
            raise ExplainedError(texts.already_training(self._retraining.running))
        if update.message is None:
            return
        if not context.application.running:  # nobody would wait for the task
            raise ExplainedError(texts.STOPPING)
        message = await update.message.reply_html(texts.training_begins(network, minutes))
        board = Board(context.bot, message.chat_id, message.message_id)
        self._begin(context.application, self._train(network, minutes, board), update)

    async def tell_interrupted(self, application: App) -> None:
        """Tell the administrators of trainings that a crash or a stop ended. To be called before updates arrive."""
        for training in await self._store.interrupted_trainings():
            self._begin(application, self._tell_interrupted(application.bot, training))

    async def ended(self) -> None:
        """Wait until the trainings have ended, and their messages say so."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, application: App, work: Coroutine[Any, Any, None], update: Update | None = None) -> None:
        task = application.create_task(work, update)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _train(self, network: Network, minutes: float | None, board: Board) -> None:
        losses: list[float] = []

        async def report(progress: TrainingProgress) -> None:
            losses.append(progress.training_loss)
            await board.show(texts.training(network, progress, losses))

        was_stopped = False
        await _noted(self._store.training_began(network, *board.address))
        try:
            outcome = await self._retraining.retrain(network, minutes, report)
            last_words = texts.trained(outcome, served=network in self._serving)
        except RetrainingError as error:
            was_stopped = error.reason is Reason.STOPPED
            last_words = texts.training_failed(network, error)
        except Exception:  # the error handler apologises
            await _noted(self._store.training_ended(*board.address))
            raise
        # What a stopping bot cannot tell, it tells at its next start.
        if await board.conclude(last_words) or not was_stopped:
            await _noted(self._store.training_ended(*board.address))

    async def _tell_interrupted(self, bot: Bot, training: Training) -> None:
        board = Board(bot, training.chat_id, training.message_id)
        if await board.conclude(texts.training_interrupted(training.network)):
            await _noted(self._store.training_ended(*board.address))


class Board:
    """The message that shows a training."""

    def __init__(self, bot: Bot, chat_id: int, message_id: int) -> None:
        self.address = (chat_id, message_id)
        self._bot = bot
        self._shown = ""
        self._pause = EDIT_A_GROUP_EVERY if chat_id < 0 else EDIT_EVERY
        self._not_before = time.monotonic() + self._pause

    async def show(self, text: str) -> None:
        """Edit the message, unless it is too early for that or nothing has changed."""
        if time.monotonic() < self._not_before or text == self._shown:
            return
        self._not_before = time.monotonic() + self._pause
        try:
            await self._edit(text)
        except TelegramError as error:
            logger.info("A progress message was not edited: %s", error)

    async def conclude(self, text: str) -> bool:
        """Edit the message for the last time, or send a new one if that is refused; return False if a retry may help.

        A request that failed for another reason may have been carried out. An edit can be repeated, a message cannot.
        """
        for tries_left in reversed(range(LAST_TRIES)):
            try:
                await self._edit(text)
            except (BadRequest, Forbidden) as error:
                logger.info("The message of a training cannot be edited: %s", error)
                return await self._send(text)
            except TelegramError as error:
                logger.warning("The end of a training was not shown: %s", error)
                await asyncio.sleep(LAST_PAUSE if tries_left else 0)
            else:
                return True
        return False

    async def _edit(self, text: str) -> None:
        chat_id, message_id = self.address
        try:
            await self._bot.edit_message_text(text, chat_id, message_id, parse_mode="HTML")
        except BadRequest as error:
            if "not modified" not in str(error):
                raise
        self._shown = text

    async def _send(self, text: str) -> bool:
        chat_id, message_id = self.address
        try:
            # As a reply, it appears in the topic of the old message, if that is there.
            await self._bot.send_message(chat_id, text, parse_mode="HTML", reply_to_message_id=message_id)
        except TelegramError as error:
            logger.warning("The end of a training was not shown: %s", error)
            return isinstance(error, (BadRequest, Forbidden))
        return True


async def _noted(noting: Awaitable[None]) -> None:
    """Write to the database. A training goes on if that fails."""
    try:
        await noting
    except MangosaurusError as error:
        logger.warning("A training was not noted: %s", error)


def read_training(words: Sequence[str]) -> tuple[Network, float | None]:
    """Read which network to train, and for how many minutes. ExplainedError."""
    name = words[0].lower() if words else ""
    if name not in tuple(Network) or len(words) > 2:
        raise ExplainedError(texts.RETRAIN_USAGE)
    return Network(name), _read_minutes(words[1]) if len(words) == 2 else None


def _read_minutes(word: str) -> float:
    try:
        minutes = float(word)
    except ValueError:
        minutes = 0.0
    if not SHORTEST_TRAINING <= minutes <= LONGEST_TRAINING:  # NaN is refused too
        raise ExplainedError(texts.minutes_range(LONGEST_TRAINING))
    return minutes
