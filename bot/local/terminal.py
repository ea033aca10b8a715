"""A chat with the bot in the terminal, or through pipes: the same application, on a Telegram in this process.

Whoever runs this owns the process, so they are an administrator and may `/retrain`. Each line is a message, but `#1`
presses the first button of the last message that has some; the next line is read when it is answered. At the end of
piped input everything that was begun is finished, a training included; Ctrl-D at a terminal and Ctrl-C anywhere end a
training. Not here: how it looks (`screen`).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, TextIO

from bot.application import Mangosaurus
from bot.local.buttons import buttons
from bot.local.request import LocalRequest
from bot.local.screen import Glass, Paper, Screen
from bot.local.telegram import Person, Telegram
from bot.values import Secret
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from bot.settings import Settings

YOU = Person(1, "You")
PRESS = re.compile("#([0-9]{1,2})", re.ASCII)


class OutputError(MangosaurusError):
    """What the bot says cannot be written down."""


class InputError(MangosaurusError):
    """What the person says cannot be read."""


async def chat(settings: Settings) -> None:
    """Talk until there is no more to say; InputError if it cannot be read, OutputError if it cannot be written down."""
    if _is_terminal(sys.stdin) and _is_terminal(sys.stdout):
        with _restored_terminal():
            await _chat(settings, Glass(), interactive=True)
        return
    paper = Paper(gone=_cancel_current_task())
    try:
        await _chat(settings, paper, interactive=False)
    except asyncio.CancelledError:
        if paper.failure is None:
            raise
        raise OutputError(f"the answers cannot be written: {paper.failure.strerror}") from None


async def _chat(settings: Settings, screen: Screen, *, interactive: bool) -> None:
    telegram = Telegram(screen.listen)
    own = replace(
        settings,
        token=Secret(telegram.token),
        admin_ids=settings.admin_ids | {YOU.id},
        rate_limit=None,
        message_rate=None,
    )
    bot = Mangosaurus(own, lambda: LocalRequest(telegram), watching=interactive)
    async with bot.running() as mangosaurus:
        if interactive:
            await _say("/start", telegram, mangosaurus, screen)
        async for line in _lines(screen):
            await _say(line, telegram, mangosaurus, screen)
        if not interactive:
            await mangosaurus.finished()


async def _say(line: str, telegram: Telegram, mangosaurus: Mangosaurus, screen: Screen) -> None:
    """Send a line, as far as Telegram would, or press a button, and wait for the answer."""
    if press := PRESS.fullmatch(line.strip()):
        _press(int(press[1]), telegram, screen)
    elif line.strip():
        telegram.say(line, YOU)
    await telegram.fetched()
    await mangosaurus.handled()


def _press(number: int, telegram: Telegram, screen: Screen) -> None:
    """Press a button of the last message that has some."""
    try:
        message = next(message for message in reversed(telegram.sent) if buttons(message))
        telegram.press(message, number, YOU)
    except (StopIteration, LookupError):
        screen.note(f"There is no button {number} to press.")


async def _lines(screen: Screen) -> AsyncIterator[str]:
    try:
        while (line := await _in_daemon(screen.read)) is not None:
            yield line
    except OSError as error:
        raise InputError(f"what you say cannot be read: {error.strerror}") from None


async def _in_daemon(read: Callable[[], str | None]) -> str | None:
    """Call on a thread of its own. Unlike asyncio.to_thread's, one that waits for ever does not hold up the exit."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str | None] = loop.create_future()

    def deliver(line: str | None, failure: Exception | None) -> None:
        if future.done():
            return
        if failure is None:
            future.set_result(line)
        else:
            future.set_exception(failure)

    def run() -> None:
        line, failure = None, None
        try:
            line = read()
        except Exception as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(deliver, line, failure)

    Thread(target=run, name="reading", daemon=True).start()
    return await future


def _cancel_current_task() -> Callable[[], object]:
    task = asyncio.current_task()
    return task.cancel if task else lambda: None


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


@contextlib.contextmanager
def _restored_terminal() -> Iterator[None]:
    """Leave the terminal as it was: a reader that is still waiting for a key does not do it."""
    import termios

    state = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, state)
        print()
