"""`python -m bot`: on Telegram with a TELEGRAM_TOKEN, else in the terminal. Arguments, signals and exit codes.

Heavy imports wait until the settings are read, so that a wrong setting is reported at once.
"""

from __future__ import annotations

if __name__ == "__main__":
    from model.cli.interrupt import leave_at_once

    leave_at_once()  # before anything that takes time

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from bot.settings import read_settings, warnings_about
from bot.wire.logs import Redaction, configure_logging
from model.cli.interrupt import INTERRUPTED, leave_in_order
from model.errors import MangosaurusError
from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from bot.settings import Settings


ABOUT = "A bot that invents dinosaur names and Shakespearean verse: on Telegram with a TELEGRAM_TOKEN, else here."
SETTINGS = f"""\
Settings come from the environment, and where that has none, from the file .env in
{ROOT}
The file .env.example there explains each of them. Ctrl-C ends the bot."""


def command() -> None:
    """Do what the command line says; exit with 2 where it says something unknown."""
    main(sys.argv[1:])


def main(arguments: Sequence[str] = ()) -> None:
    """Run the bot until it is told to stop, and exit with 0, or with 1 and one line that says why."""
    parser = argparse.ArgumentParser(
        "mangosaurus", description=ABOUT, epilog=SETTINGS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args(arguments)
    leave_in_order()
    redaction = Redaction(None)
    try:
        settings = read_settings(os.environ, ROOT / ".env")
        level = settings.log_level or ("INFO" if settings.token else "WARNING")
        redaction = configure_logging(level, settings.token)
        for warning in warnings_about(ROOT / ".env"):
            logging.getLogger(__name__).warning("%s", warning)
        asyncio.run(_until_told(_telegram(settings) if settings.token else _terminal(settings)))
    except KeyboardInterrupt:  # a second Ctrl-C
        sys.exit(INTERRUPTED)
    except MangosaurusError as error:
        sys.exit(_last_line(redaction, str(error)))
    except Exception as error:
        logging.getLogger(__name__).debug("The bot failed", exc_info=True)
        sys.exit(_last_line(redaction, f"unexpected {type(error).__name__}: {error}"))


async def _until_told(serving: Coroutine[None, None, None]) -> None:
    """Serve until it ends by itself, or is cancelled: asyncio does that at Ctrl-C, and we at SIGTERM."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _telegram(settings: Settings) -> None:
    """Serve whenever this process is the one that may: always with SQLite, see `Standby` for PostgreSQL."""
    from bot.application import Mangosaurus
    from bot.people.standby import Standby

    standby = Standby(settings.database_address)
    try:
        while True:
            await standby.acquired()
            async with Mangosaurus(settings).running() as mangosaurus:
                await _first(mangosaurus.rejected(), standby.lost())
                mangosaurus.shut()
                logging.getLogger(__name__).error("Lost the lock in the database; another process may serve now")
    finally:
        await standby.release()


async def _first(*waits: Coroutine[None, None, None]) -> None:
    """Wait for the first of several events, and raise what it raises."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        finished, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def _terminal(settings: Settings) -> None:
    from bot.local.terminal import chat

    await chat(settings)


def _last_line(redaction: Redaction, reason: str) -> str:
    return redaction.redact(f"mangosaurus: {' '.join(reason.split())}")


if __name__ == "__main__":
    command()
