"""`/start`, `/help`, and what nobody else answers: unknown commands, and messages that are no text.

In groups only the two commands are answered: what others say there is none of our business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot import texts
from bot.updates import person_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from telegram import Message, Update
    from telegram.ext import ContextTypes


class ForUs(filters.MessageFilter):
    """Lets commands pass that are not addressed to another bot."""

    def filter(self, message: Message) -> bool:
        """Compare the name behind the `@`, if there is one, with ours."""
        command = (message.text or "").split(maxsplit=1)[0]
        _, _, name = command.partition("@")
        return not name or name.lower() == message.get_bot().username.lower()


class Welcome:
    """Answers `/start`, `/help` and the rest."""

    def __init__(self, admin_ids: Collection[int]) -> None:
        self._admin_ids = admin_ids

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the commands."""
        return [
            CommandHandler("start", self.start, filters.UpdateType.MESSAGE),
            CommandHandler("help", self.help, filters.UpdateType.MESSAGE),
        ]

    def last_handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return what comes after all others, for it takes what they leave."""
        private = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE
        return [
            MessageHandler(private & filters.COMMAND & ForUs(), self.unknown),
            MessageHandler(private & ~filters.TEXT & ~filters.StatusUpdate.ALL, self.no_text),
        ]

    async def start(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say hello."""
        await _reply(update, texts.START)

    async def help(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """List the commands, and an administrator's too where it is one who asks."""
        is_admin = person_id(update) in self._admin_ids
        await _reply(update, f"{texts.HELP}\n\n{texts.HELP_ADMIN}" if is_admin else texts.HELP)

    async def unknown(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a command that does not exist, at least for this person."""
        await _reply(update, texts.UNKNOWN_COMMAND)

    async def no_text(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a picture, a voice or a sticker."""
        await _reply(update, texts.ONLY_TEXT)


async def _reply(update: Update, text: str) -> None:
    if update.message:
        await update.message.reply_html(text)
