"""`/start`, `/help`, `/about`, and what no other room answers: unknown commands, and messages that are no text.

In groups only the three commands are answered.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from telegram import BotCommand, BotCommandScopeChat
from telegram.error import TelegramError
from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.conversation import texts
from bot.wire.order import IN_PRIVATE, person_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from telegram import Bot, Message, Update
    from telegram.ext import ContextTypes

    from bot.writing.writer import Writer

logger = logging.getLogger(__name__)

ALBUMS = 64
"""How many are remembered as answered. The pictures of one arrive within seconds."""


class ForUs(filters.MessageFilter):
    """Passes commands that are not addressed to another bot."""

    def filter(self, message: Message) -> bool:
        """Compare the name after the `@`, if there is one, with ours."""
        command = (message.text or "").split(maxsplit=1)[0]
        _, _, name = command.partition("@")
        return not name or name.lower() == message.get_bot().username.lower()


class Welcome:
    """Answers `/start`, `/help`, `/about` and the rest."""

    def __init__(self, admin_ids: Collection[int], writers: Mapping[str, Writer]) -> None:
        self._admin_ids = admin_ids
        self._writers = writers
        self._albums: deque[str] = deque(maxlen=ALBUMS)  # that were answered

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers of the commands."""
        return [
            CommandHandler("start", self.start, filters.UpdateType.MESSAGE),
            CommandHandler("help", self.help, filters.UpdateType.MESSAGE),
            CommandHandler("about", self.about, filters.UpdateType.MESSAGE),
        ]

    def last_handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers that come after all others, and take what they leave."""
        return [
            MessageHandler(IN_PRIVATE & filters.Regex("^/") & ForUs(), self.unknown),
            MessageHandler(IN_PRIVATE & ~filters.TEXT & ~filters.StatusUpdate.ALL, self.no_text),
        ]

    async def start(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say hello."""
        await _reply(update, texts.START)

    async def help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """List the commands, for an administrator theirs as well."""
        is_admin = person_id(update) in self._admin_ids
        await _reply(update, texts.help_for(context.bot.username, is_admin=is_admin))

    async def about(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say what serves at the moment, and how good it is."""
        serving = {network: writer.checkpoint for network, writer in self._writers.items()}
        networks = [
            (network, checkpoint.version, checkpoint.description.held_out_loss, len(checkpoint.known_names))
            for network, checkpoint in serving.items()
        ]
        await _reply(update, texts.about(networks))

    async def unknown(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a command that does not exist, or not for this person, and a slash that begins no command."""
        await _reply(update, texts.UNKNOWN_COMMAND)

    async def no_text(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a picture, a voice or a sticker. An album, which comes picture by picture, is answered once."""
        album = update.message and update.message.media_group_id
        if album and album in self._albums:
            return
        if album:
            self._albums.append(album)
        await _reply(update, texts.ONLY_TEXT)


async def announce_commands(bot: Bot, admin_ids: Collection[int]) -> None:
    """Fill the menu of commands in Telegram's apps; a failure is logged and does no harm."""
    await _announce(bot, texts.COMMANDS, None)
    for admin_id in admin_ids:
        await _announce(bot, texts.ADMIN_COMMANDS, BotCommandScopeChat(admin_id))


async def _announce(bot: Bot, commands: Mapping[str, str], scope: BotCommandScopeChat | None) -> None:
    try:
        await bot.set_my_commands([BotCommand(*command) for command in commands.items()], scope)
    except TelegramError as error:
        logger.info("The menu of commands was not set: %s", error)


async def _reply(update: Update, text: str) -> None:
    if update.message:
        await update.message.reply_html(text)
