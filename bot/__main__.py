"""`python -m bot`: on Telegram with a TELEGRAM_TOKEN, else in the terminal and on a page in the
browser.

This module reads the arguments, listens to signals, and ends with an exit code and a line that says
why.

Heavy imports wait until the settings are read, so that a wrong setting is reported at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import re
import signal
import stat
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.logs import Redaction, configure_logging
from bot.settings import KEYS, Settings, SettingsError, read_settings, warnings_about
from model.errors import MangosaurusError
from model.files import HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from bot.chat import Door
    from bot.health import Health


ABOUT = """\
A bot that invents dinosaur names and Shakespearean verse: on Telegram with a TELEGRAM_TOKEN,
else in this terminal and on a page in your browser. Piped input is answered here alone."""
LARGEST_PORT = 65535
SETTINGS = f"""\
`mangosaurus train`, `mangosaurus sample` and so on are the commands of the networks:
`mangosaurus train --help`.
Ctrl-C ends the bot; where it chats in a terminal, Ctrl-D does.

Settings come from the environment, or else from the file .env in
{HOME}
which also gets the database and new weights; MANGOSAURUS_HOME names another folder. All of them
are optional:

{chr(10).join(f"  {name:17} {key.rule}" for name, key in KEYS.items())}"""


def command() -> None:
    """Do what the command line says, for the bot or for the networks.

    An unknown command exits with 2.
    """
    if sys.argv[1:] and not sys.argv[1].startswith("-") and sys.argv[1] != "card":
        from model.__main__ import app

        app(prog_name="mangosaurus")
    main(sys.argv[1:])


def main(arguments: Sequence[str] = ()) -> None:
    """Run the bot until it is told to stop, and exit with 0, or with 1 and one line
    that says why.
    """
    where = _where(arguments)
    redaction = Redaction()
    try:
        settings = read_settings(os.environ, HOME / ".env")
        is_on_telegram = bool(settings.token) and not where.chosen
        level = settings.log_level or ("INFO" if is_on_telegram else "WARNING")
        redaction = configure_logging(
            level, settings.token, settings.postgresql, settings.webhook_secret
        )
        if where.healthy:
            sys.exit(_ask_whether_well(settings))
        if where.card:
            return asyncio.run(_save_card(settings, where.card[1]))
        _check(settings, needs_input=not (is_on_telegram or where.page))
        asyncio.run(_until_told(_telegram(settings) if is_on_telegram else _here(settings, where)))
    except KeyboardInterrupt:  # a second Ctrl-C
        sys.exit(130)
    except Exception as error:
        reason = str(error)
        if not isinstance(error, MangosaurusError):
            logging.getLogger(__name__).debug("The bot failed", exc_info=True)
            reason = f"unexpected {type(error).__name__}: {error}"
        sys.exit(redaction.redact(f"mangosaurus: {' '.join(reason.split())}"))


def _check(settings: Settings, *, needs_input: bool) -> None:
    """Warn of what the operator should mend. Raises SettingsError if the bot needs an input, and
    has none.

    Under systemd and in containers, the input is /dev/null: a device that is no terminal.
    """
    warnings, no_token = warnings_about(HOME / ".env"), ""
    if settings.token is None:
        no_token = f"no TELEGRAM_TOKEN in the environment or in {HOME / '.env'}, and "
        # the current folder may be gone
        with contextlib.suppress(SettingsError, FileNotFoundError):
            if (ignored := Path.cwd() / ".env") != HOME / ".env" and read_settings(
                {}, ignored
            ).token:
                warnings.append(
                    f"{ignored} is not read, nor the token in it; with MANGOSAURUS_HOME=. it"
                    " would be"
                )
    for warning in warnings:
        logging.getLogger(__name__).warning("%s", warning)
    if needs_input and (
        sys.stdin is None or (stat.S_ISCHR(os.fstat(0).st_mode) and not sys.stdin.isatty())
    ):
        raise SettingsError(f"{no_token}no terminal to chat in; --page chats in a browser")


async def _until_told(serving: Coroutine[None, None, None]) -> None:
    """Serve until `serving` ends or is cancelled. asyncio cancels it at Ctrl-C; here SIGTERM does
    the same.
    """
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows has no SIGTERM from outside
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _stop, task)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _stop(task: asyncio.Task[None]) -> None:
    from bot.health import tell_systemd

    tell_systemd("STOPPING=1")
    task.cancel()


def _ask_whether_well(settings: Settings) -> int:
    """Print what a running bot says of itself, and return the exit code."""
    from bot.health import asked

    if settings.health_listen is None:
        raise SettingsError(
            "HEALTH_LISTEN is not set; the bot and this command need the same address there"
        )
    is_well, text = asked(settings.health_listen)
    print(text)
    return 0 if is_well else 1


async def _save_card(settings: Settings, wanted: str) -> None:
    """Save the card of a creation, by its code, or of a name, in the current folder.

    Raises MangosaurusError.
    """
    from bot.cards import card_of, card_of_name
    from bot.chat import Explained
    from bot.creations import code_in
    from bot.shelf import Shelf
    from bot.store import Store
    from bot.terminal import saved
    from bot.words import layout, sentences

    store, shelf = Store(settings.database_address), Shelf(settings.checkpoints)
    try:
        await store.open()
        if creation := await store.creation(code_in(wanted)):
            card = await card_of(creation, await shelf.write(creation))
        elif re.fullmatch("[A-Za-z]{1,40}", wanted):
            card = await card_of_name(wanted)
        else:
            raise Explained(sentences.CARD_OF_WHAT)
        if card is None:
            raise Explained(sentences.NO_CARD)
        print(layout.unstyled(saved(card.name, card.png)))
    finally:
        await shelf.close()
        await store.close()


async def _telegram(settings: Settings) -> None:
    """Serve once this process holds the lock, and as long as it does.

    With SQLite it always does; see `Standby`.
    """
    from bot.health import STANDBY, STARTING, Health
    from bot.standby import Standby

    standby = Standby(settings.database_address)
    try:
        async with Health(settings.health_listen) as health:
            await standby.acquired(lambda another: health.note(STANDBY if another else STARTING))
            await standby.while_held(serve(settings, health, lambda: standby.is_held))
    finally:
        await standby.release()


async def serve(
    settings: Settings, health: Health, may_send: Callable[[], bool] = lambda: True
) -> None:
    """Serve on Telegram until it rejects the token; send only what `may_send` allows.

    Raises StartError.
    """
    from bot.health import SERVING, STARTING
    from bot.running import running
    from bot.telegram.door import Telegram

    telegram = Telegram(settings, may_send=may_send)
    note = partial(health.note, doors=[telegram])
    note(STARTING)
    async with running(settings, [telegram], note) as bot:
        health.note(SERVING, bot)
        await telegram.rejected()


async def _here(settings: Settings, where: argparse.Namespace) -> None:
    """Chat in the terminal, on the page, or both.

    Nobody is limited, unless others can reach the page.
    """
    from bot.health import SERVING, Health
    from bot.locks import held_by_another
    from bot.running import running
    from bot.terminal import Terminal
    from bot.words import sentences

    terminal = Terminal(settings.database.with_name(f"{settings.database.name}-history"))
    doors: list[Door] = [terminal]
    page, announcement = None, ""
    if not where.terminal and (where.page or terminal.is_interactive):
        # imported here, because a chat through pipes needs no web server
        from bot.page.server import Page

        page = Page(settings, where.host, where.port)
        doors.append(page)
        announcement = page.announcement
        if other := held_by_another(
            settings.database.with_name(f"{settings.database.name}-process")
        ):
            announcement = f"{sentences.ANOTHER_HERE.format(other)}\n{announcement}"
    if page is None or page.is_private:
        settings = replace(settings, rate_limit=None)
    listen = settings.health_listen if where.page else None
    async with Health(listen) as health, running(settings, doors, health.note) as bot:
        health.note(SERVING, bot)
        if where.page and page:
            print(announcement, flush=True)
            await asyncio.Event().wait()
        await terminal.converse(bot, announcement)


def _where(arguments: Sequence[str]) -> argparse.Namespace:
    """Read where to chat without Telegram: in the `terminal` alone, on the `page` alone, or both.

    `chosen` is false if the command line says nothing about it; `host` and `port` are the page's.
    """
    parser = argparse.ArgumentParser(
        "mangosaurus",
        description=ABOUT,
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    alone = parser.add_mutually_exclusive_group()
    alone.add_argument("--terminal", action="store_true", help="chat in this terminal alone")
    alone.add_argument("--page", action="store_true", help="serve the page alone")
    alone.add_argument(
        "--healthy", action="store_true", help="exit with 0 if the bot at HEALTH_LISTEN is well"
    )
    parser.add_argument(
        "card", nargs="*", help="save the card of a creation or of a name: card CODE, card NAME"
    )
    parser.add_argument("--host", help="where to serve the page (127.0.0.1)")
    parser.add_argument("--port", type=_port, help="(8765, or any that is free)")
    where = parser.parse_args(arguments)
    if where.card and where.card[0] != "card":
        parser.error(f"unrecognized arguments: {' '.join(where.card)}")
    if where.card and len(where.card) != 2:
        parser.error("a card needs the code of a creation, or a name: card mangosaurus")
    asks_for_page = where.host is not None or where.port is not None
    if where.terminal and asks_for_page:
        parser.error("--host and --port are for the page, and --terminal has none")
    where.chosen = where.terminal or where.page or where.healthy or asks_for_page
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    where.page = where.page or (asks_for_page and not at_terminal)
    where.host = where.host or "127.0.0.1"
    return where


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > LARGEST_PORT:
        raise argparse.ArgumentTypeError(
            f"{text} is no port; it is a number from 1 to {LARGEST_PORT}, or 0 for any"
        )
    return int(text)


if __name__ == "__main__":
    command()
