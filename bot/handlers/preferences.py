"""`/settings`: how daring answers are, and how many names `/dino` alone gives, as buttons that change in place."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from telegram.error import BadRequest
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.conversation import presses, texts
from bot.conversation.answers import ExplainedError
from bot.wire.order import can_press, person_id

if TYPE_CHECKING:
    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.people.store import Store


class PreferenceMenu:
    """Answers `/settings` and the presses below it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return what the application listens with."""
        return [
            CommandHandler("settings", self.show, filters.UpdateType.MESSAGE),
            CallbackQueryHandler(self.choose, presses.is_preference),
        ]

    async def show(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send the person's settings."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        if not can_press(person, message.from_user, message.chat):
            raise ExplainedError(texts.SETTINGS_AS_YOURSELF)
        buttons = presses.preference_buttons(person, await self._store.preferences(person))
        await message.reply_html(texts.SETTINGS, api_kwargs=buttons)

    async def choose(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Take a choice, and mark it. Whose settings they are stands in the button: nobody else changes them."""
        query = update.callback_query
        press = presses.read(query.data) if query else None
        if query is None or query.message is None or not isinstance(press, presses.PreferencePress):
            raise ExplainedError(texts.OLD_BUTTON)
        if not can_press(press.person_id, query.from_user, query.message.chat):
            raise ExplainedError(texts.NOT_YOURS)
        preferences = await self._store.set_preferences(press.person_id, mood=press.mood, names=press.names)
        buttons = presses.preference_buttons(press.person_id, preferences)
        # What was chosen is kept, even where the mark cannot move: pressed twice, or the message is gone.
        with contextlib.suppress(BadRequest):
            await context.bot.edit_message_reply_markup(
                query.message.chat.id, query.message.message_id, api_kwargs=buttons
            )
        await presses.release(query, texts.CHOSEN)
