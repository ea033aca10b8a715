"""`/start`, `/help`, `/about`, and what nobody else answers: unknown commands, and messages that are no text.

In groups only the three commands are answered: what others say there is none of our business.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.conversation import texts
from bot.wire.order import IN_PRIVATE, person_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from telegram import Message, Update
    from telegram.ext import ContextTypes

    from bot.writing.batching import Batching


ALBUMS = 64
"""Of so many it is remembered that they were answered: their pictures come within seconds."""


class ForUs(filters.MessageFilter):
    """Lets pass what begins like a command and is not addressed to another bot."""

    def filter(self, message: Message) -> bool:
        """Compare the name behind the `@`, if there is one, with ours."""
        command = (message.text or "").split(maxsplit=1)[0]
        _, _, name = command.partition("@")
        return not name or name.lower() == message.get_bot().username.lower()


class Welcome:
    """Answers `/start`, `/help`, `/about` and the rest."""

    def __init__(self, admin_ids: Collection[int], batchings: Mapping[str, Batching]) -> None:
        self._admin_ids = admin_ids
        self._batchings = batchings
        self._albums: deque[str] = deque(maxlen=ALBUMS)  # that were answered

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the commands."""
        return [
            CommandHandler("start", self.start, filters.UpdateType.MESSAGE),
            CommandHandler("help", self.help, filters.UpdateType.MESSAGE),
            CommandHandler("about", self.about, filters.UpdateType.MESSAGE),
        ]

    def last_handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return what comes after all others, for it takes what they leave."""
        return [
            MessageHandler(IN_PRIVATE & filters.Regex("^/") & ForUs(), self.unknown),
            MessageHandler(IN_PRIVATE & ~filters.TEXT & ~filters.StatusUpdate.ALL, self.no_text),
        ]

    async def start(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say hello."""
        await _reply(update, texts.START)

    async def help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """List the commands, and an administrator's too where it is one who asks."""
        is_admin = person_id(update) in self._admin_ids
        await _reply(update, texts.help_for(context.bot.username, is_admin=is_admin))

    async def about(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say what serves at the moment, and how good it is."""
        serving = {kind: batching.checkpoint for kind, batching in self._batchings.items()}
        await _reply(
            update,
            texts.about(
                (kind, checkpoint.version, checkpoint.description.held_out_loss, len(checkpoint.known_names))
                for kind, checkpoint in serving.items()
            ),
        )

    async def unknown(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a command that does not exist, at least for this person, and a slash that begins none."""
        await _reply(update, texts.UNKNOWN_COMMAND)

    async def no_text(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a picture, a voice or a sticker; an album, which comes picture by picture, once."""
        album = update.message and update.message.media_group_id
        if album and album in self._albums:
            return
        if album:
            self._albums.append(album)
        await _reply(update, texts.ONLY_TEXT)


async def _reply(update: Update, text: str) -> None:
    if update.message:
        await update.message.reply_html(text)
