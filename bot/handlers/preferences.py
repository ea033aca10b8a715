"""`/settings`: how daring texts are, and how many names `/dino` alone gives, as buttons that change in place."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from telegram.error import BadRequest
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.conversation import buttons, presses, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.presses import PreferencePress
from bot.wire.order import can_press, person_id

if TYPE_CHECKING:
    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.people.store import Store


class PreferenceMenu:
    """Answers `/settings` and the buttons below it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers of the command and its buttons."""
        return [
            CommandHandler("settings", self.show, filters.UpdateType.MESSAGE),
            CallbackQueryHandler(self.choose, presses.means(PreferencePress)),
        ]

    async def show(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send the person's settings."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        if not can_press(person, message.from_user, message.chat):
            raise ExplainedError(texts.SETTINGS_AS_YOURSELF)
        menu = buttons.below_preferences(person, await self._store.preferences(person))
        await message.reply_html(texts.SETTINGS, reply_markup=menu)

    async def choose(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Keep a choice, and mark it. The button says whose settings they are; nobody else can change them."""
        query, message, press = presses.pressed(update, PreferencePress)
        if not can_press(press.owner, query.from_user, message.chat):
            raise ExplainedError(texts.NOT_YOURS)
        preferences = await self._store.set_preferences(press.owner, mood=press.mood, names=press.names)
        with contextlib.suppress(BadRequest):  # the mark is there already, or the message is gone
            await query.edit_message_reply_markup(buttons.below_preferences(press.owner, preferences))
        await presses.release(query, texts.CHOSEN)
