"""Echoes messages on stock python-telegram-bot, the fastest that this library allows."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from telegram.ext import ApplicationBuilder, MessageHandler, filters

if TYPE_CHECKING:
    from telegram import Update


async def echo(update: Update, _context: Any) -> None:
    """Send a message back."""
    if update.message and update.message.text:
        await update.message.reply_text(update.message.text)


def main() -> None:
    """Serve until the process is told to stop, or stdin ends."""
    token, address = os.environ["TELEGRAM_TOKEN"], os.environ["TELEGRAM_API_URL"]
    application = ApplicationBuilder().token(token).base_url(f"{address}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    threading.Thread(target=end_with_stdin, daemon=True).start()
    application.run_polling()


def end_with_stdin() -> None:
    """End the process when the bench has ended."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
