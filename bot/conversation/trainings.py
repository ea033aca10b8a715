"""A training in a chat: one message shows it from its beginning to its end, even after a restart.

Every step is noted in the database before it is told: which message shows which training, and what there is to say of
its end. So a bot that was killed, or that found Telegram away, tells it when it starts again.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.conversation import buttons, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.board import Board
from bot.people.records import Training
from bot.training.commands import Reason, RetrainingError
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Coroutine
    from typing import Any

    from telegram import InlineKeyboardMarkup, Message
    from telegram.ext import Application, ContextTypes

    from bot.conversation.board import Address
    from bot.people.store import Store
    from bot.training.lessons import Lesson
    from bot.training.reporting import Report, TrainingProgress
    from bot.training.retraining import Outcome, Retraining
    from bot.writing.folders import Folders

    App = Application[Any, Any, Any, Any, Any, Any]

logger = logging.getLogger(__name__)


class Trainings:
    """Begins trainings, shows them, and says how they ended. `serving` are the networks that a promotion reaches."""

    def __init__(self, retraining: Retraining, store: Store, folders: Folders, serving: Collection[str]) -> None:
        self._retraining = retraining
        self._store = store
        self._folders = folders
        self._serving = serving
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: Lesson | None = None

    async def begin(self, message: Message, context: ContextTypes.DEFAULT_TYPE, lesson: Lesson) -> None:
        """Begin a training in reply to a message, and return while it runs. ExplainedError if it cannot begin now."""
        self.refuse_second(context)
        keyboard = buttons.below_training(lesson.key)
        begun = await message.reply_html(texts.training_begins(lesson), reply_markup=keyboard)
        self._start(context.application, lesson, (begun.chat_id, begun.message_id))

    def refuse_second(self, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Raise an ExplainedError if no training can begin now."""
        if running := self._begun or self._retraining.running:
            raise ExplainedError(texts.already_training(running.title))
        if not context.application.running:  # nobody would wait for the task
            raise ExplainedError(texts.STOPPING)

    async def go_on(self, address: Address, context: ContextTypes.DEFAULT_TYPE, key: str) -> None:
        """Go on with an interrupted training, in the message that offered it. ExplainedError."""
        self.refuse_second(context)
        try:
            interrupted = await self._retraining.interrupted(key)
        except BlockingIOError:
            raise ExplainedError(texts.TRAINING_ELSEWHERE) from None
        if interrupted is None:
            raise ExplainedError(texts.NOTHING_TO_GO_ON)
        self.refuse_second(context)  # another one may have begun meanwhile
        self._start(context.application, interrupted[0], address)

    async def drop(self, address: Address, context: ContextTypes.DEFAULT_TYPE, key: str) -> None:
        """Remove an interrupted training, and say so in the message that offered it. ExplainedError."""
        try:
            await self._retraining.drop(key)
        except BlockingIOError:
            raise ExplainedError(texts.TRAINING_ELSEWHERE) from None
        board = self._board(context.application, address)
        await self._tell(board, texts.TRAINING_DROPPED)

    async def tell_interrupted(self, application: App) -> None:
        """Say what the last run of the bot could not. To be called before updates arrive."""
        for training in await self._store.interrupted_trainings():
            self._create_task(application, self._take_up(application, training))

    async def ended(self) -> None:
        """Wait until the trainings have ended, and their messages say so."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, application: App, lesson: Lesson, address: Address) -> None:
        self._begun = self._begun or lesson  # in this moment, so that a second press finds it
        self._create_task(application, self._train(lesson, self._board(application, address)))

    def _board(self, application: App, address: Address) -> Board:
        return Board(application.bot, address, lambda: not application.running)

    def _create_task(self, application: App, work: Coroutine[Any, Any, None]) -> None:
        task = application.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _train(self, lesson: Lesson, board: Board) -> None:
        keyboard = buttons.below_training(lesson.key)

        async def report(progress: TrainingProgress) -> None:
            await board.show(texts.training(lesson, progress), keyboard)

        await _noted(self._store.training_began(Training(lesson.network, *board.address, lesson.key)))
        try:
            outcome = await self._retrain(lesson, report)
        except RetrainingError as error:
            await self._tell_failure(board, lesson, error)
        except Exception:  # the error handler logs it
            await self._tell(board, texts.training_broke(lesson))
            raise
        else:
            await self._tell_outcome(board, lesson, outcome)

    async def _retrain(self, lesson: Lesson, report: Report) -> Outcome:
        try:
            return await self._retraining.retrain(lesson, report)
        finally:
            if self._begun is lesson:
                self._begun = None

    async def _tell_failure(self, board: Board, lesson: Lesson, error: RetrainingError) -> None:
        words = texts.training_failed(lesson, error)
        if error.reason is Reason.STOPPED:  # the next start offers to go on, or says that it cannot
            await board.conclude(words)
        else:
            await self._tell(board, words)

    async def _tell_outcome(self, board: Board, lesson: Lesson, outcome: Outcome) -> None:
        """Say how a training ended: below a picture, or without one in the message that showed the training."""
        served = lesson.network in self._serving or lesson.corpus is not None  # voices are loaded when asked for
        verdict = texts.trained(lesson, outcome, served=served)
        keyboard = buttons.below_promotion(outcome.network, outcome.version) if outcome.can_be_undone else None
        await _noted(self._store.training_concluded(*board.address, verdict))
        if outcome.picture and await board.send_picture(outcome.picture, verdict, keyboard):
            await self._tell(board, texts.training_over(lesson, outcome))
        else:
            await self._tell(board, verdict, keyboard)

    async def _tell(self, board: Board, words: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Say last words, and note them until they are told."""
        address = board.address
        await _noted(self._store.training_concluded(*address, words))
        if await board.conclude(words, keyboard):
            await _noted(self._store.training_ended(*address))

    async def _take_up(self, application: App, training: Training) -> None:
        """Tell how a training ended, or offer to go on with it."""
        board = self._board(application, (training.chat_id, training.message_id))
        if training.last_words:
            await self._tell(board, training.last_words)
            return
        try:
            interrupted = await self._retraining.interrupted(training.key)
        except BlockingIOError:  # another bot on this folder trains it, and tells of it
            return
        if interrupted is None:
            title = await asyncio.to_thread(self._folders.title, training.network)
            await self._tell(board, texts.training_lost(title) if title else texts.VOICE_GONE)
        else:
            await self._offer(board, training, *interrupted)

    async def _offer(self, board: Board, training: Training, lesson: Lesson, done: float | None) -> None:
        await board.conclude(texts.training_offered(lesson, done), buttons.below_offer(lesson.key))
        if board.address != (training.chat_id, training.message_id):
            await _noted(self._store.training_began(Training(lesson.network, *board.address, lesson.key)))
            await _noted(self._store.training_ended(training.chat_id, training.message_id))


async def _noted(noting: Awaitable[None]) -> None:
    """Write to the database. A training goes on if that fails."""
    try:
        await noting
    except MangosaurusError as error:
        logger.warning("A training was not noted: %s", error)
