"""Echoes messages on stock python-telegram-bot, as fast as this library allows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from telegram.ext import ApplicationBuilder, MessageHandler, filters

if TYPE_CHECKING:
    from telegram import Update


async def echo(update: Update, _context: Any) -> None:
    """Send a message back."""
    if update.message and update.message.text:
        await update.message.reply_text(update.message.text)


def main() -> None:
    """Serve until the process is told to stop."""
    token, address = os.environ["TELEGRAM_TOKEN"], os.environ["TELEGRAM_API_URL"]
    application = ApplicationBuilder().token(token).base_url(f"{address}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()


if __name__ == "__main__":
    main()
