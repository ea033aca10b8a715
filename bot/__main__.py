"""`python -m bot` chats on Telegram with a TELEGRAM_TOKEN, else in the terminal and on a page in
the browser.

This module reads the arguments, listens to signals, and ends with an exit code and a line that says
why. Heavy imports wait until the settings are read, so that a wrong setting is reported at once.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from importlib import import_module, metadata
from typing import TYPE_CHECKING

from bot.logs import Redaction, configure_logging
from bot.settings import KEYS, Settings, SettingsError, read_settings, warnings_about
from model.errors import MangosaurusError, exit_code_of
from model.files import HOME

if TYPE_CHECKING:
    from bot.app import Door

STOP_SECONDS = 7.5
"""The longest time that a stop takes, whatever hangs. systemd allows 15 s, and containers 10 s."""
ASKING_SECONDS = 15.0
"""How long `mangosaurus healthy` waits for an answer. If none comes, the bot is not well."""
ABOUT = """\
A bot that invents dinosaur names and Shakespearean verse: on Telegram with a TELEGRAM_TOKEN,
else in this terminal and on a page in your browser. Piped input is answered here alone."""
COMMANDS = {
    "show": ("CODE", "print a creation, what decides it, and the commands that write it again"),
    "card": ("CODE", "save the card of a creation, or of any name"),
    "weights": ("VERSION", "save the weights of a version, in this folder"),
    "check": ("NUMBER", "write the newest creations anew, and compare them with what is kept"),
    "backup": ("FILE", "save all that the bot has learned and keeps, also while it runs"),
    "restore": ("FILE", "put a backup into a database that is empty"),
    "healthy": ("", "exit with 0 if the bot at HEALTH_LISTEN is well"),
}
"""What each command takes, and what it does."""
SETTINGS = f"""\
The networks have commands of their own: train, sample, evaluate, look (mangosaurus train --help).

Ctrl-C ends the bot. Settings come from the environment, or else from the file .env in
{HOME}
which also gets the database and new weights; MANGOSAURUS_HOME names another folder. All of them
are optional:

{chr(10).join(f"  {name:20} {key.rule}" for name, key in KEYS.items())}"""


def command() -> None:
    """Do what the command line says, for the bot or for the networks.

    An unknown command exits with 2.
    """
    if sys.argv[1:] and not sys.argv[1].startswith("-") and sys.argv[1] not in COMMANDS:
        from model.__main__ import app

        # this ends the process
        app(prog_name="mangosaurus")
    main(sys.argv[1:])


def main(arguments: Sequence[str] = ()) -> None:
    """Run the bot until it is told to stop.

    If the bot fails, print one line that says why, and exit with a code that is not 0.
    """
    wanted = _read_arguments(arguments)
    redaction = Redaction()
    try:
        settings = read_settings(os.environ, HOME / ".env")
        is_here = wanted.terminal or wanted.page or wanted.port is not None
        is_on_telegram = bool(settings.token) and not is_here and not wanted.command
        level = settings.log_level or ("INFO" if is_on_telegram else "WARNING")
        redaction = configure_logging(level, settings.token, settings.database)
        if wanted.command == "healthy":
            sys.exit(_print_health(settings))
        if wanted.command:
            module = "backup" if wanted.command in ("backup", "restore") else "kept"
            carry_out = getattr(import_module(f"bot.{module}"), wanted.command)
            sys.exit(asyncio.run(carry_out(settings, wanted.what)))
        for warning in warnings_about(HOME / ".env"):
            logging.getLogger(__name__).warning("%s", warning)
        if is_on_telegram:
            serving = _serve_on_telegram(settings)
        else:
            _check_input(wanted)
            serving = _serve_here(settings, wanted)
        asyncio.run(_until_told(serving))
    except KeyboardInterrupt:  # Ctrl-C before the bot serves
        sys.exit(130)
    except Exception as error:
        reason = str(error)
        if not isinstance(error, MangosaurusError):
            logging.getLogger(__name__).debug("The bot failed", exc_info=True)
            reason = f"unexpected {type(error).__name__}: {error}"
        if isinstance(error, OSError) and error.filename:
            reason = f"{error.filename}: {error.strerror}; check what MANGOSAURUS_HOME names"
        print(redaction.redact(f"mangosaurus: {' '.join(reason.split())}"), file=sys.stderr)
        sys.exit(exit_code_of(error))


def _check_input(wanted: argparse.Namespace) -> None:
    """Raise SettingsError if the terminal is wanted, but there is neither a terminal nor a pipe.

    Under systemd and in containers, the input is /dev/null: a device that is no terminal.
    """
    if wanted.page or (sys.stdin and (sys.stdin.isatty() or not stat.S_ISCHR(os.fstat(0).st_mode))):
        return
    raise SettingsError(
        "no terminal to chat in; --page chats in a browser, and TELEGRAM_TOKEN in the environment"
        f" or in {HOME / '.env'} on Telegram"
    )


async def _until_told(serving: Coroutine[None, None, None]) -> None:
    """Serve until `serving` ends, or until SIGTERM or Ctrl-C cancels it.

    Then the process ends within STOP_SECONDS, whatever hangs. A second Ctrl-C ends it at once.
    """
    task = asyncio.create_task(serving)

    def stop(number: int, _frame: object) -> None:
        if not task.cancelling():
            task.cancel()
            threading.Thread(target=_end_in_time, daemon=True).start()
        elif number == signal.SIGINT:
            os._exit(130)

    for number in (signal.SIGTERM, signal.SIGINT):
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            # Any thread may get the signal. A handler that does nothing (`bool`) wakes the loop, in
            # which `stop` runs. On Windows, the loop wakes by itself.
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, bool)
            signal.signal(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _end_in_time() -> None:
    """End the process after STOP_SECONDS.

    This waits for nothing that may hang: no event loop, no other thread, no reader of stderr.
    """
    time.sleep(STOP_SECONDS)
    try:
        os.set_blocking(2, False)
        os.write(2, b"mangosaurus: something hangs, so the process ends without waiting for it\n")
    finally:
        os._exit(1)


def _print_health(settings: Settings) -> int:
    """Ask a running bot whether it is well, print what it says, and return the exit code."""
    from http.client import HTTPConnection, HTTPException

    if settings.health_listen is None:
        raise SettingsError(
            "HEALTH_LISTEN is not set; the bot and this command need the same address there"
        )
    connection = HTTPConnection(*settings.health_listen, timeout=ASKING_SECONDS)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        print(response.read().decode(errors="replace").strip())
        return int(response.status != 200)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or error
        raise MangosaurusError(f"no answer at HEALTH_LISTEN: {reason}") from error
    finally:
        connection.close()


async def _serve_on_telegram(settings: Settings) -> None:
    """Wait for the lock, and serve as long as this process holds it: see `Standby`. Raises
    StartError if Telegram rejects the token.
    """
    from bot.health import SERVING, STANDBY, Health
    from bot.running import running
    from bot.standby import ANOTHER_SERVES, Standby
    from bot.telegram.door import Telegram

    async def serve() -> None:
        health.note("")
        async with running(settings, [telegram]) as bot:
            health.note(SERVING, bot)
            await asyncio.shield(telegram.polling)

    standby = Standby(settings.database_address)
    telegram = Telegram(settings, may_send=lambda: standby.is_held)
    try:
        async with Health(settings.health_listen, [telegram]) as health:
            await standby.acquired(
                lambda told: health.note(STANDBY if told == ANOTHER_SERVES else "", why=told)
            )
            await standby.while_held(serve())
    finally:
        await standby.release()


async def _serve_here(settings: Settings, wanted: argparse.Namespace) -> None:
    """Chat in the terminal, on the page, or both. Nobody is limited."""
    from bot.running import running
    from bot.terminal import Terminal

    settings = replace(settings, rate_limit=None)
    terminal = Terminal(settings.saved)
    doors: list[Door] = [terminal]
    if wanted.page or (terminal.is_interactive and not wanted.terminal):
        # imported here, because a chat through pipes needs no web server
        from bot.page.server import Page

        doors.append(Page(settings, wanted.port))
    async with running(settings, doors) as bot:
        if wanted.page:
            await asyncio.Event().wait()
        await terminal.converse(bot)


def _read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line asks for: a command, or where to chat."""
    parser = argparse.ArgumentParser(
        "mangosaurus",
        description=ABOUT,
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=metadata.version("mangosaurus"))
    alone = parser.add_mutually_exclusive_group()
    alone.add_argument("--terminal", action="store_true", help="chat in this terminal alone")
    alone.add_argument("--page", action="store_true", help="serve the page alone")
    parser.add_argument("--port", type=int, help="that of the page (8765, or any that is free)")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for name, (what, about) in COMMANDS.items():
        subparser = commands.add_parser(name, help=about, description=about)
        if what:
            subparser.add_argument("what", metavar=what)
    parser.set_defaults(what="")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    command()
